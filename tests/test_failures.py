"""What failed in a run is told at its end, with the reason, and nothing that went well later."""

import subprocess
import sys

import pytest

from landscribe.failures import failures, told
from tests.workflow_runs import environment

RULES = """
from landscribe.failures import failures, told
onerror:
    print(told(failures(log)), file=sys.stderr)
rule all:
    input: expand("{name}.txt", name=["well", "bad", "killed", "bars", "late"])
rule make:
    output: "{name}.txt"
    log: "logs/r.{name}.log"
    retries: 1
    shell: "bash {wildcards.name}.sh 2>&1 | tee {log}"
"""
SCRIPTS = {
    "well": "touch well.txt",
    "bad": "echo some; echo 'error: 3 of 4 reads failed; run again'; echo '  scene a'; exit 1",
    "killed": "kill -9 $PPID",
    "bars": "printf 'stack:   0%%|          | 0/4\\rstack:  25%%|#         | 1/4'; kill -9 $$",
    "late": "[ -e once ] && touch late.txt || { touch once; echo 'error: not yet'; exit 1; }",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    (folder / "Snakefile").write_text(f"import sys\n{RULES}")
    for name, script in SCRIPTS.items():
        (folder / f"{name}.sh").write_text(script + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", "--keep-going", "--nolock"],
        **{"cwd": folder, "capture_output": True, "text": True},
        env=environment() | {"PYTHONPATH": sys.path[0] or "."},
    )
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_each_failed_job_is_a_line_with_its_reason(said):
    lines = said[said.index("3 jobs failed. Mend") :].splitlines()[:3]
    assert "give the same command again: it makes what is left" in lines[0]
    found = {line.split(":")[0].strip(): line.partition(": ")[2] for line in lines[1:]}
    assert found.pop("make r.bad") == "3 of 4 reads failed; run again scene a"
    ((names, reason),) = found.items()  # jobs of one reason share a line
    assert {"r.killed", "r.bars"} == set(names.removeprefix("make ").split(", "))
    assert reason.startswith("ended without a message: it was killed")
    assert "late" not in "".join(lines) and "r.well" not in "".join(lines)


def test_a_log_without_failures_tells_nothing(tmp_path):
    (tmp_path / "x.log").write_text("Finished jobid: 3 (Rule: make)\n")
    assert told(failures([tmp_path / "x.log"])) == ""

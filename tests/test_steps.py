"""The workflow's parts agree: a step is a rule, a script and a log of one name."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

RULES = {
    name: body
    for path in sorted(Path("workflow/rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):(.*?)(?=^rule |\Z)", path.read_text(), re.M | re.S)
}
SCRIPTS = sorted(p.stem for p in Path("scripts").glob("*.py") if p.stem != "__init__")


def test_each_rule_has_a_script_of_its_name():
    assert sorted(RULES) == SCRIPTS


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_calls_its_script_and_follows_its_code(rule):
    body = RULES[rule]
    assert f'"python -m scripts.{rule} ' in body
    assert re.search(rf'code=code_version(_with_\w+)?\(\s*"scripts/{rule}.py"', body)
    assert f'"results/logs/{rule}/' in body
    assert f'"results/benchmarks/rules/{rule}/' in body
    for part in ("input:", "output:", "conda:", "message:"):
        assert part in body


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_read_call_and_write(script):
    text = Path(f"scripts/{script}.py").read_text()
    assert len([line for line in text.splitlines() if line.strip()]) <= 60
    assert text.endswith('if __name__ == "__main__":\n    command(main)\n')


@pytest.mark.parametrize(
    ("module", "unused"),
    [
        ("scripts.stack_scenes", "s2cloudless"),
        ("scripts.draw_map", "torch sklearn"),
        ("scripts.smooth_map", "torch"),
        ("landscribe.map_raster", "xarray dask pandas scipy sklearn"),
    ],
)
def test_jobs_load_no_large_library_that_they_do_not_use(module, unused):
    """A country has thousands of these jobs, and most of a small one is its start."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(unused.split()) & set(done.stdout.split())


def test_packages_have_empty_inits():
    for path in [*Path("landscribe").rglob("__init__.py"), Path("scripts/__init__.py")]:
        assert path.read_text() == ""


def test_conda_environments_name_what_the_project_depends_on():
    project = Path("pyproject.toml").read_text()
    aliases = {"matplotlib-base": "matplotlib", "opencv": "opencv-python-headless"}
    aliases |= {"pytorch": "torch", "python-duckdb": "duckdb", "pyosmium": "osmium"}
    for path in Path("envs").glob("*.yaml"):
        for name in re.findall(r"^ +- ([a-z0-9-]+)(?:[<>=]|$)", path.read_text(), re.M):
            if name not in ("python", "pip"):
                assert f'"{aliases.get(name, name)}' in project, f"{path}: {name}"

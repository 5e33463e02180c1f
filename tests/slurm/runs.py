"""Runs of Snakemake beside a test, and what SLURM tells of their jobs."""

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP = Path(os.environ.get("LANDSCRIBE_SLURM", f"/tmp/landscribe-slurm-{os.getuid()}"))
CONF = TOP / "etc/slurm.conf"
PROFILES = ROOT / "workflow/profiles"
BEGUN = datetime.now().isoformat(timespec="seconds")
STARTED: list[subprocess.Popen] = []
# Only how often is asked and how soon a run may end: all else is the profile's.
SOON = ["--slurm-init-seconds-before-status-checks", "2", "--max-jobs-per-timespan", "100/2s"]


def start(folder: Path, *flags: str) -> subprocess.Popen:
    """A run of Snakemake in a folder, as the Makefile starts it; the file `said` gets its words."""
    with (folder / "said").open("w") as said:
        run = subprocess.Popen(
            [sys.executable, "-m", "snakemake", "--nolock", *flags],
            cwd=folder,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    STARTED.append(run)
    return run


def start_here(folder: Path, *flags: str) -> subprocess.Popen:
    return start(folder, "--profile", str(PROFILES / "default"), *flags)


def start_slurm(folder: Path, *flags: str) -> subprocess.Popen:
    return start(folder, "--profile", str(PROFILES / "slurm"), *SOON, *flags)


def end_all() -> None:
    """End the runs that failed tests left; their jobs end with SLURM."""
    for run in STARTED:
        run.kill()
        run.wait()


def ended(run: subprocess.Popen, folder: Path, code: int = 0) -> str:
    """What a run said, after it ended with that code."""
    await_true(lambda: run.poll() is not None, f"the end of a run: {folder}/said", 200)
    said = (folder / "said").read_text()
    assert run.returncode == code, said
    return said


def ask(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def await_true(condition, what: str, patience_s: float = 90):
    """The first true answer of `condition`."""
    limit = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < limit, f"waited {patience_s} s for {what}"
        time.sleep(0.5)
    return found


def queued(folder: Path, state: str = "pending,running,completing") -> list[str]:
    """Ids of the jobs of a folder that are in the queue in one of these states."""
    return [id for id, _ in queued_rules(folder, state)]


def queued_rules(folder: Path, state: str = "pending,running,completing") -> list[tuple[str, str]]:
    """Ids of the jobs of a folder in these states, and their rules with their wildcards."""
    rows = [row.split("|", 2) for row in ask("squeue", "-h", "-t", state, "-o", "%A|%Z|%k")]
    return [(id, what.removeprefix("rule_")) for id, at, what in rows if at == str(folder)]


@dataclass(frozen=True)
class Job:
    """What accounting tells of a job: rule and wildcards, how it ended, what it was given, when."""

    what: str
    state: str
    memory: str
    minutes: str
    start: str
    end: str


def history(folder: Path) -> list[Job]:
    """All jobs of a folder since the tests began, in the order of submission."""
    columns = "WorkDir,JobIDRaw,Comment,State,ReqMem,TimelimitRaw,Start,End"
    rows = [row.split("|") for row in ask("sacct", "-nXP", "-S", BEGUN, "-o", columns)]
    own = sorted((row[1:] for row in rows if row[0] == str(folder)), key=lambda row: int(row[0]))
    # "CANCELLED by 0" is a state too.
    return [
        Job(what.removeprefix("rule_"), state.split()[0], *rest) for _, what, state, *rest in own
    ]


def digest(folder: Path, *names: str) -> str:
    """sha256 over the names and contents of files, sorted, without what Snakemake adds to them."""
    found = hashlib.sha256()
    for path in sorted(p for name in names for p in [folder / name, *(folder / name).rglob("*")]):
        if path.is_file() and path.name != ".snakemake_timestamp":
            found.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()

"""A run of the workflow: how long it takes, the memory of a step, and its death."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.workflow_runs import SNAKEMAKE, environment

_LOOK_S = 0.5  # between two looks at a run
_KB = 1024


@dataclass
class Ran:
    """What a run, or what was left of it when it was killed, did."""

    seconds: float = 0.0
    killed: bool = False
    sizes_mb: dict[int, list[float]] = field(default_factory=dict)  # of processes, over time

    @property
    def peak_mb(self) -> float:
        """Most that one process ever had."""
        return max((max(sizes) for sizes in self.sizes_mb.values()), default=0.0)

    @property
    def growth(self) -> float:
        """Peak of the last quarter against that of the second one, of the worst process.

        Of processes that worked, not of those that waited for them or were there for a moment.
        """
        most = max(map(len, self.sizes_mb.values()), default=0)
        found = [0.0]
        for sizes in self.sizes_mb.values():
            quarter = len(sizes) // 4
            if len(sizes) > most / 2 and quarter:
                found.append(max(sizes[-quarter:]) / max(1.0, *sizes[quarter : 2 * quarter]))
        return max(found)


def run(folder: Path, target: str, step: str, until: Callable[[], bool] = lambda: False) -> Ran:
    """Make a target in a folder with cards; kill all processes as soon as `until` says so.

    Args:
        step: script whose processes are measured.
    """
    found, begin = Ran(), time.monotonic()
    log = folder / "run.log"
    with log.open("a") as said:
        whole = subprocess.Popen(
            [*SNAKEMAKE, "--configfile", "config/drill.yaml", "--", target],
            **{"cwd": folder, "env": environment(), "stdout": said, "stderr": said},
            start_new_session=True,
        )
        while whole.poll() is None:
            if until():
                _kill(whole.pid)
            else:
                _look(whole.pid, step, found)
                time.sleep(_LOOK_S)
    found.seconds = time.monotonic() - begin
    found.killed = whole.returncode == -signal.SIGKILL
    if whole.returncode and not found.killed:
        raise RuntimeError(f"the run in {folder} failed:\n{log.read_text()[-3000:]}")
    return found


def own_mb(process: int) -> float:
    """Memory of a process without that of files it maps, which the system may take back [MB]."""
    told = re.search(r"RssAnon:\s+(\d+) kB", _told(process, "status"))
    return int(told[1]) / _KB if told else 0.0


def _kill(leader: int) -> None:
    """End all processes of a session as a power cut would."""
    for process in _session(leader):
        os.kill(process, signal.SIGKILL)


def _look(leader: int, step: str, found: Ran) -> None:
    """Note the memory of the processes of a session that belong to a step."""
    parents = _session(leader)
    for process in parents:
        line, at = [], process
        while at in parents:
            line.append(at)
            at = parents[at]
        if any(f"-m\0{step}\0" in _told(one, "cmdline") for one in line):
            found.sizes_mb.setdefault(process, []).append(own_mb(process))


def _session(leader: int) -> dict[int, int]:
    """Processes of a session -> their parents."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        told = _told(int(path.name), "stat").rpartition(")")[2].split()
        if told and int(told[3]) == leader:
            found[int(path.name)] = int(told[1])
    return found


def _told(process: int, what: str) -> str:
    """What the system tells of a process; nothing if it is gone."""
    try:
        return Path(f"/proc/{process}/{what}").read_text()
    except OSError:
        return ""

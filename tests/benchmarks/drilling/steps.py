"""A step of the workflow as its rule calls it: how long it takes, its memory, and its death."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from landscribe.provenance import ROOT

_LOOK_S = 0.5  # between two looks at a step
_KB = 1024


@dataclass
class Ran:
    """What a step, or what was left of it when it was killed, did."""

    seconds: float = 0.0
    peak_mb: float = 0.0  # of the memory of all its processes, at one time
    workers_mb: dict[int, list[float]] = field(default_factory=dict)  # of each process, over time
    said: str = ""


def run(command: list[str], folder: Path, until: Callable[[], bool] = lambda: False) -> Ran:
    """Run a step to its end, or kill it and all that it started as soon as `until` says so."""
    found, begin = Ran(), time.monotonic()
    log = folder / f"{command[0]}.log"
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with log.open("a") as said:
        step = subprocess.Popen(
            [sys.executable, "-m", f"scripts.{command[0]}", *command[1:]],
            **{"cwd": ROOT, "env": env, "stdout": said, "stderr": said},
            start_new_session=True,
        )
        while step.poll() is None:
            if until():
                os.killpg(step.pid, signal.SIGKILL)
            else:
                _look(step.pid, found)
                time.sleep(_LOOK_S)
    found.seconds = time.monotonic() - begin
    found.said = log.read_text()
    if step.returncode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"{' '.join(command)} failed:\n{found.said[-3000:]}")
    return found


def _look(leader: int, found: Ran) -> None:
    """Note how much memory the processes of a session have of their own [MB]."""
    now = {process: own_mb(process) for process in _session(leader)}
    for process, size in now.items():
        found.workers_mb.setdefault(process, []).append(size)
    found.peak_mb = max(found.peak_mb, sum(now.values()))


def own_mb(process: int) -> float:
    """Memory of a process without that of files it maps, which the system may take back [MB]."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:  # it is gone
        return 0.0
    told = re.search(r"RssAnon:\s+(\d+) kB", status)
    return int(told[1]) / _KB if told else 0.0


def _session(leader: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = path.read_text().rpartition(")")[2].split()
        except OSError:  # it is gone
            continue
        if int(told[3]) == leader:
            found.append(int(path.parent.name))
    return found

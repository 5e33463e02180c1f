"""A run of the workflow, watched: its jobs with what they took, Snakemake itself, and kills."""

import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from tests.benchmarks.touring.cards import NAME
from tests.workflow_runs import SNAKEMAKE, environment

CORES = 2
_LOOK_S = 0.2  # between two looks at the processes
_PACE_S = 10  # between two measurements of the machine's pace
_BLOCK = re.compile(r"(?:^|\.)(\d{1,2}[A-Z]{3})(?:\.|$)")
_MB = 2**20
# Windows are small here: a job has no use for a second core, and two jobs run beside each other.
_ONE_THREAD = ("stack_scenes", "predict_block", "measure_applicability")


@dataclass
class Ran:
    """What a run did."""

    code: int
    seconds: float
    said: str
    jobs: pd.DataFrame  # rule, name, block, seconds, cpu_s, peak_mb, ended, of those that finished
    own_cpu_s: float = 0.0  # of Snakemake itself
    own_mb: float = 0.0
    killed: list[str] = field(default_factory=list)
    paces: list[tuple[float, float]] = field(default_factory=list)  # moment, time of some work [s]


@dataclass(frozen=True)
class Kill:
    """A job that is killed (SIGKILL) as soon as it is seen."""

    script: str
    names: tuple[str, ...]  # all of which are in its command


def run(folder: Path, log: str, kills: Sequence[Kill] = (), *flags: str) -> Ran:
    """Run the whole workflow in a folder with cards, on CORES cores."""
    begin, waiting = time.time(), list(kills)
    threads = [f"{rule}=1" for rule in _ONE_THREAD]
    command = [*SNAKEMAKE, "--configfile", f"config/{NAME}.yaml", "--keep-going", *flags]
    found = Ran(0, 0.0, "", pd.DataFrame())
    with (folder / log).open("w") as said:
        pipes = {"stdout": said, "stderr": said, "cwd": folder, "env": environment()}
        whole = psutil.Popen([*command, "--set-threads", *threads], **pipes)
        paced = 0.0
        while whole.poll() is None:
            _look(whole, found, waiting)
            if time.time() - paced > _PACE_S:
                paced = time.time()
                found.paces.append((paced, pace_s()))
            time.sleep(_LOOK_S)
    found.code, found.seconds = whole.returncode, time.time() - begin
    found.said, found.jobs = (folder / log).read_text(), finished(folder, begin)
    return found


def finished(folder: Path, since: float) -> pd.DataFrame:
    """Jobs that ended well since a moment, in that order, by Snakemake's benchmark files."""
    rows = []
    for path in (folder / "results/benchmarks/rules").glob("*/*.tsv"):
        if (ended := path.stat().st_mtime) >= since:
            told = pd.read_csv(path, sep="\t", na_values=["-", "NA"]).iloc[-1]
            block = _BLOCK.search(path.stem)
            rows.append(
                {
                    **{"rule": path.parent.name, "name": path.stem},
                    **{"block": block[1] if block else "", "seconds": told.s},
                    **{"cpu_s": told.cpu_time, "peak_mb": told.max_rss, "ended": ended},
                }
            )
    columns = ["rule", "name", "block", "seconds", "cpu_s", "peak_mb", "ended"]
    return pd.DataFrame(rows, columns=columns).sort_values("ended", ignore_index=True)


def pace_s() -> float:
    """Time of the processor that a fixed piece of work takes now [s]: others may slow it down."""
    begin = time.thread_time()
    values = np.random.default_rng(0).standard_normal(200_000)
    for _ in range(8):
        values = np.sort(np.sin(values))[::-1]
    return time.thread_time() - begin


def _look(whole: psutil.Process, found: Ran, waiting: list[Kill]) -> None:
    """Note what Snakemake takes, and kill jobs that wait for it."""
    try:
        with whole.oneshot():
            times = whole.cpu_times()
            found.own_cpu_s = times.user + times.system
            found.own_mb = max(found.own_mb, whole.memory_info().rss / _MB)
        if not waiting:
            return
        for process in whole.children(recursive=True):
            words = process.cmdline()
            for kill in [k for k in waiting if f"scripts.{k.script}" in words]:
                if all(any(name in word for word in words) for name in kill.names):
                    process.send_signal(signal.SIGKILL)
                    found.killed.append(f"{kill.script} {' '.join(kill.names)}")
                    waiting.remove(kill)
    except psutil.Error:  # it has just ended
        return

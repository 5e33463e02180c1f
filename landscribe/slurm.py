"""Jobs in the queue of a SLURM cluster that no run waits for any more."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

from landscribe.command import InputError

PREFIX = "landscribe_"  # of a run's name in the queue: `slurm-jobname-prefix` of the profile
_STATES = "pending,configuring,running,suspended,completing"


def end_left_jobs(folder: Path, on_cluster: bool, patience_s: float = 300) -> list[str]:
    """Ids of the jobs that a killed run of `folder` left in the queue, after they have ended.

    The next run makes their files again, and two jobs must not write the same file. Whoever calls
    this holds the lock of the folder, so no other run waits for these jobs.

    Args:
        on_cluster: whether this run submits jobs too; then a queue that does not answer is an
            error. A laptop may have `squeue` and no cluster.
    """
    if shutil.which("squeue") is None:
        return []
    try:
        left = _jobs_of(folder, answer_s=60 if on_cluster else 5)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        if on_cluster:
            raise InputError(_told(error)) from error
        return []
    if left:
        print(f"Ending jobs that a killed run left: {' '.join(left)}", file=sys.stderr)
        # Quiet about those that ended just now.
        subprocess.run(["scancel", "--quiet", *left], check=True, timeout=60)
        _await_end(folder, patience_s)
    return left


def _jobs_of(folder: Path, answer_s: float = 60) -> list[str]:
    asked = ["squeue", "--me", "--noheader", f"--states={_STATES}", "--format=%A|%j|%Z"]
    told = subprocess.run(asked, capture_output=True, text=True, timeout=answer_s, check=True)
    jobs = [row.split("|", 2) for row in told.stdout.splitlines()]
    here = folder.resolve()
    return sorted(
        {id for id, name, at in jobs if name.startswith(PREFIX) and Path(at).resolve() == here},
        key=int,
    )


def _await_end(folder: Path, patience_s: float) -> None:
    end = time.monotonic() + patience_s
    while left := _jobs_of(folder):
        if time.monotonic() > end:
            raise InputError(
                f"jobs {' '.join(left)} of a killed run did not end in {patience_s:.0f} s; look at"
                " them with `squeue --me`, and start again when they are gone"
            )
        time.sleep(1)


def _told(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    late = isinstance(error, subprocess.TimeoutExpired)
    said = "no answer in a minute" if late else error.stderr.strip()
    return (
        f"squeue: {said}; jobs of a killed run may still write here, so nothing was started:"
        " start again when `squeue --me` answers"
    )

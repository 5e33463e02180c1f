"""What a program takes: time, and the peak of its memory."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile


@dataclass(frozen=True)
class Measured:
    """What a program took."""

    wall_s: float
    cpu_s: float  # of all its threads; tells more than `wall_s` where others are at work
    peak_mb: float


def measured(module: str, *flags: str | Path) -> Measured:
    """Run a module of this project as a program of its own; raises if it fails."""
    begin = time.monotonic()
    with TemporaryFile("w+") as said:
        command = [sys.executable, "-m", module, *map(str, flags)]
        program = subprocess.Popen(command, stdout=said, stderr=said)
        _, status, usage = os.wait4(program.pid, 0)
        program.returncode = os.waitstatus_to_exitcode(status)
        if program.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}:\n{said.read()[-3000:]}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Measured(time.monotonic() - begin, cpu_s, usage.ru_maxrss / 1024)

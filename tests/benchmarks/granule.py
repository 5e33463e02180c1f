"""A whole Sentinel-2 granule mapped on two cores: its memory, and kills that nobody can see.

`make bench NAME=granule`, about 10 minutes. A scene of 10980 x 10980 px and 8 bands, mirrored from
a real one, is mapped with `map_raster` on two threads: once undisturbed, and once killed (SIGKILL)
three times at a random share of its windows, and started again each time. The layers of both have
to be the same to the last bit. Memory is what the process holds, with the libraries that it maps.
"""

import hashlib
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt

from landscribe.command import command
from landscribe.map_raster import LAYERS
from tests.benchmarks.inference import FOLDER, TASK
from tests.benchmarks.inferring.network import SCALE, network
from tests.benchmarks.inferring.scene import BANDS, scene
from tests.benchmarks.report import RESULTS, Goal, report

OUT = RESULTS / "granule"
KILLS = 3
_LOOK_S = 0.2


@dataclass
class Ran:
    """A run, until its end or its death."""

    name: str
    killed: bool = False
    sizes_mb: list[tuple[float, float]] = field(default_factory=list)  # [s], [MB]

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.sizes_mb[-1][0]

    @property
    def peak_mb(self) -> float:
        """Most that it held."""
        return max(size for _, size in self.sizes_mb)


def main(side_px: int = 10980, threads: int = 2, seed: int = 0) -> None:
    """Map the granule twice, and report.

    Args:
        side_px: of the scene.
        threads: of each run.
        seed: of the moments of the kills.
    """
    net, image = network(FOLDER / "network"), scene(side_px, FOLDER / "scenes")
    line = [sys.executable, "-m", "landscribe.map_raster", image, "--model", net.weights.parent]
    line += ["--task", TASK, "--scale", SCALE, "--offset", 0, "--threads", threads]
    line += ["--bands", *range(1, len(BANDS) + 1)]
    shutil.rmtree(OUT, ignore_errors=True)
    whole = run([*line, "--out", OUT / "whole"], "undisturbed", OUT / "whole")
    windows, chance = _windows(), random.Random(seed)
    after = sorted(chance.sample(range(windows // 10, windows * 9 // 10), KILLS))
    line += ["--out", OUT / "killed"]
    runs = [run(line, f"killed {n + 1}", OUT / "killed", stop) for n, stop in enumerate(after)]
    runs.append(run(line, "resumed", OUT / "killed"))
    draw(OUT / "memory.png", [whole, *runs], side_px)
    goals = _goals(whole, runs, side_px)
    rows = [
        {"run": r.name, "seconds": r.seconds, "killed": r.killed, "peak [MB]": r.peak_mb}
        for r in (whole, *runs)
    ]
    report("granule", goals, rows)


def run(line: list, name: str, out: Path, after: int | None = None) -> Ran:
    """Run a command to its end, or until it has written so many windows."""
    found, begin = Ran(name), time.monotonic()
    OUT.mkdir(parents=True, exist_ok=True)
    print(f"{name}: {' '.join(map(str, line))}", file=sys.stderr, flush=True)
    with (OUT / f"{name.replace(' ', '-')}.log").open("w") as said:
        process = subprocess.Popen([*map(str, line)], stdout=said, stderr=said)
        while process.poll() is None:
            if size := _held_mb(process.pid):
                found.sizes_mb.append((time.monotonic() - begin, size))
            if after is not None and sum(1 for _ in out.glob("windows-*/*.npy")) >= after:
                process.kill()
                found.killed = True
            time.sleep(_LOOK_S)
    if process.returncode and not found.killed:
        raise RuntimeError((OUT / f"{name.replace(' ', '-')}.log").read_text()[-3000:])
    return found


def draw(path: Path, runs: list[Ran], side_px: int) -> None:
    """Figure of the memory of each run over time."""
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for one in runs:
        seconds, sizes = zip(*one.sizes_mb, strict=True)
        axes.plot(seconds, sizes, label=f"{one.name}, {one.seconds:.0f} s", linewidth=1.2)
    axes.set(xlabel="time [s]", ylabel="memory of the process [MB]", ylim=(0, None))
    axes.set_title(f"Map of a scene of {side_px} x {side_px} px and {len(BANDS)} bands", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=2, loc="lower right")
    figure.savefig(path, dpi=150)


def _goals(whole: Ran, runs: list[Ran], side_px: int) -> list[Goal]:
    differing = sum(_digest(OUT / "whole", n) != _digest(OUT / "killed", n) for n in LAYERS)
    sizes = [size for _, size in whole.sizes_mb]
    quarter = len(sizes) // 4
    growth = max(sizes[-quarter:]) / max(sizes[quarter : 2 * quarter])
    return [
        Goal("M2.kills", sum(one.killed for one in runs), f"== {KILLS}", side_px**2),
        Goal("M2.differing_files", differing, "== 0", len(LAYERS)),
        Goal("M2.memory_flat", growth, "<= 1.15", side_px**2),
        Goal("M2.peak_mb", max(one.peak_mb for one in (whole, *runs)), "<= 1000", side_px**2),
    ]


def _windows() -> int:
    """Windows of the undisturbed run, as its progress bar told."""
    return int(re.findall(r"/(\d+) \[", (OUT / "undisturbed.log").read_text())[-1])


def _held_mb(process: int) -> float:
    """Memory of a process [MB]; 0 once it is gone."""
    try:
        told = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    return int(told.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in told else 0.0


def _digest(folder: Path, layer: str) -> str:
    with (folder / f"{layer}.tif").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    command(main)

"""A map of a scene: ours against the network itself, and against torchgeo, terratorch and rslearn.

`make bench NAME=inference`, about 40 minutes on one thread, the first time with ten more to install
the peers into a virtualenv of their own. Same weights, same cloud-optimised GeoTIFF of 8 bands,
one thread each, 256 px crops that overlap by 32 for the peers. CPU-seconds are the least of some
runs, which take turns; imports are not counted (rows tell them, too). What each map has to be is
that of one run of the network over the whole scene.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio

from landscribe.command import command
from landscribe.mapping.predict import Place, map_windows, predict_windows
from landscribe.mapping.raster_ground import RasterGround
from landscribe.training.checkpoints import load_model
from tests.benchmarks.inferring.network import SCALE, Network, network
from tests.benchmarks.inferring.peers import run_peers
from tests.benchmarks.inferring.reference import reference_map
from tests.benchmarks.inferring.scene import BANDS, scene
from tests.benchmarks.report import RESULTS, Goal, report

FOLDER = RESULTS / "inference"
TASK = Path("config/tasks/landuse.yaml")
SIDE_PX = 2048  # of the scene that all map
_MOST_MB = 500


def main(sides: tuple[int, ...] = (2048, 8192, 10980), runs: int = 3, peers: bool = True) -> None:
    """Map the scenes, and report.

    Args:
        sides: of the scenes that we map [px]; peers map the one of 2048 px.
        runs: of which the least CPU-seconds count.
        peers: false leaves them out.
    """
    net = network(FOLDER / "network")
    image = scene(SIDE_PX, FOLDER / "scenes")
    truth = reference_map(image, net, FOLDER / f"scenes/reference-{SIDE_PX}.tif")
    turns = [(_forward(net), _ours(image, net)) for _ in range(runs)]
    passes = [min(one.values()) for one, _ in turns]
    best = min((told for _, told in turns), key=lambda told: told["cpu_s"])
    same, apart = _agreement(FOLDER / "map/classes.tif", truth), _apart(image, net)
    others = run_peers(image, net, truth, FOLDER / "peers") if peers else []
    sizes = {SIDE_PX: max(told["peak_mb"] for _, told in turns)}
    rows = [{"name": "landscribe", **best, "agreement": same}]
    rows.append({"name": "pure forward pass", "cpu_s": min(passes)})
    for side in sides:
        if side != SIDE_PX:
            told = _ours(scene(side, FOLDER / "scenes"), net)
            sizes[side] = told["peak_mb"]
            rows.append({"name": f"landscribe, {side} px", **told})
    ratios = [told["cpu_s"] / one for one, (_, told) in zip(passes, turns, strict=True)]
    goals = [
        Goal("M1.cpu_vs_forward", best["cpu_s"] / min(passes), "<= 1.1", runs, _span(ratios)),
        Goal("M1.agreement.classes", same, "== 1", SIDE_PX**2),
        Goal("M1.agreement.probability", apart, "<= 0.001", SIDE_PX**2),
        *(Goal(f"M1.peak_mb.{side}", peak, f"<= {_MOST_MB}") for side, peak in sizes.items()),
    ]
    known = [row["cpu_s"] for row in others if row["cpu_s"]]
    quickest = min(known, default=None)
    goals.insert(1, Goal("M1.cpu_vs_best_peer", quickest and best["cpu_s"] / quickest, "<= 0.4"))
    report("inference", goals, [*rows, *others])


def _ours(image: Path, net: Network) -> dict:
    """What our map of a scene took."""
    shutil.rmtree(FOLDER / "map", ignore_errors=True)
    flags = (image, net.weights.parent, TASK, FOLDER / "map", len(BANDS), SCALE)
    return _told("tests.benchmarks.inferring.ours", *flags)


def _forward(net: Network) -> dict:
    """CPU-seconds of the network alone, by the side of its crops."""
    return _told("tests.benchmarks.inferring.forward", net.weights.parent, SIDE_PX)


def _told(module: str, *flags: object) -> dict:
    line = [sys.executable, "-m", module, *map(str, flags)]
    print(" ".join(line), file=sys.stderr, flush=True)
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(line)}:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def _agreement(one: Path, other: Path) -> float:
    with rasterio.open(one) as ours, rasterio.open(other) as truth:
        return float((ours.read(1) == truth.read(1)).mean())


def _apart(image: Path, net: Network) -> float:
    """Largest difference of a stored probability from that of one pass over the whole scene."""
    model = load_model(net.weights, net.description)
    numbers = range(1, len(BANDS) + 1)
    ground = RasterGround(image, model.signature.bands, numbers, SCALE, 0)
    whole = model.probabilities(ground.read(slice(0, SIDE_PX), slice(0, SIDE_PX))[None])[0]
    most = 0.0

    def keep(window, pixels) -> None:
        nonlocal most
        wanted = whole[:, window.rows, window.cols]
        most = max(most, float(np.abs(pixels * np.float32(1e-4) - wanted).max()))

    every = map_windows(model, ground.grid, 1024, Place())
    predict_windows(model, ground, every, every, Place(), keep)
    return most


def _span(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


if __name__ == "__main__":
    command(main)

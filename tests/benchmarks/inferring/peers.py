"""What the peers take for a scene: a row for each, of figures or of the reason why there are none.

Each runs once, alone, on one thread, in a process of its own in the peers' virtualenv, with crops
of 256 px that overlap by 32, one at a time: on a processor more at once are slower.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio

from landscribe.formats.json_file import read_json
from tests.benchmarks.inferring.network import Network
from tests.benchmarks.inferring.virtualenv import REQUIREMENTS, NotHad, python_with

RIM_PX = 32
FIGURES = ("cpu_s", "cpu_s_with_imports", "wall_s", "peak_mb")
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GDAL_NUM_THREADS")
_HOURS = 3


def run_peers(scene: Path, network: Network, reference: Path, folder: Path) -> list[dict]:
    """A row per peer: name, version, FIGURES, agreement, agreement_inside, reason (or None).

    `cpu_s` and `wall_s` begin after the imports; `cpu_s` is user and system time, children
    included; `peak_mb` holds the imports, too.

    Args:
        reference: class raster, legend ids; agreements are shares of its pixels, `agreement_inside`
            those more than RIM_PX from its edge.
        folder: keeps the virtualenv and the class maps.
    """
    rows = []
    for name in REQUIREMENTS:
        print(f"peer {name}", file=sys.stderr, flush=True)
        try:
            python = python_with(name, folder / "virtualenv")
            rows.append(run_peer(name, python, scene, network, reference, folder))
        except NotHad as error:
            rows.append(_row(name, reason=str(error)))
    return rows


def run_peer(
    name: str, python: Path, scene: Path, network: Network, reference: Path, folder: Path
) -> dict:
    """Row of one peer; raises `NotHad` if it fails."""
    out = folder / f"{name}.tif"
    classes = np.array(read_json(network.description)["signature"]["classes"])
    script = Path(__file__).with_name(f"peer_{name}.py")
    command = [str(python), str(script), "--image", str(scene), "--network", str(network.script)]
    command += ["--out", str(out), "--classes", str(len(classes))]
    told = _measured(command)
    found = agreement(out, reference, classes)
    return _row(name, version=told["versions"][name], **{n: told[n] for n in FIGURES}, **found)


def agreement(indices: Path, reference: Path, classes: np.ndarray) -> dict[str, float]:
    """Share of pixels of equal class in all the scene, and in it less a rim.

    Args:
        indices: raster of indices into the classes.
        reference: raster of classes.
    """
    with rasterio.open(indices) as one, rasterio.open(reference) as other:
        if (one.shape, one.transform, one.crs) != (other.shape, other.transform, other.crs):
            raise NotHad(f"its map lies elsewhere: {one.shape} at {one.transform[:6]}")
        found = one.read(1)
        if found.max() >= len(classes):
            raise NotHad(f"its map holds {found.max()}, but there are {len(classes)} classes")
        same = classes[found] == other.read(1)
    inside = same[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX]
    return {"agreement": float(same.mean()), "agreement_inside": float(inside.mean())}


def _row(name: str, version: str | None = None, reason: str | None = None, **found: float) -> dict:
    figures = {key: found.get(key) for key in (*FIGURES, "agreement", "agreement_inside")}
    return {"name": name, "version": version, **figures, "reason": reason}


def _measured(command: list[str]) -> dict:
    """What a script of a peer says of itself."""
    setting = dict.fromkeys(_ONE_THREAD, "1")
    # None of them may speak to anyone while it is measured.
    setting |= {"WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1", "NO_ALBUMENTATIONS_UPDATE": "1"}
    path = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, env=path | setting, timeout=_HOURS * 3600
        )
    except subprocess.TimeoutExpired:
        raise NotHad(f"it ran for more than {_HOURS} hours") from None
    if done.returncode:
        raise NotHad(f"it failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.strip().splitlines()[-1])

"""What the scripts of all peers share: their flags, what they took, and a repair of torchvision.

The scripts run in the virtualenv of the peers, so nothing here imports code of ours.
"""

import argparse
import importlib
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import rasterio
import torch
from torch import library


@dataclass(frozen=True)
class Asked:
    """What a peer is to map, and how."""

    image: Path
    network: Path  # TorchScript: pixels (n, band, y, x) float32 -> logits (n, class, y, x)
    out: Path
    crop: int  # [px]
    overlap: int  # of neighbouring crops [px]
    batch: int  # crops
    classes: int

    def load(self) -> torch.jit.ScriptModule:
        """The network."""
        return torch.jit.load(self.network).eval()

    def write(self, classes: np.ndarray) -> None:
        """Write indices of classes (y, x) where the image lies."""
        with rasterio.open(self.image) as image:
            profile = {"crs": image.crs, "transform": image.transform, "driver": "GTiff"}
        height, width = classes.shape
        profile |= {"height": height, "width": width, "count": 1, "dtype": "uint8"}
        profile |= {"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "deflate"}
        with rasterio.open(self.out, "w", **profile) as raster:
            raster.write(classes.astype("uint8"), 1)


def repair_torchvision() -> None:
    """Import torchvision; declare operators that its wheel lacks beside a torch without CUDA.

    Without them the import fails: pytorch/vision issue 9077. None of the peers calls them here.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        declared = library.Library("torchvision", "DEF")
        declared.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        declared.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(declared)  # they vanish with it
        importlib.import_module("torchvision")


def run(map_image: Callable[[Asked], None], *packages: str) -> None:
    """Map what the flags ask for, on one thread, and print what it took as one line of JSON.

    Args:
        packages: whose versions are told.
    """
    asked = _flags()
    torch.set_num_threads(1)
    before, begin = _cpu_s(), time.monotonic()
    map_image(asked)
    wall_s, total = time.monotonic() - begin, _cpu_s()
    told = {
        "cpu_s": total - before,
        "cpu_s_with_imports": total,
        "wall_s": wall_s,
        "peak_mb": _peak_mb(),
        "versions": {name: metadata.version(name) for name in (*packages, "torch")},
    }
    print(json.dumps(told), flush=True)


_KEPT: list[library.Library] = []


def _flags() -> Asked:
    parser = argparse.ArgumentParser()
    for name in ("image", "network", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    for name, value in (("crop", 256), ("overlap", 32), ("batch", 1), ("classes", 8)):
        parser.add_argument(f"--{name}", type=int, default=value)
    return Asked(**vars(parser.parse_args()))


def _cpu_s() -> float:
    """User and system time of this process and of its children that ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_mb() -> float:
    """Peak of the resident memory of this process, imports included, or of a larger child."""
    status = Path(f"/proc/{os.getpid()}/status").read_text()
    own = int(status.split("VmHWM:")[1].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024

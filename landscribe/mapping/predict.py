"""Class probabilities of a block, window by window, in memory that is bounded by the window.

Whatever the order of the windows, and however often a run was killed, equal inputs give equal bits:
see `tiled` and `streamed` for the two ways in which models are shown the ground.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import rasterio
import torch

from landscribe.command import InputError
from landscribe.formats.contract import CHUNK_PX
from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import (
    PROBABILITY_NODATA,
    PROBABILITY_SCALE,
    probability_profile,
    written_raster,
)
from landscribe.grid import Grid
from landscribe.mapping.ground import Ground
from landscribe.mapping.kept_windows import KeptWindows
from landscribe.mapping.stored import stored
from landscribe.mapping.streamed import Steps, flat_windows, predict_streamed
from landscribe.mapping.tiled import predict_tiled
from landscribe.mapping.windows import Keep, Tell, Window, windows
from landscribe.memory import share_arena
from landscribe.provenance import code_version, file_digest
from landscribe.training.predictor import Predictor, Signature, Streamed

_STEP_PIXELS = {"cpu": 2**15, "cuda": 2**21}  # of a stream: what caches hold, what a GPU wants


@dataclass(frozen=True)
class Place:
    """Where and in which way a model runs; bits may differ between places."""

    device: str = "cpu"
    batch: int = 1  # tiles at once
    threads: int = 1
    dtype: str = "float32"  # of the sums of a stream


def predict_block(
    model: Predictor, ground: Ground, out: Path, window_px: int, place: Place, mark: str
) -> float:
    """Write the probability raster of a block; gives the share of its pixels that have a value.

    Finished windows stay in a folder beside `out` until it is written, so a run that was killed
    goes on. Pixels that lack an observation in any band, of whichever sensor, are nodata.

    Args:
        mark: `fingerprint`; windows of other fingerprints are thrown away.
    """
    grid, every = ground.grid, map_windows(model, ground.grid, window_px, place)
    with KeptWindows(out, mark, every, "predict windows") as kept:
        predict_windows(model, ground, every, kept.todo, place, kept.keep)
    with written_raster(out) as part:
        observed = _assemble(part, kept, grid, model.signature)
    kept.remove()
    return observed / (grid.width * grid.height)


def map_windows(model: Predictor, grid: Grid, window_px: int, place: Place) -> list[Window]:
    """Windows that cover a grid, of a size that suits the model, by window_px."""
    if isinstance(model, Streamed):
        return flat_windows(model, grid, window_px, _steps(place))
    return windows(grid.height, grid.width, window_px)


def predict_windows(
    model: Predictor,
    ground: Ground,
    every: Sequence[Window],
    todo: Sequence[Window],
    place: Place,
    keep: Keep,
    tell: Tell = stored,
) -> None:
    """Predict windows, and give what is told of each to `keep`, maybe in several threads.

    Args:
        every: `map_windows`.
        todo: those of them to predict.
        tell: what to tell of probabilities; by default themselves, as they are stored.
    """
    if not math.isclose(ground.grid.gsd_m, model.signature.gsd_m):
        raise InputError(
            f"the ground has pixels of {ground.grid.gsd_m:g} m, but the model learnt from"
            f" {model.signature.gsd_m:g} m; stack it with the model's sensor, or train on such"
            " cubes"
        )
    share_arena()
    if isinstance(model, Streamed):
        predict_streamed(model, ground, every, todo, _steps(place), keep, tell)
    else:
        torch.set_num_threads(place.threads)
        predict_tiled(model, ground, todo, place.batch, keep, tell)


def fingerprint(
    model: tuple[Path, Path],
    cubes: Sequence[Path],
    around: Sequence[Path],
    window_px: int,
    place: Place,
    more: tuple[str, ...] = (),
) -> str:
    """12 hex digits that change with anything that could change a bit of a window.

    Args:
        model: its weights and its description.
        around: cubes of which little is seen: their sizes and times tell whether they have changed.
        more: what else the windows depend on.
    """
    kind = read_json(model[1])["kind"]
    code = code_version("scripts/predict_block.py", f"landscribe/models/{kind}.py")
    told = [file_digest(path) for path in (*model, *cubes)]
    told += [_listing(path) for path in around]
    told += [window_px, place, code, *more]
    return hashlib.sha256(" ".join(map(str, told)).encode()).hexdigest()[:12]


def bring(
    model: Predictor, device: str = "auto", precision: str = "auto", threads: int = 1
) -> Place:
    """Bring a model to a device; gives the place and its ways.

    A processor is no faster with several tiles than with one, and one wastes none.

    Args:
        device: cpu, cuda or auto.
        precision: float32, bfloat16, or auto: bfloat16 on a GPU, and for streams also on a
            processor that multiplies matrices of it (without such it is many times slower).
    """
    move = getattr(model, "to", None)  # kinds that only know the processor have none
    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise InputError("no CUDA device was found, but cuda was asked for; use --device auto")
    on_gpu = move is not None and device != "cpu" and found
    if on_gpu:
        torch.backends.cudnn.deterministic = True
        move("cuda")
    if precision == "auto":
        gains = torch.cuda.is_bf16_supported() if on_gpu else torch.cpu._is_amx_tile_supported()
        precision = "bfloat16" if gains and isinstance(model, Streamed) else "float32"
    batch = getattr(model.settings, "batch", 1) if on_gpu else 1
    return Place("cuda" if on_gpu else "cpu", batch, threads, precision)


def _steps(place: Place) -> Steps:
    threads = 1 if place.device == "cuda" else place.threads
    return Steps(_STEP_PIXELS[place.device], threads, getattr(torch, place.dtype))


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of each file."""
    found = [(path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [(str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found]


def _assemble(path: Path, kept: KeptWindows, grid: Grid, signature: Signature) -> int:
    """Write the kept windows as one raster, block by block; gives the number of observed pixels."""
    observed = 0
    with rasterio.open(path, "w", **probability_profile(grid, len(signature.classes))) as raster:
        raster.descriptions = [f"class {number}" for number in signature.classes]
        raster.scales = [PROBABILITY_SCALE] * len(signature.classes)
        for where, pixels in kept.parts(CHUNK_PX):  # so each block is packed once
            raster.write(pixels, window=where)
            observed += int((pixels[0] != PROBABILITY_NODATA).sum())
    return observed

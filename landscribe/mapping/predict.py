"""Class probabilities of a block, window by window, in memory that is bounded by the window.

Whatever the size or the order of the windows, and however often a run was killed, equal inputs give
equal bits: tiles lie on one grid, the model always gets the same number of them at once, and their
probabilities are summed in one order.
"""

import hashlib
import io
import math
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import rasterio
import torch
import xarray as xr
from rasterio.windows import Window as RasterWindow
from tqdm import tqdm

from landscribe.command import InputError, written
from landscribe.formats import (
    PROBABILITY_NODATA,
    PROBABILITY_SCALE,
    cube_grid,
    probability_profile,
    read_json,
    written_raster,
)
from landscribe.imagery.composite import composite
from landscribe.mapping.windows import Tiles, Window, overlap, tile_axes, windows
from landscribe.provenance import code_version, file_digest
from landscribe.training.predictor import Predictor, Signature

Cubes = Sequence[xr.Dataset]  # of one block and grid, each band in one of them
_BLOCK_PX = 256  # of a GeoTIFF; windows are gathered block by block, so each is compressed once
_HELD_BYTES = 2**28  # of tiles that a later window may touch again
_STRIP_PX = 256  # rows of a cube that are composed at once: its chunks
_STRIP_VALUES = 2**22  # about as many values of a band are composed at once


@dataclass(frozen=True)
class _View:
    """What the tiles of a window see."""

    window: Window
    axes: tuple[Tiles, Tiles]
    down: range  # tiles
    across: range
    pixels: np.ndarray  # (band, y, x) float32 from the first tile to the last, NaN unobserved

    @property
    def frame(self) -> Window:
        """Place of `pixels` in the raster, which they may reach past."""
        starts = (
            axis.start(r[0]) for axis, r in zip(self.axes, (self.down, self.across), strict=True)
        )
        return Window(*starts, *self.pixels.shape[1:])

    def tile(self, row: int, col: int) -> Window:
        """Place of a tile."""
        (down, across), side = self.axes, self.axes[0].tile_px
        return Window(down.start(row), across.start(col), side, side)

    def show(self, part: Window) -> np.ndarray:
        """Pixels (band, y, x) of a part."""
        return self.pixels[:, *overlap(self.frame, part)[0]]

    def observed(self) -> np.ndarray:
        """Pixels (y, x) of the window that are observed in all bands."""
        return np.isfinite(self.show(self.window)).all(axis=0)


def predict_block(
    model: Predictor, cubes: Cubes, out: Path, window_px: int, batch: int, mark: str
) -> float:
    """Write the probability raster of a block; gives the share of its pixels that have a value.

    Finished windows stay in a folder beside `out` until it is written, so a run that was killed
    goes on. Pixels that lack an observation in any band, of whichever sensor, are nodata.

    Args:
        cubes: those of the block's sensors, from `read_cubes` with the model's bands.
        batch: tiles that the model always gets at once.
        mark: `fingerprint`; windows of other fingerprints are thrown away.
    """
    grid, signature = cube_grid(cubes[0]), model.signature
    if not math.isclose(grid.gsd_m, signature.gsd_m):
        raise InputError(
            f"the cube has pixels of {grid.gsd_m:g} m, but the model learnt from"
            f" {signature.gsd_m:g} m; stack it with the model's sensor, or train on such cubes"
        )
    parts = windows(grid.height, grid.width, window_px)
    folder = out.parent / f"windows-{mark}"
    _clear(out, folder)
    todo = [window for window in parts if not _file(folder, window).exists()]
    kept = len(parts) - len(todo)
    if kept:
        print(f"kept {kept} of {len(parts)} windows from an earlier run", flush=True)
    bar = {"desc": "predict windows", "unit": "window", "mininterval": 1}
    with tqdm(total=len(parts), initial=kept, **bar) as progress:
        for window, pixels in predict_windows(model, cubes, todo, batch):
            _keep(_file(folder, window), pixels)
            progress.update()
    with written_raster(out) as part:
        profile = probability_profile(grid, len(signature.classes))
        observed = _assemble(part, folder, profile, window_px, signature)
    shutil.rmtree(folder)
    return observed / (grid.width * grid.height)


def predict_windows(
    model: Predictor, cubes: Cubes, todo: list[Window], batch: int
) -> Iterator[tuple[Window, np.ndarray]]:
    """Windows with their probabilities (class, y, x) uint16 in PROBABILITY_SCALE, in that order.

    The next window is read while one is predicted; tiles that both touch, and if there is room
    those that the next row of windows touches, are predicted once.
    """
    axes = tile_axes(cubes[0].sizes["y"], cubes[0].sizes["x"], model.settings)
    view_of = partial(_view, cubes, model.signature.bands, axes)
    told: dict[tuple[int, int], np.ndarray] = {}
    with ThreadPoolExecutor(1) as reader:
        ahead = [reader.submit(view_of, window) for window in todo[:1]]
        for number, window in enumerate(todo, start=1):
            view = ahead.pop().result()
            ahead = [reader.submit(view_of, other) for other in todo[number : number + 1]]
            _predict_tiles(model, view, told, batch)
            yield window, _merged(view, told, len(model.signature.classes))


def fingerprint(
    weights: Path, description: Path, cubes: Sequence[Path], settings: tuple[int | str, ...]
) -> str:
    """12 hex digits that change with anything that could change a bit of a window.

    Args:
        settings: side of a window, and where the model runs: bits differ between devices, and
            between numbers of threads.
    """
    kind = read_json(description)["kind"]
    code = code_version("scripts/predict_block.py", f"landscribe/models/{kind}.py")
    files = [file_digest(path) for path in (weights, description, *cubes)]
    told = " ".join(map(str, (*files, *settings, code)))
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def place(model: Predictor, device: str) -> tuple[str, int]:
    """Bring a model to cpu, cuda or auto; gives the device and the tiles to predict at once there.

    A processor is no faster with several tiles than with one, and one wastes none.
    """
    move = getattr(model, "to", None)  # kinds that only know the processor have none
    found = torch.cuda.is_available()
    if device == "cuda" and not found:
        raise InputError("no CUDA device was found, but cuda was asked for; use --device auto")
    if move is None or device == "cpu" or not found:
        return "cpu", 1
    torch.backends.cudnn.deterministic = True
    move("cuda")
    return "cuda", model.settings.batch


def _clear(out: Path, folder: Path) -> None:
    """Remove what other runs left beside `out`."""
    for other in out.parent.glob("windows-*"):
        if other != folder:
            shutil.rmtree(other)


def _file(folder: Path, window: Window) -> Path:
    return folder / f"{window.name}.npy"


def _keep(path: Path, pixels: np.ndarray) -> None:
    file = io.BytesIO()
    np.save(file, pixels)  # to a path it would not say that the disk is full
    with written(path) as part:
        part.write_bytes(file.getbuffer())


def _view(cubes: Cubes, bands: tuple[str, ...], axes: tuple[Tiles, Tiles], window: Window) -> _View:
    down, across = axes[0].touching(window.rows), axes[1].touching(window.cols)
    rows, cols = axes[0].sources(down), axes[1].sources(across)
    top, left = rows.min(), cols.min()
    part = slice(top, rows.max() + 1), slice(left, cols.max() + 1)
    pixels = _reflectance(cubes, bands, *part)
    return _View(window, axes, down, across, pixels[:, rows - top][:, :, cols - left])


def _reflectance(cubes: Cubes, bands: tuple[str, ...], rows: slice, cols: slice) -> np.ndarray:
    """Composites (band, y, x) float32 of a part of a block, in the order of the bands."""
    found = np.empty((len(bands), rows.stop - rows.start, cols.stop - cols.start), "float32")
    for cube in cubes:
        places = [bands.index(name) for name in cube.band.values]
        _compose(cube, places, rows, cols, found)
    return found


def _compose(
    cube: xr.Dataset, places: list[int], rows: slice, cols: slice, found: np.ndarray
) -> None:
    """Write the composite of a part of a cube to `found`, each of its bands to its place there.

    A long season of many bands is large: it is composed band by band, and in strips.
    """
    times = cube.sizes["time"]
    step = max(1, _STRIP_VALUES // (times * (cols.stop - cols.start) * _STRIP_PX)) * _STRIP_PX
    for first in range(rows.start // _STRIP_PX * _STRIP_PX, rows.stop, step):
        strip = slice(max(first, rows.start), min(first + step, rows.stop))
        part = cube.isel(y=strip, x=cols)
        part = part.assign(mask=part.mask.load())
        for band, place in enumerate(places):
            image = composite(part.isel(band=[band]))
            found[place, strip.start - rows.start : strip.stop - rows.start] = image.values[0]


def _predict_tiles(
    model: Predictor, view: _View, told: dict[tuple[int, int], np.ndarray], batch: int
) -> None:
    """Add the tiles of a view to `told`, and remove the oldest ones where these are too many.

    Args:
        told: probabilities (class, y, x) of tiles (row, col), of those that show any ground.
    """
    tiles = {key: view.show(view.tile(*key)) for key in product(view.down, view.across)}
    seen = [key for key, tile in tiles.items() if np.isfinite(tile).all(axis=0).any()]
    if not view.observed().any():
        seen = []
    new = [key for key in seen if key not in told]
    for key in set(seen) - set(new):
        told[key] = told.pop(key)  # the last ones are kept longest
    for first in range(0, len(new), batch):
        group = new[first : first + batch]
        # Bits may depend on how many tiles a model gets, so the last group is filled up.
        full = [*group, *[group[-1]] * (batch - len(group))]
        found = model.probabilities(np.stack([tiles[key] for key in full]))
        # Copies, as a view of one tile would hold the memory of its whole group.
        told |= dict(zip(group, map(np.copy, found), strict=False))
    size = max((pixels.nbytes for pixels in told.values()), default=1)
    for key in list(told)[: -max(len(seen), _HELD_BYTES // size)]:
        del told[key]


def _merged(view: _View, told: dict[tuple[int, int], np.ndarray], classes: int) -> np.ndarray:
    """Weighted sum of tiles (class, y, x) uint16 in a window, always in the order of the tiles."""
    window, observed = view.window, view.observed()
    total = np.zeros((classes, window.height, window.width), "float32")
    for row, col in product(view.down, view.across):
        if (row, col) not in told:
            continue
        pixels = told[row, col]
        here, (rows, cols) = overlap(window, view.tile(row, col))
        down, across = (axis.weights(n) for axis, n in zip(view.axes, (row, col), strict=True))
        total[:, *here] += pixels[:, rows, cols] * (down[rows, None] * across[cols])
    if not np.isfinite(total[:, observed]).all():
        raise InputError(
            f"the model gives no number for pixels of window {window.name}; its training went"
            " wrong: look at the history in model.json, and train it again"
        )
    counts = np.rint(total.clip(0, 1) / np.float32(PROBABILITY_SCALE))
    return np.where(observed, counts, PROBABILITY_NODATA).astype("uint16")


def _assemble(path: Path, folder: Path, profile: dict, window_px: int, signature: Signature) -> int:
    """Write the kept windows as one raster, block by block; gives the number of observed pixels."""
    observed = 0
    with rasterio.open(path, "w", **profile) as raster:
        raster.descriptions = [f"class {number}" for number in signature.classes]
        raster.scales = [PROBABILITY_SCALE] * len(signature.classes)
        for block in windows(profile["height"], profile["width"], _BLOCK_PX):
            pixels = _gathered(folder, block, window_px, profile)
            raster.write(pixels, window=RasterWindow.from_slices(block.rows, block.cols))
            observed += int((pixels[0] != PROBABILITY_NODATA).sum())
    return observed


def _gathered(folder: Path, block: Window, window_px: int, profile: dict) -> np.ndarray:
    """Pixels (class, y, x) of a block of the raster, from the windows that it touches."""
    pixels = np.empty((profile["count"], block.height, block.width), profile["dtype"])
    for window in windows(profile["height"], profile["width"], window_px, block):
        there, here = overlap(window, block)
        pixels[:, *here] = np.load(_file(folder, window), mmap_mode="r")[:, *there]
    return pixels

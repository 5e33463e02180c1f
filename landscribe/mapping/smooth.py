"""A smoothed map beside the raw one: neighbours first, then a minimum mapping unit.

It is made window by window, with as much around each as its neighbours reach, and then strip by
strip: memory is bounded by these and by the number of patches, and neither can be seen in the map.
Equal inputs give equal bytes.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow
from tqdm import tqdm

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import CACHE_BYTES, NODATA, raster_grid, written_raster
from landscribe.mapping.cog import COG, write_category_names
from landscribe.mapping.neighbours import bayes, majority
from landscribe.mapping.patches import find_patches, part_numbers
from landscribe.mapping.small_patches import merged_classes
from landscribe.mapping.smoothed import smoothing_tag
from landscribe.mapping.windows import Window, overlap, windows
from landscribe.smoothing import Smoothing

STRIP_PX = 256  # rows in which patches are looked for at once


@dataclass(frozen=True)
class RawFiles:
    """The raw map of a block.

    Args:
        classes: raster by draw_map.
        probabilities: raster by predict_block, from which it was drawn.
    """

    classes: Path
    probabilities: Path


def smooth_map(
    raw: RawFiles,
    legend: Sequence[LandClass],
    how: Smoothing,
    out: Path,
    window_px: int = WINDOW_PX,
) -> float:
    """Write a smoothed map; gives the share of the mapped pixels that have another class than raw.

    It has the legend, colours, names and tags of the raw one, and says how it was smoothed
    (`read_smoothing`).

    Args:
        window_px: side of what is smoothed at once; the result is the same.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ExitStack() as stack:
        classes, probabilities = _opened(raw, legend, stack)
        part = stack.enter_context(written_raster(out))
        # `written` removes what has a part's name and more once the part is done.
        smooth, merged = (Path(f"{part}.{name}.tif") for name in ("smooth", "merged"))
        with _target(smooth, classes, how) as target:
            for window in _progress(windows(*classes.shape, window_px), "smooth map", "window"):
                pixels = _smoothed(classes, probabilities, legend, how, window)
                target.write(pixels, 1, window=_place(window))
        with rasterio.open(smooth) as source, _target(merged, classes, how) as target:
            least_px = least_pixels(how.mmu_ha, raster_grid(source).gsd_m)
            changed = _merge(source, classes, target, least_px, [land.id for land in legend])
        rasterio.shutil.copy(merged, part, **COG, overview_resampling="mode")
    write_category_names(out, legend)
    return changed


def least_pixels(mmu_ha: float, gsd_m: float) -> int:
    """Pixels of the smallest patch that is as large as a minimum mapping unit."""
    return math.ceil(mmu_ha * 1e4 / gsd_m**2 - 1e-9)


def _smoothed(
    classes: rasterio.DatasetReader,
    probabilities: rasterio.DatasetReader,
    legend: Sequence[LandClass],
    how: Smoothing,
    window: Window,
) -> np.ndarray:
    """Smoothed classes (y, x) of a window."""
    around = _widened(window, how.window_px // 2, classes.shape)
    pixels = _read(classes, around)[0]
    if how.method == "bayes":
        pixels = bayes(_read(probabilities, around), pixels, legend, how)
    elif how.method == "majority":
        pixels = majority(pixels, legend, how.window_px)
    return pixels[overlap(around, window)[0]]


def _merge(
    source: rasterio.DatasetReader,
    raw: rasterio.DatasetReader,
    target: rasterio.io.DatasetWriter,
    least_px: int,
    order: Sequence[int],
) -> float:
    """Copy a map without its small patches; gives the share that differs from the raw map."""
    strips = _strips(*source.shape)
    if least_px > 1:
        looked = _progress(strips, "find patches", "strip")
        patches = find_patches((_read(source, strip)[0] for strip in looked), least_px)
        class_of_part = merged_classes(patches, least_px, order)[patches.of_part]
        del patches
    first = changed = mapped = 0
    for strip in _progress(strips, "merge patches", "strip"):
        pixels, before = _read(source, strip)[0], _read(raw, strip)[0]
        if least_px > 1:
            numbers, count = part_numbers(pixels)
            pixels = class_of_part[first : first + count][numbers]
            first += count
        target.write(pixels, 1, window=_place(strip))
        changed += int((pixels != before).sum())
        mapped += int((before != NODATA).sum())
    return changed / max(mapped, 1)


def _strips(height: int, width: int) -> list[Window]:
    """Strips that cover a raster, from the top down."""
    return [
        Window(top, 0, min(STRIP_PX, height - top), width) for top in range(0, height, STRIP_PX)
    ]


def _opened(
    raw: RawFiles, legend: Sequence[LandClass], stack: ExitStack
) -> tuple[rasterio.DatasetReader, rasterio.DatasetReader]:
    """Rasters of a raw map that fit the legend and each other."""
    try:
        classes, probabilities = (
            stack.enter_context(rasterio.open(path)) for path in (raw.classes, raw.probabilities)
        )
    except RasterioError as error:
        raise InputError(f"no raster ({error}); draw the map again") from None
    wanted = tuple(f"class {land.id}" for land in legend)
    if probabilities.descriptions != wanted:
        raise InputError(
            f"{raw.probabilities}: holds {', '.join(map(str, probabilities.descriptions))}, but the"
            f" legend has {', '.join(wanted)}; predict the block with this task's card"
        )
    if (found := raster_grid(probabilities)) != (grid := raster_grid(classes)):
        raise InputError(
            f"{raw.probabilities}: lies on {found}, but {raw.classes} on {grid}; draw the map again"
        )
    return classes, probabilities


@contextmanager
def _target(
    path: Path, raw: rasterio.DatasetReader, how: Smoothing
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open plain GeoTIFF that says all that the raw map says, and how it was smoothed."""
    with rasterio.open(path, "w", **raw.profile) as target:
        target.descriptions, target.units = raw.descriptions, raw.units
        target.write_colormap(1, raw.colormap(1))
        target.update_tags(1, **raw.tags(1))
        target.update_tags(**smoothing_tag(how))
        yield target


def _widened(window: Window, by: int, shape: tuple[int, int]) -> Window:
    """A window and what lies around it, within the raster."""
    top, left = max(window.top - by, 0), max(window.left - by, 0)
    bottom, right = min(window.rows.stop + by, shape[0]), min(window.cols.stop + by, shape[1])
    return Window(top, left, bottom - top, right - left)


def _read(source: rasterio.DatasetReader, window: Window) -> np.ndarray:
    try:
        return source.read(window=_place(window))
    except RasterioError as error:
        raise InputError(f"{source.name}: is damaged ({error}); draw the map again") from None


def _place(window: Window) -> RasterWindow:
    return RasterWindow.from_slices(window.rows, window.cols)


def _progress(parts: list[Window], told: str, unit: str) -> Iterator[Window]:
    return iter(tqdm(parts, desc=told, unit=unit, mininterval=1))

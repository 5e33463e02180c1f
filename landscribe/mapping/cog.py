"""Maps of a block as cloud-optimised GeoTIFFs: classes, confidence, clear observations.

They are drawn window by window to plain GeoTIFFs and copied from these, so memory is bounded by
the window. Equal inputs give equal bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow
from tqdm import tqdm

from landscribe.cards import LandClass
from landscribe.command import InputError, written
from landscribe.formats import (
    NODATA,
    PROBABILITY_NODATA,
    PROBABILITY_SCALE,
    WINDOW_PX,
    cube_grid,
    raster_grid,
    written_raster,
)
from landscribe.mapping.windows import Window, windows

CONFIDENCE_STEP = 0.005  # 200 of them fit uint8 and leave 255 for nodata
COG = {"driver": "COG", "compress": "deflate", "blocksize": 512, "overviews": "ignore_existing"}


@dataclass(frozen=True)
class MapFiles:
    """Where the layers of a map stand."""

    classes: Path
    confidence: Path
    observations: Path


@dataclass(frozen=True)
class _Layer:
    """What a layer holds, for its tags."""

    description: str
    unit: str
    overviews: str  # how GDAL makes them
    scale: float = 1


_LAYERS = (
    _Layer("class of the legend", "class id", "mode"),
    _Layer("probability of the mapped class", "1", "average", CONFIDENCE_STEP),
    _Layer("clear observations", "count", "nearest"),
)


def draw_map(
    probabilities: Path, cube: xr.Dataset, legend: Sequence[LandClass], files: MapFiles
) -> float:
    """Write the layers of a map; gives the share of its pixels that have a class.

    Names of the classes are band tags `class_<id>` of the raster, and GDAL's category names in a
    file `.aux.xml` beside it, where desktop programs look for them.
    """
    paths = (files.classes, files.confidence, files.observations)
    with ExitStack() as stack:
        source = stack.enter_context(_opened(probabilities, cube, legend))
        parts = [stack.enter_context(written_raster(path)) for path in paths]
        # `written` removes what has a part's name and more once the part is done.
        plain = [Path(f"{part}.plain.tif") for part in parts]
        mapped = _draw(source, cube, legend, plain)
        for drawn, part, layer in zip(plain, parts, _LAYERS, strict=True):
            rasterio.shutil.copy(drawn, part, **COG, overview_resampling=layer.overviews)
        grid = raster_grid(source)
    with written(Path(f"{files.classes}.aux.xml")) as part:
        part.write_bytes(category_names(legend))
    return mapped / (grid.width * grid.height)


def classes_and_confidence(
    probabilities: np.ndarray, legend: Sequence[LandClass]
) -> tuple[np.ndarray, np.ndarray]:
    """Most probable class (y, x) uint8, and its probability (y, x) uint8 in CONFIDENCE_STEP.

    Of classes that are equally probable it is the one that comes first in the legend.

    Args:
        probabilities: (class, y, x) uint16 in PROBABILITY_SCALE.
    """
    ids = np.array([c.id for c in legend], "uint8")
    missing = probabilities[0] == PROBABILITY_NODATA
    best = probabilities.max(axis=0)
    step = round(CONFIDENCE_STEP / PROBABILITY_SCALE)
    confidence = np.where(missing, NODATA, (best + step // 2) // step).astype("uint8")
    return np.where(missing, NODATA, ids[probabilities.argmax(axis=0)]), confidence


def category_names(legend: Sequence[LandClass]) -> bytes:
    """GDAL's .aux.xml that names the values of a class raster by the legend's titles."""
    titles = {c.id: c.title for c in legend}
    root = ElementTree.Element("PAMDataset")
    names = ElementTree.SubElement(
        ElementTree.SubElement(root, "PAMRasterBand", band="1"), "CategoryNames"
    )
    for value in range(max(titles) + 1):
        ElementTree.SubElement(names, "Category").text = titles.get(value, "")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8") + b"\n"


@contextmanager
def _opened(
    path: Path, cube: xr.Dataset, legend: Sequence[LandClass]
) -> Iterator[rasterio.DatasetReader]:
    """Probability raster that fits cube and legend."""
    try:
        raster = rasterio.open(path)
    except RasterioError as error:
        raise InputError(f"{path}: no raster ({error}); predict the block") from None
    with raster:
        wanted = tuple(f"class {c.id}" for c in legend)
        if raster.descriptions != wanted:
            have = ", ".join(map(str, raster.descriptions))
            raise InputError(
                f"{path}: holds {have}, but the legend has {', '.join(wanted)}; train the model"
                " and predict the block with this task's card"
            )
        if (found := raster_grid(raster)) != (grid := cube_grid(cube)):
            raise InputError(f"{path}: lies on {found}, the cube on {grid}; predict it again")
        yield raster


def _draw(
    source: rasterio.DatasetReader,
    cube: xr.Dataset,
    legend: Sequence[LandClass],
    paths: list[Path],
) -> int:
    """Write the layers as plain GeoTIFFs; gives the number of pixels that have a class."""
    mapped = 0
    with ExitStack() as stack:
        targets = [
            stack.enter_context(_target(path, layer, source.profile, legend))
            for path, layer in zip(paths, _LAYERS, strict=True)
        ]
        every = windows(source.height, source.width, WINDOW_PX)
        for window in tqdm(every, desc="draw map", unit="window", mininterval=1):
            classes, confidence = classes_and_confidence(_read(source, window), legend)
            counts = cube.valid_count.isel(y=window.rows, x=window.cols).values
            place = RasterWindow.from_slices(window.rows, window.cols)
            for target, pixels in zip(targets, (classes, confidence, counts), strict=True):
                target.write(pixels, 1, window=place)
            mapped += int((classes != NODATA).sum())
    return mapped


@contextmanager
def _target(
    path: Path, layer: _Layer, profile: dict, legend: Sequence[LandClass]
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open plain GeoTIFF of a layer, with all that its cloud-optimised copy takes over."""
    own = {"count": 1, "dtype": "uint8", "nodata": NODATA, "interleave": "band"}
    with written_raster(path) as part, rasterio.open(part, "w", **profile | own) as raster:
        raster.descriptions = [layer.description]
        raster.units, raster.scales = [layer.unit], [layer.scale]
        if layer.overviews == "mode":
            colours = {c.id: (*bytes.fromhex(c.colour[1:]), 255) for c in legend}
            raster.write_colormap(1, colours | {NODATA: (0, 0, 0, 0)})
            raster.update_tags(1, **{f"class_{c.id}": c.name for c in legend})
        yield raster


def _read(source: rasterio.DatasetReader, window: Window) -> np.ndarray:
    try:
        return source.read(window=RasterWindow.from_slices(window.rows, window.cols))
    except RasterioError as error:
        raise InputError(f"{source.name}: is damaged ({error}); predict the block again") from None

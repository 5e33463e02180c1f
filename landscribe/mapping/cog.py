"""Maps of a block as cloud-optimised GeoTIFFs: classes, how far to trust them, observations.

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
from shapely.geometry.base import BaseGeometry
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
    raster_profile,
    written_raster,
)
from landscribe.grid import Grid
from landscribe.mapping.windows import Window, windows
from landscribe.region_pixels import pixels_inside
from landscribe.trust.applicability import STEP
from landscribe.trust.calibrate import Calibration
from landscribe.trust.conformal import BITS, packed

CONFIDENCE_STEP = ENTROPY_STEP = 0.005  # 200 of them fit uint8 and leave 255 for nodata
COG = {"driver": "COG", "compress": "deflate", "blocksize": 512, "overviews": "ignore_existing"}


@dataclass(frozen=True)
class MapFiles:
    """Where the layers of a map stand; nodata is 255, of `sets` 0.

    Args:
        classes: legend id of the most probable class, in the legend's colours; classes.tif.aux.xml
            beside it names the classes.
        confidence: calibrated probability of that class, in steps of 0.005.
        observations: clear observations, up to 254.
        entropy: of the calibrated probabilities, as a share of the highest, in steps of 0.005.
        set_sizes: number of classes in the set of a pixel.
        sets: bits of these classes, in the order of the legend, 16 a band; tags name the bits.
    """

    classes: Path
    confidence: Path
    observations: Path
    entropy: Path
    set_sizes: Path
    sets: Path


@dataclass(frozen=True)
class _Layer:
    """What a layer holds, for its tags."""

    description: str
    unit: str
    overviews: str  # how GDAL makes them
    scale: float = 1
    dtype: str = "uint8"
    nodata: int = NODATA


_LAYERS = {  # in the order in which `_draw` makes them; names are those of MapFiles
    "classes": _Layer("class of the legend", "class id", "mode"),
    "confidence": _Layer("probability of the mapped class", "1", "average", CONFIDENCE_STEP),
    "observations": _Layer("clear observations", "count", "nearest"),
    "entropy": _Layer("entropy, as a share of the highest", "1", "average", ENTROPY_STEP),
    "set_sizes": _Layer("number of classes in the set", "count", "average"),
    # A set is never empty, so 0 is free.
    "sets": _Layer("classes in the set", "bits", "nearest", dtype="uint16", nodata=0),
    "applicability": _Layer("dissimilarity, as a share of the threshold", "1", "average", STEP),
}
_DRAWN = list(_LAYERS)[:-1]


def draw_map(
    probabilities: Path,
    cube: xr.Dataset,
    legend: Sequence[LandClass],
    calibration: Calibration,
    files: MapFiles,
    ground: BaseGeometry | None = None,
) -> float:
    """Write the layers of a map; gives the share of its pixels that have a class.

    Args:
        ground: of the region, in lon, lat (EPSG:4326): what lies outside is nodata in all layers.

    Names of the classes are band tags `class_<id>` of the raster, and GDAL's category names in a
    file `.aux.xml` beside it, where desktop programs look for them.
    """
    with ExitStack() as stack:
        source = stack.enter_context(_opened(probabilities, cube, legend))
        parts = [stack.enter_context(written_raster(path)) for path in _paths(files)]
        # `written` removes what has a part's name and more once the part is done.
        plain = [Path(f"{part}.plain.tif") for part in parts]
        mapped = _draw(source, cube, legend, calibration, plain, ground)
        for drawn, part, layer in zip(plain, parts, _DRAWN, strict=True):
            rasterio.shutil.copy(drawn, part, **COG, overview_resampling=_LAYERS[layer].overviews)
        grid = raster_grid(source)
    write_category_names(files.classes, legend)
    return mapped / (grid.width * grid.height)


def trust_layers(
    probabilities: np.ndarray, legend: Sequence[LandClass], calibration: Calibration
) -> dict[str, np.ndarray]:
    """Layers (y, x) by name: classes, confidence, entropy, set_sizes; sets (band, y, x).

    The class is the one that the model finds most probable, of equal ones the first of the legend;
    its confidence is the calibrated probability. Entropy is -sum of p log p of the calibrated
    probabilities: 0 if one class is certain, 1 if all are equal.

    Args:
        probabilities: (class, y, x) uint16 in PROBABILITY_SCALE.
    """
    ids = np.array([c.id for c in legend], "uint8")
    missing = probabilities[0] == PROBABILITY_NODATA
    best = probabilities.argmax(axis=0)
    shares = np.where(missing, 0, probabilities) * np.float32(PROBABILITY_SCALE)
    told = calibration.rescaling(shares)
    confidence = np.take_along_axis(told, best[None], 0)[0]
    entropy = -(told * np.log(told)).sum(axis=0) / np.float32(np.log(len(legend)))
    held = calibration.sets(shares)
    uint8 = {
        "classes": ids[best],
        "confidence": np.rint(confidence.clip(0, 1) / CONFIDENCE_STEP),
        "entropy": np.rint(entropy.clip(0, 1) / ENTROPY_STEP),
        "set_sizes": held.sum(axis=0),
    }
    found = {n: np.where(missing, NODATA, layer).astype("uint8") for n, layer in uint8.items()}
    return found | {"sets": np.where(missing, 0, packed(held)).astype("uint16")}


@contextmanager
def layer_drawn(
    path: Path, name: str, grid: Grid, legend: Sequence[LandClass] = ()
) -> Iterator[rasterio.io.DatasetWriter]:
    """Give an empty raster to write, which then becomes a layer of a map.

    Args:
        name: of the layer, as in MapFiles, or applicability.
        legend: of classes and sets.
    """
    with written_raster(path) as part:
        plain = Path(f"{part}.plain.tif")
        with _target(plain, name, grid, legend) as raster:
            yield raster
        rasterio.shutil.copy(plain, part, **COG, overview_resampling=_LAYERS[name].overviews)


def write_category_names(classes: Path, legend: Sequence[LandClass]) -> None:
    """Write `category_names` beside a class raster, where GDAL looks for them."""
    with written(Path(f"{classes}.aux.xml")) as part:
        part.write_bytes(category_names(legend))


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


def _paths(files: MapFiles) -> list[Path]:
    return [getattr(files, name) for name in _DRAWN]


def _draw(
    source: rasterio.DatasetReader,
    cube: xr.Dataset,
    legend: Sequence[LandClass],
    calibration: Calibration,
    paths: list[Path],
    ground: BaseGeometry | None,
) -> int:
    """Write the layers as plain GeoTIFFs; gives the number of pixels that have a class."""
    mapped = 0
    with ExitStack() as stack:
        targets = {
            name: stack.enter_context(_target(path, name, raster_grid(source), legend))
            for path, name in zip(paths, _DRAWN, strict=True)
        }
        every = windows(source.height, source.width, WINDOW_PX)
        for window in tqdm(every, desc="draw map", unit="window", mininterval=1):
            shares = _read(source, window)
            counts = cube.valid_count.isel(y=window.rows, x=window.cols).values
            if ground is not None:
                inside = pixels_inside(ground, raster_grid(source).part(window.rows, window.cols))
                shares[:, ~inside], counts = PROBABILITY_NODATA, np.where(inside, counts, NODATA)
            found = trust_layers(shares, legend, calibration)
            place = RasterWindow.from_slices(window.rows, window.cols)
            for name, pixels in (found | {"observations": counts}).items():
                targets[name].write(pixels.reshape(-1, *counts.shape), window=place)
            mapped += int((found["classes"] != NODATA).sum())
    return mapped


@contextmanager
def _target(
    path: Path, name: str, grid: Grid, legend: Sequence[LandClass]
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open plain GeoTIFF of a layer, with all that its cloud-optimised copy takes over."""
    layer = _LAYERS[name]
    count = -(-len(legend) // BITS) if name == "sets" else 1
    profile = raster_profile(grid, count, layer.dtype, layer.nodata) | {"interleave": "band"}
    with written_raster(path) as part, rasterio.open(part, "w", **profile) as raster:
        raster.descriptions = [layer.description] * count
        raster.units, raster.scales = [layer.unit] * count, [layer.scale] * count
        if name == "classes":
            colours = {c.id: (*bytes.fromhex(c.colour[1:]), 255) for c in legend}
            raster.write_colormap(1, colours | {NODATA: (0, 0, 0, 0)})
            raster.update_tags(1, **{f"class_{c.id}": c.name for c in legend})
        if name == "sets":
            for place, land in enumerate(legend):
                raster.update_tags(place // BITS + 1, **{f"bit_{place % BITS}": land.name})
        yield raster


def _read(source: rasterio.DatasetReader, window: Window) -> np.ndarray:
    try:
        return source.read(window=RasterWindow.from_slices(window.rows, window.cols))
    except RasterioError as error:
        raise InputError(f"{source.name}: is damaged ({error}); predict the block again") from None

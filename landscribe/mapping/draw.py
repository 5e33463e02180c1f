"""The map of a block: classes, how far to trust them, and observations, as layers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.cubes import cube_grid
from landscribe.formats.rasters import (
    NODATA,
    PROBABILITY_NODATA,
    PROBABILITY_SCALE,
    raster_grid,
)
from landscribe.mapping.cog import (
    CONFIDENCE_STEP,
    ENTROPY_STEP,
    layers_drawn,
    write_category_names,
)
from landscribe.mapping.windows import Window, windows
from landscribe.region_pixels import pixels_inside
from landscribe.trust.calibrate import Calibration
from landscribe.trust.conformal import packed


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


def draw_map(
    probabilities: Path,
    cube: xr.Dataset,
    legend: Sequence[LandClass],
    calibration: Calibration,
    files: MapFiles,
    ground: BaseGeometry | None = None,
) -> float:
    """Write the layers of a map; gives the share of its pixels that have a class.

    Names of the classes are band tags `class_<id>` of the raster, and GDAL's category names in a
    file `.aux.xml` beside it, where desktop programs look for them.

    Args:
        ground: of the region, in lon, lat (EPSG:4326): what lies outside is nodata in all layers.
    """
    with _opened(probabilities, cube, legend) as source:
        grid = raster_grid(source)
        with layers_drawn(asdict(files), grid, legend) as layers:
            mapped = _draw(source, cube, legend, calibration, layers, ground)
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
    calibration: Calibration,
    layers: dict[str, rasterio.io.DatasetWriter],
    ground: BaseGeometry | None,
) -> int:
    """Write the layers window by window; gives the number of pixels that have a class."""
    mapped = 0
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
            layers[name].write(pixels.reshape(-1, *counts.shape), window=place)
        mapped += int((found["classes"] != NODATA).sum())
    return mapped


def _read(source: rasterio.DatasetReader, window: Window) -> np.ndarray:
    try:
        return source.read(window=RasterWindow.from_slices(window.rows, window.cols))
    except RasterioError as error:
        raise InputError(f"{source.name}: is damaged ({error}); predict the block again") from None

"""Areas of the classes of a map: true ground areas, not counts of pixels."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from pyproj import Transformer
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.rasters import CACHE_BYTES, NODATA, raster_grid
from landscribe.grid import Grid, pixel_area_m2
from landscribe.region_pixels import pixels_inside

STRIP_PX = 256  # rows that are read at once


def class_areas(
    paths: Sequence[Path], legend: Sequence[LandClass], ground: BaseGeometry | None = None
) -> pd.DataFrame:
    """Pixels and ground area of each class over all blocks; the last row is what is not mapped.

    Blocks of neighbouring UTM zones overlap where they meet: there a pixel counts in its own zone.

    Args:
        paths: class raster of each block.
        ground: of the region, in lon, lat (EPSG:4326): pixels outside do not count at all.

    Returns:
        Columns class_id, name, title, pixels, area_ha (to 1 m²), share (of the mapped area; empty
        in the row of nodata, 0 where nothing is mapped); rows in the legend's order.
    """
    pixels, area_m2 = np.zeros(256, "int64"), np.zeros(256)
    zones = {_grid(path).epsg for path in paths}
    for path in tqdm(paths, desc="sum areas", unit="block", mininterval=1):
        for classes, grid in _strips(path):
            area = pixel_area_m2(grid).astype("float64")
            own = in_own_zone(grid) if len(zones) > 1 else np.ones(classes.shape, bool)
            if ground is not None:
                own &= pixels_inside(ground, grid)
            classes, area = classes[own], area[own]
            pixels += np.bincount(classes, minlength=256)
            area_m2 += np.bincount(classes, area, minlength=256)
        _check_classes(path, pixels, legend)
    rows = [(c.id, c.name, c.title) for c in legend] + [(NODATA, "nodata", "Not mapped")]
    table = pd.DataFrame(rows, columns=["class_id", "name", "title"])
    table["pixels"] = pixels[table.class_id]
    table["area_ha"] = (area_m2[table.class_id] / 1e4).round(4)
    mapped = table.class_id != NODATA
    whole = area_m2[table.class_id[mapped]].sum()
    table["share"] = (area_m2[table.class_id] / (whole or 1)).round(8)
    table.loc[~mapped, "share"] = np.nan
    return table


def in_own_zone(grid: Grid) -> np.ndarray:
    """Pixels (y, x) whose centre lies in the UTM zone of their grid, its western edge included."""
    west = (grid.epsg % 100 - 31) * 6
    x = grid.west + (np.arange(grid.width) + 0.5) * grid.gsd_m
    y = grid.north - (np.arange(grid.height) + 0.5) * grid.gsd_m
    project = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    # Longitude grows along a row, so most strips are decided by their first and last column.
    lon = project(*np.meshgrid(x[[0, -1]], y))[0]
    if lon[:, 0].min() < west or lon[:, 1].max() >= west + 6:
        lon = project(*np.meshgrid(x, y))[0]
        return (lon >= west) & (lon < west + 6)
    return np.ones((grid.height, grid.width), bool)


@contextmanager
def _opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), rasterio.open(path) as raster:
            yield raster
    except RasterioError as error:
        raise InputError(f"{path}: cannot be read ({error}); draw the map again") from None


def _grid(path: Path) -> Grid:
    with _opened(path) as raster:
        return raster_grid(raster)


def _strips(path: Path) -> Iterator[tuple[np.ndarray, Grid]]:
    """Classes (y, x) of a raster and their grid, strip by strip."""
    with _opened(path) as raster:
        grid = raster_grid(raster)
        for top in range(0, grid.height, STRIP_PX):
            rows = min(STRIP_PX, grid.height - top)
            strip = replace(grid, north=grid.north - top * grid.gsd_m, height=rows)
            yield raster.read(1, window=RasterWindow(0, top, grid.width, rows)), strip


def _check_classes(path: Path, pixels: np.ndarray, legend: Sequence[LandClass]) -> None:
    known = [*(c.id for c in legend), NODATA]
    strange = [str(value) for value in np.flatnonzero(pixels) if value not in known]
    if strange:
        raise InputError(
            f"{path}: holds class {', '.join(strange)}, which the legend lacks; draw the map again"
            " with this task's card"
        )

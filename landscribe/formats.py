"""The contract of every file between stages: what it holds, how it is read, written and checked.

A file is checked once, when it enters a step; after that its CRS, dims and nodata are trusted.
Arrays carry their dims in the docstring. Every writer takes a temporary name (`written`), so a
killed step leaves no half file under a real name.
"""

import errno
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import rioxarray  # noqa: F401  (gives xarray its .rio)
import xarray as xr
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from landscribe.command import InputError, written
from landscribe.grid import Grid

WINDOW_PX = 1024  # side of a shard of a cube, and of what a step reads at once
NODATA = 255  # of class maps, label rasters, confidence and observation counts
PROBABILITY_SCALE = 1e-4  # probabilities are stored as uint16 counts of this
PROBABILITY_NODATA = 65535
MASK_MISSING, MASK_CLEAR, MASK_CLOUD = 0, 1, 2  # of a cube's mask
POLYGON_COLUMNS = ("polygon", "feature", "class_id", "area_m2", "geometry")
SPLITS = ("train", "validation", "test")
_TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}


def read_cube(path: Path, bands: list[str] | None = None) -> xr.Dataset:
    """Cube of a block, lazily, in native numbers.

    Returns:
        `dn` (time, band, y, x) native dtype with attrs scale_factor, add_offset, nodata;
        `mask` (time, y, x) uint8: 0 not observed, 1 clear, 2 cloud;
        `valid_count` (y, x) uint8: clear observations;
        coords time [UTC], band (names), wavelength_um (band), x, y (centres [m]), spatial_ref.
    """
    try:
        cube = xr.open_zarr(path, chunks=None, mask_and_scale=False, consolidated=False)
    except FileNotFoundError:
        raise InputError(f"{path}: no cube there; run the rule stack_scenes") from None
    for name in ("dn", "mask", "valid_count", "spatial_ref"):
        if name not in cube.variables:
            raise InputError(f"{path}: no {name}, so this is no cube; build it again")
    cube = cube.set_coords("spatial_ref")
    missing = sorted(set(bands or []) - set(cube.band.values.tolist()))
    if missing:
        have = ", ".join(cube.band.values)
        raise InputError(f"{path}: no band {', '.join(missing)}; the cube has {have}")
    return cube.sel(band=bands) if bands else cube


def cube_grid(cube: xr.Dataset) -> Grid:
    """Grid of a cube, from its pixel centres and CRS."""
    gsd_m = float(cube.x[1] - cube.x[0])
    west, north = float(cube.x[0]) - gsd_m / 2, float(cube.y[0]) + gsd_m / 2
    return Grid(cube.rio.crs.to_epsg(), west, north, cube.sizes["x"], cube.sizes["y"], gsd_m)


def write_raster(path: Path, pixels: np.ndarray, grid: Grid, nodata: int, names: list[str]) -> None:
    """Plain GeoTIFF of `pixels` (band, y, x) with band descriptions; for use between stages."""
    profile = _profile(grid, pixels.shape[0], pixels.dtype, nodata)
    with (
        written(path) as part,
        all_written(path),
        rasterio.open(part, "w", **profile) as raster,
    ):
        raster.write(pixels)
        raster.descriptions = names


@contextmanager
def all_written(path: Path) -> Iterator[None]:
    """Raise every fault that GDAL has while it writes `path`, also those that it only logs.

    What it fails to write when a raster is closed would be missing without a word. A full disk is
    told as an `OSError` ENOSPC, all else as an `InputError`.
    """
    log, gdal = _Log(logging.ERROR), logging.getLogger("rasterio._env")
    gdal.addHandler(log)
    try:
        yield
    except (CPLE_BaseError, RasterioError) as error:
        log.faults.append(" ".join(str(error.__cause__ or error).split()))
        raise _write_error(path, log.faults) from error
    finally:
        gdal.removeHandler(log)
    if log.faults:
        raise _write_error(path, log.faults)


def read_raster(path: Path, grid: Grid | None = None) -> tuple[np.ndarray, Grid]:
    """Pixels (band, y, x) and grid of a raster; with `grid`, it has to lie on just that one."""
    with rasterio.open(path) as raster:
        found = raster_grid(raster)
        if grid is not None and found != grid:
            raise InputError(f"{path}: lies on {found}, but {grid} was wanted; build it again")
        return raster.read(), found


def raster_grid(raster: rasterio.DatasetReader) -> Grid:
    """Grid of an open raster."""
    west, north, gsd_m = raster.transform.c, raster.transform.f, raster.transform.a
    return Grid(raster.crs.to_epsg(), west, north, raster.width, raster.height, gsd_m)


def probability_profile(grid: Grid, classes: int) -> dict:
    """Rasterio profile of a probability raster: one uint16 band per class, in PROBABILITY_SCALE."""
    return _profile(grid, classes, np.dtype("uint16"), PROBABILITY_NODATA) | {"predictor": 2}


def write_polygons(path: Path, polygons: gpd.GeoDataFrame) -> None:
    """GeoParquet of labelled polygons.

    Columns: polygon (id on the label raster, from 1), feature (id in the source, shared by the
    parts of a feature), class_id, area_m2, geometry (in the CRS of the block); once split also
    block, square, split.
    """
    missing = [name for name in POLYGON_COLUMNS if name not in polygons]
    if missing:
        raise InputError(f"{path}: polygons without {', '.join(missing)}; build them again")
    with written(path) as part:
        polygons.to_parquet(part)


def read_polygons(path: Path) -> gpd.GeoDataFrame:
    """What `write_polygons` wrote."""
    return gpd.read_parquet(path)


def write_json(path: Path, values: dict) -> None:
    """JSON with sorted keys, so that equal values give equal bytes; NaN is refused."""
    with written(path) as part:
        part.write_text(json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> dict:
    """What `write_json` wrote."""
    return json.loads(path.read_text())


class _Log(logging.Handler):
    """Keeps what is logged."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.faults.append(record.getMessage())


def _write_error(path: Path, faults: list[str]) -> OSError | InputError:
    if any("o space left" in fault for fault in faults):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    return InputError(
        f"{path}: could not be written ({faults[0]}); check the disk, its quota and the limit on the"
        " size of a file"
    )


def _profile(grid: Grid, count: int, dtype: np.dtype, nodata: int) -> dict:
    where = {"crs": grid.crs, "transform": grid.transform, "width": grid.width}
    what = {"height": grid.height, "count": count, "dtype": dtype, "nodata": nodata}
    return {"driver": "GTiff", **where, **what, **_TILED}

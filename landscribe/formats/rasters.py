"""Rasters: GeoTIFFs that stages hand on, or show."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError, RasterioIOError

from landscribe.command import InputError, written
from landscribe.formats.contract import CHUNK_PX
from landscribe.grid import Grid

CACHE_BYTES = 24 * 2**20  # of GDAL's blocks; its default, 5 % of the memory, grows with the machine
NODATA = 255  # of class maps, label rasters, confidence and observation counts
PROBABILITY_SCALE = 1e-4  # probabilities are stored as uint16 counts of this
PROBABILITY_NODATA = 65535
_TILED = {"tiled": True, "blockxsize": CHUNK_PX, "blockysize": CHUNK_PX, "compress": "deflate"}


def write_raster(path: Path, pixels: np.ndarray, grid: Grid, nodata: int, names: list[str]) -> None:
    """Plain GeoTIFF of `pixels` (band, y, x) with band descriptions; for use between stages."""
    profile = raster_profile(grid, pixels.shape[0], pixels.dtype, nodata)
    with written_raster(path) as part, rasterio.open(part, "w", **profile) as raster:
        raster.write(pixels)
        raster.descriptions = names


@contextmanager
def written_raster(path: Path) -> Iterator[Path]:
    """`written` for a GeoTIFF that GDAL writes, which then holds each of its pixels.

    GDAL says nothing of what it fails to write when a raster is closed, so each block is read
    back. A full disk is told as an `OSError` ENOSPC, all else as an `InputError`. What a killed run
    left of the same raster is removed.
    """
    for rest in path.parent.glob(f".????????.{path.name}*"):
        rest.unlink()
    with written(path) as part, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        try:
            yield part
            _check_blocks(part)
        except (CPLE_BaseError, RasterioError) as error:
            raise _write_error(path, error) from error


def read_raster(path: Path, grid: Grid | None = None) -> tuple[np.ndarray, Grid]:
    """Pixels (band, y, x) and grid of a raster; with `grid`, it has to lie on just that one."""
    with rasterio.open(path) as raster:
        found = raster_grid(raster)
        if grid is not None and found != grid:
            raise InputError(f"{path}: lies on {found}, but {grid} was wanted; build it again")
        return raster.read(), found


def raster_grid(raster: rasterio.DatasetReader) -> Grid:
    """Grid of an open raster."""
    if raster.crs is None:
        raise InputError(f"{raster.name}: has no CRS, so nobody knows where it lies; give it one")
    west, north, gsd_m = raster.transform.c, raster.transform.f, raster.transform.a
    return Grid(raster.crs.to_epsg(), west, north, raster.width, raster.height, gsd_m)


def raster_profile(grid: Grid, count: int, dtype: np.typing.DTypeLike, nodata: int) -> dict:
    """Rasterio profile of a plain GeoTIFF: tiled, packed without loss."""
    where = {"crs": grid.crs, "transform": grid.transform, "width": grid.width}
    what = {"height": grid.height, "count": count, "dtype": dtype, "nodata": nodata}
    return {"driver": "GTiff", **where, **what, **_TILED}


def probability_profile(grid: Grid, classes: int) -> dict:
    """Rasterio profile of a probability raster: one uint16 band per class, in PROBABILITY_SCALE."""
    return raster_profile(grid, classes, np.dtype("uint16"), PROBABILITY_NODATA) | {"predictor": 2}


def _check_blocks(path: Path) -> None:
    with rasterio.open(path) as raster:
        for (row, col), window in raster.block_windows(1):
            if raster.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", 1) is None:
                raise RasterioIOError(f"block {col}, {row} is missing")
            raster.read(window=window)


def _write_error(path: Path, error: Exception) -> OSError | InputError:
    free_mb = shutil.disk_usage(path.parent).free / 2**20
    if free_mb < 1:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    fault = " ".join(str(error.__cause__ or error).split())
    return InputError(
        f"{path}: could not be written ({fault}), with {free_mb:.0f} MB free on its disk now; free"
        " some, or look at its quota and its limit on the size of a file"
    )

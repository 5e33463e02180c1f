"""The contract of every file between stages: what it holds, how it is read, written and checked.

A file is checked once, when it enters a step; after that its CRS, dims and nodata are trusted.
Arrays carry their dims in the docstring. Every writer takes a temporary name (`written`), so a
killed step leaves no half file under a real name.
"""

import errno
import json
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dask.array
import geopandas as gpd
import numpy as np
import rasterio
import rioxarray  # noqa: F401  (gives xarray its .rio)
import xarray as xr
import zarr
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError, RasterioIOError
from zarr.codecs import BloscCodec

from landscribe.command import InputError, written
from landscribe.grid import Grid

CACHE_MB = 64  # of GDAL's blocks; its default, 5 % of the memory, grows with the machine
WINDOW_PX = 1024  # side of what a step reads at once
SHARD_PX = 2048  # side of a shard of a cube, and so of what is made at once of it
CHUNK_PX = 256  # side of what is read at once from a shard
NODATA = 255  # of class maps, label rasters, confidence and observation counts
PROBABILITY_SCALE = 1e-4  # probabilities are stored as uint16 counts of this
PROBABILITY_NODATA = 65535
MASK_MISSING, MASK_CLEAR, MASK_CLOUD, MASK_GAP = 0, 1, 2, 3  # of a cube's mask
POLYGON_COLUMNS = ("polygon", "feature", "class_id", "area_m2", "geometry")
SPLITS = ("train", "validation", "test")
# Shards go through the Rust codecs of zarrs, 3 times faster. One thread: pieces run side by side.
_CODECS = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "threading.max_workers": 1}
_EPOCH = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int64"}
_TILED = {"tiled": True, "blockxsize": 256, "blockysize": 256, "compress": "deflate"}


def read_cube(path: Path, bands: list[str] | None = None) -> xr.Dataset:
    """Cube of a block, lazily, in native numbers.

    Returns:
        `dn` (time, band, y, x) native dtype, of a radar int16 decibels, with attrs scale_factor,
        add_offset, nodata, units;
        `mask` (time, y, x) uint8: 0 not observed, 1 clear, 2 cloud, 3 a gap (could not be read);
        `valid_count` (y, x) uint8: clear observations;
        coords time [UTC], band (names), wavelength_um (band), x, y (centres [m]), spatial_ref.
    """
    try:
        with zarr.config.set(_CODECS), warnings.catch_warnings():
            # Snakemake keeps a time stamp of its own in the folder.
            warnings.filterwarnings("ignore", message="Object at .snakemake_timestamp")
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


def read_cubes(paths: Sequence[Path], bands: Sequence[str]) -> list[xr.Dataset]:
    """Cubes of the sensors of one block, as `read_cube` gives them, on one grid.

    Each has those of the bands that it holds, in their order; every band is in one of them. A cube
    that has none is left out.
    """
    cubes = [read_cube(path) for path in paths]
    for path, cube in zip(paths, cubes, strict=True):
        if cube_grid(cube) != cube_grid(cubes[0]):
            raise InputError(
                f"{path}: lies on {cube_grid(cube)}, but {paths[0]} on {cube_grid(cubes[0])}; name"
                " cubes of one block, stacked with sensors of equal gsd_m and origin_m"
            )
    held = [cube.band.values.tolist() for cube in cubes]
    have = "; ".join(f"{path} has {', '.join(n)}" for path, n in zip(paths, held, strict=True))
    if missing := [name for name in bands if not any(name in names for names in held)]:
        raise InputError(
            f"no band {', '.join(missing)} in the cubes of a block: {have}; name the cubes of all"
            " sensors, stacked with the cards that are meant"
        )
    if twice := [name for name in bands if sum(name in names for names in held) > 1]:
        raise InputError(f"band {', '.join(twice)} in two cubes of a block: {have}; name one")
    wanted = [[name for name in bands if name in names] for names in held]
    return [cube.sel(band=names) for cube, names in zip(cubes, wanted, strict=True) if names]


def open_layers(path: Path, *names: str) -> list[zarr.Array]:
    """Layers of a cube, to read and write parts of them."""
    with zarr.config.set(_CODECS):
        cube = zarr.open_group(path, mode="r+")
        return [cube[name] for name in names]


def write_bands(
    dn: zarr.Array, time: int, place: tuple[slice, slice], bands: Iterable[np.ndarray]
) -> None:
    """Write the bands (y, x) of one time to rows and columns of a cube.

    Shard by shard: all bands in one write take twice as long.
    """
    for number, band in enumerate(bands):
        dn[time, number, *place] = band


def lay_out_cube(
    path: Path,
    grid: Grid,
    times: np.ndarray,
    bands: dict[str, float],
    dn: np.dtype,
    attrs: dict,
    more: dict[str, str] | None = None,
) -> None:
    """A cube without any shard yet: dims, coordinates and attributes; all pixels are missing.

    Args:
        times: (time) datetime64, UTC.
        bands: name -> centre [µm].
        dn: dtype.
        attrs: of `dn`: scale_factor, add_offset, nodata, ...
        more: further layers beside dn, mask and valid_count: name -> dtype. `day` has a time.
    """
    half = grid.gsd_m / 2
    coords = {
        "time": times.astype("datetime64[s]").astype("datetime64[ns]"),
        "band": np.array(list(bands), dtype=object),  # Zarr v3 has no fixed-width text
        "y": grid.north - half - np.arange(grid.height) * grid.gsd_m,
        "x": grid.west + half + np.arange(grid.width) * grid.gsd_m,
    }
    dims = {"dn": ("time", "band", "y", "x"), "mask": ("time", "y", "x"), "day": ("time", "y", "x")}
    dtypes = {"dn": dn, "mask": "uint8", "valid_count": "uint8", **(more or {})}
    sides = (grid.height, grid.width)
    shard = tuple(min(SHARD_PX, -(-side // CHUNK_PX) * CHUNK_PX) for side in sides)
    layers, encoding = {}, {"time": _EPOCH}
    for name, dtype in dtypes.items():
        axes = dims.get(name, ("y", "x"))
        ones = (1,) * (len(axes) - 2)
        size = tuple(len(coords[axis]) for axis in axes)
        layers[name] = axes, dask.array.zeros(size, chunks=(*ones, *shard), dtype=dtype)
        encoding[name] = {
            "chunks": (*ones, CHUNK_PX, CHUNK_PX),
            "shards": (*ones, *shard),
            "fill_value": attrs["nodata"] if name == "dn" else 0,
            "compressors": compressor(dtype),
        }
    cube = xr.Dataset(layers, coords).rio.write_crs(grid.crs)
    cube = cube.assign_coords(wavelength_um=("band", list(bands.values())))
    cube.dn.attrs = {"grid_mapping": "spatial_ref", "units": "1", **attrs}
    if "day" in cube:
        cube.day.attrs = {"units": "days since 1970-01-01", "long_name": "day of acquisition"}
    cube.to_zarr(
        path, mode="w", encoding=encoding, compute=False, consolidated=False, zarr_format=3
    )


def compressor(dtype: np.typing.DTypeLike) -> BloscCodec:
    """How chunks of a cube are packed: bits of the same weight stand together, so zstd is quick."""
    size = np.dtype(dtype).itemsize
    return BloscCodec(cname="zstd", clevel=1, shuffle="bitshuffle", typesize=size)


def cube_grid(cube: xr.Dataset) -> Grid:
    """Grid of a cube, from its pixel centres and CRS."""
    gsd_m = float(cube.x[1] - cube.x[0])
    west, north = float(cube.x[0]) - gsd_m / 2, float(cube.y[0]) + gsd_m / 2
    return Grid(cube.rio.crs.to_epsg(), west, north, cube.sizes["x"], cube.sizes["y"], gsd_m)


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
    with written(path) as part, rasterio.Env(GDAL_CACHEMAX=CACHE_MB):
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

"""Cubes: the observations of a sensor on a block, by time and band, as sharded Zarr."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import dask.array
import numpy as np
import rioxarray  # noqa: F401  (gives xarray its .rio)
import xarray as xr
import zarr
from zarr.codecs import BloscCodec

from landscribe.command import InputError
from landscribe.formats.contract import CHUNK_PX
from landscribe.grid import Grid

SHARD_PX = 2048  # side of a shard, and so of what is made at once
MASK_MISSING, MASK_CLEAR, MASK_CLOUD, MASK_GAP = 0, 1, 2, 3
# Shards go through the Rust codecs of zarrs, 3 times faster. One thread: pieces run side by side.
_CODECS = {"codec_pipeline.path": "zarrs.ZarrsCodecPipeline", "threading.max_workers": 1}
_EPOCH = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int64"}


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


def read_cubes(
    paths: Sequence[Path], bands: Sequence[str], periods: Sequence[str] = ()
) -> list[xr.Dataset]:
    """Cubes of the sensors of one block, as `read_cube` gives them, on one grid.

    Each has those of the bands that it holds, in their order; every band is in one of them. A cube
    that has none is left out.

    Args:
        periods: first days, MM-DD, that each has to be composed by; none: as it may be.
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
    for path, cube, names in zip(paths, cubes, held, strict=True):
        if periods and set(names) & set(bands):
            _check_periods(path, cube, periods)
    wanted = [[name for name in bands if name in names] for names in held]
    return [cube.sel(band=names) for cube, names in zip(cubes, wanted, strict=True) if names]


def cube_periods(cube: xr.Dataset) -> tuple[str, ...]:
    """First day, MM-DD, of each period of a cube; empty if it has one image or observations."""
    if "gap_count" not in cube or cube.sizes["time"] < 2:
        return ()
    return tuple(day[5:] for day in np.datetime_as_string(cube.time.values, "D").tolist())


def _check_periods(path: Path, cube: xr.Dataset, wanted: Sequence[str]) -> None:
    found = cube_periods(cube)
    if found != tuple(wanted):
        told = f"has periods from {', '.join(found)}" if found else "has no periods"
        raise InputError(
            f"{path}: {told}, but the model sees those from {', '.join(wanted)}; compose it with"
            " the `season` and `composites` that the model learnt from, or train a model on this"
            " run"
        )


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

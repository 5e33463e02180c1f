"""Cubes: the scenes of a block on the sensor's native grid, in native numbers.

stackstac lays them out, dask reads them window by window, and Zarr v3 keeps them in shards of one
window, so memory is bounded by the window and files are few.
"""

from pathlib import Path

import dask
import numpy as np
import rioxarray  # noqa: F401  (gives arrays .rio)
import stackstac
import xarray as xr
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from shapely.geometry import box, shape
from tqdm.dask import TqdmCallback

from landscribe.cards import Sensor
from landscribe.command import InputError
from landscribe.formats import MASK_CLEAR, WINDOW_PX
from landscribe.grid import Block, Grid, lonlat_bounds
from landscribe.imagery.masks import block_mask

_CHUNK_PX = 256  # read at once from a shard
# On several threads GDAL's JPEG 2000 reader only prints that a file is cut short, and gives zeros.
_GDAL = stackstac.DEFAULT_GDAL_ENV.updated(always={"GDAL_NUM_THREADS": "1"})
_EPOCH = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian", "dtype": "int64"}


def write_cube(path: Path, scenes: list[dict], sensor: Sensor, block: Block) -> xr.Dataset:
    """Build the cube of a block in the folder `path`; its form is that of `formats.read_cube`.

    Args:
        scenes: normalised items (`search.normalised`).
    """
    chosen = block_scenes(scenes, block)
    grid = block.grid(sensor.gsd_m)
    pixels = _stacked(chosen, sensor.band_names(), sensor, grid)
    cube = xr.Dataset({"dn": pixels}).rio.write_crs(grid.crs)
    cube.dn.attrs = {
        "long_name": "top-of-atmosphere or surface reflectance, as delivered",
        "units": "1",
        "grid_mapping": "spatial_ref",
        "scale_factor": _one_of(chosen, "raster:scale"),
        "add_offset": _one_of(chosen, "raster:offset"),
        "nodata": sensor.nodata,
    }
    _write(path, cube, "stack bands", mode="w")
    scl = _stacked(chosen, ["SCL"], sensor, grid) if sensor.clouds.method == "scl" else None
    stored = xr.open_zarr(path, mask_and_scale=False, consolidated=False)
    mask = block_mask(stored.dn, scl, sensor)
    count = (mask == MASK_CLEAR).sum("time").clip(max=254).astype("uint8")
    layers = xr.Dataset({"mask": mask, "valid_count": count}).drop_vars(
        ["spatial_ref", "band"], errors="ignore"
    )
    _write(path, layers, "mask clouds", mode="a")
    return xr.open_zarr(path, mask_and_scale=False, consolidated=False)


def block_scenes(scenes: list[dict], block: Block) -> list[dict]:
    """Scenes that touch a block; those of its own UTM zone alone, where there are any.

    Neighbouring zones hold the same ground again, warped; the native one needs no resampling.
    """
    outline = box(*lonlat_bounds(block.bounds, f"EPSG:{block.epsg}"))
    touching = [s for s in scenes if shape(s["geometry"]).intersects(outline)]
    native = [s for s in touching if s["properties"]["proj:epsg"] == block.epsg]
    if not touching:
        raise InputError(
            f"block {block.id}: none of {len(scenes)} scenes touches it; widen the season or take"
            " the block out of the region"
        )
    return native or touching


def _stacked(scenes: list[dict], assets: list[str], sensor: Sensor, grid: Grid) -> xr.DataArray:
    """Pixels (time, band, y, x), lazily: one dask chunk is one window of one band and scene."""
    dtype = np.dtype("uint8" if assets == ["SCL"] else sensor.dtype)
    have = {name for scene in scenes for name in scene["assets"]}
    if missing := sorted(set(assets) - have):
        raise InputError(
            f"no scene has {', '.join(missing)}; they have {', '.join(sorted(have))}: check the"
            " `bands` of the sensor card, or name a catalogue with all of them"
        )
    try:
        pixels = stackstac.stack(
            scenes,
            assets=assets,
            epsg=grid.epsg,
            resolution=grid.gsd_m,
            bounds=grid.bounds,
            chunksize=(1, 1, WINDOW_PX, WINDOW_PX),
            dtype=dtype,
            fill_value=dtype.type(sensor.nodata),
            rescale=False,
            # A coarse pixel is a statement about its whole square: repeat it, invent nothing.
            resampling=Resampling.nearest,
            xy_coords="center",
            properties=False,
            band_coords=False,
            gdal_env=_GDAL,
        )
    except (OSError, RasterioError, ValueError) as error:
        raise InputError(f"the scenes cannot be stacked ({error}); check their items") from None
    pixels = pixels.drop_vars([n for n in pixels.coords if n not in ("time", "band", "y", "x")])
    pixels.attrs = {}
    pixels["band"] = np.array(assets, dtype=object)  # Zarr v3 has no type for fixed-width text
    bands = {band.name: band.wavelength_um for band in sensor.bands}
    if set(assets) <= set(bands):
        pixels = pixels.assign_coords(wavelength_um=("band", [bands[name] for name in assets]))
    return pixels


def _one_of(scenes: list[dict], field: str) -> float:
    """Value that all scenes share, as a cube has one scale."""
    values = {asset[field] for s in scenes for n, asset in s["assets"].items() if n != "SCL"}
    if len(values) > 1:
        raise InputError(
            f"scenes with different {field} ({', '.join(map(str, sorted(values)))}) in one cube;"
            " name years of one processing baseline"
        )
    return float(values.pop())


def _write(path: Path, cube: xr.Dataset, label: str, mode: str) -> None:
    side = {"y": cube.sizes["y"], "x": cube.sizes["x"]}
    encoding: dict[str, dict] = {}
    for name, layer in cube.data_vars.items():
        ones = (1,) * (layer.ndim - 2)
        shard = {k: min(WINDOW_PX, -(-n // _CHUNK_PX) * _CHUNK_PX) for k, n in side.items()}
        encoding[name] = {
            "chunks": (*ones, _CHUNK_PX, _CHUNK_PX),
            "shards": (*ones, shard["y"], shard["x"]),
            "fill_value": layer.attrs.get("nodata", 0),
        }
    if "time" in cube.coords and mode == "w":
        encoding["time"] = _EPOCH
    with (
        TqdmCallback(desc=label, unit="window", mininterval=1),
        dask.config.set(scheduler="threads"),
    ):
        try:
            cube.chunk({k: shard[k] for k in side}).to_zarr(
                path, mode=mode, encoding=encoding, consolidated=False, zarr_format=3
            )
        except (RuntimeError, RasterioError) as error:
            raise InputError(
                f"a scene could not be read ({' '.join(str(error).split())}); fetch the file again"
            ) from None

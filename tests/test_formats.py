"""Files between stages come back as they were written, are checked, and appear whole or not."""

import json

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import xarray as xr
from rasterio.errors import RasterioIOError
from shapely import box

from landscribe.command import InputError
from landscribe.formats.cubes import cube_grid, read_cube
from landscribe.formats.json_file import read_json, write_json
from landscribe.formats.polygons import read_polygons, write_polygons
from landscribe.formats.rasters import (
    NODATA,
    probability_profile,
    read_raster,
    write_raster,
    written_raster,
)
from landscribe.grid import Grid
from tests.made_cube import BLOCK, SENSOR, cube

GRID = Grid(32633, 330000, 5820400, 300, 520, 20)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cube of two days, and the pixels of each."""
    return cube(tmp_path_factory.mktemp("cube"), days=(1, 11))


def test_a_cube_has_the_form_that_is_promised(made):
    path, pixels = made
    data = read_cube(path)
    assert data.dn.dims == ("time", "band", "y", "x") and data.dn.dtype == SENSOR.dtype
    assert data.mask.dims == ("time", "y", "x") and data.valid_count.dims == ("y", "x")
    assert {"scale_factor", "add_offset", "nodata"} <= data.dn.attrs.keys()
    np.testing.assert_array_equal(data.dn.sel(band="B02")[1], pixels[1]["B02"])
    np.testing.assert_array_equal(data.valid_count, (data.mask == 1).sum("time"))
    assert data.wavelength_um.values.tolist() == [b.wavelength_um for b in SENSOR.bands]
    assert cube_grid(data) == BLOCK.grid(SENSOR.gsd_m)


def test_bands_come_by_name_in_the_order_that_is_asked(made):
    whole, turned = read_cube(made[0]), read_cube(made[0], ["B05", "B02"])
    assert turned.band.values.tolist() == ["B05", "B02"]
    assert turned.wavelength_um.values.tolist() == [0.7, 0.49]
    np.testing.assert_array_equal(turned.dn, whole.dn[:, ::-1])


def test_what_is_no_cube_is_told(made, tmp_path):
    with pytest.raises(InputError, match="cube.zarr: no band B08, B11; the cube has B02, B05"):
        read_cube(made[0], ["B02", "B11", "B08"])
    with pytest.raises(InputError, match="no cube there; run the rule stack_scenes"):
        read_cube(tmp_path / "cube.zarr")
    for name in ("dn", "mask", "valid_count", "spatial_ref"):
        path = tmp_path / f"without-{name}.zarr"
        part = xr.open_zarr(made[0], mask_and_scale=False, consolidated=False).drop_vars(name)
        part.to_zarr(path, consolidated=False, zarr_format=3)
        with pytest.raises(InputError, match=f"no {name}, so this is no cube"):
            read_cube(path)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32"])
def test_a_raster_comes_back_bit_for_bit(tmp_path, dtype):
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, np.iinfo(dtype).max, (2, GRID.height, GRID.width), endpoint=True)
    write_raster(tmp_path / "a/x.tif", pixels.astype(dtype), GRID, NODATA, ["one", "two"])
    back, grid = read_raster(tmp_path / "a/x.tif", GRID)
    np.testing.assert_array_equal(back, pixels)
    assert back.dtype == dtype and grid == GRID
    with rasterio.open(tmp_path / "a/x.tif") as raster:
        assert raster.descriptions == ("one", "two")
        assert raster.nodatavals == (NODATA, NODATA)
        assert raster.bounds == GRID.bounds


@pytest.mark.parametrize(
    "change", [{"epsg": 32632}, {"west": 330020}, {"north": 5820380}, {"width": 299}, {"gsd_m": 10}]
)
def test_a_raster_of_other_ground_is_refused(tmp_path, change):
    path = tmp_path / "x.tif"
    write_raster(path, np.zeros((1, GRID.height, GRID.width), "uint8"), GRID, NODATA, ["x"])
    with pytest.raises(InputError, match="x.tif: lies on .* was wanted; build it again"):
        read_raster(path, Grid(**(vars(GRID) | change)))


def test_a_raster_without_a_crs_is_told(tmp_path):
    path = tmp_path / "x.tif"
    with rasterio.open(path, "w", **probability_profile(GRID, 1) | {"crs": None}) as raster:
        raster.write(np.zeros((1, GRID.height, GRID.width), "uint16"))
    with pytest.raises(InputError, match="CRS"):
        read_raster(path)


def test_a_failed_raster_is_told_and_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.tif"
    write_raster(path, np.ones((1, GRID.height, GRID.width), "uint8"), GRID, NODATA, ["x"])
    before = path.read_bytes()
    (tmp_path / ".0123abcd.x.tif").write_text("rest of a killed run")
    (tmp_path / ".0123abcd.x.tif.aux.xml").write_text("rest of a killed run")
    (tmp_path / ".0123abcd.xy.tif").write_text("of another raster")
    told = "x.tif: could not be written .it broke.*MB free"
    with pytest.raises(InputError, match=told), written_raster(path) as part:
        part.write_text("half")
        raise RasterioIOError("it\nbroke")
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [".0123abcd.xy.tif", "x.tif"]


def test_a_raster_that_lacks_blocks_is_refused(tmp_path):
    profile = probability_profile(GRID, 1) | {"sparse_ok": True}
    with (
        pytest.raises(InputError, match="block 0, 1 is missing"),
        written_raster(tmp_path / "x.tif") as part,
        rasterio.open(part, "w", **profile) as raster,
    ):
        raster.write(np.ones((1, 256, GRID.width), "uint16"), window=((0, 256), (0, GRID.width)))
    assert list(tmp_path.iterdir()) == []


def test_polygons_come_back_and_need_their_columns(tmp_path):
    shapes = [box(330000, 5820000, 330100, 5820100), box(330100, 5820000, 330200, 5820050)]
    columns = {"polygon": [1, 2], "feature": ["a", "b"], "class_id": [3, 4], "area_m2": [1e4, 5e3]}
    table = gpd.GeoDataFrame(columns, geometry=shapes, crs=32633)
    write_polygons(tmp_path / "a.parquet", table)
    back = read_polygons(tmp_path / "a.parquet")
    assert back.crs == table.crs and back.equals(table)
    with pytest.raises(InputError, match="b.parquet: polygons without feature, area_m2"):
        write_polygons(tmp_path / "b.parquet", table.drop(columns=["feature", "area_m2"]))
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]


def test_equal_values_give_equal_json_and_nan_is_refused(tmp_path):
    path, other = tmp_path / "x.json", tmp_path / "y.json"
    write_json(path, {"b": [1, None], "a": {"ü": 0.1}})
    write_json(other, dict(reversed(read_json(path).items())))
    assert path.read_bytes() == other.read_bytes()
    assert json.loads(path.read_text()) == {"a": {"ü": 0.1}, "b": [1, None]}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(other, {"a": float("nan")})
    assert other.read_bytes() == path.read_bytes()

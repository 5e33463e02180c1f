"""Ground that goes on into other blocks is one image, and so is the map of it."""

import numpy as np
import pytest
import rasterio
from pyproj import Transformer

from landscribe.command import InputError
from landscribe.formats.rasters import PROBABILITY_NODATA
from landscribe.grid import Grid
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.ground import Surrounded
from landscribe.mapping.predict import Place, map_windows, predict_windows
from landscribe.mapping.raster_ground import RasterGround
from tests.made_network import made_network
from tests.test_predict import BANDS, Fake, made_cube

WHOLE = Grid(32633, 399_930, 5_822_110, 300, 260, 10)  # no multiple of anything
CUTS = (0, 107, 260), (0, 130, 300)


def cut(cube, rows, cols):
    return CubeGround((cube.isel(y=slice(*rows), x=slice(*cols)),), BANDS)


def blocks(cube):
    """Ground of 2 x 2 blocks of a cube, by their upper left pixel."""
    down, across = (list(zip(cuts, cuts[1:], strict=False)) for cuts in CUTS)
    return {(rows[0], cols[0]): cut(cube, rows, cols) for rows in down for cols in across}


def predicted(model, ground, window_px=128):
    found = np.zeros((3, ground.grid.height, ground.grid.width), "uint16")

    def keep(window, pixels):
        found[:, window.rows, window.cols] = pixels

    every = map_windows(model, ground.grid, window_px, Place())
    predict_windows(model, ground, every, every, Place(), keep)
    return found


def test_what_lies_beyond_a_block_is_read_from_the_others():
    cube = made_cube(WHOLE)
    whole, parts = CubeGround((cube,), BANDS), blocks(cube)
    image = whole.read(slice(0, 260), slice(0, 300))
    for (top, left), block in parts.items():
        others = [other for other in parts.values() if other is not block]
        found = Surrounded(block, others).read(slice(-40 - top, 300 - top), slice(-20, 90))
        wanted = np.full((2, 340, 110), np.nan, "float32")
        first = max(0, left - 20)
        wanted[:, 40:300, first - left + 20 :] = image[:, :, first : left + 90]
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", ["streamed", "tiled"])
def test_a_map_of_blocks_is_the_map_of_the_whole(kind):
    network = made_network(depth=3) if kind == "streamed" else Fake(radius_px=12)
    cube = made_cube(WHOLE)
    parts = blocks(cube)
    wanted = predicted(network, Surrounded(CubeGround((cube,), BANDS), []))
    alone = np.zeros_like(wanted)
    found = np.zeros_like(wanted)
    for (top, left), block in parts.items():
        others = [other for other in parts.values() if other is not block]
        place = slice(top, top + block.grid.height), slice(left, left + block.grid.width)
        found[:, *place] = predicted(network, Surrounded(block, others))
        alone[:, *place] = predicted(network, block)
    assert ((found == PROBABILITY_NODATA) == (wanted == PROBABILITY_NODATA)).all()
    assert np.abs(found.astype(int) - wanted).max() <= 1
    assert np.abs(alone.astype(int) - wanted).max() > 100, "there is nothing to see"


def test_ground_in_another_zone_is_the_nearest_pixel():
    east = CubeGround((made_cube(Grid(32633, 300_000, 5_822_000, 90, 80, 10)),), BANDS)
    to_west = Transformer.from_crs(32633, 32632, always_xy=True)
    x, y = to_west.transform(300_000, 5_822_000)
    grid = Grid(32632, round(x, -1) - 500, round(y, -1), 50, 80, 10)  # its right edge is there
    west = CubeGround((made_cube(grid, seed=5),), BANDS)
    rows, cols = slice(-10, 90), slice(30, 110)
    found = Surrounded(west, [east]).read(rows, cols)
    image = east.read(slice(0, 80), slice(0, 90))
    back = Transformer.from_crs(32632, 32633, always_xy=True)
    filled = 0
    for row in range(rows.start, rows.stop, 3):
        for col in range(cols.start, cols.stop, 3):
            pixel = found[:, row - rows.start, col - cols.start]
            if 0 <= row < 80 and col < 50:
                continue
            east_x, east_y = back.transform(
                grid.west + (col + 0.5) * 10, grid.north - (row + 0.5) * 10
            )
            there = int((5_822_000 - east_y) // 10), int((east_x - 300_000) // 10)
            inside = 0 <= there[0] < 80 and 0 <= there[1] < 90
            wanted = image[:, *there] if inside else np.full(2, np.nan)
            np.testing.assert_array_equal(pixel, wanted)
            filled += inside
    assert filled > 100


def write(path, numbers, **more):
    profile = {"driver": "GTiff", "count": len(numbers), "dtype": numbers.dtype, "nodata": 0}
    profile |= {"crs": "EPSG:32633", "transform": WHOLE.transform}
    profile |= {"width": numbers.shape[2], "height": numbers.shape[1]} | more
    with rasterio.open(path, "w", **profile) as raster:
        raster.write(numbers)
    return path


def test_a_raster_is_scaled_and_its_nodata_is_missing(tmp_path):
    numbers = np.random.default_rng(0).integers(0, 5, (3, 40, 60), "uint16") * 1000
    path = write(tmp_path / "x.tif", numbers)
    found = RasterGround(path, ("B08", "B02"), (3, 1), 1e-4, -0.1)
    wanted = np.where(numbers == 0, np.nan, numbers * 1e-4 - 0.1)[[2, 0], 5:30, 7:50]
    assert found.grid == Grid(32633, WHOLE.west, WHOLE.north, 60, 40, 10)
    np.testing.assert_allclose(found.read(slice(5, 30), slice(7, 50)), wanted, atol=1e-6)


def test_bands_and_scales_are_found_in_the_raster(tmp_path):
    numbers = np.full((2, 8, 8), 500, "uint16")
    numbers[1] = 900
    path = write(tmp_path / "x.tif", numbers)
    with rasterio.open(path, "r+") as raster:
        raster.descriptions, raster.scales, raster.offsets = ["B08", "B02"], [1e-3] * 2, [0.5, 0]
    found = RasterGround(path, ("B02", "B08")).read(slice(0, 2), slice(0, 2))
    np.testing.assert_allclose(found[:, 0, 0], [0.9, 1.0], atol=1e-6)


@pytest.mark.parametrize(
    ("more", "names", "numbers", "told"),
    [
        ({}, ("B02", "B03"), (), "no band named B02, B03; its bands are None, None"),
        ({}, ("B02", "B03"), (1,), "bands 1 of its 2, but the model wants 2"),
        ({}, ("B02", "B03"), (1, 9), "bands 1, 9 of its 2"),
        ({"crs": "EPSG:4326"}, ("B02",), (1,), "in degrees; warp it"),
        ({"crs": None}, ("B02",), (1,), "has no CRS"),
        ({"transform": rasterio.Affine(10, 0, 0, 0, -20, 0)}, ("B02",), (1,), "10 x 20"),
        ({"transform": rasterio.Affine(10, 2, 0, 2, -10, 0)}, ("B02",), (1,), "maybe turned"),
    ],
)
def test_a_raster_that_does_not_fit_is_refused(tmp_path, more, names, numbers, told):
    path = write(tmp_path / "x.tif", np.ones((2, 8, 8), "uint16"), **more)
    with pytest.raises(InputError, match=told):
        RasterGround(path, names, numbers)


def test_a_file_that_is_no_raster_is_refused(tmp_path):
    (tmp_path / "x.tif").write_text("no")
    with pytest.raises(InputError, match="no raster that GDAL reads"):
        RasterGround(tmp_path / "x.tif", ("B02",), (1,))


def test_a_damaged_raster_is_told(tmp_path):
    numbers = np.random.default_rng(0).integers(1, 5000, (1, 512, 512), "uint16")
    path = write(tmp_path / "x.tif", numbers, compress="deflate")
    ground = RasterGround(path, ("B02",), (1,))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is damaged"):
        RasterGround(path, ("B02",), (1,)).read(slice(0, 512), slice(0, 512))
    assert ground.channels == ("B02",)

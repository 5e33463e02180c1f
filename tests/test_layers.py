import io
import tracemalloc

import numpy as np
import pytest
import rasterio
from PIL import Image
from pyproj import Transformer

from landscribe.cards import Task
from landscribe.formats.cubes import read_cube
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.publish import layers
from tests.made_layers import said, write_raster
from tests.made_product import GRIDS, TASK_CARD, make_run, write_cube

GRID = GRIDS["33UUU"]
LEGEND = Task.read(TASK_CARD).legend


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"), GRIDS, ("forest",))


def test_a_small_grid_is_displayed_as_it_is():
    assert layers.display_grid([GRID], 2000) == GRID


@pytest.mark.parametrize("side_px", [2000, 700, 90, 7])
def test_a_display_covers_all_grids_within_its_side(side_px):
    west = Grid(32632, 760000, 5822040, 3000, 4000, 10)
    display = layers.display_grid([GRID, GRIDS["33UUT"], west], side_px)
    assert max(display.width, display.height) <= side_px
    assert display.gsd_m % 10 == 0
    for grid in (GRID, west):
        box = rasterio.warp.transform_bounds(grid.crs, display.crs, *grid.bounds)
        assert box[0] >= display.bounds[0] - 1e-6
        assert box[1] >= display.bounds[1] - 1e-6
        assert box[2] <= display.bounds[2] + 1e-6
        assert box[3] <= display.bounds[3] + 1e-6


def test_classes_read_back_from_the_image_are_those_of_the_raster(run):
    grids = list(GRIDS.values())
    display = layers.display_grid(grids, 2000)
    paths = [run.file("map", "forest", block, "classes.tif") for block in GRIDS]
    shown = said(layers.classes(paths, LEGEND, display))
    titles = {land.id: land.title for land in LEGEND} | {NODATA: ""}
    wanted = np.vstack([run.classes["forest", block] for block in GRIDS])
    assert shown.shape == wanted.shape
    assert (shown == np.vectorize(titles.get)(wanted)).all()


def test_merged_pixels_show_the_most_frequent_class(tmp_path):
    random = np.random.default_rng(2)
    wanted = random.integers(1, 9, (20, 30)).astype("uint8")
    pixels = np.kron(wanted, np.ones((8, 8), "uint8"))
    pixels[random.random(pixels.shape) < 0.2] = 5  # too few to win
    grid = Grid(32633, 330000, 5822040, 240, 160, 10)
    display = layers.display_grid([grid], 30)
    layer = layers.classes([write_raster(tmp_path / "classes.tif", pixels)], LEGEND, display)
    titles = {land.id: land.title for land in LEGEND}
    assert (said(layer) == np.vectorize(titles.get)(wanted)).all()


@pytest.mark.parametrize("most", [0, 3, 40, 200])
def test_observations_read_back_to_their_step(tmp_path, most):
    counts = np.linspace(0, most, 60).round().astype("uint8").reshape(6, 10)
    counts[0, 3] = NODATA
    path = write_raster(tmp_path / "observations.tif", counts)
    layer = layers.observations([path], Grid(32633, 330000, 5822040, 10, 6, 10))
    assert len(layer.key) <= 16
    for value, text in zip(counts.ravel(), said(layer).ravel(), strict=True):
        low, _, high = text.partition("–")
        assert text == "" if value == NODATA else int(low) <= value <= int(high or low)


def test_blocks_of_two_zones_lie_where_a_warp_of_the_whole_page_puts_them(tmp_path):
    rng, sheets = np.random.default_rng(0), []
    display = Grid(32633, 150_000, 5_900_000, 600, 400, 500)
    grids = [
        Grid(32632, 600_000, 5_880_000, 300, 200, 500),
        Grid(32633, 300_000, 5_860_000, 90, 80, 500),
    ]
    grids.append(Grid(32633, 900_000, 5_860_000, 20, 20, 500))  # off the page
    wanted = np.full((display.height, display.width), NODATA, "uint8")
    for number, grid in enumerate(grids):
        pixels = rng.integers(1, 9, (grid.height, grid.width)).astype("uint8")
        size = {"width": grid.width, "height": grid.height, "count": 1, "nodata": NODATA}
        sheets.append(tmp_path / f"{number}.tif")
        with rasterio.open(
            sheets[-1], "w", dtype="uint8", crs=grid.crs, transform=grid.transform, **size
        ) as raster:
            raster.write(pixels, 1)
        placed = np.full_like(wanted, NODATA)
        where = {"src_crs": grid.crs, "src_transform": grid.transform, "src_nodata": NODATA}
        rasterio.warp.reproject(
            pixels, placed, dst_crs=display.crs, dst_transform=display.transform, **where
        )
        wanted = np.where(placed == NODATA, wanted, placed)
    shown = said(layers.classes(sheets, LEGEND, display))
    titles = np.array(["", *(land.title for land in LEGEND)], object)
    known = titles[np.where(wanted == NODATA, 0, wanted)]
    assert (shown != "").sum() > 60_000 and (shown != known).mean() < 0.01  # of noise


def test_the_clearest_day_comes_first_and_its_gaps_are_filled(run):
    cube = read_cube(run.cube("33UUU"))
    pixels, _ = layers._mean_pixels(cube, ["B04", "B03", "B02"], 1)
    dn, mask = cube.dn.sel(band=["B04", "B03", "B02"]).values, cube.mask.values
    assert (mask[1] == 1).all()  # the second scene is the clearest
    assert (pixels[:-1] == dn[1]).all()
    assert (pixels[-1] == 1).all()


def test_holes_of_the_clearest_day_are_filled_clear_before_cloudy(tmp_path):
    random = np.random.default_rng(3)
    dn = random.integers(500, 900, (2, 13, 64, 96)).astype("uint16")
    write_cube(tmp_path / "cube.zarr", dn, GRID)  # the first scene has a hole and a cloud
    cube = read_cube(tmp_path / "cube.zarr").load()
    cube.mask[1] = 2
    cube.mask[1, :, :4] = 0
    pixels, _ = layers._mean_pixels(cube, ["B04"], 1)
    wanted = cube.dn.sel(band="B04").values
    assert (pixels[0, :, 8:] == wanted[0, :, 8:]).all()  # clear or cloudy: the clearest day
    assert (pixels[0, :, 4:8] == wanted[1, :, 4:8]).all()
    assert np.isnan(pixels[:, :, :4]).all()
    assert (pixels[1, :, 8:] == (cube.mask.values[0, :, 8:] == 1)).all()


@pytest.mark.parametrize("factor", [2, 3, 7])
def test_merged_imagery_is_the_mean_of_what_was_observed(factor):
    random = np.random.default_rng(4)
    pixels = random.random((2, 20, 31)).astype("float32")
    pixels[:, random.random((20, 31)) < 0.4] = np.nan
    pixels[:, :factor, :factor] = np.nan
    merged = layers._block_means(pixels, factor)
    for row in range(merged.shape[1]):
        for col in range(merged.shape[2]):
            square = pixels[:, row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
            seen = square[0][np.isfinite(square[0])]
            if seen.size:
                assert merged[0, row, col] == pytest.approx(seen.mean(), rel=1e-5)
            else:
                assert np.isnan(merged[0, row, col])


def test_a_figure_is_packed_without_loss_unless_it_is_a_photograph(tmp_path):
    random = np.random.default_rng(6)
    flat = np.full((200, 300, 3), 255, "uint8")
    flat[50:150, 100:200] = (20, 90, 120)
    photograph = random.integers(0, 256, (200, 300, 3)).astype("uint8")
    for name, pixels, same in (("flat", flat, True), ("photograph", photograph, False)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        layer = layers.figure(tmp_path / f"{name}.png")
        shown = np.asarray(Image.open(io.BytesIO(layer.data)).convert("RGB"))
        assert (layer.mime, layer.size) == ("image/webp", (300, 200))
        assert (shown == pixels).all() == same
        assert len(layer.data) < (tmp_path / f"{name}.png").stat().st_size


def test_imagery_spans_black_to_white(run):
    cubes = [read_cube(run.cube(block)) for block in GRIDS]
    display = layers.display_grid(list(GRIDS.values()), 2000)
    layer = layers.imagery(cubes, ["B04", "B03", "B02"], display)
    pixels = np.asarray(Image.open(io.BytesIO(layer.data)))
    assert pixels.shape == (display.height, display.width, 3)
    assert pixels.min() < 15
    assert pixels.max() > 240


def test_lon_lat_between_the_lattice_is_right_to_two_metres():
    grid = Grid(32633, 300000, 5890200, 10980, 10980, 10)
    lattice = np.array(layers.lonlat_lattice(grid))
    u, v = np.random.default_rng(0).random((2, 500))
    i, j = np.floor(u * 16).astype(int), np.floor(v * 16).astype(int)
    a, b = (u * 16 - i)[:, None], (v * 16 - j)[:, None]
    top = lattice[j, i] * (1 - a) + lattice[j, i + 1] * a
    bottom = lattice[j + 1, i] * (1 - a) + lattice[j + 1, i + 1] * a
    lon, lat = (top * (1 - b) + bottom * b).T
    west, south, east, north = grid.bounds
    x, y = Transformer.from_crs(4326, 32633, always_xy=True).transform(lon, lat)
    off = np.hypot(x - (west + u * (east - west)), y - (north - v * (north - south)))
    assert off.max() < 2


def test_a_large_map_is_read_through_its_overviews(tmp_path):
    path = write_raster(tmp_path / "classes.tif", np.full((4096, 4096), 3, "uint8"))
    display = layers.display_grid([Grid(32633, 330000, 5822040, 4096, 4096, 10)], 500)
    tracemalloc.start()
    layers.classes([path], LEGEND, display)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4096 * 4096 / 4

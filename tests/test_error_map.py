"""The map of errors shows every held-out pixel for what it is, in any cut, cell and zone."""

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer
from shapely import MultiPolygon, box

from landscribe.formats.rasters import NODATA, write_raster
from landscribe.grid import Grid
from landscribe.scores import error_map
from landscribe.scores.error_map import COLOURS, EMPTY, RIGHT, WRONG, draw_errors, error_states
from landscribe.scores.figures import Caption

GRID = Grid(32633, 330000, 5822040, 40, 30, 10)
TEST = [3, 70_000]  # ids of polygons; 5 trains


def write_map(folder, grid=GRID, seed=0, block="33UUU"):
    """Random map and labels of a block; give their paths and the states that they should have."""
    rng, shape = np.random.default_rng(seed), (grid.height, grid.width)
    shown = rng.choice([1, 2, NODATA], shape, p=[0.6, 0.3, 0.1]).astype("uint8")
    polygon = rng.choice([0, 5, *TEST], shape, p=[0.3, 0.2, 0.3, 0.2]).astype("uint32")
    known = np.where(polygon == 0, NODATA, rng.choice([1, 2], shape)).astype("uint32")
    paths = folder / block / "classes.tif", folder / block / "landuse/labels.tif"
    write_raster(paths[0], shown[None], grid, NODATA, ["class"])
    write_raster(paths[1], np.stack([known, polygon]), grid, NODATA, ["class", "polygon"])
    states = np.where(shown == known, RIGHT, np.where(shown == NODATA, EMPTY, WRONG))
    return {block: paths}, np.where(np.isin(polygon, TEST), states, 0)


def table(*blocks, grid=GRID):
    """Split polygons; their shapes do not have to fit the pixels."""
    west, south, east, north = grid.bounds
    shape = MultiPolygon(
        [box(west, south, west + 90, south + 90), box(west + 150, south, east, north)]
    )
    rows = [
        {"block": block, "polygon": polygon, "split": split}
        for block in blocks
        for polygon, split in [*((n, "test") for n in TEST), (5, "train"), (0, "validation")]
    ]
    return gpd.GeoDataFrame(rows, geometry=[shape] * len(rows), crs=grid.crs).to_crs(4326)


def cells(states, factor):
    """What a plain loop gives for larger cells."""
    rows, cols = (range(0, n, factor) for n in states.shape)
    found = np.zeros((len(rows), len(cols)), "uint8")
    for i, row in enumerate(rows):
        for j, col in enumerate(cols):
            cell = states[row : row + factor, col : col + factor]
            counts = {state: (cell == state).sum() for state in (WRONG, RIGHT, EMPTY)}
            found[i, j] = max(counts, key=counts.get) if any(counts.values()) else 0
    return found


@pytest.mark.parametrize("factor", [1, 2, 3, 7])
@pytest.mark.parametrize("window_px", [8, 13, 1024])
def test_states_do_not_depend_on_the_windows(tmp_path, monkeypatch, factor, window_px):
    monkeypatch.setattr(error_map, "WINDOW_PX", window_px)
    maps, expected = write_map(tmp_path)
    high, wide = -(-GRID.height // factor), -(-GRID.width // factor)
    display = Grid(GRID.epsg, GRID.west, GRID.north, wide, high, GRID.gsd_m * factor)
    found = error_states(maps, table("33UUU"), display)
    np.testing.assert_array_equal(found, cells(expected, factor))
    assert set(np.unique(expected)) == {0, RIGHT, WRONG, EMPTY}


def test_an_even_cell_is_wrong_rather_than_right(tmp_path):
    grid = Grid(32633, 330000, 5822040, 4, 2, 10)
    shown = np.array([[1, 1, 1, NODATA], [2, 2, 1, NODATA]], "uint8")
    labels = np.stack([np.ones((2, 4)), np.full((2, 4), 3)]).astype("uint32")
    paths = tmp_path / "33UUU/classes.tif", tmp_path / "33UUU/landuse/labels.tif"
    write_raster(paths[0], shown[None], grid, NODATA, ["class"])
    write_raster(paths[1], labels, grid, NODATA, ["class", "polygon"])
    display = Grid(32633, 330000, 5822040, 2, 1, 20)
    found = error_states({"33UUU": paths}, table("33UUU"), display)
    assert found.tolist() == [[WRONG, RIGHT]]


def test_polygons_of_another_block_do_not_count(tmp_path):
    maps, _ = write_map(tmp_path)
    assert not error_states(maps, table("33UVU"), GRID).any()


def test_a_block_of_another_zone_lies_where_it_is_on_the_ground(tmp_path):
    west, north = Transformer.from_crs(32633, 32632, always_xy=True).transform(500000, 5822040)
    grid = Grid(32632, round(west, -1), round(north, -1), 40, 30, 10)
    maps, expected = write_map(tmp_path, grid, block="32UQD")
    display = Grid(32633, 499000, 5823000, 200, 200, 10)
    found = error_states(maps, table("32UQD", grid=grid), display)
    rows, cols = np.nonzero(found)
    assert len(rows) == pytest.approx((expected > 0).sum(), rel=0.05)
    x, y = display.west + 10 * cols + 5, display.north - 10 * rows - 5
    x, y = Transformer.from_crs(32633, 32632, always_xy=True).transform(x, y)
    col, row = ((x - grid.west) / 10).astype(int), ((grid.north - y) / 10).astype(int)
    assert (found[rows, cols] == expected[row, col]).mean() > 0.99


def drawing(tmp_path, monkeypatch, unmapped, grid=GRID):
    """Draw a map of errors; give its picture (y, x, rgb) and all that is written on it."""
    maps, _ = write_map(tmp_path, grid)
    told, real = [], error_map.title
    monkeypatch.setattr(error_map, "title", lambda *args: told.append(args[3]) or real(*args))
    patch = error_map.Patch
    monkeypatch.setattr(error_map, "Patch", lambda **v: told.append(v["label"]) or patch(**v))
    sample = {"pixels": 1100, "polygons": 2, "squares": 1}
    scores = {"sample": sample, "confusion": [[900, 100], [50, 50]], "unmapped_pixels": unmapped}
    path = tmp_path / "errors.png"
    draw_errors(path, Caption("Forest, Made, 2020", scores), maps, table("33UUU", grid=grid))
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")), told


@pytest.mark.parametrize("unmapped", [0, 3456])
def test_the_legend_tells_the_numbers_of_the_scores(tmp_path, monkeypatch, unmapped):
    picture, told = drawing(tmp_path, monkeypatch, unmapped)
    wanted = ["Right: 950 pixels (86 %)", "Wrong: 150 pixels (14 %)"]
    assert told[1:] == wanted + ["Not mapped: 3,456 pixels"] * bool(unmapped)
    assert told[0] == "Other ground has no test label."
    areas = [
        (picture == tuple(bytes.fromhex(COLOURS[s][1:]))).all(2).sum()
        for s in (RIGHT, WRONG, EMPTY)
    ]
    assert min(areas) > 1000


def test_cells_are_told_where_they_are_larger_than_pixels(tmp_path, monkeypatch):
    monkeypatch.setattr(error_map, "SIDE_PX", 20)
    _, told = drawing(tmp_path, monkeypatch, 0)
    assert told[0].endswith("Shown in cells of 20 m, each by most of its test pixels.")


@pytest.mark.parametrize("value", [0.013, 0.1, 0.99, 1, 1.99, 2, 3.7, 5, 9.99, 10, 43, 1700])
def test_scale_bars_are_round_and_fit(value):
    length = error_map._round_down(value)
    assert length <= value < 2.5 * length * (1 + 1e-9)
    assert float(f"{length:e}"[0]) in (1, 2, 5) and f"{length:e}"[1:8] == ".000000"

"""Figures: every test pixel is on the map of errors, and equal scores give equal bytes."""

import geopandas as gpd
import matplotlib
import numpy as np
import pytest
import rasterio
import xarray as xr
from jinja2 import Environment, StrictUndefined
from PIL import Image

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.json_file import read_json, write_json
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.publish.layers import display_grid
from landscribe.scores.agreement import scores
from landscribe.scores.counts import count_pixels, map_files, match_blocks
from landscribe.scores.error_map import EMPTY, RIGHT, WRONG, draw_errors, error_states
from landscribe.scores.figures import Caption, draw_accuracy, draw_confusion, draw_reliability
from landscribe.sensors import Sensor
from scripts.plot_scores import main
from tests.made_map import GRIDS, TASK_CARD, MadeMap, make_map
from tests.made_product import SENSOR_CARD, made_pixels, write_cube

ROOT = TASK_CARD.parents[2]
NAMES = ("confusion", "accuracy", "reliability", "errors")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadeMap:
    made = make_map(tmp_path_factory.mktemp("map"))
    maps = map_files(*(made.files(name) for name in ("classes", "probabilities", "labels")))
    counts = count_pixels(maps, gpd.read_parquet(made.polygons), list(range(1, 9)))
    write_json(made.folder / "scores.json", scores(counts, Task.read(made.task)))
    return made


def caption(made: MadeMap) -> Caption:
    return Caption("Small U-Net, Beetzsee, 2017", read_json(made.folder / "scores.json"))


def maps(made: MadeMap, *blocks: str):
    matched = match_blocks(made.files("classes"), made.files("labels"))
    return {block: matched[block] for block in blocks or matched}


def expected_states(made: MadeMap, block: str) -> np.ndarray:
    table, pixels = gpd.read_parquet(made.polygons), made.pixels[block]
    test = table[(table.block == block) & (table.split == "test")].polygon
    right = pixels["classes"] == pixels["class_id"]
    states = np.where(pixels["classes"] == NODATA, EMPTY, np.where(right, RIGHT, WRONG))
    return np.where(np.isin(pixels["polygon"], test), states, 0)


def test_every_test_pixel_is_shown_as_it_is(made):
    block = "33UUU"
    states = error_states(maps(made, block), gpd.read_parquet(made.polygons), GRIDS[block])
    np.testing.assert_array_equal(states, expected_states(made, block))
    judged = caption(made).scores
    both = [expected_states(made, name) for name in GRIDS]
    assert sum((s == RIGHT).sum() for s in both) == np.trace(judged["confusion"])
    assert sum((s == EMPTY).sum() for s in both) == judged["unmapped_pixels"]


def test_larger_cells_show_what_most_of_their_test_pixels_are(made):
    block, factor = "33UUU", 4
    grid, full = GRIDS[block], expected_states(made, block)
    height, width = -(-grid.height // factor), -(-grid.width // factor)
    display = Grid(grid.epsg, grid.west, grid.north, width, height, grid.gsd_m * factor)
    states = error_states(maps(made, block), gpd.read_parquet(made.polygons), display)
    for row in range(height):
        for col in range(width):
            cell = full[row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
            counts = {state: (cell == state).sum() for state in (WRONG, RIGHT, EMPTY)}
            expected = max(counts, key=counts.get) if any(counts.values()) else 0
            assert states[row, col] == expected


def test_blocks_lie_side_by_side(made):
    display = display_grid(list(GRIDS.values()), 10_000)
    states = error_states(maps(made), gpd.read_parquet(made.polygons), display)
    for block, grid in GRIDS.items():
        left = round((grid.west - display.west) / display.gsd_m)
        here = states[: grid.height, left : left + grid.width]
        np.testing.assert_array_equal(here, expected_states(made, block))


def draw_all(made: MadeMap, folder, cubes=()):
    main(
        scores=made.folder / "scores.json",
        model=ROOT / "config/models/forest.yaml",
        region=ROOT / "config/regions/beetzsee.yaml",
        year=2017,
        classes=made.files("classes"),
        labels=made.files("labels"),
        polygons=made.polygons,
        cubes=cubes,
        **{name: folder / f"{name}.png" for name in NAMES},
    )


def test_the_script_draws_four_figures_twice_the_same(made, tmp_path):
    cubes = []
    for block, grid in GRIDS.items():
        cubes.append(tmp_path / block / "cube.zarr")
        write_cube(cubes[-1], made_pixels(grid, np.random.default_rng(3)), grid)
        wavelengths = [band.wavelength_um for band in Sensor.read(SENSOR_CARD).bands]
        extra = xr.Dataset(coords={"wavelength_um": ("band", wavelengths)})
        extra.to_zarr(cubes[-1], mode="a", consolidated=False)
    before = dict(matplotlib.rcParams)
    for folder in ("one", "two"):
        draw_all(made, tmp_path / folder, tuple(cubes))
    for name in NAMES:
        path = tmp_path / "one" / f"{name}.png"
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        with Image.open(path) as image:
            assert min(image.size) > 400
            assert "Software" not in image.info
    assert dict(matplotlib.rcParams) == before


def test_the_map_of_errors_has_its_colours(made, tmp_path):
    table = gpd.read_parquet(made.polygons)
    draw_errors(tmp_path / "errors.png", caption(made), maps(made, "33UUU"), table)
    with Image.open(tmp_path / "errors.png") as image:
        pixels = np.asarray(image.convert("RGB")).reshape(-1, 3)
    for colour in ((0x12, 0xA3, 0x7C), (0xC2, 0x2F, 0x12)):
        assert (pixels == colour).all(axis=1).sum() > 1000


@pytest.mark.parametrize("count", [2, 16])
def test_legends_of_any_length_and_classes_without_pixels_are_drawn(tmp_path, count, made):
    judged = caption(made).scores
    rng = np.random.default_rng(0)
    confusion = rng.integers(0, 900, (count, count))
    confusion[-1], confusion[:, -1] = 0, 0
    row = judged["classes"][0] | {"title": "Broad-leaved evergreen tree cover"}
    empty = row | {"users_accuracy": None, "producers_accuracy": None, "f1": None}
    judged = judged | {"classes": [row] * (count - 1) + [empty], "confusion": confusion.tolist()}
    told = Caption("A model with a rather long title, a region with a longer one, 2017", judged)
    draw_confusion(tmp_path / "confusion.png", told)
    draw_accuracy(tmp_path / "accuracy.png", told)
    with Image.open(tmp_path / "confusion.png") as image:
        assert image.width > 130 * count


def test_one_filled_bin_is_enough(tmp_path, made):
    judged = caption(made).scores
    bins = [row | {"pixels": 0} for row in judged["reliability"]["bins"]]
    bins[4] |= {"pixels": 7, "confidence": 0.45, "accuracy": 0.0}
    judged["reliability"]["bins"] = bins
    draw_reliability(tmp_path / "reliability.png", Caption("x", judged))
    assert (tmp_path / "reliability.png").stat().st_size > 10_000


def test_labels_on_another_grid_are_told(tmp_path):
    made = make_map(tmp_path / "map")
    path = made.files("labels")[0]
    with rasterio.open(path, "r+") as raster:
        raster.transform = raster.transform @ raster.transform.translation(1, 0)
    with pytest.raises(InputError, match="another grid"):
        error_states(maps(made), gpd.read_parquet(made.polygons), GRIDS["33UUU"])


@pytest.mark.parametrize("name", [*NAMES, "score_map"])
def test_captions_name_what_they_are_about(name):
    text = (ROOT / f"workflow/report/{name}.rst").read_text()
    keys = {"task": "landuse", "region": "beetzsee", "year": "2017", "model": "forest"}
    told = Environment(undefined=StrictUndefined).from_string(text)
    told = told.render(snakemake={"wildcards": keys})
    assert all(value in told for value in keys.values())

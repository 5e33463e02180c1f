"""Areas inside the area of applicability are those of a count pixel by pixel."""

from dataclasses import replace

import numpy as np
import pytest

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.grid import Grid, pixel_area_m2
from landscribe.mapping.areas import class_areas, in_own_zone
from landscribe.scores import applicable_area
from landscribe.scores.applicable_area import applicable_areas
from tests.made_map import TASK_CARD

LEGEND = Task.read(TASK_CARD).legend
GRIDS = {  # in two zones, which overlap at 18 degrees east
    "33UYU": Grid(32633, 699_000, 5_800_000, 240, 150, 20),
    "34UCD": Grid(32634, 297_000, 5_800_000, 180, 130, 20),
}


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Pixels of classes and dissimilarity, and their files; more rows than are read at once."""
    monkeypatch.setattr(applicable_area, "STRIP_PX", 64)
    random, pixels, files = np.random.default_rng(4), {}, {"classes": [], "away": []}
    for block, grid in GRIDS.items():
        size = grid.height, grid.width
        classes = random.choice([1, 2, 3, NODATA], size).astype("uint8")  # others are nowhere
        away = np.where(classes == NODATA, NODATA, random.integers(0, 201, size)).astype("uint8")
        pixels[block] = classes, away
        for name, layer in (("classes", classes), ("away", away)):
            path = tmp_path / block / f"{name}.tif"
            path.parent.mkdir(exist_ok=True)
            write_raster(path, layer[None], grid, NODATA, [name])
            files[name].append(path)
    return pixels, files


def test_areas_are_those_of_the_pixels_in_their_own_zone(made):
    pixels, files = made
    told = applicable_areas(files["classes"], files["away"][::-1], LEGEND)
    for land, row in zip(LEGEND, told["classes"], strict=True):
        shown = inside = 0.0
        for block, grid in GRIDS.items():
            classes, away = pixels[block]
            mine = (classes == land.id) & in_own_zone(grid)
            area_m2 = pixel_area_m2(grid).astype(float)
            shown += area_m2[mine].sum() / 1e4
            inside += area_m2[mine & (away <= 100)].sum() / 1e4
        assert (row["mapped_ha"], row["inside_ha"]) == pytest.approx((shown, inside), abs=1e-3)
        assert row["inside_share"] == (pytest.approx(inside / shown) if shown else None)
    assert told["inside_ha"] == pytest.approx(sum(r["inside_ha"] for r in told["classes"]))
    assert 0.4 < told["inside_share"] < 0.6


def test_mapped_areas_are_those_of_areas_csv(made):
    _, files = made
    table = class_areas(files["classes"], LEGEND)
    told = applicable_areas(files["classes"], files["away"], LEGEND)
    wanted = [row["mapped_ha"] for row in told["classes"]]
    assert table.area_ha[:-1].to_list() == pytest.approx(wanted, abs=1e-3)


def test_a_layer_on_another_grid_is_refused(made):
    _, files = made
    grid = replace(GRIDS["33UYU"], north=5_800_020)
    layer = np.zeros((1, grid.height, grid.width), "uint8")
    write_raster(files["away"][0], layer, grid, NODATA, ["away"])
    with pytest.raises(InputError, match="measure it again"):
        applicable_areas(files["classes"], files["away"], LEGEND)

"""calibration.json says what was learnt, on what, and what it may promise."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.json_file import read_json, write_json
from landscribe.scores.counts import match_blocks
from landscribe.scores.trust import trust_scores
from landscribe.trust.calibrate import Calibration, calibrate_map
from landscribe.trust.held_out import read_held_out
from tests.made_map import make_map


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Legend, validation and test pixels; each polygon lies in a square of its own."""
    world = make_map(tmp_path_factory.mktemp("map"))
    legend, table = Task.read(world.task).legend, gpd.read_parquet(world.polygons)
    table["square"] = table.block + table.polygon.astype(str)
    maps = match_blocks(world.files("probabilities"), world.files("labels"))
    ids = [land.id for land in legend]
    return legend, *(read_held_out(maps, table, ids, split) for split in ("validation", "test"))


def test_the_file_says_what_was_learnt_on_what(made, tmp_path):
    legend, held, _ = made
    found = calibrate_map(held, legend, 0.9, False)
    write_json(tmp_path / "c.json", found)
    again = Calibration.read(tmp_path / "c.json", legend)
    assert again.rescaling.as_dict() == read_json(tmp_path / "c.json")["rescaling"]
    assert found["sample"]["polygons"] == len(held.polygons)
    assert sum(row["polygons"] for row in found["sample"]["classes"]) == len(held.polygons)
    assert found["sets"]["note"].startswith("Of the pixels of a held-out polygon")
    with pytest.raises(InputError, match="not the legend of the task"):
        Calibration.read(tmp_path / "c.json", legend[:3])


def test_test_polygons_keep_the_promise_and_are_told_better(made):
    legend, held, test = made
    told = calibrate_map(held, legend, 0.9, False)
    limits = np.array([row["threshold"] for row in told["sets"]["thresholds"]])
    rescaling = Calibration.none(8).rescaling.of_dict(told["rescaling"])
    scores = trust_scores(test, Calibration(rescaling, limits), told, legend)
    assert scores["coverage"]["per_polygon"]["value"] == pytest.approx(0.9, abs=0.06)
    low, high = scores["coverage"]["per_polygon"]["interval"]
    assert low < scores["coverage"]["per_polygon"]["value"] < high
    before, after = (
        scores["reliability"][n]["expected_calibration_error"] for n in ("before", "after")
    )
    assert after["per_pixel"] < 0.6 * before["per_pixel"]
    assert scores["applicability"] is None


def test_too_few_squares_are_said_and_promise_nothing(made):
    legend, held, _ = made
    few = replace(held, polygons=held.polygons.assign(square=held.polygons.index % 8))
    found = calibrate_map(few, legend, 0.9, False)
    assert "8 validation squares have labels on the map, but 9 were wanted" in found["sets"]["note"]
    assert all(row["threshold"] is None for row in found["sets"]["thresholds"])
    assert calibrate_map(few, legend, 0.85, False)["sets"]["thresholds"][0]["threshold"] is not None


def test_accuracy_is_told_inside_and_outside(made):
    legend, _, test = made
    right = test.stored.argmax(0) == test.truth
    layer = np.where(right, 40, 180).astype("uint8")
    told = {"rescaling": {"method": "none", "temperature": 1.0}}
    told |= {"sets": {"coverage": 0.9, "each_class": False, "note": ""}}
    scores = trust_scores(replace(test, layer=layer), Calibration.none(8), told, legend)
    area = scores["applicability"]
    assert area["inside"]["accuracy"]["per_pixel"]["value"] == 1
    assert area["outside"]["accuracy"]["per_pixel"]["value"] == 0
    assert area["inside"]["pixels"] + area["outside"]["pixels"] == len(right)
    assert [row["per_pixel"] is None for row in area["bins"]] == [True, False, *[True] * 4, False]
    assert scores["coverage"]["per_pixel"]["value"] == 1

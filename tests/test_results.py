"""Every number that the demo publishes, computed again by brute force from the rasters."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from landscribe.cards import Task
from landscribe.formats.cubes import MASK_CLEAR, read_cube
from landscribe.formats.json_file import read_json
from landscribe.formats.polygons import read_polygons
from tests.page_numbers import check_numbers

RESULTS, PLACE, BLOCK = Path("results"), "beetzsee/2017/landuse", "33UUU"
MODELS = ("forest", "unet")
pytestmark = [
    pytest.mark.demo,
    pytest.mark.skipif(
        not (RESULTS / "publish" / PLACE / "index.html").exists(),
        reason="no finished demo here; run `make demo`",
    ),
]
LEGEND = Task.read(Path("config/tasks/landuse.yaml")).legend
IDS = [c.id for c in LEGEND]


def layer(path, band=1):
    with rasterio.open(path) as raster:
        return raster.read(band)


@pytest.fixture(params=MODELS)
def model(request):
    return request.param


@pytest.fixture
def classes(model):
    return layer(RESULTS / "map" / PLACE / model / BLOCK / "classes.tif")


@pytest.fixture
def held_out():
    """Reference classes of test polygons, 0 elsewhere: drawn again from the polygons themselves."""
    labels = RESULTS / "fetch/beetzsee/2017" / BLOCK / "landuse/labels.tif"
    table = read_polygons(RESULTS / "train" / PLACE / "polygons.parquet").to_crs(32633)
    table = table[table.split == "test"]
    with rasterio.open(labels) as raster:
        shape, transform, known = raster.shape, raster.transform, raster.read(1)
    shapes = [(g.buffer(0.5), 1) for g in table.geometry]
    inside = rasterize(shapes, shape, transform=transform).astype(bool)
    ids = layer(labels, 2)
    assert (np.isin(ids, table.polygon) <= inside).all()
    return np.where(np.isin(ids, table.polygon), known, 0)


def test_scores(model, classes, held_out):
    told = read_json(RESULTS / "evaluate" / PLACE / model / "scores.json")
    mapped = (held_out > 0) & (classes != 255)
    truth, guess = held_out[mapped], classes[mapped]
    assert told["unmapped_pixels"] == int(((held_out > 0) & (classes == 255)).sum())
    assert told["confusion"] == confusion_matrix(guess, truth, labels=IDS).tolist()
    assert told["overall_accuracy"] == pytest.approx(accuracy_score(truth, guess))
    assert told["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, guess))
    macro = f1_score(truth, guess, labels=IDS, average="macro", zero_division=0)
    assert told["macro_f1"] == pytest.approx(macro)
    users = precision_score(truth, guess, labels=IDS, average=None, zero_division=np.nan)
    producers = recall_score(truth, guess, labels=IDS, average=None)
    for row, user, producer in zip(told["classes"], users, producers, strict=True):
        assert row["producers_accuracy"] == pytest.approx(producer)
        if np.isnan(user):
            assert row["users_accuracy"] is None
        else:
            assert row["users_accuracy"] == pytest.approx(user)


def test_no_interval_is_claimed_for_polygons_drawn_by_volunteers(model):
    told = read_json(RESULTS / "evaluate" / PLACE / model / "scores.json")
    assert told["design_based"] is None
    assert told["sample"]["probability_sample"] is False
    assert "interval" in told["sample"]["note"]


def test_areas(model, classes):
    with (RESULTS / "map" / PLACE / model / "areas.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(r["class_id"]) for r in rows] == [*IDS, 255]
    for row in rows:
        assert int(row["pixels"]) == (classes == int(row["class_id"])).sum()
    # The scale of UTM is .99960 to .99994 here: a pixel of 100 m2 covers 100.01 to 100.08.
    for row in rows:
        if int(row["pixels"]):
            assert 0.010001 < float(row["area_ha"]) / int(row["pixels"]) < 0.010008


def test_the_map_is_the_highest_probability_where_it_is_clear(model, classes):
    path = RESULTS / "infer" / PLACE / model / BLOCK / "probabilities.tif"
    with rasterio.open(path) as raster:
        stack = raster.read()
    cube = read_cube(RESULTS / "fetch/beetzsee/2017" / BLOCK / "sentinel-2-l1c/cube.zarr")
    clear = (cube.mask == MASK_CLEAR).any("time").values
    np.testing.assert_array_equal(classes != 255, clear)
    np.testing.assert_array_equal(np.array(IDS)[stack.argmax(0)][clear], classes[clear])
    assert (abs(stack.sum(0, dtype="int64")[clear] - 10000) <= len(IDS)).all()


def test_items_name_the_files_as_they_are(model):
    item_path = RESULTS / "publish" / PLACE / model / "map.json"
    item = json.loads(item_path.read_text())
    checked = 0
    for asset in item["assets"].values():
        if "file:checksum" in asset:
            path = item_path.parent / asset["href"]
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert asset["file:checksum"] == f"1220{digest}"
            assert asset["file:size"] == path.stat().st_size
            checked += 1
    assert checked >= 3


def test_every_number_of_the_page_stands_in_its_file():
    assert check_numbers(RESULTS / "publish" / PLACE / "index.html") > 100

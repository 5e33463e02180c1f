"""Held-out pixels are those of the rasters, whatever the windows, and few of a large polygon."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.rasters import PROBABILITY_NODATA
from landscribe.scores.counts import match_blocks
from landscribe.trust.held_out import read_held_out
from tests.made_map import make_map


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_map(tmp_path_factory.mktemp("map"))


def read(made, split="validation", **more):
    legend = [land.id for land in Task.read(made.task).legend]
    maps = match_blocks(made.files("probabilities"), made.files("labels"))
    return read_held_out(maps, gpd.read_parquet(made.polygons), legend, split, **more)


def test_all_pixels_of_a_split_and_no_others(made):
    held, table = read(made), gpd.read_parquet(made.polygons)
    wanted = []
    for block, pixels in made.pixels.items():
        mine = table[(table.block == block) & (table.split == "validation")]
        seen = np.isin(pixels["polygon"], mine.polygon)
        seen &= pixels["probabilities"][0] != PROBABILITY_NODATA
        wanted.append(pixels["probabilities"][:, seen])
    wanted = np.concatenate(wanted, axis=1)
    assert np.array_equal(np.sort(held.stored, axis=1), np.sort(wanted, axis=1))
    assert held.polygons.pixels.sum() == wanted.shape[1] == len(held.truth)
    legend = np.array([land.id for land in Task.read(made.task).legend])
    assert (legend[held.truth] == held.polygons.class_id.to_numpy()[held.polygon]).all()


def test_windows_cannot_be_seen_in_what_is_taken(made, monkeypatch):
    whole = read(made, most_pixels=20)
    monkeypatch.setattr("landscribe.trust.held_out.WINDOW_PX", 37)
    parts = read(made, most_pixels=20)
    assert (whole.polygons == parts.polygons).all(axis=None)
    assert np.array_equal(
        *(np.sort(h.stored.astype(int) * 1000 + h.polygon, axis=1) for h in (whole, parts))
    )


def test_of_large_polygons_about_as_many_pixels_as_asked_for(made):
    held, every = read(made, most_pixels=20), read(made)
    taken = np.bincount(held.polygon)
    assert taken.mean() == pytest.approx(20, rel=0.1) and taken.max() < 40
    assert (held.polygons.pixels > 60).mean() > 0.8  # the count is still that of all
    assert held.weights(1).sum() == pytest.approx(held.polygons.pixels.sum())
    assert held.weights(0).sum() == pytest.approx(len(held.polygons))
    assert every.weights(1) == pytest.approx(1)


def test_a_split_without_pixels_is_refused(made):
    with pytest.raises(InputError, match="no other pixel is on the map"):
        read(made, "other")


def test_labels_of_another_class_are_refused(made):
    legend = [land.id for land in Task.read(made.task).legend]
    maps = match_blocks(made.files("probabilities"), made.files("labels"))
    table = gpd.read_parquet(made.polygons)
    table["class_id"] = table.class_id % 7 + 1
    with pytest.raises(InputError, match="of another class than the split table"):
        read_held_out(maps, table, legend, "validation")


def test_a_further_raster_gives_its_values(made, tmp_path):
    legend = [land.id for land in Task.read(made.task).legend]
    maps = match_blocks(made.files("probabilities"), made.files("labels"), made.files("classes"))
    held = read_held_out(maps, gpd.read_parquet(made.polygons), legend, "test")
    shown = np.array(legend)[held.stored.argmax(0)]
    with rasterio.open(made.files("classes")[0]) as raster:
        assert raster.count == 1
    assert (held.layer == shown).all()

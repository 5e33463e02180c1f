"""Tiles are drawn fairly, the same every time, and show no label of another split."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import torch
from shapely import Point

from landscribe.command import InputError
from landscribe.training.data import IGNORE, TRAIN, Tiles, class_indices
from landscribe.training.predictor import Sample
from landscribe.training.samples import counts
from tests.made_samples import SIGNATURE, sample


def test_a_tile_is_a_function_of_seed_epoch_and_number():
    one, two = (Tiles([sample()], SIGNATURE, 32, 8, seed=3) for _ in range(2))
    two[5], two[1]  # the order in which tiles are asked for does not matter
    torch.testing.assert_close(one[2], two[2], rtol=0, atol=0, equal_nan=True)
    two.epoch = 1
    assert not torch.equal(one[2][1], two[2][1])


def test_tiles_show_training_labels_alone():
    made = sample()
    tiles = Tiles([made], SIGNATURE, 64, 30, seed=0)
    shown = set()
    for n in range(30):
        image, target = tiles[n]
        assert image.shape == (4, 64, 64) and target.shape == (64, 64)
        shown |= set(target.unique().tolist())
        assert ((target != IGNORE).float().mean() < 0.75).item()
    assert shown == {IGNORE, 0, 1, 2}
    hidden = Sample(made.reflectance, made.classes, made.polygons, np.where(made.splits, 1, 2))
    with pytest.raises(InputError, match="no training pixel"):
        Tiles([hidden], SIGNATURE, 64, 30, seed=0)


def test_rare_classes_are_drawn_as_often_as_common_ones():
    made = sample()
    rare = np.where((made.classes == 7) & (made.polygons != 3), 255, made.splits)
    few = Sample(made.reflectance, made.classes, made.polygons, rare.astype("uint8"))
    tiles = Tiles([few], SIGNATURE, 32, 200, seed=0)
    seen = [int((tiles[n][1] == 2).any()) for n in range(200)]
    assert sum(seen) > 50


def test_small_blocks_are_filled_up_with_what_is_missing():
    image, target = Tiles([sample(24)], SIGNATURE, 64, 1, seed=0)[0]
    assert image.shape == (4, 64, 64) and target.shape == (64, 64)
    assert image.isnan().any(0).sum() >= 64 * 64 - 24 * 24


def test_class_indices_and_counts(tmp_path):
    found = class_indices(np.array([[1, 4], [7, 255]], "uint8"), (1, 4, 7))
    assert found.tolist() == [[0, 1], [2, IGNORE]]
    made, table = sample(), tmp_path / "polygons.parquet"
    rows = {"split": ["train", "train", "test"], "square": ["a", "a", "b"]}
    gpd.GeoDataFrame(rows, geometry=[Point(0, 0)] * 3, crs=4326).to_parquet(table)
    told = counts([made], table, TRAIN)
    assert told["pixels"] == ((made.splits == 0) & np.isfinite(made.reflectance[0])).sum()
    assert told["polygons"] == len(np.unique(made.polygons[made.splits == 0]))
    assert told["squares"] == 1


def test_brightness_is_a_factor_of_reflectance_and_a_shift_of_decibels():
    """Level bands stay level, and the same draw moves both in their own measure."""
    made = sample()
    level = np.tile(np.array([0.2, 0.4, -10, -20], "float32")[:, None, None], (1, 128, 128))
    level = Sample(level, made.classes, made.polygons, made.splits)
    signature = replace(SIGNATURE, bands=("B02", "B03", "VV", "VH"))
    tiles = Tiles([level], signature, 32, 20, seed=0)
    found = np.stack([tiles[n][0].numpy()[:, 5, 5] for n in range(20)])
    factor, shift = found[:, 0] / 0.2, found[:, 2] + 10
    np.testing.assert_allclose(found[:, 1], 0.4 * factor, rtol=1e-5)
    np.testing.assert_allclose(found[:, 3], shift - 20, atol=1e-5)
    np.testing.assert_allclose(shift, (factor - 1) * 10, atol=1e-4)  # 0.5 dB beside 5 %
    assert 0.2 < shift.std() < 1

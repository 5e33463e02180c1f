"""Splits hold squares and features apart, and give every class its share."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from landscribe.cards import Task, check
from landscribe.command import InputError
from landscribe.pairs.groups import assign_groups, fold_groups
from landscribe.pairs.splits import split_polygons

CARD = yaml.safe_load(Path("config/tasks/landuse.yaml").read_text())
TASK = check(Task, CARD, "task")


def made(count=400, seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(330000, 345000, count), rng.uniform(5814000, 5822000, count)
    side = rng.uniform(50, 300, count)
    return gpd.GeoDataFrame(
        {
            "polygon": np.arange(1, count + 1),
            "feature": rng.integers(0, count * 2 // 3, count).astype(str),
            "class_id": rng.integers(1, 9, count).astype("uint8"),
            "area_m2": side**2,
        },
        geometry=[box(a, b, a + s, b + s) for a, b, s in zip(x, y, side, strict=True)],
        crs=32633,
    )


@pytest.mark.parametrize("seed", range(5))
def test_no_square_and_no_feature_is_on_two_sides(seed):
    table = split_polygons({"33UUU": made(seed=seed)}, TASK)
    assert (table.groupby("square").split.nunique() == 1).all()
    assert (table.groupby("feature").split.nunique() == 1).all()
    shares = table.pivot_table("area_m2", "class_id", "split", "sum", fill_value=0)
    of_all = shares.sum() / shares.sum().sum()
    assert abs(of_all.test - TASK.split.test) < 0.05
    assert abs(of_all.validation - TASK.split.validation) < 0.05
    # Squares hold several classes, so that each is near its share, but none just at it.
    shares = shares.div(shares.sum(1), axis=0)
    assert (shares.test - TASK.split.test).abs().mean() < 0.06
    assert (shares.validation - TASK.split.validation).abs().mean() < 0.06


def test_the_order_of_polygons_does_not_matter():
    one = split_polygons({"33UUU": made()}, TASK).set_index("polygon").split
    two = split_polygons({"33UUU": made().sample(frac=1, random_state=1)}, TASK)
    assert one.sort_index().equals(two.set_index("polygon").split.sort_index())


def test_a_class_that_nothing_teaches_is_told():
    table = made()
    table = table[table.class_id != 5]
    with pytest.raises(InputError, match="no training polygon of residential"):
        split_polygons({"33UUU": table}, TASK)


def test_blocks_without_polygons_change_nothing_but_one_needs_some():
    table, empty = made(), made().iloc[:0]
    alone = split_polygons({"33UUU": table}, TASK)
    assert split_polygons({"33UTU": empty, "33UUU": table}, TASK).equals(alone)
    told = "touches any block \\(33UTU, 33UUU\\); name another label file or region"
    with pytest.raises(InputError, match=told):
        split_polygons({"33UUU": empty, "33UTU": empty}, TASK)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.integers(6, 60), st.integers(2, 6))
def test_every_group_is_assigned_once_and_amounts_are_near_the_shares(seed, groups, parts):
    rng = np.random.default_rng(seed)
    amounts = rng.gamma(0.5, 1, (groups, 3)) * (rng.random((groups, 3)) < 0.7)
    of = assign_groups(amounts, (1 / parts,) * parts, seed)
    assert of.shape == (groups,) and of.min() >= 0 and of.max() < parts
    for part in range(parts):
        # Greedy: no part is over its share by more than its one largest group.
        over = amounts[of == part].sum() - amounts.sum() / parts
        assert over <= 3 * amounts.sum(1).max() + 1e-9


def test_folds_share_groups_and_classes():
    rng = np.random.default_rng(0)
    groups, classes = rng.integers(0, 80, 900), rng.integers(0, 4, 900)
    folds = fold_groups(groups, classes, np.ones(900), 5, 0)
    assert all(len(set(folds[groups == g])) == 1 for g in set(groups))
    for c in range(4):
        counts = np.bincount(folds[classes == c], minlength=5)
        assert counts.min() > 0.5 * counts.mean()

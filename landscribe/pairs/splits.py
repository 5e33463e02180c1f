"""Splits: which labelled ground trains, validates and tests, held apart by squares.

Neighbouring pixels resemble each other, so a random pixel's neighbour would give its class away.
All polygons of one square of ground share a split, and so do all parts of one feature.
"""

import geopandas as gpd
import numpy as np
import pandas as pd

from landscribe.cards import Task
from landscribe.command import InputError, some
from landscribe.formats.contract import SPLITS
from landscribe.pairs.groups import amounts_of, assign_groups


def split_polygons(blocks: dict[str, gpd.GeoDataFrame], task: Task) -> gpd.GeoDataFrame:
    """All polygons, in lon, lat, with the columns block, square and split (one of SPLITS).

    Args:
        blocks: polygons of each block, by its id, in its CRS: polygon, feature, class_id, area_m2.
            Some may be empty.
    """
    labelled = {name: table for name, table in blocks.items() if len(table)}
    if not labelled:
        raise InputError(
            f"{task.labels.source}: no polygon of the legend touches any block"
            f" ({some(sorted(blocks))}); name another label file or region"
        )
    parts = [
        table.assign(block=name, square=_squares(table, name, task)).to_crs(4326)
        for name, table in labelled.items()
    ]
    placed = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    placed["square"] = _of_largest_part(placed)
    _, group = np.unique(placed.square, return_inverse=True)
    amounts = amounts_of(group, placed.class_id.to_numpy(), placed.area_m2.to_numpy())
    split = task.split
    shares = (1 - split.validation - split.test, split.validation, split.test)
    placed["split"] = np.array(SPLITS)[assign_groups(amounts, shares, split.seed)[group]]
    _check_classes(placed, task)
    return placed


def _squares(polygons: gpd.GeoDataFrame, block: str, task: Task) -> list[str]:
    """Square of the block's CRS in which each polygon has its inner point."""
    points, side = polygons.representative_point(), task.split.square_m
    return [
        f"{block}-{int(x // side)}-{int(y // side)}"
        for x, y in zip(points.x, points.y, strict=True)
    ]


def _of_largest_part(polygons: gpd.GeoDataFrame) -> pd.Series:
    """Square of the largest polygon of each feature, for all of them."""
    order = polygons.sort_values(["area_m2", "square"], kind="stable")
    return polygons.feature.map(order.groupby("feature").square.last())


def _check_classes(placed: gpd.GeoDataFrame, task: Task) -> None:
    seen = set(placed.class_id[placed.split == "train"])
    missing = [c.name for c in task.legend if c.id not in seen]
    if missing:
        raise InputError(
            f"no training polygon of {', '.join(missing)} ({len(placed)} polygons in"
            f" {placed.square.nunique()} squares): give more labels, take the class off the legend,"
            " or make split.square_m smaller"
        )

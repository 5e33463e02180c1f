"""Cubes are matched with labels by their folders, in one order, or refused in one line."""

from itertools import product
from pathlib import Path

import geopandas as gpd
import pytest
from shapely import Point

from landscribe.command import InputError
from landscribe.training.blocks import cubes_by_block, labelled_blocks

BLOCKS, SENSORS = ("33UUU", "33UVU"), ("eye", "ear")
LABELS = [Path(block, "task/labels.tif") for block in BLOCKS]


def cubes(*places):
    return [Path("results", *place, "cube.zarr") for place in places]


IN_ORDER = cubes(*product(BLOCKS, SENSORS))


def test_each_block_has_the_cubes_of_all_sensors():
    found = cubes_by_block(IN_ORDER, SENSORS, LABELS)
    assert found == [tuple(IN_ORDER[:2]), tuple(IN_ORDER[2:])]
    assert cubes_by_block(IN_ORDER[::2], ["eye"], LABELS) == [(IN_ORDER[0],), (IN_ORDER[2],)]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            cubes(*product(BLOCKS, ("ear", "eye"))),
            "cube 1 is .*/33UUU/ear/cube.zarr, but that of 33UUU/eye was wanted there",
        ),
        (
            cubes(*((block, sensor) for sensor, block in product(SENSORS, BLOCKS))),
            "cube 2 is .*/33UVU/eye/cube.zarr, but that of 33UUU/ear was wanted there",
        ),
        (IN_ORDER[:2] + IN_ORDER[3:], "cube 3 is .*/33UVU/ear/.* that of 33UVU/eye was"),
        (IN_ORDER[:3], "cube 4 is missing; that of 33UVU/ear was wanted there"),
        (IN_ORDER + IN_ORDER[:1], "cube 5 is .*/33UUU/eye/cube.zarr, but none was wanted"),
    ],
)
def test_cubes_in_another_order_are_refused_in_one_line(given, told):
    with pytest.raises(InputError, match=told) as caught:
        cubes_by_block(given, SENSORS, LABELS)
    assert "\n" not in str(caught.value)


def test_blocks_without_a_polygon_are_left_out(tmp_path):
    table, pairs = tmp_path / "polygons.parquet", [tuple(IN_ORDER[:2]), tuple(IN_ORDER[2:])]
    gpd.GeoDataFrame({"block": ["33UVU"]}, geometry=[Point(0, 0)], crs=4326).to_parquet(table)
    assert labelled_blocks(pairs, LABELS, table) == ([pairs[1]], [LABELS[1]])
    with pytest.raises(InputError, match="names the blocks 33UVU, and none"):
        labelled_blocks(pairs[:1], LABELS[:1], table)

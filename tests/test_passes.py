"""A block takes the scenes that show it, each ground of a pass once."""

import pytest

from landscribe.command import InputError
from landscribe.grid import Block
from landscribe.imagery.passes import block_scenes, passes_of
from tests.made_cube import BLOCK, scene


def test_tiles_of_the_own_square_are_enough(tmp_path):
    item, _ = scene(tmp_path, 1, 0)
    named = [
        item | {"id": code, "properties": item["properties"] | {"grid:code": f"MGRS-{code}"}}
        for code in ("33UTU", "33UUU")
    ]
    assert [s["id"] for s in block_scenes(named, BLOCK)] == ["33UUU"]
    assert [s["id"] for s in block_scenes(named[:1], BLOCK)] == ["33UTU"]


def test_scenes_of_the_own_zone_go_first(tmp_path):
    item, _ = scene(tmp_path, 1, 0)
    other = item | {"id": "other", "properties": item["properties"] | {"proj:epsg": 32632}}
    assert [s["id"] for s in block_scenes([other, item], BLOCK)] == ["made-1"]
    assert [s["id"] for s in block_scenes([other], BLOCK)] == ["other"]
    elsewhere = {"datetime": "2020-06-02T10:00:00Z", "proj:epsg": 32632}
    late = other | {"id": "late", "properties": item["properties"] | elsewhere}
    assert [s["id"] for s in block_scenes([late, item], BLOCK)] == ["made-1", "late"]
    away = Block("33UVU", 32633, (400000, 5820000, 400960, 5820960))
    with pytest.raises(InputError, match="33UVU: none of 1 scenes"):
        block_scenes([item], away)


def test_within_a_pass_scenes_that_need_no_warp_come_first(tmp_path):
    item, _ = scene(tmp_path, 1, 0)
    other = item | {"id": "a", "properties": item["properties"] | {"proj:epsg": 32632}}
    late = {"datetime": "2020-06-01T10:00:05Z"}
    item = item | {"properties": item["properties"] | late}
    assert [[s["id"] for s in one] for one in passes_of([item, other])] == [["a", "made-1"]]
    (one,) = passes_of([item, other], BLOCK.epsg)
    assert [s["id"] for s in one] == ["made-1", "a"]

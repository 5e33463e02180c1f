"""Of each pass over a tile the newest processing is kept, and no ground is lost by that."""

import itertools

import pytest
from shapely import box
from shapely.geometry import mapping

from landscribe.imagery.duplicates import newest
from landscribe.imagery.items import normalised
from tests.made_catalogue import SENSOR, made_item
from tests.made_cube import SENSOR as MADE
from tests.test_items import item

TAKE = "GS2A_20200701T102031_026240"


def tiled(name, when="2020-07-01T10:20:30.024Z", tile="33UUU", **properties):
    return normalised(made_item(name, when, **{"s2:mgrs_tile": tile}, **properties), SENSOR)


def granule(name, when, left, right, version, **properties):
    """Part of a tile of one degree, from `left` to `right` (0-1)."""
    datatake = {"s2:datatake_id": f"{TAKE}_N{version}", "s2:processing_baseline": version}
    made = tiled(name, when, **datatake, **properties)
    return made | {"geometry": mapping(box(12 + left, 52, 12 + right, 53))}


def test_the_newest_does_not_depend_on_the_order():
    cell = {"grid:code": "MGRS-33UUU"}
    told = [
        item("old", **cell, **{"processing:version": "02.14", "created": "2021-01-01T00:00:00Z"}),
        item("same", **cell, **{"processing:version": "05.00", "created": "2022-01-01T00:00:00Z"}),
        item("twin", **cell, **{"processing:version": "05.00", "created": "2022-01-01T00:00:00Z"}),
        item("next", "2020-07-01T10:20:31Z", **cell),
    ]
    for order in itertools.permutations(told):
        assert [i["id"] for i in newest(list(order))] == ["twin", "next"]


def test_the_newest_processing_is_kept():
    base, made = "s2:processing_baseline", "created"
    items = [
        tiled("old", **{base: "03.01", made: "2024-01-01T00:00:00Z"}),
        tiled("new", "2020-07-01T10:20:30Z", **{base: "05.00", made: "2023-01-01T00:00:00Z"}),
        tiled("newer", **{base: "05.00", made: "2023-01-02T00:00:00Z"}),
        tiled("tenth", "2020-07-02T10:20:30Z", **{base: "10.00"}),
        tiled("ninth", "2020-07-02T10:20:30Z", **{base: "09.99"}),
        tiled("other-tile", tile="33UVU", **{base: "02.00"}),
        normalised(made_item("no-tile-1"), SENSOR),
        normalised(made_item("no-tile-2"), SENSOR),
    ]
    wanted = ["newer", "no-tile-1", "no-tile-2", "other-tile", "tenth"]
    for order in (items, items[::-1]):
        assert sorted(i["id"] for i in newest(order)) == wanted


def test_granules_of_one_pass_stay_where_they_show_other_ground():
    items = [
        granule("left-new", "2020-07-01T10:20:35Z", 0, 0.6, "05.00"),
        granule("left-old", "2020-07-01T10:20:36Z", 0, 0.62, "02.14"),
        granule("right-old", "2020-07-01T10:20:45Z", 0.55, 1, "02.14"),
        granule("again", "2020-07-01T10:20:45Z", 0.57, 1, "02.14", created="2019-01-01T00:00:00Z"),
        granule("sliver", "2020-07-01T10:20:50Z", 0.4, 0.61, "02.14"),
    ]
    items[3]["properties"].pop("created")
    items[2]["properties"]["created"] = "2020-08-01T00:00:00Z"
    for order in itertools.permutations(items):
        assert [i["id"] for i in newest(list(order))] == ["left-new", "right-old"]


def test_other_passes_and_satellites_are_no_duplicates():
    cell = {"grid:code": "MGRS-33UUU"}
    two = [item("a", **cell, platform="sentinel-2a"), item("b", **cell, platform="sentinel-2b")]
    assert len(newest(two)) == 2
    takes = [granule(n, "2020-07-01T10:20:30Z", 0, 1, "05.00") for n in "cd"]
    takes[1]["properties"]["s2:datatake_id"] = "GS2A_20200704T103031_026283_N05.00"
    assert len(newest(takes)) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_a_final_landsat_product_replaces_the_real_time_one(order):
    row = {"landsat:wrs_path": "13", "landsat:wrs_row": "032"}
    times = {"RT": "2022-02-02T00:00:00Z", "T1": "2022-02-01T00:00:00Z"}
    items = [
        normalised(item(name, created=made, **row | {"landsat:collection_category": name}), MADE)
        for name, made in times.items()
    ]
    assert items[0]["properties"]["grid:code"] == "WRS2-013032"
    assert [i["id"] for i in newest(items[::order])] == ["T1"]

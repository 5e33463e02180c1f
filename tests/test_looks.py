"""Looks are counted where scenes are known, and estimated from the revisit where not."""

from datetime import date

import pytest
from shapely.geometry import box, mapping

from landscribe.command import InputError
from landscribe.grid import SQUARE_M, Block, blocks, lonlat_bounds
from landscribe.looks import counted_looks, estimated_looks
from tests.made_cube import SENSOR

NORTH = Block("33UUU", 32633, (300000, 5800000, 400000, 5900000))
SUMMER = date(2024, 5, 1), date(2024, 8, 31)


def item(name, ground, day):
    told = {"datetime": f"2024-06-{day:02}T10:00:00Z", "platform": "a", "proj:epsg": 32633}
    return {"id": name, "geometry": mapping(ground), "properties": told, "assets": {}}


def test_scenes_of_a_list_are_counted_per_pass():
    west, south, east, north = lonlat_bounds(NORTH.bounds, "EPSG:32633")
    whole, half = box(west, south, east, north), box(west, south, (west + east) / 2, north)
    items = [item("a", half, 1), item("b", half, 1), item("c", whole, 6), item("d", whole, 11)]
    far = Block("33UWU", 32633, (500000, 2000000, 600000, 2000000 + SQUARE_M))
    here, there = counted_looks([NORTH, far], items)
    assert (here.scenes, here.times) == (4, 3)
    assert here.coverage == pytest.approx(1)  # a and b count twice, as both are read
    assert (there.scenes, there.times) == (0, 0)


def test_estimates_grow_towards_the_poles():
    sensor = SENSOR.model_copy(update={"revisit_days": 5.0, "swath_km": 290.0})
    places = [blocks((10.4, lat, 10.5, lat + 0.1), "EPSG:4326")[0] for lat in (1, 48, 68)]
    found = [one.times for one in estimated_looks(places, sensor, *SUMMER)]
    assert found == sorted(found) and found[0] == 26  # of 123 / 5, by a small block
    (north,) = estimated_looks([NORTH], sensor, *SUMMER)
    assert 40 <= north.times <= 65  # 33UUU lies in 2 or 3 of the orbits, each 25 times
    assert 0.6 < north.coverage < 0.9


def test_a_sensor_of_a_fixed_grid_has_no_overlap():
    sensor = SENSOR.model_copy(update={"revisit_days": 16.0})
    (seen,) = estimated_looks([NORTH], sensor, *SUMMER)
    assert (seen.times, seen.coverage) == (8, 1.0)


def test_a_sensor_without_a_revisit_is_told():
    with pytest.raises(InputError, match="no revisit_days.*add it"):
        estimated_looks([NORTH], SENSOR, *SUMMER)

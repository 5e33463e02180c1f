"""Units around places: equal to a test of every point in every polygon."""

import numpy as np
import pyarrow as pa
import pytest
import shapely
from shapely.affinity import translate

from landscribe.places.units import units_around


def batch(rows, polygons):
    columns = {"row": pa.array(rows, pa.int32()), "geometry": shapely.to_wkb(polygons)}
    return pa.RecordBatch.from_pydict(columns)


def pairs(lon, lat, *batches):
    found = pa.Table.from_batches(units_around(np.array(lon, float), np.array(lat, float), batches))
    return list(zip(found["row"].to_pylist(), found["parent"].to_pylist(), strict=True))


def test_pairs_equal_those_of_every_point_in_every_polygon():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(-180, 180, 900), rng.uniform(-90, 90, 900)
    centres = shapely.points(rng.uniform(-170, 170, 40), rng.uniform(-80, 80, 40))
    polygons = shapely.buffer(centres, rng.uniform(1, 40, 40))
    polygons[7] = shapely.difference(polygons[7], shapely.buffer(centres[7], 0.5))
    polygons[8] = shapely.union(polygons[8], translate(polygons[8], 100))
    rows = rng.permutation(900)[:40]
    found = pairs(lon, lat, batch(rows[:25], polygons[:25]), batch(rows[25:], polygons[25:]))
    points = shapely.points(lon, lat)
    expected = {
        (row, int(unit))
        for unit, polygon in zip(rows, polygons, strict=True)
        for row in range(900)
        if row != unit and shapely.contains(polygon, points[row])
    }
    assert len(found) == len(set(found)) and set(found) == expected
    assert len(expected) > 1000


def test_a_unit_is_not_in_itself_but_may_be_in_another():
    squares = [shapely.box(0, 0, 1, 1), shapely.box(-9, -9, 9, 9)]
    assert pairs([0.5, 0.4], [0.5, 0.4], batch([0, 1], squares)) == [(1, 0), (0, 1)]


@pytest.mark.parametrize("polygons", [[], [shapely.box(50, 50, 51, 51)], [shapely.Polygon()]])
def test_no_pair_is_no_fault(polygons):
    assert pairs([0.5], [0.5], batch(range(len(polygons)), polygons)) == []


def test_the_ends_of_the_earth_are_in():
    cap = shapely.box(-180, 80, 180, 90)
    assert pairs([-180, 0, 180, 0], [85, 89.9, 85, 79], batch([9], [cap])) == [(1, 9)]
    wide = shapely.box(-181, 80, 181, 91)
    assert len(pairs([-180, 0, 180, 0], [85, 90, 85, 79], batch([9], [wide]))) == 3

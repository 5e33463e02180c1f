"""Pixels of a region are those whose centre lies in it, in any zone and any part of a grid."""

import numpy as np
import pytest
from pyproj import Transformer
from shapely import MultiPolygon, Point, contains_xy, unary_union

from landscribe.grid import Grid
from landscribe.region_pixels import pixels_inside

LAND = MultiPolygon(
    [
        Point(12.0, 52.0).buffer(0.5, 50).difference(Point(12.1, 52.1).buffer(0.15)),
        Point(12.8, 52.3).buffer(0.1),
        Point(12.85, 52.35).buffer(0.1),  # they overlap
    ]
)


@pytest.mark.parametrize(
    "grid",
    [
        Grid(32633, 250_000, 5_850_000, 420, 500, 250),
        Grid(32632, 600_000, 5_840_000, 400, 400, 300),
    ],
)
def test_pixels_are_those_whose_centre_the_ground_holds(grid):
    x = grid.west + (np.arange(grid.width) + 0.5) * grid.gsd_m
    y = grid.north - (np.arange(grid.height) + 0.5) * grid.gsd_m
    to_lonlat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    wanted = contains_xy(unary_union(LAND), *to_lonlat(*np.meshgrid(x, y)))
    found = pixels_inside(LAND, grid)
    assert 0.05 < wanted.mean() < 0.95
    assert (found != wanted).sum() <= 3  # edges that are straight in degrees and in metres differ
    part = grid.part(slice(100, 230), slice(37, 141))
    np.testing.assert_array_equal(pixels_inside(LAND, part), found[100:230, 37:141])


def test_ground_far_away_is_none():
    assert not pixels_inside(LAND, Grid(32735, 500_000, 8_000_000, 30, 20, 100)).any()

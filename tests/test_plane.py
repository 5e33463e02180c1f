"""The plane: shapes come back as they went, wherever on the globe they lie."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from landscribe.places.plane import GEOD, Plane, cut, disc, plane_about, uncut

ANYWHERE = st.builds(Plane, st.floats(-180, 180), st.floats(-90, 90))
CORNERS = [(13.4, 52.5), (180, 0), (-179.99, 65), (0, 90), (77, -90), (120, 89.9), (0, 0)]


@settings(max_examples=50, deadline=None)
@given(ANYWHERE, st.floats(1, 1500))
def test_a_shape_comes_back_as_it_went(plane, radius_km):
    there = plane.lonlat(disc(radius_km) - disc(radius_km / 2))
    back = plane.flat(there)
    assert there.is_valid and shapely.box(-180, -90, 180, 90).covers(there)
    lost = back.symmetric_difference(disc(radius_km) - disc(radius_km / 2))
    assert lost.area < 0.01 * back.area


@settings(max_examples=50, deadline=None)
@given(ANYWHERE, st.floats(1, 1500))
def test_the_centre_of_a_disc_is_found_again(plane, radius_km):
    found = plane_about(plane.lonlat(disc(radius_km)))
    assert GEOD.inv(found.lon, found.lat, plane.lon, plane.lat)[2] / 1000 < 0.01 * radius_km


@pytest.mark.parametrize("centre", CORNERS)
def test_kilometres_from_the_centre_are_those_on_the_ground(centre):
    plane = Plane(*centre)
    for x, y in [(3, 4), (-300, 400), (0, 1000), (-50, -2)]:
        metres = GEOD.inv(*centre, *plane.point(x, y))[2]
        assert metres / 1000 == pytest.approx(np.hypot(x, y), rel=1e-6)


def test_a_pole_lies_in_the_ground_around_it():
    cap = Plane(20, 88).lonlat(disc(500))
    for lon in (-180, -90, 0, 20, 180):
        assert cap.covers(Point(lon, 90)) and cap.covers(Point(lon, 89))
    ring = Plane(20, 88).lonlat(disc(500) - disc(300))
    assert not ring.covers(Point(20, 89)) and not ring.covers(Point(0, 90))
    assert ring.covers(Point(20, 84.5)) and ring.covers(Point(-160, 88.7))


def test_ground_that_180_degrees_cut_is_put_together():
    ground = shapely.MultiPolygon([shapely.box(170, 0, 180, 10), shapely.box(-180, 0, -175, 10)])
    whole = uncut(ground)
    assert whole.equals(shapely.box(170, 0, 185, 10))
    assert cut(whole).equals(ground)
    here = shapely.box(1, 2, 3, 4)
    assert uncut(here).equals(here) and cut(here).equals(here)

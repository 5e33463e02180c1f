"""Ground of relative places: on the globe, against points measured by geodesics."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from landscribe.command import InputError
from landscribe.places.ground import footprint
from landscribe.places.plane import GEOD, Plane, disc
from landscribe.places.relative import relative_footprint
from landscribe.text.relations import Relation, relations

KINDS = {  # words of each kind
    "distance": "30 km from X",
    "distance_direction": "30 km north-east of X",
    "direction": "west of X",
    "near": "near X",
    "around": "on the southern outskirts of X",
    "along": "on the shores of X",
    "off": "off X",
    "border": "on the border with X",
    "part": "in southern X",
    "tip": "at the eastern tip of X",
    "centre": "in central X",
    "inside": "in X",
}
PLACES = st.tuples(st.floats(-180, 180), st.floats(-89, 89))
POINTS = {"north": 0, "north-east": 45, "south-south-east": 157.5, "west": 270}


def relation(words: str, *names: str) -> Relation:
    (found,) = relations(words, [(words.index(n), words.index(n) + 1) for n in names], "en")
    return found


def km2(ground):
    return abs(GEOD.geometry_area_perimeter(ground)[0]) / 1e6


def point(lon, lat, azimuth, km):
    return Point(GEOD.fwd(lon, lat, azimuth, km * 1000)[:2])


@settings(max_examples=60, deadline=None)
@given(PLACES, st.sampled_from(sorted(POINTS)), st.integers(3, 400), st.floats(0.1, 30))
def test_a_point_at_the_distance_that_way_lies_in_it(place, way, km, extent_km):
    told = relation(f"{km} km {way} of X", "X")
    found = relative_footprint(told, [footprint(*place, extent_km)])
    assert found.polygon.covers(point(*place, POINTS[way], km))
    assert not found.polygon.intersects(point(*place, POINTS[way] + 180, km))
    assert GEOD.inv(found.lon, found.lat, *GEOD.fwd(*place, POINTS[way], km * 1000)[:2])[2] < 50


@pytest.mark.parametrize("place", [(13.4, 52.5), (179.8, 65), (-60, 0), (10, 88.5)])
def test_a_cone_holds_the_points_of_the_bearings_and_distances_that_it_says(place):
    told = relation("30 to 40 km north-west of X", "X")
    ground = relative_footprint(told, [footprint(*place, 0.01)]).polygon
    rng = np.random.default_rng(0)
    azimuths, kms = rng.uniform(0, 360, 2000), rng.uniform(1, 70, 2000)
    off = abs((azimuths - 315 + 180) % 360 - 180) - told.half_width_deg
    low, high = 30 * 0.65, 40 * 1.2
    inside = (off < 0) & (kms > low) & (kms < high)
    clear = (abs(off) > 0.5) & (abs(kms - low) > 0.3) & (abs(kms - high) > 0.3)
    for azimuth, km, wanted in zip(azimuths[clear], kms[clear], inside[clear], strict=True):
        assert ground.covers(point(*place, azimuth, km)) == wanted


def test_a_distance_counts_from_the_centre_and_from_the_edge():
    ground = relative_footprint(relation("30 km from X", "X"), [footprint(13, 52, 10)]).polygon
    for azimuth in range(0, 360, 30):
        for km, inside in (
            (15, False),
            (20, True),
            (30, True),
            (40, True),
            (45, True),
            (48, False),
        ):
            assert ground.covers(point(13, 52, azimuth, km)) is inside


def test_an_outline_that_is_known_is_left_out():
    town = shapely.box(13, 52, 13.6, 52.2)
    for words in ("2 km north of X", "north of X", "2 km from X", "off X"):
        ground = relative_footprint(relation(words, "X"), [footprint(13.3, 52.1, 5, town)]).polygon
        assert ground.intersection(town).area < 1e-3 * town.area
    told = relative_footprint(relation("2 km north of X", "X"), [town])
    assert told.lat > 52.2 and told.lon == pytest.approx(13.3, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(PLACES, st.sampled_from(sorted(KINDS)), st.floats(0.5, 600))
def test_every_kind_has_ground_everywhere(place, kind, extent_km):
    told = relation(KINDS[kind], "X")
    assert told.kind == kind
    found = relative_footprint(told, [footprint(*place, extent_km)])
    assert found.polygon.is_valid and km2(found.polygon) > 0
    assert shapely.box(-180, -90, 180, 90).covers(found.polygon)
    lons, lats = shapely.get_coordinates(found.polygon).T
    far = GEOD.inv(np.full_like(lons, found.lon), np.full_like(lons, found.lat), lons, lats)[2]
    assert max(far) / 1000 == pytest.approx(found.uncertainty_km)


@pytest.mark.parametrize("lat", [0, 45, 70, -60])
@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"part", "tip"}))
def test_ground_is_as_large_at_every_latitude(kind, lat):
    told = relation(KINDS[kind], "X")
    here = relative_footprint(told, [footprint(0, 30, 20)]).polygon
    there = relative_footprint(told, [footprint(170, lat, 20)]).polygon
    assert km2(there) == pytest.approx(km2(here), rel=0.01)


@pytest.mark.parametrize("outline", [shapely.box(6, 47, 15, 55), Plane(180, 60).lonlat(disc(300))])
def test_halves_make_the_whole(outline):
    parts = {
        way: relative_footprint(relation(f"in {way}ern X", "X"), [outline]).polygon
        for way in ("north", "south", "east", "west")
    }
    for one, other in (("north", "south"), ("east", "west")):
        assert parts[one].union(parts[other]).symmetric_difference(outline).area < 1e-6
        assert parts[one].intersection(parts[other]).area < 1e-6
    south, north = outline.bounds[1], outline.bounds[3]
    assert parts["north"].bounds[1] == pytest.approx((south + north) / 2)


def test_finer_parts_are_smaller_and_tips_the_smallest():
    outline = shapely.box(6, 47, 15, 55)
    half, third, tip = (
        relative_footprint(relation(words, "X"), [outline]).polygon
        for words in ("in northern X", "in north-western X", "at the northern tip of X")
    )
    assert outline.covers(third) and half.covers(tip)
    assert half.area > third.area > 0 and half.area > tip.area > 0
    assert third.covers(Point(6.1, 54.9)) and not third.covers(Point(14.9, 47.1))


@pytest.mark.parametrize(("one", "other"), [((2.3, 48.9), (13.4, 52.5)), ((175, 60), (-170, 70))])
def test_a_corridor_holds_the_way_between(one, other):
    told = relation("between X and Y", "X", "Y")
    found = relative_footprint(told, [footprint(*one, 5), footprint(*other, 20)])
    for lon, lat in GEOD.npts(*one, *other, 25):
        assert found.polygon.covers(Point(lon, lat))
    azimuth, _, metres = GEOD.inv(*one, *other)
    assert GEOD.inv(found.lon, found.lat, *GEOD.fwd(*one, azimuth, metres / 2)[:2])[2] < 1000
    assert not found.polygon.intersects(point(*one, azimuth + 180, metres / 5000))
    assert km2(found.polygon) < 0.3 * (metres / 1000) ** 2


def test_between_one_place_is_near_it():
    told = relation("between X and a village", "X")
    near = relative_footprint(relation("near X", "X"), [footprint(0, 0, 5)])
    assert relative_footprint(told, [footprint(0, 0, 5)]).polygon.equals(near.polygon)


def test_along_a_lake_is_its_shore_and_along_a_disc_is_the_disc():
    told = relation("on the shores of X", "X")
    lake = shapely.box(12.5, 52.4, 13, 52.5)  # 34 x 11 km
    shore = relative_footprint(told, [lake]).polygon
    assert not shore.intersects(Point(12.75, 52.45))
    assert shore.covers(Point(12.501, 52.401)) and shore.covers(Point(12.75, 52.51))
    assert relative_footprint(told, [footprint(12, 52, 5)]).polygon.covers(Point(12, 52))


def test_bounded_in_the_north_by_a_place_is_south_of_it():
    told = relation("bounded to the north by X", "X")
    found = relative_footprint(told, [footprint(10, 50, 20)])
    assert found.lat < 50 and found.polygon.bounds[3] <= 50.001


def test_each_mention_needs_its_ground():
    with pytest.raises(InputError, match="2 mentions"):
        relative_footprint(relation("between X and Y", "X", "Y"), [footprint(0, 0, 1)])
    with pytest.raises(InputError, match="not empty"):
        relative_footprint(relation("near X", "X"), [shapely.Polygon()])

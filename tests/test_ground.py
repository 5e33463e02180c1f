"""Footprints: discs of the right size everywhere, outlines as they are, documents as they weigh."""

from math import pi

import pytest
import shapely
from shapely.geometry import LineString, Point

from landscribe.command import InputError
from landscribe.places.ground import document_footprint, footprint
from landscribe.places.plane import GEOD, Plane, disc


def km2(ground):
    return abs(GEOD.geometry_area_perimeter(ground)[0]) / 1e6


@pytest.mark.parametrize("lat", [0, 23.4, 52, 66, 80, 89, 89.99, 90, -45, -89.5, -90])
@pytest.mark.parametrize("lon", [0, 13.4, 179.999, 180, -180])
@pytest.mark.parametrize("radius_km", [0.5, 30, 1000])
def test_a_disc_has_its_area(lon, lat, radius_km):
    ground = footprint(lon, lat, radius_km)
    assert ground.is_valid
    assert km2(ground) == pytest.approx(pi * radius_km**2, rel=0.01)
    assert shapely.box(-180, -90, 180, 90).covers(ground)


@pytest.mark.parametrize(("lon", "lat"), [(13.4, 52.5), (179.9, 65), (10, 89.8), (0, -90)])
def test_a_disc_holds_what_is_nearer_than_its_radius(lon, lat):
    ground = footprint(lon, lat, 50)
    for azimuth in range(0, 360, 17):
        for km, inside in ((1, True), (25, True), (49.8, True), (50.1, False), (200, False)):
            assert ground.covers(Point(GEOD.fwd(lon, lat, azimuth, km * 1000)[:2])) is inside


def test_a_disc_is_cut_at_180_degrees():
    west, south, east, north = footprint(180, 10, 50).bounds
    assert (west, east) == (-180, 180)
    assert footprint(180, 10, 50).geom_type == "MultiPolygon"


def test_an_outline_is_kept_and_a_line_is_widened():
    outline = shapely.box(13, 52, 14, 53)
    assert footprint(13.5, 52.5, 5, outline).equals(outline)
    river = footprint(7, 50, 5, LineString([(7, 50), (7, 51)]))
    length_km = GEOD.inv(7, 50, 7, 51)[2] / 1000
    assert km2(river) == pytest.approx(2 * length_km + pi, rel=0.01)
    assert footprint(7, 50, 5, Point(7, 50)).equals(footprint(7, 50, 5))


@pytest.mark.parametrize(
    "place", [(181, 0, 5), (0, 91, 5), (0, 0, 0), (0, 0, 1e5), (0, 0, float("nan"))]
)
def test_places_off_the_globe_are_refused(place):
    with pytest.raises(InputError, match="extent"):
        footprint(*place)


BERLIN, POTSDAM = footprint(13.4, 52.5, 15), footprint(13.06, 52.4, 8)
GERMANY, EUROPE = footprint(10.4, 51.1, 450), footprint(10, 50, 2500)
SYDNEY, PARIS = footprint(151.2, -33.9, 20), footprint(2.35, 48.85, 15)


def test_one_mention_is_the_document():
    assert document_footprint([BERLIN], [0.3]).equals(BERLIN)
    assert document_footprint([GERMANY], [1]).equals(GERMANY)


def test_nothing_is_the_ground_of_a_document_without_mentions():
    assert document_footprint([], []) is None
    assert document_footprint([BERLIN], [0]) is None


def test_a_container_gives_way_to_what_it_holds():
    found = document_footprint([GERMANY, BERLIN, EUROPE], [0.9, 0.9, 0.9])
    assert found.equals(BERLIN)


def test_a_container_that_outweighs_what_it_holds_stays():
    found = document_footprint([GERMANY] * 10 + [BERLIN], [0.9] * 11)
    assert found.covers(GERMANY.buffer(-0.01))


def test_a_container_counts_for_what_it_holds():
    grounds, weights = [GERMANY, BERLIN, PARIS], [1, 0.5, 0.6]
    assert document_footprint(grounds, weights).equals(BERLIN)  # 1.5 against 0.6
    assert not document_footprint(grounds[1:], weights[1:]).equals(BERLIN)


def test_an_outlier_does_not_move_a_document():
    found = document_footprint([BERLIN, POTSDAM, BERLIN, SYDNEY], [0.9, 0.8, 0.9, 0.9])
    assert found.equals(shapely.union(BERLIN, POTSDAM))


def test_two_places_of_equal_weight_stay():
    found = document_footprint([BERLIN, SYDNEY] * 3, [0.9] * 6)
    assert found.equals(shapely.union(BERLIN, SYDNEY))


def test_neighbours_stand_together_across_180_degrees():
    east, west = footprint(179.8, -17, 5), footprint(-179.9, -16.5, 5)
    found = document_footprint([east, west, BERLIN], [0.5, 0.5, 0.45])
    assert found.equals(shapely.union(east, west))


def test_the_order_of_mentions_does_not_count():
    grounds, weights = [GERMANY, BERLIN, POTSDAM, SYDNEY, PARIS], [0.9, 0.8, 0.5, 0.2, 0.7]
    one = document_footprint(grounds, weights)
    other = document_footprint(grounds[::-1], weights[::-1])
    assert one.symmetric_difference(other).area < 1e-9 * one.area


@pytest.mark.parametrize("weights", [[], [2], [-0.1], [float("nan")], [0.5, 0.5]])
def test_weights_that_are_no_probabilities_are_refused(weights):
    with pytest.raises(InputError, match="probability"):
        document_footprint([BERLIN], weights)


@pytest.mark.parametrize(
    "lon, lat", [(13.4, 52.5), (-70, -33.4), (100, 84), (179.5, 10), (0, -89.9)]
)
@pytest.mark.parametrize("km", [0.5, 20, 390, 600])
def test_a_disc_is_that_of_the_plane_about_its_centre(lon, lat, km):
    found, wanted = footprint(lon, lat, km), Plane(lon, lat).lonlat(disc(km))
    assert found.symmetric_difference(wanted).area <= 1e-3 * wanted.area

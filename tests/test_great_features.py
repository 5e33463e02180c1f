"""Great features: each once, where Natural Earth has its countries, or on the sea."""

from collections import Counter

import geopandas as gpd
import numpy as np
import pytest
import shapely

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from landscribe.places.names import normal
from landscribe.sources import located
from tests.made_places import names, source
from tests.world_sources import read, world_rows, world_source

NAME = "great-features"
COAST_KM = 5  # by which Natural Earth may be wrong, and islands that it lacks


@pytest.fixture(scope="module")
def countries() -> dict[str, shapely.Geometry]:
    path = located(world_source("natural-earth").path)
    found = gpd.read_file(path, columns=["ISO_A2_EH"])
    return dict(found.dissolve("ISO_A2_EH").geometry)


def away_km(row: dict, ground: shapely.Geometry) -> float:
    """Distance of a feature's point from some ground, as if the earth were flat there."""
    shrink = np.cos(np.radians(row["lat"]))
    flat = shapely.transform(ground, lambda xy: xy * [shrink, 1])
    return shapely.distance(flat, shapely.Point(row["lon"] * shrink, row["lat"])) * 111.2


def test_each_lies_in_or_near_the_countries_that_it_names(countries):
    for row in world_rows(NAME).values():
        away = [away_km(row, countries[code]) for code in row["admin"]]
        if away:
            assert min(away) <= 1.1 * row["extent_km"] + COAST_KM, row["name"]
            assert max(away) <= 1.5 * row["extent_km"] + COAST_KM, row["name"]


def test_each_sea_lies_on_the_sea(countries):
    coasts = {code: ground.boundary for code, ground in countries.items()}
    for row in world_rows(NAME).values():
        if row["class"] == "sea":
            point = shapely.Point(row["lon"], row["lat"])
            inside = [code for code, ground in countries.items() if ground.contains(point)]
            assert all(away_km(row, coasts[code]) <= COAST_KM for code in inside), row["name"]


def test_each_stands_once_and_says_how_large_it_is():
    found = world_rows(NAME)
    assert max(Counter(normal(row["name"]) for row in found.values()).values()) == 1
    assert {row["class"] for row in found.values()} <= set(CLASSES)
    assert all(0 < row["extent_km"] <= 6000 for row in found.values())
    assert all(-180 <= r["lon"] <= 180 and -90 <= r["lat"] <= 90 for r in found.values())
    assert len(found) > 500


def test_known_features_are_there():
    found = world_rows(NAME)
    alps, rhine, baikal = found["ls:alps"], found["ls:rhine"], found["ls:lake-baikal"]
    assert (alps["class"], alps["country"]) == ("range", "")
    assert ("Alpine", "en", "demonym") in names(alps)
    assert (rhine["lon"], rhine["lat"]) == pytest.approx((4.1, 52), abs=0.5)  # its mouth
    assert (baikal["country"], baikal["admin"]) == ("RU", ["RU"])
    assert baikal["extent_km"] == pytest.approx(250, rel=0.3)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,class\nA,sea\n", "columns .*, but .* were wanted"),
        (
            "name,class,lon,lat,extent_km,countries,also,demonyms\nA,moon,1,2,3,,,\n",
            "class moon; known are continent, country",
        ),
    ],
)
def test_another_file_is_told(tmp_path, text, told):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read(source("great_features", tmp_path / "a.csv", name="made"))

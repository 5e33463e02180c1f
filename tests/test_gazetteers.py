"""Cards of gazetteers: faults are told; the reader that the docs show works."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from landscribe.card import check
from landscribe.command import InputError
from landscribe.gazetteers import READERS, Gazetteer, PlaceSource
from landscribe.places.classes import CLASSES
from tests.made_places import rows, source

PAGE = Path("docs/add-a-gazetteer.md")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"columns": {"id": "a", "nmae": "b", "name:xyz": "c"}}, "nmae, name:xyz is none of id"),
        ({"columns": {"name:short": "a", "name:fr": "b", "lat": "c"}}, "lat is none of id"),
        ({"classes": {"T": "hill"}}, "hill is no class; there is continent, country"),
        ({"class": "hill"}, "hill is no class"),
        ({"country": "NLD"}, "country: String should match"),
        ({"countries": ["nl"]}, "countries.0: String should match"),
        ({"reader": "shape"}, "is not there; there is "),
        ({"colour": "red"}, "colour: unknown key"),
    ],
)
def test_a_fault_of_a_source_is_told(change, told):
    values = source("vector", "x").model_dump(by_alias=True) | change
    with pytest.raises(InputError, match=re.escape(told)):
        check(PlaceSource, values, "card")


def test_a_class_is_named_as_in_the_table():
    values = source("vector", "x").model_dump(by_alias=True)
    assert "class" in values and "class_" not in values
    for name in CLASSES:
        assert check(PlaceSource, values | {"class": name}, "card").class_ == name


def test_each_reader_is_named_in_the_docs():
    text = PAGE.read_text()
    table = text.split("## Readers and where their files are")[1].split("\n\n- ")[0]
    listed = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert set(listed) <= {p.stem for p in READERS.glob("*.py")}
    assert {"geonames", "osm", "wikidata", "wikipedia", "vector"} == set(listed)


def test_the_card_of_the_docs_has_the_fields_of_its_tables():
    text = PAGE.read_text()
    card = yaml.safe_load(text.split("```yaml\n")[1].split("```")[0])
    assert [s.name for s in Gazetteer(**card).sources] == ["geonames", "osm", "natural-earth"]
    fields = {field.alias or name for name, field in PlaceSource.model_fields.items()}
    told = {word for row in re.findall(r"^\| (`.*?) \|", text, re.M) for word in row.split(", ")}
    assert fields <= {word.strip("`") for word in told}


def test_the_reader_of_the_docs_reads(tmp_path):
    text = PAGE.read_text().split("```python\n")[1].split("```")[0]
    (tmp_path / "table.py").write_text(text)
    spec = importlib.util.spec_from_file_location("table", tmp_path / "table.py")
    reader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reader)
    (tmp_path / "a.csv").write_text("id,name,lon,lat\n7,Hütte,10.5,47.2\n")
    (row,) = rows(reader.read(source("vector", tmp_path / "a.csv", name="amt", country="AT")))
    assert (row["id"], row["name"], row["lon"], row["admin"]) == ("amt:7", "Hütte", 10.5, ["AT"])

"""English names: of places that are there, each once, of kinds that are known."""

import csv
from collections import Counter

import pytest

from landscribe.command import InputError
from landscribe.places.countries import ENGLISH_NAMES, country_code
from tests.made_places import names, source
from tests.world_sources import read, world_source, world_table

DEMONYMS = {
    **{"code:DE": "German", "code:FR": "French", "code:NL": "Dutch", "code:GB": "British"},
    **{"code:US": "American", "code:CH": "Swiss", "code:PL": "Polish", "code:FI": "Finnish"},
    **{"code:DK": "Danish", "code:ES": "Spanish", "code:TR": "Turkish", "code:TH": "Thai"},
    **{"code:PH": "Filipino", "code:PT": "Portuguese", "code:GR": "Greek", "code:IQ": "Iraqi"},
    **{"code:NE": "Nigerien", "code:NG": "Nigerian", "code:CY": "Cypriot", "code:MC": "Monegasque"},
    **{"code:US.TX": "Texan", "gn:6255148": "European"},
}


@pytest.fixture(scope="module")
def listed() -> list[dict[str, str]]:
    with ENGLISH_NAMES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_place_is_in_a_source(listed):
    known, codes = set(), set()
    for table in (world_table(name) for name in ("geonames-cities", "geonames-units")):
        known.update(table["id"].to_pylist())
        codes.update(f"code:{code}" for code in set(table["code"].to_pylist()) - {""})
    assert {row["place"] for row in listed} <= known | codes
    assert len(codes) > 290


def test_no_name_stands_twice_for_a_place(listed):
    count = Counter((row["place"], row["name"]) for row in listed)
    assert [pair for pair, times in count.items() if times > 1] == []
    mains = Counter(row["place"] for row in listed if row["kind"] == "main")
    assert set(mains.values()) == {1}


def test_demonyms_are_those_of_their_country(listed):
    found = {(row["place"], row["name"]) for row in listed if row["kind"] == "demonym"}
    assert set(DEMONYMS.items()) <= found
    assert {place for place, name in found if name == "Congolese"} == {"code:CD", "code:CG"}


def test_rows_are_read_by_place(listed):
    found = {row["id"]: row for row in read(world_source("english-names"))}
    assert set(found) == {row["place"] for row in listed}
    germany = found["code:DE"]
    assert (germany["name"], germany["class"], germany["lon"]) == ("Germany", "", None)
    assert {("German", "en", "demonym"), ("Germans", "en", "demonym")} <= names(germany)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Germany", "DE"),
        ("the Netherlands", "NL"),
        ("CÔTE D'IVOIRE", "CI"),
        ("Texas", ""),
        ("", ""),
    ],
)
def test_a_country_has_its_code(name, code):
    assert country_code(name) == code


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("place,name\ncode:DE,Germany\n", r"columns \['place', 'name'\], but"),
        ("place,name,kind\ncode:DE,Germany,nickname\n", "kind nickname; known are main, alternate"),
    ],
)
def test_another_file_is_told(tmp_path, text, told):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError, match=told):
        read(source("further_names", tmp_path / "a.csv", name="made"))

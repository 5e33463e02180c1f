"""Wikidata's dump: entities with coordinates are places, with the best of what is claimed."""

import bz2
import gzip
import json

import pyogrio
import pytest

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from landscribe.places.codes import wikidata as codes
from landscribe.places.readers import wikidata
from landscribe.sources import located
from tests.made_places import names, rows, source
from tests.test_vector import EARTH


def claim(value, rank="normal", time=None, kind="value"):
    told = {"mainsnak": {"snaktype": kind}, "rank": rank}
    if kind == "value":
        told["mainsnak"]["datavalue"] = {"value": value}
    if time:
        snak = {"snaktype": "value", "datavalue": {"value": {"time": time}}}
        told["qualifiers"] = {"P585": [snak]}
    return told


def item(*ids):
    return [claim({"id": i, "entity-type": "item"}) for i in ids]


def at(lon, lat, globe="Q2"):
    globe = f"http://www.wikidata.org/entity/{globe}"
    return [claim({"longitude": lon, "latitude": lat, "globe": globe, "precision": 0.01})]


def entity(number="Q64", labels=(("en", "Berlin"),), aliases=(), pages=(), **claims):
    return {
        "type": "item",
        "id": number,
        "labels": {tag: {"language": tag, "value": name} for tag, name in labels},
        "aliases": {tag: [{"language": tag, "value": n} for n in told] for tag, told in aliases},
        "claims": {"P625": at(13.4, 52.5)} | claims,
        "sitelinks": {wiki: {"site": wiki, "title": title} for wiki, title in pages},
    }


def write(path, *entities, end="]\n"):
    text = "[\n" + ",\n".join(json.dumps(e, ensure_ascii=False) for e in entities) + f"\n{end}"
    packed = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)(text.encode())
    path.write_bytes(packed)
    return path


def read(path, **more):
    return rows(wikidata.read(source("wikidata", path, **more)))


def one(tmp_path, **told):
    return read(write(tmp_path / "d.json", entity(**told)))[0]


@pytest.mark.parametrize("form", ["json", "json.gz", "json.bz2"])
def test_an_entity_with_coordinates_is_a_place(tmp_path, form):
    berlin = entity(
        labels=[("de", "Berlin"), ("en", "Berlin"), ("gsw", "Bärlin"), ("zh-hant", "柏林")],
        aliases=[("en", ["Berlin, Germany", "BER"]), ("war", ["Berlin"])],
        pages=[("enwiki", "Berlin"), ("be_x_oldwiki", "Бэрлін"), ("commonswiki", "Berlin")],
        P31=item("Q1221156", "Q515", "Q999999"),
        P17=item("Q183"),
        P131=item("Q183", "Q1055"),
        P1566=[claim("2950159")],
        P402=[claim("62422")],
        P300=[claim("DE-BE")],
        P1549=[claim({"text": "Berliner", "language": "de"})],
        P1813=[claim({"text": "BLN", "language": "en"})],
        P1082=[
            claim({"amount": "+3500000"}, time="+2015-12-31T00:00:00Z"),
            claim({"amount": "+3755251"}, time="+2022-12-31T00:00:00Z"),
            claim({"amount": "+4000000"}, rank="deprecated", time="+2024-12-31T00:00:00Z"),
            claim({"amount": "+1"}),
        ],
    )
    other = entity("Q1", P625=[])
    (row,) = read(write(tmp_path / f"d.{form}", berlin, other))
    assert names(row) == {
        ("Berlin", "de", "main"),
        ("Berlin", "en", "main"),
        ("柏林", "zh", "main"),
        ("Bärlin", "", "alternate"),
        ("Berlin, Germany", "en", "alternate"),
        ("BER", "en", "alternate"),
        ("Berliner", "de", "demonym"),
        ("BLN", "en", "short"),
    }
    del row["names"]
    assert row == {
        "id": "wd:Q64",
        "same": ["gn:2950159", "osm:r62422", "wp:en:Berlin", "wp:be-x-old:Бэрлін"],
        "name": "Berlin",
        "class": "city",
        "lon": 13.4,
        "lat": 52.5,
        "country": "DE",
        "admin": ["DE", "wd:Q183", "wd:Q1055"],
        "code": "DE-BE",
        "population": 3_755_251,
        "extent_km": None,
        "geometry": None,
    }


def test_preferred_claims_count_before_later_ones(tmp_path):
    row = one(
        tmp_path,
        P31=[claim({"id": "Q4022"}), claim({"id": "Q23397"}, rank="preferred")],
        P1082=[claim({"amount": "+5"}, rank="preferred"), claim({"amount": "+9"}, time="+2024")],
        P17=[claim(None, kind="somevalue"), *item("Q15180", "Q55")],
    )
    assert (row["class"], row["population"], row["country"]) == ("lake", 5, "NL")


def test_a_country_has_its_code(tmp_path):
    row = one(
        tmp_path,
        P297=[claim("DE")],
        P298=[claim("DEU")],
        P31=item("Q7270"),
        P17=item("Q183"),
        P131=item("Q458"),
    )
    assert (row["class"], row["code"], row["country"], row["admin"]) == ("country", "DE", "DE", [])
    assert ("DEU", "", "code") in names(row)


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ([("de", "Köln"), ("en", "Cologne")], "Cologne"),
        ([("it", "Colonia"), ("mul", "Köln")], "Köln"),
        ([("it", "Colonia"), ("nl", "Keulen")], "Colonia"),
    ],
)
def test_the_main_name_is_english_or_that_of_all_languages_or_the_first(tmp_path, labels, name):
    assert one(tmp_path, labels=labels)["name"] == name


def test_titles_of_pages_are_names_without_what_tells_them_apart(tmp_path):
    row = one(tmp_path, labels=[("en", "Paris, Texas")], pages=[("enwiki", "Paris, Texas")])
    assert ("Paris", "en", "alternate") in names(row)
    assert row["same"] == ["wp:en:Paris,_Texas"]


def test_what_is_elsewhere_or_has_no_name_is_left_out(tmp_path):
    moon = entity("Q405", P625=at(1, 1, globe="Q405"))
    nameless = entity("Q7", labels=()) | {"labels": [], "aliases": [], "sitelinks": []}
    unknown = entity("Q8", P625=[claim(None, kind="novalue")])
    empty = entity("Q9") | {"aliases": [], "sitelinks": []}
    found = read(write(tmp_path / "d.json", moon, nameless, unknown, empty))
    assert [row["id"] for row in found] == ["wd:Q9"]


def test_every_kind_is_of_one_class_of_ours():
    listed = [i for items in codes._CLASSES.values() for i in items.split()]
    assert len(listed) == len(set(listed)) > 150
    assert set(codes._CLASSES) <= set(CLASSES)
    assert codes.place_class(["Q5"]) == "site"
    assert codes.place_class(["Q22698", "Q6256", "Q515"]) == "country"


def test_countries_are_those_of_natural_earth():
    table = pyogrio.read_dataframe(located(EARTH), encoding="utf-8", read_geometry=False)
    table = table[~table.ISO_A2_EH.eq("-99") & ~table.TYPE.eq("Indeterminate")]
    table = table[~(table.ISO_A2_EH.isin(["AU", "FR"]) & table.TYPE.eq("Dependency"))]
    wanted = dict(zip(table.WIKIDATAID, table.ISO_A2_EH, strict=True))
    assert len(wanted) > 230
    assert {i: codes.country([i]) for i in wanted} == wanted
    assert len(set(codes._COUNTRY_OF.values())) == 250
    assert codes.country(["Q15180", "Q55"]) == "NL"


def test_broken_lines_are_counted_and_a_cut_file_told(tmp_path, capsys):
    path = write(tmp_path / "d.json", *[entity(f"Q{n}") for n in range(1, 201)])
    told = path.read_text().splitlines()
    told[50] = told[50][:100]  # without its coordinates: no place
    told[100] = told[100][:-30]
    path.write_text("\n".join(told))
    assert len(read(path)) == 198
    assert "1 of 200 records left out; line 101: JSONDecodeError" in capsys.readouterr().out
    path.write_text("\n".join(told[:-1]))
    with pytest.raises(InputError, match="d.json: ends early, without the last line ]"):
        read(path)
    path.write_text("\n".join(told[1:-1]))  # lines alone, as a filter leaves them
    assert len(read(path)) == 198
    packed = write(tmp_path / "d.json.gz", *[entity(f"Q{n}") for n in range(1, 201)]).read_bytes()
    (tmp_path / "d.json.gz").write_bytes(packed[:-9])
    with pytest.raises(InputError, match="d.json.gz: ends early or is damaged"):
        read(tmp_path / "d.json.gz")
    odd = [entity(f"Q{n}") | {"claims": {"P625": at(0, 99)}} for n in range(50)]
    with pytest.raises(InputError, match="50 of the first 50 records are broken"):
        read(write(tmp_path / "odd.json", *odd))


def test_only_the_countries_of_the_card_are_kept(tmp_path):
    path = write(tmp_path / "d.json", entity("Q1", P17=item("Q55")), entity("Q2", P17=item("Q31")))
    assert [row["id"] for row in read(path, countries=["BE"])] == ["wd:Q2"]

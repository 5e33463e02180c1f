"""The geoparser's rows: sound for any text, the same in any company, and after saving."""

import json
import random
import shutil

import pytest
import shapely

from landscribe.command import InputError
from landscribe.tables import MENTIONS, batches_of, read_table, write_table
from landscribe.text import geoparser as module
from landscribe.text.geoparser import ABOUT, Geoparser, groups
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import PIPELINES
from tests.made_geoparser import TEXTS, a_document, documents, make_geoparser
from tests.made_world import make_world, marked

pytest.importorskip(PIPELINES["en"][0])
ODD = (
    "",
    " \n\t ",
    "Paris",
    "'; DROP TABLE places; -- in Paris, Texas, said \"Dallas\" OR name MATCH 'Lyon*' NEAR(a b)",
    '100% of Paris_ and % and _ and \\ and "France" AND NOT Texas',
    "باريس هي عاصمة فرنسا, Paris \u202e saxeT \u202c and תל אביב near Dallas.",
    "Paris\ud800, Texas\udfff and \ud83d Dallas \U0001f600 Lyon",
    "P\u0301aris, Te\u200bxas, ＰＡＲＩＳ, PARIS, paris, Dallas\u00ad",
    "\x00\x01\x02Paris\x00, Texas\x00\x07\x1b[31m Dallas",
    "Paris, " * 300,
    "(" * 500 + "Paris" + ")" * 500,
    "30 km north of " * 20 + "Dallas",
    "between Paris and between Dallas and Texas and between",
)


@pytest.fixture(scope="module")
def geoparser(tmp_path_factory):
    return make_geoparser(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def saved(geoparser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "deep" / "model"
    geoparser.save(folder)
    return folder


def rows(geoparser, found):
    return [*geoparser.mentions(found)]


def rubbish(seed):
    """Text of random bytes, letters and names."""
    rng = random.Random(seed)
    letters = [chr(rng.choice([rng.randrange(0xD800), rng.randrange(128)])) for _ in range(200)]
    names = ["Paris", "Dallas, Texas", "north of", "30 km", "between", "and", "'", '"', "%", "\n"]
    return "".join(rng.choices(letters, k=300) + rng.choices(names, k=40)) + " Lyon in France."


def check(geoparser, document, found):
    """Whether rows of a document are sound, and fit the table."""
    text, places = document["text"], geoparser.places
    assert [(r["start"], r["end"]) for r in found] == sorted((r["start"], r["end"]) for r in found)
    for row in found:
        assert 0 <= row["start"] < row["end"] <= len(text)
        assert row["document"] == document["document"]
        assert row["text"] == text[row["start"] : row["end"]]
        assert 0 <= row["probability"] <= 1
        chances = {c["place"]: c["probability"] for c in row["candidates"]}
        ids = {row["place"], *chances} - {None}
        assert set(places.by_id(ids)) == ids
        assert [*chances.values()] == sorted(chances.values(), reverse=True)
        assert (row["place"] is None) == (row["footprint"] is None) == (row["lon"] is None)
        none = 0 if row["place"] else row["probability"]
        assert sum(chances.values()) + none <= 1 + 1e-9
        if row["place"]:
            ground = shapely.from_wkb(row["footprint"])
            assert ground.is_valid
            assert ground.area > 0
        if row["label"] == "relation":
            assert row["place"] in {r["place"] for r in found if r["label"] != "relation"}
        elif row["place"]:
            assert row["place"] == row["candidates"][0]["place"]
            assert row["probability"] >= row["candidates"][0]["probability"] - 1e-9
            assert ground.covers(shapely.Point(row["lon"], row["lat"]))


@pytest.mark.parametrize("text", [*TEXTS, *ODD, *(rubbish(seed) for seed in range(12))])
def test_rows_of_any_text_are_sound(geoparser, text):
    document = a_document(1, text)
    (found,) = rows(geoparser, [document])
    check(geoparser, document, found)


def test_places_and_relations_are_found(geoparser):
    text = "Farmers 30 km north of Dallas wait. The mayor of Paris, Texas, came from Dallas."
    (found,) = rows(geoparser, [a_document(1, text)])
    told = {(r["text"], r["label"] == "relation", r["place"]) for r in found}
    assert told >= {
        ("30 km north of Dallas", True, "made:Dallas"),
        ("Dallas", False, "made:Dallas"),
        ("Paris", False, "made:Paris TX"),
    }
    relation = next(r for r in found if r["label"] == "relation")
    dallas = next(r for r in found if r["text"] == "Dallas")
    assert relation["lat"] > dallas["lat"] + 0.2
    assert relation["probability"] == pytest.approx(dallas["probability"])
    assert relation["footprint"] != dallas["footprint"]


def test_footprint_is_the_outline_where_one_is_known(geoparser):
    (found,) = rows(geoparser, [a_document(1, "Rain fell in Texas and in Illinois on Sunday.")])
    texas, illinois = (shapely.from_wkb(r["footprint"]) for r in found)
    assert texas.bounds == (-106.6, 25.8, -93.5, 36.5)
    assert illinois.geom_type == "Polygon"
    assert illinois.area < texas.area


@pytest.mark.parametrize("others", [1, 40])
def test_a_document_has_the_same_rows_in_any_company(geoparser, others):
    wanted = [*TEXTS, *ODD]
    alone = {text: rows(geoparser, [a_document(1, text)])[0] for text in wanted}
    more = [a_document(n, rubbish(n % 9) if n % 2 else "Lyon") for n in range(others)]
    for found in (documents(tuple(wanted)) + more, more + documents(tuple(wanted))[::-1]):
        for document, told in zip(found, rows(geoparser, found), strict=True):
            if document["text"] in alone:
                own = [row | {"document": document["document"]} for row in alone[document["text"]]]
                assert told == own


def test_other_languages_have_no_mentions(geoparser):
    found = [a_document(n, TEXTS[0], language=spoken) for n, spoken in enumerate(["de", "", "fr"])]
    assert rows(geoparser, found) == [[], [], []]


def test_rows_can_be_written(geoparser, tmp_path):
    found = [row for told in rows(geoparser, documents()) for row in told]
    write_table(tmp_path / "m.parquet", batches_of(found, MENTIONS), MENTIONS)
    table = read_table(tmp_path / "m.parquet", MENTIONS)
    assert table["text"].to_pylist() == [row["text"] for row in found]
    assert table["footprint"].to_pylist() == [row["footprint"] for row in found]


def test_groups_are_bounded_and_lose_nothing(monkeypatch):
    monkeypatch.setattr(module, "_CHARACTERS", 100)
    monkeypatch.setattr(module, "_BATCH", 4)
    found = [
        a_document(n, "x" * length) for n, length in enumerate([0, 99, 1, 1, 500, 3] + [2] * 9)
    ]
    parted = [*groups(found)]
    assert [row for group in parted for row in group] == found
    for group in parted:
        assert len(group) <= 4
        assert len(group) == 1 or sum(len(row["text"]) for row in group) <= 100
    assert [*groups([])] == []


def test_fifty_thousand_mentions_in_a_text(geoparser, monkeypatch):
    text, toponyms = marked("In [Dallas], [Texas], and [Paris], [France], or [Lyon] and [Marne]. ")
    count = 50_000 // len(toponyms)
    many = [
        Toponym(len(text) * n + t.start, len(text) * n + t.end, t.text, t.label)
        for n in range(count)
        for t in toponyms
    ]
    monkeypatch.setattr(geoparser, "toponyms", lambda texts: [many])
    (found,) = rows(geoparser, [a_document(1, text * count)])
    own = [row for row in found if row["label"] != "relation"]
    assert [(r["start"], r["text"]) for r in own] == [(t.start, t.text) for t in many]
    assert len({id(r["footprint"]) for r in own}) <= 8  # each is there once
    check(geoparser, a_document(1, text * count), found[:500])


def test_saved_and_loaded_it_gives_equal_rows(geoparser, saved, tmp_path):
    again = Geoparser.load(saved, geoparser.places)
    assert rows(again, documents()) == rows(geoparser, documents())
    again.save(tmp_path / "again")
    for path in (path for path in saved.rglob("*") if path.is_file()):
        assert (tmp_path / "again" / path.relative_to(saved)).read_bytes() == path.read_bytes()


def test_settings_of_a_language_model_are_kept_without_a_key(geoparser, tmp_path, monkeypatch):
    monkeypatch.setenv("MADE_KEY", "sk-sentinel")
    llm = LlmSettings(model="m", endpoint="http://localhost:1/v1", key_variable="MADE_KEY")
    one = Geoparser(geoparser.places, geoparser.recognizers, geoparser.resolver, llm)
    one.save(tmp_path / "model")
    assert Geoparser.load(tmp_path / "model", geoparser.places).llm == llm
    assert "sk-sentinel" not in (tmp_path / "model" / ABOUT).read_text()
    assert geoparser.llm is None


def test_another_gazetteer_is_refused_with_both_versions(geoparser, saved, tmp_path):
    other = make_world(tmp_path, drop=1)
    with pytest.raises(InputError) as fault:
        Geoparser.load(saved, other)
    assert geoparser.places.version in str(fault.value)
    assert other.version in str(fault.value)


@pytest.mark.parametrize(
    "broken, told",
    [
        (lambda model: shutil.rmtree(model), "train_geoparser"),
        (lambda model: (model / ABOUT).unlink(), "train_geoparser"),
        (lambda model: (model / ABOUT).write_text("{"), "not JSON"),
        (lambda model: (model / ABOUT).write_bytes(b"\xff\xfe\x00"), "not JSON"),
        (lambda model: (model / ABOUT).write_text("[]"), "not valid"),
        (lambda model: (model / ABOUT).write_text("{}"), "languages"),
        (lambda model: (model / ABOUT).write_text('{"languages": {"en": 3}}'), "languages"),
        (lambda model: (model / ABOUT).write_text('{"languages": {"tlh": false}}'), "tlh"),
        (lambda model: shutil.rmtree(model / "recognizers"), "no such folder"),
        (lambda model: (model / "recognizers/en/recognizer.json").unlink(), "recognizer"),
        (lambda model: (model / "recognizers/en/trees.txt").write_text("x"), "recognizer"),
        (lambda model: shutil.rmtree(model / "resolver"), "no resolver"),
        (lambda model: (model / "resolver/second.txt").write_text("tree\n"), "no resolver"),
        (lambda model: (model / "resolver/resolver.json").write_text("{}"), "no resolver"),
    ],
)
def test_a_broken_model_is_told(geoparser, saved, tmp_path, broken, told):
    shutil.copytree(saved, tmp_path / "model")
    broken(tmp_path / "model")
    with pytest.raises(InputError, match=told):
        Geoparser.load(tmp_path / "model", geoparser.places)


def test_what_a_model_says_of_itself(saved):
    assert json.loads((saved / ABOUT).read_text()) == {"languages": {"en": True}, "llm": None}

"""A document that stops the parser is a reject; faults of the run are not."""

import sqlite3
from collections import Counter

import pytest
import shapely

from landscribe.command import InputError
from landscribe.text import parsing as module
from landscribe.text.parsing import COUNTS, Parsing
from landscribe.text.pipelines import PIPELINES
from landscribe.text.second_opinion import OpinionError
from tests.made_geoparser import TEXTS, a_document, documents, make_geoparser

pytest.importorskip(PIPELINES["en"][0])


@pytest.fixture(scope="module")
def geoparser(tmp_path_factory):
    return make_geoparser(tmp_path_factory.mktemp("made"))


@pytest.fixture
def failing(geoparser, monkeypatch):
    """Make the parser raise for documents whose text has a word."""
    mentions = geoparser.mentions

    def fail(word, error):
        def failing(group, opinion=None):
            for document, rows in zip(group, mentions(group), strict=True):
                if word in document["text"]:
                    raise error
                yield rows

        monkeypatch.setattr(geoparser, "mentions", failing)

    return fail


def parsed(geoparser, found):
    parsing = Parsing(geoparser)
    rows = [*parsing.mentions(found)]
    return rows, parsing


def test_counts_grounds_and_rows_agree(geoparser):
    found = [*documents(), a_document(99, "Paris und Lyon", language="de", source="")]
    rows, parsing = parsed(geoparser, found)
    told = parsing.told()
    labels = Counter("relation" if r["label"] == "relation" else "mention" for r in rows)
    assert set(told["counts"]) == {*COUNTS}
    assert told["counts"]["documents"] == len(found)
    assert told["counts"]["parsed"] == len(TEXTS)
    assert told["counts"]["mentions"] == labels["mention"]
    assert told["counts"]["relations"] == labels["relation"] > 0
    assert told["languages"] == {"en": len(TEXTS), "de": 1}
    assert told["rejects"] == {"other language": 1}
    placed = Counter(r["document"] for r in rows if r["place"])
    assert {g["document"]: g["mentions"] for g in parsing.grounds} == placed
    assert told["counts"]["grounds"] == len(placed)
    for ground in parsing.grounds:
        own = [r for r in rows if r["document"] == ground["document"] and r["place"]]
        whole = shapely.union_all([shapely.from_wkb(r["footprint"]) for r in own])
        drawn = shapely.from_wkb(ground["footprint"])
        assert drawn.area > 0
        assert drawn.difference(whole).area < 1e-9


@pytest.mark.parametrize(
    "spoken, told",
    [("de", "found de"), ("", "found an unknown one"), (None, "found an unknown one")],
)
def test_other_languages_are_rejects_with_the_reason(geoparser, spoken, told):
    rows, parsing = parsed(geoparser, [a_document(7, TEXTS[0], language=spoken)])
    assert rows == parsing.grounds == []
    (reject,) = parsing.rejects
    assert reject["corpus"] == "made"
    assert reject["source"] == "made.txt 7"
    assert reject["reason"] == f"other language: {told}, wanted en"


@pytest.mark.parametrize(
    "error",
    [ValueError("odd"), RecursionError(), MemoryError("70 GB"), InputError("extent"), KeyError(1)],
)
def test_a_document_that_cannot_be_parsed_is_left_out(geoparser, failing, error):
    wanted = [r for r in parsed(geoparser, documents())[0] if "Springfield" not in r["text"]]
    bad = {d["document"] for d in documents() if "Springfield" in d["text"]}
    failing("Springfield", error)
    rows, parsing = parsed(geoparser, documents())
    assert rows == [row for row in wanted if row["document"] not in bad]
    assert [r["source"] for r in parsing.rejects] == ["made.txt 2", "made.txt 3", "made.txt 13"]
    reason = f"parser failed: {type(error).__name__}: {error}"
    assert {r["reason"] for r in parsing.rejects} == {reason}
    assert parsing.told()["counts"]["parsed"] == len(TEXTS) - 3


def test_a_text_that_is_none_is_a_reject(geoparser):
    rows, parsing = parsed(geoparser, [a_document(1, None), a_document(2, "Lyon")])
    assert {row["document"] for row in rows} == {"made:2"}
    assert [r["reason"] for r in parsing.rejects] == ["no text: found null, wanted a text"]


@pytest.mark.parametrize(
    "error", [OpinionError("no key"), OSError("disk"), sqlite3.DatabaseError("malformed")]
)
def test_a_fault_of_the_run_ends_it(geoparser, failing, error):
    failing("Springfield", error)
    with pytest.raises(type(error)):
        parsed(geoparser, documents())


def test_many_failures_in_a_row_end_the_run(geoparser, failing, monkeypatch):
    monkeypatch.setattr(module, "_MOST_FAILED", 5)
    failing("Lyon", ValueError("odd"))
    few = [a_document(n, "Lyon" if n % 5 else "Paris") for n in range(40)]
    assert len(parsed(geoparser, few)[1].rejects) == 32
    with pytest.raises(InputError, match=r"last of 5 documents in a row .*odd"):
        parsed(geoparser, [a_document(n, "Lyon") for n in range(40)])


def test_long_reasons_are_cut(geoparser, failing):
    failing("Lyon", ValueError("x" * 10_000))
    assert len(parsed(geoparser, [a_document(1, "Lyon")])[1].rejects[0]["reason"]) <= 300

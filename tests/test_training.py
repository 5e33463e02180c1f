"""Training a geoparser: on gold, on texts without gold, and what is refused."""

from dataclasses import replace

import pytest

from landscribe.command import InputError
from landscribe.text.gold import GoldDocument, GoldMention, read_gold
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import PIPELINES
from landscribe.text.training import gold_example, train_geoparser
from tests.made_geoparser import (
    GOLD,
    TEXTS,
    a_document,
    documents,
    geoparser_card,
    gold_file,
    write_shards,
)
from tests.made_world import marked

pytest.importorskip(PIPELINES["en"][0])
TEXT = "In Paris and Texas, or Lyon."
DOCUMENT = GoldDocument(
    "1",
    TEXT,
    "news.fr",
    "en",
    (
        GoldMention(3, 8, "Paris", lon=2.35, lat=48.86, place="gn:1"),
        GoldMention(13, 18, "Texas"),
    ),
)


@pytest.fixture(scope="module")
def gold(places, tmp_path_factory):
    return gold_file(tmp_path_factory.mktemp("gold"), places)


@pytest.fixture(scope="module")
def geoparser(places, gold):
    return train_geoparser(geoparser_card(gold), places)


def told(geoparser, texts=TEXTS):
    found = geoparser.mentions(documents(texts))
    return [(r["text"], r["place"]) for rows in found for r in rows if r["label"] != "relation"]


def test_it_knows_most_of_what_it_learnt(geoparser):
    wanted = {
        (n, toponym.text, id_)
        for n, (text, ids) in enumerate(GOLD)
        if ids
        for toponym, id_ in zip(marked(text)[1], ids.split("|"), strict=True)
    }
    rows = geoparser.mentions(documents(tuple(marked(text)[0] for text, _ in GOLD)))
    found = {
        (n, row["text"], (row["place"] or "").removeprefix("made:"))
        for n, own in enumerate(rows)
        for row in own
    }
    assert len(wanted & found) >= 0.8 * len(wanted)


def test_the_same_card_gives_the_same_geoparser(geoparser, places, gold, tmp_path):
    again = train_geoparser(geoparser_card(gold), places)
    for number, one in enumerate((geoparser, again)):
        one.save(tmp_path / str(number))
    for path in (p for p in (tmp_path / "0").rglob("*") if p.is_file()):
        other = tmp_path / "1" / path.relative_to(tmp_path / "0")
        assert other.read_bytes() == path.read_bytes()


def test_without_gold_it_learns_from_names_that_explain_themselves(places, tmp_path):
    foreign = [a_document(n, "Paris, Texas", language="de") for n in range(100, 105)]
    folder = write_shards(tmp_path / "documents", [*documents(TEXTS * 3), *foreign], 20)
    found = train_geoparser(geoparser_card(None), places, [folder])
    assert not found.recognizers["en"].trained
    assert found.resolver.about["documents"] == 3 * 12  # of 15 texts those with a clear name
    assert ("Lyon", "made:Lyon") in told(found)


def test_texts_without_gold_count_only_up_to_a_limit(places, gold, tmp_path, monkeypatch):
    monkeypatch.setattr("landscribe.text.training._MOST_DISTANT", 4)
    folder = write_shards(tmp_path / "documents", documents(TEXTS), 3)
    found = train_geoparser(geoparser_card(gold), places, [folder])
    assert found.resolver.about["documents"] == len(read_gold(gold, "jsonl")) + 4


def test_nothing_to_learn_from_is_told(places):
    with pytest.raises(InputError, match="0 documents to learn from"):
        train_geoparser(geoparser_card(None), places)


def test_gold_in_another_language_is_told(places, tmp_path):
    path = gold_file(tmp_path, places, language="ar")
    with pytest.raises(InputError, match=r"36 documents in ar, none in en; .* `languages`"):
        train_geoparser(geoparser_card(path), places)


def test_gold_that_is_not_complete_trains_no_recognizer(places, gold):
    found = train_geoparser(geoparser_card(gold, complete=False), places)
    assert not found.recognizers["en"].trained


def test_of_large_gold_a_draw_is_learnt_from(places, gold):
    card = geoparser_card(gold)
    few = card.model_copy(update={"gold": [card.gold[0].model_copy(update={"most": 12})]})
    assert (
        train_geoparser(few, places).resolver.digest == train_geoparser(few, places).resolver.digest
    )
    assert (
        train_geoparser(few, places).resolver.digest
        != train_geoparser(card, places).resolver.digest
    )


def test_settings_of_a_language_model_come_along(places, gold):
    llm = LlmSettings(model="m", endpoint="http://localhost:1/v1")
    card = geoparser_card(gold).model_copy(update={"llm": llm})
    assert train_geoparser(card, places).llm == llm


def lines(example):
    columns = (example.mentions, example.points, example.ids, example.judged)
    return [(m.text, m.label, *rest) for m, *rest in zip(*columns, strict=True)]


@pytest.mark.parametrize("complete", [True, False])
def test_gold_becomes_an_example(complete):
    found = [Toponym(3, 8, "Paris", "GPE"), Toponym(23, 27, "Lyon", "LOC")]
    example = gold_example(DOCUMENT, found, 0.5, complete)
    assert (example.text, example.outlet, example.weight) == (TEXT, "news.fr", 0.5)
    assert lines(example) == [
        ("Paris", "GPE", (2.35, 48.86), "gn:1", True),
        ("Texas", "gazetteer", None, None, False),  # nobody said where
        ("Lyon", "LOC", None, None, complete),  # no gold: nowhere, if the gold is complete
    ]


def test_of_two_names_that_overlap_gold_the_first_gives_the_label():
    found = [Toponym(0, 8, "In Paris", "FAC"), Toponym(3, 18, "Paris and Texas", "LOC")]
    told = lines(gold_example(DOCUMENT, found))
    assert [(text, label) for text, label, *_ in told] == [("Paris", "FAC"), ("Texas", "LOC")]


def test_gold_without_a_mention_is_an_empty_example():
    assert lines(gold_example(replace(DOCUMENT, mentions=()), [])) == []

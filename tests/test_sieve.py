"""Documents are cleaned, checked, told apart and counted."""

import numpy as np
import pytest

from landscribe.tables import DOCUMENTS
from landscribe.text.documents import Document, Reject, utc
from landscribe.text.seen import Seen
from landscribe.text.sieve import Counts, Sieve
from tests.made_corpora import card, text

GERMAN = "Die Fähre brachte am Morgen vierzig Leute über den Fluss nach Werder."


def sieve(**more: object) -> Sieve:
    """One that has seen nothing."""
    return Sieve("news", card("jsonl", **more), Seen(np.array([], np.uint64)), Counts())


def test_a_row_has_all_columns():
    told = Document("line 3", "Cafe\u0301 " + text(1), "A\ntitle", "7", "", "", "a.org", utc(0))
    row = sieve().row(told, "x.jsonl")
    assert set(row) == set(DOCUMENTS.names)
    assert row["document"] == "news:7" and row["text"] == f"Café {text(1)}"
    assert (row["title"], row["source"], row["language"]) == ("A title", "x.jsonl, line 3", "en")
    assert (row["licence"], row["outlet"], row["time"]) == ("CC0-1.0", "a.org", utc(0))


def test_the_address_of_a_text_is_its_source():
    assert sieve().row(Document("", text(1), source="https://a.org"), "x")["source"][-5:] == "a.org"
    assert sieve().row(Document("", text(1)), "x.txt")["source"] == "x.txt"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "empty: no character but blanks"),
        (" \n\t\u200b\xa0", "empty: no character but blanks"),
        ("x" * 1001, "too long: 1,001 characters, at most 1,000 were wanted"),
        (bytes(range(256)).decode("latin-1"), "binary: 24% of the characters stand in no text"),
    ],
)
def test_what_cannot_be_used_is_a_reject(words, told):
    one = sieve(most_characters=1000)
    assert one.row(Document("line 3", words), "x") == Reject("line 3", told)
    assert one.counts == Counts() and not one.new


def test_a_text_counts_once_whatever_its_blanks():
    one = sieve()
    assert one.row(Document("", text(1), id="1"), "x")
    for again in (text(1), f" {text(1)}\r\n", text(1).replace(" ", "\n")):
        assert one.row(Document("", again, id="2"), "x") is None
    assert one.row(Document("", text(1).upper(), id="3"), "x")
    assert (one.counts.documents, one.counts.duplicates) == (2, 3)


def test_ids_last_and_are_never_given_twice():
    one = sieve()
    told = [("1", text(1)), ("1", text(2)), ("", text(3)), ("x" * 201, text(4)), ("1", text(5))]
    ids = [one.row(Document("", words, id=own), "x")["document"] for own, words in told]
    assert ids[0] == "news:1" and ids[1].startswith("news:1~") and len(set(ids)) == 5
    assert all(len(id) == len("news:") + 16 for id in ids[2:4])
    assert sieve().row(Document("", text(3)), "other")["document"] == ids[2]
    assert len(one.new) == len(set(one.new)) == 5 + 1  # texts, and the id that was taken


def test_languages_are_those_of_card_then_source_then_text():
    german = Document("", GERMAN, language="nl")
    assert sieve(language="fr").row(german, "x")["language"] == "fr"
    assert sieve().row(german, "x")["language"] == "nl"
    assert sieve().row(Document("", GERMAN), "x")["language"] == "de"
    assert sieve().row(Document("", "Werder"), "x")["language"] == ""


def test_other_languages_are_left_out_and_counted():
    one = sieve(languages=["de", "fr"])
    rows = [one.row(Document("", words), "x") for words in (GERMAN, text(1), text(2), "Werder")]
    assert rows[0] and rows[1:] == [None] * 3
    assert one.counts.other_languages == {"en": 2, "": 1} and one.counts.languages == {"de": 1}
    assert len(one.new) == 1


def test_texts_that_were_decoded_wrongly_are_mended_and_counted():
    one = sieve()
    row = one.row(Document("", GERMAN.encode().decode("cp1252"), title="ZÃ¼rich"), "x")
    assert (row["text"], row["title"], one.counts.mended) == (GERMAN, "Zürich", 1)


def test_counts_come_back_from_what_they_told():
    one = sieve(languages=["en"])
    for words in (text(2), text(1), GERMAN, text(1)):
        one.row(Document("", words), "x")
    assert Counts.of(one.counts.told()) == one.counts
    assert one.counts.told()["characters"] == len(text(1) + text(2))

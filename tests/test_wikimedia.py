"""Articles of dumps: which are read, what they say, and what becomes of dumps that are broken."""

import bz2
import gzip
import tracemalloc
from datetime import UTC, datetime
from io import BytesIO

import pytest

from landscribe.text.readers.wikimedia import read
from tests.made_corpora import card, documents, dump, page, rejects, text

CARD = card("wikimedia")


def items(data: bytes) -> list:
    """Of a dump."""
    return list(read(BytesIO(data), CARD))


def test_an_article_with_all_that_the_dump_says():
    wikitext = (
        "{{Banner|x}}'''Bad Belzig''' lies in the [[Fläming]].[[Datei:a.jpg|x]][[Kategorie:Y]]"
    )
    (found,) = items(dump(page(7, wikitext, "Bad Belzig/Süd")))
    assert found.text == "Bad Belzig lies in the Fläming."
    assert (found.title, found.id, found.place) == ("Bad Belzig/Süd", "envoyage-7", "page 7")
    assert found.source == "https://en.example.org/wiki/Bad_Belzig/S%C3%BCd"
    assert (found.language, found.outlet) == ("en", "en.example.org")
    assert found.time == datetime(2024, 5, 3, 10, tzinfo=UTC)


def test_only_articles_are_read():
    data = dump(
        page(1, text(1)),
        page(2, text(2), "Talk:Two", ns=1),
        page(3, "#REDIRECT [[Page 1]]", more='<redirect title="Page 1" />'),
        page(4, "#WEITERLEITUNG [[Page 1]]"),
        page(5, "{}", model="json"),
        page(6, ""),
        page(7, text(7)),
    )
    assert [found.place for found in items(data)] == ["page 1", "page 6", "page 7"]


def test_the_latest_revision_counts():
    one, two = page(1, "old words", day="1"), page(1, "new words", day="4")
    second = two[two.index("<revision>") : two.index("</page>")]
    (found,) = items(dump(one.replace("</page>", second + "</page>")))
    assert found.text == "new words" and found.time.day == 4


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda data: bz2.compress(data, 1)])
def test_a_cut_dump_gives_what_stands_before_the_cut(pack):
    pages = [page(n, text(n, 9)) for n in range(1500)]
    packed = pack(dump(*pages))
    found = items(packed[: len(packed) * 3 // 4])
    count = len(documents(found))
    assert [d.place for d in documents(found)] == [f"page {n}" for n in range(count)]
    assert count > 900  # of the 1,125 that three quarters hold
    (reject,) = rejects(found)
    assert found[-1] == reject and reject.reason.startswith("broken off: ")
    assert reject.place == f"page {count + 1}"


def test_deep_wikitext_is_a_reject_or_a_text_but_no_error():
    deep = "''[[a|" * 3000 + "x" + "]]''" * 3000
    found = items(dump(page(1, deep), page(2, "{{" * 5000), page(3, text(3))))
    assert len(found) == 3 and found[-1].text == text(3)


def test_entities_that_grow_without_end_do_not():
    bomb = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
    data = f'<!DOCTYPE x [<!ENTITY a0 "aaaaaaaaaa">{bomb}]>'.encode() + dump(page(1, "XX"))
    (found,) = items(data.replace(b"XX", b"&a9;"))
    assert found.reason.startswith("broken off: ")


def test_memory_does_not_grow_with_the_dump():
    def peak(pages: int) -> int:
        data = BytesIO(dump(*(page(n, "a few words") for n in range(pages))))
        tracemalloc.start()
        assert sum(1 for _ in read(data, CARD)) == pages
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(100)  # what is only kept once
    assert peak(1200) < 1.2 * peak(300)


@pytest.mark.data
def test_a_real_article(real_data):
    wikitext = (real_data / "text/wikivoyage/boston.wikitext").read_text()
    (found,) = items(bz2.compress(dump(page(4311, wikitext, "Boston"))))
    assert found.source == "https://en.example.org/wiki/Boston" and len(found.text) > 100_000
    assert found.text.startswith("A city of history and tradition, Boston offers")

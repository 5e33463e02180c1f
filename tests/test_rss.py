"""Entries of feeds, and feeds that are none."""

from datetime import UTC, datetime
from io import BytesIO

import pytest

from landscribe.text.documents import Reject
from landscribe.text.readers.rss import read
from tests.made_corpora import card, feed, html, item, text

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry><id>urn:1</id>
<title type="html">Two &amp;amp; &lt;b&gt;three&lt;/b&gt;</title>
<link href="https://b.org/1"/><updated>2024-05-03T10:00:00-05:00</updated>
<summary>Short.</summary><content type="html">&lt;p&gt;Near Ulm.&lt;/p&gt;
&lt;script&gt;x()&lt;/script&gt;&lt;p&gt;And Neu-Ulm.&lt;/p&gt;</content></entry></feed>"""
CARD = card("rss")


def items(data: bytes) -> list:
    """Of a feed."""
    return list(read(BytesIO(data), CARD))


def test_an_entry_of_rss():
    (found,) = items(feed(item(5, f"<p>{text(5)}</p><img src='x'/>")))
    assert (found.text, found.title, found.id) == (text(5), "Entry 5", "tag:5")
    assert (found.source, found.outlet) == ("https://news.example.org/5", "news.example.org")
    assert found.time == datetime(2024, 5, 3, 10, tzinfo=UTC)


def test_an_entry_of_atom():
    (found,) = items(ATOM.encode())
    assert (found.text, found.title) == ("Near Ulm.\n\nAnd Neu-Ulm.", "Two & three")
    assert (found.id, found.source, found.outlet) == ("urn:1", "https://b.org/1", "b.org")
    assert found.time == datetime(2024, 5, 3, 15, tzinfo=UTC)


def test_an_entry_that_says_nothing_is_empty():
    (found,) = items(feed("<item></item>"))
    assert (found.text, found.title, found.id, found.source, found.time) == ("", "", "", "", None)


@pytest.mark.parametrize("data", [html("x"), b"", b'{"items": []}', b"\0\1\2", b"<opml></opml>"])
def test_what_is_no_feed_is_a_reject(data):
    (found,) = items(data)
    assert found.reason.startswith("no feed: RSS or Atom was wanted, but it begins with ")


def test_a_cut_feed_gives_the_entries_before_the_cut():
    data = feed(*(item(n, text(n)) for n in range(5)))
    for at in range(data.index(b"<item>", 900) + 10, len(data) - 8, 97):
        *found, last = items(data[:at])
        assert [d.text for d in found] == [text(n) for n in range(len(found))]
        assert last == Reject(
            f"entry {len(found) + 1}", "broken off: the feed ends within it; bring the file anew"
        )


def test_a_feed_with_a_fault_is_read_and_told():
    *found, last = items(feed(item(1, text(1)), "<item><title>A & B</title></item>", item(2, "x")))
    assert len(found) == 3 and last.reason.startswith("broken feed: ")


def test_other_encodings():
    data = feed(item(1, "Fähre über die Havel")).decode().replace("utf-8", "iso-8859-1")
    assert items(data.encode("latin-1"))[0].text == "Fähre über die Havel"

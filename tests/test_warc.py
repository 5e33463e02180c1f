"""Web pages of WARC files: their main text, title, day and host."""

import gzip
from datetime import UTC, datetime
from io import BytesIO

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from landscribe.text.readers.warc import read
from tests.made_corpora import card, documents, html, rejects, text, warc

DAY = '<meta property="article:published_time" content="2024-05-02T08:00:00+02:00">'
PAGES = [(f"https://www.a.org/{n}", html(text(n, 9), f"News {n}", DAY)) for n in range(6)]
CARD = card("warc")


def items(data: bytes) -> list:
    """Of a WARC file."""
    return list(read(BytesIO(data), CARD))


@pytest.mark.parametrize("packed", [True, False])
def test_pages_with_all_that_they_say(packed):
    found = items(warc(PAGES, packed))
    assert [d.source for d in found] == [address for address, _ in PAGES]
    for number, document in enumerate(found):
        assert text(number, 9) in document.text
        assert "Home" not in document.text and "Imprint" not in document.text
        assert (document.title, document.outlet) == (f"News {number}", "www.a.org")
        assert document.id == f"{number:08}" and document.place.startswith("byte ")
        assert document.time == datetime(2024, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        {"status": "404 Not Found"},
        {"status": "301 Moved"},
        {"kind": "application/pdf"},
        {"kind": "text/plain"},
    ],
)
def test_only_whole_answers_of_html_are_read(other):
    assert items(warc(PAGES, **other)) == []


def test_a_page_without_a_main_text_is_a_reject():
    (found,) = items(warc([("https://a.org/x", b"<html><body></body></html>")]))
    assert found.reason == "empty: no main text in https://a.org/x"


def test_a_page_without_a_day_has_no_time():
    (found,) = items(warc([("https://a.org/x", html(text(1, 9)))]))
    assert found.time is None


@pytest.mark.parametrize(
    ("encoding", "kind"),
    [
        ("utf-8", "text/html; charset=UTF-8"),
        ("cp1252", "text/html; charset=windows-1252"),
        ("cp1252", 'text/html; charset="ISO-8859-1"; x=y'),
        ("utf-8", "text/html"),
        ("utf-8", "text/html; charset=ascii"),
        ("utf-8", "text/html; charset=none-such"),
    ],
)
def test_the_charset_is_that_of_the_server_if_it_is_right(encoding, kind):
    words = "Die Fähre über die Havel fährt täglich außer Montag, die Straße führt weiter. "
    page = html(words * 9).decode().encode(encoding)
    (found,) = items(warc([("https://a.org/x", page)], kind=kind))
    assert words.strip() in found.text


@pytest.mark.parametrize("packed", [True, False])
def test_a_broken_record_in_the_middle_costs_that_record(packed):
    data = warc(PAGES, packed)
    places = [int(document.place.split()[1]) for document in items(data)]
    at = (places[3] + places[4]) // 2
    found = items(data[:at] + b"~~~~" + data[at + 4 :])
    assert [d.source[-1] for d in documents(found)] == list("01245")
    (reject,) = rejects(found)
    assert reject.place == f"byte {places[3]}" and reject.reason.startswith("broken record: ")


def test_a_content_that_ends_early_is_a_reject():
    data = warc(PAGES[:1], packed=False)
    start = data.rindex(b"WARC/1.0")
    header, _, block = data[start:].partition(b"\r\n\r\n")
    found = items(gzip.compress(header + b"\r\n\r\n" + block[:300]))
    (reject,) = found
    assert reject.reason.startswith("broken record: ") and "but there are 300" in reject.reason


def test_packed_and_chunked_answers_are_unpacked():
    packed = gzip.compress(PAGES[0][1])
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    told = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    told += [("Transfer-Encoding", "chunked")]
    file = BytesIO()
    writer = WARCWriter(file, gzip=True)
    headers = StatusAndHeaders("200 OK", told, "HTTP/1.1")
    body = BytesIO(chunked)
    record = writer.create_warc_record(PAGES[0][0], "response", payload=body, http_headers=headers)
    writer.write_record(record)
    (found,) = items(file.getvalue())
    assert text(0, 9) in found.text


def test_a_page_of_32_megabytes_is_a_reject():
    long = gzip.compress(b"<p>" + b"x" * 2**25)
    told = [("Content-Type", "text/html"), ("Content-Encoding", "gzip")]
    file = BytesIO()
    writer = WARCWriter(file, gzip=True)
    headers = StatusAndHeaders("200 OK", told, "HTTP/1.1")
    record = writer.create_warc_record(
        "https://a.org/x", "response", payload=BytesIO(long), http_headers=headers
    )
    writer.write_record(record)
    (found,) = items(file.getvalue())
    assert found.reason == "too long: a page of more than 16,777,216 bytes"

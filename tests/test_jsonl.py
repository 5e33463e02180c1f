"""Lines of JSON become documents, broken lines rejects."""

import gzip
import json
from datetime import UTC, datetime
from io import BytesIO

import pytest

from landscribe.text.readers.jsonl import read
from tests.made_corpora import card, documents, jsonl, text


def items(data: bytes, **more: object) -> list:
    """Of a file."""
    return list(read(BytesIO(data), card("jsonl", **more)))


def test_fields_by_their_own_names():
    told = {"id": 7, "title": "T", "text": "X", "language": "de-AT", "source": "https://a.org"}
    told |= {"outlet": "a.org", "time": "2024-05-03T12:00:00+02:00", "more": [1]}
    (found,) = items(json.dumps(told).encode())
    assert (found.id, found.title, found.text, found.language) == ("7", "T", "X", "de")
    assert (found.source, found.outlet, found.place) == ("https://a.org", "a.org", "line 1")
    assert found.time == datetime(2024, 5, 3, 10, tzinfo=UTC)


def test_fields_by_the_names_of_the_card():
    columns = {"document": "key", "text": "body", "time": "seen"}
    (found,) = items(b'{"key": "k", "body": "X", "text": "no", "seen": 0}', columns=columns)
    assert (found.id, found.text, found.time) == ("k", "X", datetime(1970, 1, 1, tzinfo=UTC))


def test_blank_lines_and_a_byte_order_mark_do_not_count():
    found = items(b'\xef\xbb\xbf{"text": "a"}\r\n\r\n \n{"text": "b"}')
    assert [(d.text, d.place) for d in found] == [("a", "line 1"), ("b", "line 4")]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b'{"text": "a"', "no JSON: "),
        (b"null", "no object: NoneType; an object in braces was wanted"),
        (b'["text"]', "no object: list; "),
        (b'{"body": 1, "b": 2}', "no text: 'text' is missing or no string; there is body, b"),
        (b'{"text": 3}', "no text: "),
        (b'{"text": "F\xe4hre"}', "encoding: byte 11 of the line is no UTF-8"),
        (b"[" * 100_000, "no JSON: "),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "no JSON: "),
        (b'{"text": "' + b"x" * 2_000_000 + b'"}', "too long: a line of more than "),
    ],
)
def test_a_broken_line_is_a_reject_and_reading_goes_on(line, told):
    found = items(jsonl(range(2)) + line + b"\n" + jsonl(range(2, 4)), most_characters=50_000)
    assert [d.text for d in documents(found)] == [text(n) for n in range(4)]
    assert found[2].place == "line 3" and found[2].reason.startswith(told)


def test_another_encoding_is_one_reject():
    (found,) = items('{"text": "a"}\n{"text": "b"}\n'.encode("utf-16"))
    assert found.reason == "encoding: UTF-16, but UTF-8 was wanted; save it as UTF-8"


def test_every_text_within_the_limit_fits_into_a_line():
    line = json.dumps({"text": "\U0001f6f6" * 1000})  # twelve bytes each
    (found,) = items(line.encode(), most_characters=1000)
    assert len(found.text) == 1000


@pytest.mark.data
def test_real_lines(real_data):
    path = real_data / "text/wiktor/wiktor-even.jsonl.gz"
    found = items(path.read_bytes())
    with gzip.open(path, "rt") as lines:
        wanted = [json.loads(line) for line in lines]
    assert [(d.id, d.text) for d in found] == [(told["id"], told["text"]) for told in wanted]

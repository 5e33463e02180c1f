"""Files that are one text each, in any encoding."""

import gzip
from io import BytesIO

import pytest

from landscribe.text.readers.plain import read
from tests.made_corpora import card

TEXT = "Die Fähre über die Havel fährt täglich außer Montag; die Straße führt nach Süden."


def item(data: bytes, **more: object) -> object:
    """The only one of a file."""
    (found,) = read(BytesIO(data), card("plain", **more))
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-be"])
def test_the_file_is_the_text(encoding):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    data = (mark + TEXT).encode(encoding)
    assert item(data).text == item(gzip.compress(data)).text == TEXT
    assert item(data).place == ""


def test_the_encoding_of_the_card_counts():
    assert item(TEXT.encode("mac_roman"), encoding="mac_roman").text == TEXT
    assert item(b"F\xe4hre", encoding="utf-8").reason.startswith("encoding: byte 1 is no utf-8")


def test_what_is_no_text_is_a_reject():
    assert item(b"\x89PNG\r\n\x1a\n\x00\x00").reason.startswith("binary: ")
    assert item(gzip.compress(TEXT.encode() * 99)[:-20]).reason.startswith("broken off: ")


def test_a_file_that_is_too_long_is_not_read_to_its_end():
    file = BytesIO(b"x" * 10_000_000)
    (found,) = read(file, card("plain", most_characters=1000))
    assert found.reason == "too long: more than 4,004 bytes" and file.tell() < 100_000

"""Lines of JSON (plain, .gz or .bz2), each an object with a text."""

import json
from collections.abc import Iterator
from io import BufferedReader
from itertools import islice
from typing import BinaryIO

from landscribe.command import some
from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.fields import document_of, field_of
from landscribe.text.packed import Unpacked

_ESCAPED = 12  # bytes that JSON takes for one character at most: two \uXXXX
_BESIDE = 2**20  # bytes of a line that are not its text


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """A document of each line that is not blank, by the card's `columns`.

    Args:
        start: lines to pass over, of those that are not blank.
    """
    for item in islice(_lines(file, _ESCAPED * card.most_characters + _BESIDE), start, None):
        yield item if isinstance(item, Reject) else _document(*item, card)


def _lines(file: BinaryIO, most: int) -> Iterator[tuple[str, bytes] | Reject]:
    """Lines, with their places; one that is longer than `most` bytes is never held as a whole."""
    unpacked = Unpacked(file)
    stream = BufferedReader(unpacked, 2**20)
    number = 0
    while line := stream.readline(most):
        number += 1
        if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            yield Reject("", "encoding: UTF-16, but UTF-8 was wanted; save it as UTF-8")
            return
        if len(line) == most:
            while len(line) == most and not line.endswith(b"\n"):
                line = stream.readline(most)
            yield Reject(f"line {number}", f"too long: a line of more than {most:,} bytes")
        elif line.strip():
            yield f"line {number}", line
    if unpacked.fault:
        yield Reject(f"line {number + 1}", unpacked.fault)


def _document(place: str, line: bytes, card: Corpus) -> Document | Reject:
    try:
        told = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return Reject(place, f"encoding: byte {error.start} of the line is no UTF-8")
    except (ValueError, RecursionError) as error:
        return Reject(place, f"no JSON: {error}")
    if not isinstance(told, dict):
        return Reject(place, f"no object: {type(told).__name__}; an object in braces was wanted")
    name = field_of(card, "text")
    if not isinstance(told.get(name), str):
        return Reject(place, f"no text: {name!r} is missing or no string; there is {some([*told])}")
    return document_of(told, card, place)

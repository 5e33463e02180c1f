"""Files that are one text each."""

from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.encodings import decoded
from landscribe.text.packed import Unpacked

_WIDEST = 4  # bytes of a character in UTF-8, UTF-16 and UTF-32


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """The file as a document.

    Args:
        start: documents to pass over: with 1, nothing is left.
    """
    if not start:
        yield _document(file, card)


def _document(file: BinaryIO, card: Corpus) -> Document | Reject:
    most = _WIDEST * (card.most_characters + 1)  # and a byte order mark
    unpacked = Unpacked(file)
    data = BufferedReader(unpacked).read(most + 1)
    if unpacked.fault:
        return Reject("", unpacked.fault)
    if len(data) > most:
        return Reject("", f"too long: more than {most:,} bytes")
    try:
        return Document("", decoded(data, card.encoding))
    except ValueError as error:
        return Reject("", str(error))

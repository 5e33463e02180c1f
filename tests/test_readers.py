"""What holds for every reader: it goes on from anywhere, and no bytes make it fail."""

import bz2
import gzip
import importlib
import random
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landscribe.corpora import READERS
from landscribe.text.documents import Document, Reject
from tests.made_corpora import card, documents, dump, feed, html, item, jsonl, page, text, warc

NAMES = sorted(path.stem for path in READERS.glob("*.py") if path.stem != "__init__")


def parquet(rows: int = 12) -> bytes:
    """Rows of texts, in groups of 4."""
    file = BytesIO()
    table = pa.table({"id": range(rows), "text": [text(n) for n in range(rows)]})
    pq.write_table(table, file, row_group_size=4)
    return file.getvalue()


def pages(count: int = 12) -> list[tuple[str, bytes]]:
    """Addresses and web pages."""
    return [(f"https://a.org/{n}", html(text(n, 9))) for n in range(count)]


FILES = {
    "jsonl": gzip.compress(jsonl(range(12)) + b'{"text": 3}\nno JSON\n\n{"text": "cut'),
    "parquet": parquet(),
    "plain": text(1).encode("utf-16"),
    "rss": feed(*(item(n, text(n)) for n in range(12)))[:-50],
    "warc": warc(pages())[:-50],
    "wikimedia": bz2.compress(dump(*(page(n, text(n)) for n in range(12))))[:-4],
}


WHOLE = {"jsonl": 12, "parquet": 12, "plain": 1, "rss": 11, "warc": 11, "wikimedia": 12}


def read(name: str, data: bytes, start: int = 0) -> list[Document | Reject]:
    """All items of a file."""
    reader = importlib.import_module(f"landscribe.text.readers.{name}")
    return list(reader.read(BytesIO(data), card(name), start))


def test_every_reader_is_tested():
    assert list(FILES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_goes_on_from_anywhere(name):
    items = read(name, FILES[name])
    assert len(documents(items)) == WHOLE[name]
    for start in {0, 1, len(items) // 2, len(items) - 1, len(items), len(items) + 5}:
        assert read(name, FILES[name], start) == items[start:]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("other", NAMES)
def test_files_of_another_form_are_rejected(name, other):
    if name not in (other, "plain"):
        items = read(name, FILES[other])
        assert items and not documents(items)
        assert all(": " in item.reason for item in items)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(12))
def test_damage_never_ends_in_an_error(name, seed):
    rng = random.Random(f"{name} {seed}")
    data = bytearray(FILES[name])
    for _ in range(rng.choice([1, 3, 30])):
        at = rng.randrange(len(data))
        data[at : at + rng.randrange(20)] = rng.randbytes(rng.randrange(20))
    data = data[: rng.randrange(len(data))] if seed % 3 == 0 else data
    assert all(isinstance(item, Document | Reject) for item in read(name, bytes(data)))


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_file_gives_no_document(name):
    assert not [d for d in documents(read(name, b"")) if d.text]

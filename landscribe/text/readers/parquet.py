"""Rows of a Parquet file with a text."""

from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from landscribe.command import some
from landscribe.corpora import Column, Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.fields import document_of, field_of

_ROWS = 64  # held at once: each may have a text of millions of characters


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """A document of each row that has a text, by the card's `columns`.

    Args:
        start: rows to pass over.
    """
    for item in islice(_rows(file, card), start, None):
        yield item if isinstance(item, Reject) else _document(*item, card)


def _rows(file: BinaryIO, card: Corpus) -> Iterator[tuple[str, dict] | Reject]:
    """Rows, with their places; of a damaged group of rows, those before the damage."""
    try:
        table = pq.ParquetFile(file, buffer_size=2**20, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        yield Reject("", f"no Parquet: {_line(error)}; bring the file anew")
        return
    have = table.schema_arrow.names
    if field_of(card, "text") not in have:
        yield Reject("", f"no text: no column {field_of(card, 'text')!r}; there is {some(have)}")
        return
    columns = [name for c in get_args(Column) if (name := field_of(card, c)) in have]
    row = 0
    for group in range(table.num_row_groups):
        first = row
        try:
            for batch in table.iter_batches(_ROWS, [group], columns, use_threads=False):
                for record in batch.to_pylist():
                    row += 1
                    yield f"row {row}", record
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            yield Reject(f"row {row + 1}", f"broken group of rows: {_line(error)}")
            row = first + table.metadata.row_group(group).num_rows


def _document(place: str, record: dict, card: Corpus) -> Document | Reject:
    text = record[field_of(card, "text")]
    if not isinstance(text, str):
        found = "null" if text is None else type(text).__name__
        return Reject(place, f"no text: {found} in column {field_of(card, 'text')!r}")
    return document_of(record, card, place)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())

"""Rows of Parquet files become documents; damaged files give what is whole."""

from datetime import UTC, datetime
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landscribe.text.readers.parquet import read
from tests.made_corpora import card, documents, rejects, text

NOON = datetime(2024, 5, 3, 12, tzinfo=UTC)


def file(table: pa.Table, **more: object) -> bytes:
    """Of a table."""
    out = BytesIO()
    pq.write_table(table, out, **more)
    return out.getvalue()


def items(data: bytes, **more: object) -> list:
    """Of a file."""
    return list(read(BytesIO(data), card("parquet", **more)))


def test_rows_with_all_columns():
    columns = {"id": [1, 2], "text": ["a", None], "title": ["A", "B"], "language": ["en", None]}
    columns |= {"when": pa.array([NOON] * 2, pa.timestamp("ns", "UTC")), "other": [[1], [2]]}
    one, two = items(file(pa.table(columns)), columns={"time": "when"})
    assert (one.id, one.text, one.title, one.language) == ("1", "a", "A", "en")
    assert one.time == NOON and one.place == "row 1"
    assert (two.place, two.reason) == ("row 2", "no text: null in column 'text'")


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_other_kinds_of_strings(kind):
    table = pa.table({"text": pa.array(["a", "b"], pa.string()).cast(kind)})
    assert [d.text for d in items(file(table))] == ["a", "b"]


def test_many_rows_keep_their_order():
    table = pa.table({"text": [text(n) for n in range(300)]})
    found = items(file(table, row_group_size=70))
    assert [d.text for d in found] == table["text"].to_pylist()
    assert [d.place for d in found] == [f"row {n}" for n in range(1, 301)]


def test_a_table_without_a_text_is_a_reject():
    (found,) = items(file(pa.table({"body": ["a"], "id": [1]})))
    assert found.reason == "no text: no column 'text'; there is body, id"
    (found,) = items(file(pa.table({"text": [3]})))
    assert found.reason == "no text: int in column 'text'"


def test_a_damaged_group_of_rows_costs_that_group():
    table = pa.table({"text": [text(n) for n in range(12)]})
    data = bytearray(file(table, row_group_size=4, use_dictionary=False))
    with pq.ParquetFile(BytesIO(data)) as whole:
        column = whole.metadata.row_group(1).column(0)
    start = column.data_page_offset
    data[start + 20 : start + column.total_compressed_size] = bytes(
        column.total_compressed_size - 20
    )
    found = items(bytes(data))
    assert [d.place for d in documents(found)] == [f"row {n}" for n in (1, 2, 3, 4, 9, 10, 11, 12)]
    (reject,) = rejects(found)
    assert reject.place == "row 5" and reject.reason.startswith("broken group of rows: ")


@pytest.mark.parametrize("cut", [0, 3, 100, -1])
def test_a_cut_file_is_a_reject(cut):
    (found,) = items(file(pa.table({"text": [text(1)] * 99}))[:cut])
    assert found.reason.startswith("no Parquet: ")
    assert found.reason.endswith("; bring the file anew") and "\n" not in found.reason

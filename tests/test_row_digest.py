"""Digest of rows: equal rows have it, other rows have another."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscribe.places.row_digest import RowDigest

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("part", pa.float32()),
        ("text", pa.string()),
        ("bytes", pa.binary()),
        ("words", pa.list_(pa.string())),
        ("facts", pa.list_(pa.struct([("a", pa.string()), ("b", pa.int32())]))),
    ]
)
TEXT = st.none() | st.text("aé\0", max_size=3)
FACT = st.none() | st.fixed_dictionaries({"a": TEXT, "b": st.none() | st.integers(-1, 1)})
ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-2, 2),
        "part": st.none() | st.floats(width=32, allow_nan=False).map(lambda value: value + 0.0),
        "text": TEXT,
        "bytes": st.none() | st.binary(max_size=3),
        "words": st.none() | st.lists(TEXT, max_size=3),
        "facts": st.none() | st.lists(FACT, max_size=3),
    }
)


def digest(*batches):
    found = RowDigest()
    for batch in batches:
        found.add(batch)
    return found.hexdigest()


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, max_size=6), cut=st.integers(0, 6))
def test_where_a_batch_ends_does_not_count(rows, cut):
    whole = pa.RecordBatch.from_pylist(rows, SCHEMA)
    parts = [pa.RecordBatch.from_pylist(part, SCHEMA) for part in (rows[:cut], rows[cut:])]
    assert digest(whole) == digest(*parts) == digest(whole.slice(0, cut), whole.slice(cut))


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=4), st.lists(ROW, max_size=4))
def test_two_tables_have_one_digest_if_and_only_if_they_are_equal(one, other):
    first, second = (pa.RecordBatch.from_pylist(rows, SCHEMA) for rows in (one, other))
    assert (digest(first) == digest(second)) == (first.to_pylist() == second.to_pylist())


@pytest.mark.parametrize(
    ("column", "one", "other"),
    [
        ("text", ["a", ""], ["", "a"]),
        ("text", ["ab", "c"], ["a", "bc"]),
        ("text", [None], [""]),
        ("words", [["a"], ["b"]], [["a", "b"], []]),
        ("words", [None], [[]]),
        ("words", [[None]], [[""]]),
        ("facts", [[None]], [[{"a": None, "b": None}]]),
        ("number", [None], [0]),
    ],
)
def test_what_is_nearly_equal_is_not(column, one, other):
    field = pa.schema([SCHEMA.field(column)])
    first, second = (
        pa.RecordBatch.from_arrays([pa.array(v, field[0].type)], schema=field) for v in (one, other)
    )
    assert digest(first) != digest(second)


def test_long_strings_are_strings():
    for short, long in ((pa.string(), pa.large_string()), (pa.binary(), pa.large_binary())):
        batches = [
            pa.RecordBatch.from_pydict({"t": pa.array(["ä", None], kind)}) for kind in (short, long)
        ]
        assert digest(batches[0]) == digest(batches[1])

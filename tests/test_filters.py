"""Filters find just what SQL would find with the same condition."""

import itertools
import json
import sqlite3

import numpy as np
import pytest

from landscribe.imagery.filters import both, fault_of, finds

CLOUDS = {"property": "eo:cloud_cover"}
MODE = {"property": "sar:instrument_mode"}
LEAVES = [
    ({"op": "<", "args": [CLOUDS, 50]}, "cloud < 50"),
    ({"op": ">=", "args": [CLOUDS, 80]}, "cloud >= 80"),
    ({"op": "=", "args": [MODE, "IW"]}, "mode = 'IW'"),
    ({"op": "<>", "args": [MODE, "EW"]}, "mode <> 'EW'"),
    ({"op": "in", "args": [MODE, ["EW", "SM"]]}, "mode in ('EW', 'SM')"),
    ({"op": "between", "args": [CLOUDS, 10, 60]}, "cloud between 10 and 60"),
    ({"op": "isNull", "args": [MODE]}, "mode is null"),
    ({"op": "like", "args": [MODE, "_W"]}, "mode like '_W'"),
]


def item(**properties):
    return {"id": "a", "properties": properties}


@pytest.fixture(scope="module")
def table():
    """100 items, in which a third of the values is missing, and the same as a table of SQL."""
    rng = np.random.default_rng(5)
    rows = [
        (n, *(None if rng.random() < 0.33 else v for v in (float(cloud), mode)))
        for n, (cloud, mode) in enumerate(
            zip(rng.integers(0, 100, 100), rng.choice(["IW", "EW", "SM"], 100), strict=True)
        )
    ]
    sql = sqlite3.connect(":memory:")
    sql.execute("create table items (n int, cloud real, mode text)")
    sql.executemany(
        "insert into items values (?, ?, ?)", [(n, c, m and str(m)) for n, c, m in rows]
    )
    names = ("eo:cloud_cover", "sar:instrument_mode")
    made = [
        item(**{k: v for k, v in zip(names, row[1:], strict=True) if v is not None}) for row in rows
    ]
    return made, sql


@pytest.mark.parametrize("op", ["and", "or", "not and", "not or"])
def test_conditions_find_what_sql_finds(table, op):
    made, sql = table
    for (one, left), (two, right) in itertools.product(LEAVES, LEAVES):
        joined = {"op": op.split()[-1], "args": [one, two]}
        text = f"({left} {op.split()[-1]} {right})"
        if op.startswith("not"):
            joined, text = {"op": "not", "args": [joined]}, f"not {text}"
        assert fault_of(joined) is None
        wanted = [n for (n,) in sql.execute(f"select n from items where {text} order by n")]
        assert [n for n, one in enumerate(made) if finds(joined, one)] == wanted, text


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"op": "a_contains", "args": [{"property": "p"}, ["VV", "VH"]]}, True),
        ({"op": "a_contains", "args": [{"property": "p"}, ["VV", "HH"]]}, False),
        ({"op": "a_overlaps", "args": [{"property": "p"}, ["VV", "HH"]]}, True),
        ({"op": "=", "args": [{"property": "id"}, "a"]}, True),
        ({"op": "=", "args": [{"property": "properties.n"}, 4]}, True),
        ({"op": "<", "args": [{"property": "n"}, "many"]}, False),
        ({"op": "<", "args": [{"property": "t"}, {"timestamp": "2020-07-01T09:00:00Z"}]}, True),
        ({"op": ">", "args": [{"property": "t"}, {"date": "2020-07-02"}]}, False),
        ({"op": ">", "args": [{"property": "p"}, {"date": "2020-07-02"}]}, False),
        ({"op": "like", "args": [{"property": "id"}, "A"]}, False),
    ],
)
def test_lists_moments_and_other_types(condition, found):
    one = item(p=["VH", "VV"], n=4, t="2020-07-01T10:00:00+02:00")
    assert fault_of(condition) is None
    assert finds(condition, one) is found


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("cloud < 5", "write CQL2-JSON"),
        ({"op": "<"}, "write CQL2-JSON"),
        ({"op": "~", "args": []}, "op '~' is not known here; there is and, or,"),
        ({"op": "<", "args": [CLOUDS]}, "< has 1 args, but 2 were wanted"),
        ({"op": "<", "args": [5, CLOUDS]}, "but {property: name} was wanted"),
        ({"op": "in", "args": [MODE, "IW"]}, "but a list was wanted"),
        ({"op": "and", "args": []}, "and has no args"),
        ({"op": "not", "args": [{"op": "or", "args": [{"op": "?", "args": []}]}]}, "op '?'"),
    ],
)
def test_faults_are_told(condition, told):
    assert told in fault_of(condition)


def test_conditions_are_joined():
    one, two = LEAVES[0][0], LEAVES[1][0]
    assert both() is None and both(None, one) == one
    assert json.dumps(both(one, two)) == json.dumps({"op": "and", "args": [one, two]})

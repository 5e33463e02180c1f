"""Names that other sources lack, of places that they know: demonyms, abbreviations, short forms.

A CSV file with the columns place, name, kind; `place` is an id (gn:2950159) or the code of a
country or unit (code:US.TX).
"""

import csv
from collections.abc import Iterator
from itertools import groupby

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.classes import NAME_KINDS
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_COLUMNS = ["place", "name", "kind"]


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """A row without a point per place; all names are English."""
    path = located(source.path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != _COLUMNS:
            raise InputError(f"{path}: columns {rows.fieldnames}, but {_COLUMNS} were wanted")
        found = sorted(rows, key=lambda row: row["place"])
    if wrong := {row["kind"] for row in found} - set(NAME_KINDS):
        raise InputError(f"{path}: kind {', '.join(wrong)}; known are {', '.join(NAME_KINDS)}")
    groups = groupby(found, key=lambda row: row["place"])
    yield from batches_of((_place(id_, [*group]) for id_, group in groups), SOURCE_PLACES)


def _place(id_: str, rows: list[dict]) -> dict:
    names = [{"name": row["name"], "language": "en", "kind": row["kind"]} for row in rows]
    return {
        **{"id": id_, "same": [], "name": rows[0]["name"], "names": names, "class": ""},
        **{"country": "", "admin": [], "code": ""},
    }

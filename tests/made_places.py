"""Sources of places for tests, and what a reader makes of them."""

from pathlib import Path

import pyarrow as pa

from landscribe.gazetteers import PlaceSource
from landscribe.tables import SOURCE_PLACES


def source(reader: str, path: Path | str, **more: object) -> PlaceSource:
    """Card of a source that a test made."""
    told = {"version": "1", "licence": "other", "attribution": "a test", "name": f"{reader}-made"}
    return PlaceSource(**told | {"reader": reader, "path": str(path)} | more)


def rows(batches) -> list[dict]:
    """All rows of some batches, checked against the contract."""
    table = pa.Table.from_batches(batches, SOURCE_PLACES)
    table.validate(full=True)
    return table.to_pylist()


def names(row: dict) -> set[tuple[str, str, str]]:
    """Further names of a row."""
    return {(name["name"], name["language"], name["kind"]) for name in row["names"]}

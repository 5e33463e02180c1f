"""The sources of the world gazetteer, from the packages that pip brought."""

import importlib
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer, PlaceSource
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES

CARD = Path("config/gazetteers/world.yaml")


def world_source(name: str, **more: object) -> PlaceSource:
    """A source of the card with some fields changed; skips where its package is not installed."""
    source = Gazetteer.read(CARD).source(name)
    try:
        located(source.path)
    except InputError as error:
        pytest.skip(str(error))
    return source.model_copy(update=more)


def read(source: PlaceSource) -> list[dict]:
    """What its reader makes of a source, checked against the contract."""
    return read_table(source).to_pylist()


def read_table(source: PlaceSource) -> pa.Table:
    """The same, as a table."""
    reader = importlib.import_module(f"landscribe.places.readers.{source.reader}")
    table = pa.Table.from_batches(reader.read(source), SOURCE_PLACES)
    table.validate(full=True)
    return table


@cache
def world_table(name: str) -> pa.Table:
    """All rows of a source."""
    table = read_table(world_source(name))
    assert pc.count_distinct(table["id"]).as_py() == len(table)
    return table


@cache
def world_rows(name: str) -> dict[str, dict]:
    """All rows of a source by id."""
    return {row["id"]: row for row in world_table(name).to_pylist()}

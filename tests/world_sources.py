"""The sources of the world gazetteer, from the packages that pip brought."""

import importlib
from functools import cache
from pathlib import Path

import pytest

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer, PlaceSource
from landscribe.sources import located
from tests.made_places import rows

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
    reader = importlib.import_module(f"landscribe.places.readers.{source.reader}")
    return rows(reader.read(source))


@cache
def world_rows(name: str) -> dict[str, dict]:
    """All rows of a source by id."""
    found = read(world_source(name))
    assert len({row["id"] for row in found}) == len(found)
    return {row["id"]: row for row in found}

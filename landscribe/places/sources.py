"""Read a source of a gazetteer by the reader that its card names."""

import importlib
from pathlib import Path

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.tables import SOURCE_PLACES, write_table


def read_source(source: PlaceSource, places: Path) -> int:
    """Write the table SOURCE_PLACES of a source; its rows."""
    reader = importlib.import_module(f"landscribe.places.readers.{source.reader}")
    rows = write_table(places, reader.read(source), SOURCE_PLACES)
    if not rows:
        places.unlink()
        raise InputError(
            f"{source.path}: the source {source.name} has no place that is wanted; look at its"
            " `countries` and at the file"
        )
    return rows

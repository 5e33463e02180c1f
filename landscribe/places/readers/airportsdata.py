"""Airports and airfields of the package airportsdata."""

import csv
from collections.abc import Iterator

import pyarrow as pa

from landscribe.gazetteers import PlaceSource
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Airports of its CSV file; those that airlines serve have their IATA code as a name."""
    wanted = set(source.countries)
    with located(source.path).open(encoding="utf-8", newline="") as file:
        rows = (row for row in csv.DictReader(file) if not wanted or row["country"] in wanted)
        yield from batches_of((_airport(row) for row in rows if row["name"]), SOURCE_PLACES)


def _airport(row: dict[str, str]) -> dict:
    codes = [{"name": row["iata"], "language": "", "kind": "code"}] if row["iata"] else []
    return {
        **{"id": f"oa:{row['icao']}", "same": [], "name": row["name"], "names": codes},
        **{"class": "airport", "lon": float(row["lon"]), "lat": float(row["lat"])},
        **{"country": row["country"], "admin": [row["country"]], "code": ""},
    }

"""Great features of the Earth that sources of settlements and units lack: seas, rivers, ranges.

A CSV file with the columns name, class, lon, lat, extent_km, countries, also, demonyms; the last
three may hold several values, with | between them. Points and extents are rough on purpose: such a
place has no border. A river's point is its mouth, as GeoNames has it.
"""

import csv
import re
from collections.abc import Iterator

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.classes import CLASSES
from landscribe.places.names import normal
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_COLUMNS = ["name", "class", "lon", "lat", "extent_km", "countries", "also", "demonyms"]


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """A row per feature, in the order of the file; all names are English."""
    path = located(source.path)
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if rows.fieldnames != _COLUMNS:
            raise InputError(f"{path}: columns {rows.fieldnames}, but {_COLUMNS} were wanted")
        places = [_place(row) for row in rows]
    if wrong := {place["class"] for place in places} - set(CLASSES):
        raise InputError(f"{path}: class {', '.join(wrong)}; known are {', '.join(CLASSES)}")
    wanted = set(source.countries)
    kept = (place for place in places if not wanted or place["country"] in wanted)
    yield from batches_of(kept, SOURCE_PLACES)


def _place(row: dict[str, str]) -> dict:
    countries = row["countries"].split("|") if row["countries"] else []
    slug = re.sub(r"\W+", "-", normal(row["name"]))
    return {
        **{"id": f"ls:{slug}", "same": [], "name": row["name"], "class": row["class"]},
        "names": [*_named(row["also"], "alternate"), *_named(row["demonyms"], "demonym")],
        **{"lon": float(row["lon"]), "lat": float(row["lat"])},
        **{"extent_km": float(row["extent_km"]), "code": ""},
        **{"country": countries[0] if len(countries) == 1 else "", "admin": countries},
    }


def _named(names: str, kind: str) -> list[dict]:
    return [
        {"name": name, "language": "en", "kind": "abbreviation" if name.isupper() else kind}
        for name in names.split("|")
        if name
    ]

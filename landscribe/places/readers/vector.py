"""Vector files -> places with outlines: GeoPackage, shapefile, GeoJSON, GeoParquet, zipped or not.

The card says which column is what. Features without a name are left out and counted; neighbours in
the file that have one id are one place.
"""

import re
from collections.abc import Iterator
from itertools import groupby

import pyarrow as pa
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.classes import CLASSES
from landscribe.places.dumps import Faults
from landscribe.places.features import features
from landscribe.places.rows import Name, further_names, people, place_batches, wikidata_id
from landscribe.places.shapes import ground
from landscribe.sources import located

_BATCH = 1000  # rows; outlines of countries have megabytes
_COUNTRY = re.compile(r"[A-Z]{2}")
_SEVERAL = re.compile(r"[;|]")
_NOTHING = "-99"  # of Natural Earth


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of a vector file in its order, as batches of SOURCE_PLACES, in EPSG:4326.

    A place's point lies on its ground; of a point feature there is no geometry beside it. Needs the
    columns id and name, and a class column or a class for all.
    """
    for wanted in ("id", "name"):
        if wanted not in source.columns:
            raise InputError(
                f"{source.path}: the card of {source.name} does not say which column is the"
                f" {wanted}; add it to its `columns`"
            )
    yield from place_batches(_rows(source), source, _BATCH)


def _rows(source: PlaceSource) -> Iterator[dict]:
    faults = Faults(located(source.path))
    seen = set()
    for key, group in groupby(_named(source, faults), key=lambda found: found[0]["id"]):
        values, shapes = zip(*group, strict=True)
        if key in seen:
            raise InputError(
                f"{source.path}: two places, apart from each other, have the id {key}; choose"
                " another column, or sort the file by it"
            )
        seen.add(key)
        row = _row(source, values[0])
        try:
            row["geometry"], row["lon"], row["lat"] = ground(shapes)
        except ValueError as error:
            faults.add(f"id {key}", error)
            continue
        yield row
    faults.tell()


def _named(
    source: PlaceSource, faults: Faults
) -> Iterator[tuple[dict[str, str], BaseGeometry | None]]:
    """What the card calls the values of each feature that has a name, and its shape."""
    columns, unnamed = source.columns, 0
    told = features(faults.path, list(columns.values()), source.layer, source.encoding)
    for values, shapes in told:
        for row, shape in zip(values, shapes, strict=True):
            faults.read += 1
            found = {name: _text(row[column]) for name, column in columns.items()}
            if not found["name"]:
                unnamed += 1
            elif not found["id"]:
                faults.add(f"feature {faults.read}", "no id")
            else:
                yield found, shape
    if unnamed:
        print(f"{source.path}: {unnamed} of {faults.read} features have no name: left out")


def _text(value: object) -> str:
    if value is None or value != value:  # NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return "" if text == _NOTHING else text


def _row(source: PlaceSource, values: dict[str, str]) -> dict:
    country = values.get("country", "")
    return {
        "id": f"{source.prefix or source.name}:{values['id']}",
        "same": _same(values.get("same", "")),
        "name": values["name"],
        "names": further_names(values["name"], _names(values)),
        "class": _class(source, values.get("class", "")),
        "country": country if _COUNTRY.fullmatch(country) else "",
        "admin": [],
        "code": values.get("code", ""),
        "population": people(values.get("population", "")),
    }


def _names(values: dict[str, str]) -> Iterator[Name]:
    for column, text in values.items():
        what = column.removeprefix("name:")
        if what == column:
            continue
        for name in _SEVERAL.split(text):
            yield (name, what, "main") if len(what) == 2 else (name, "", what)


def _same(text: str) -> list[str]:
    """Ids elsewhere: those with a prefix, and of Wikidata."""
    found = (part.strip() for part in _SEVERAL.split(text))
    return [i for i in (part if ":" in part else wikidata_id(part) for part in found) if i]


def _class(source: PlaceSource, value: str) -> str:
    found = source.classes.get(value) or (value if value in CLASSES else source.class_)
    if found is None:
        told = f"the class {value}" if value else "no class"
        raise InputError(
            f"{source.path}: a feature has {told}, which is none of ours; add it to `classes` in"
            f" the card of {source.name}, or a `class` for all others"
        )
    return found

"""Mentions as GeoJSON (RFC 7946), for whoever opens them in a GIS."""

import json
from collections.abc import Iterable
from pathlib import Path

import shapely

from landscribe.command import written
from landscribe.places.lookup import Place

_DIGITS = 6  # of degrees: a decimetre, as RFC 7946, section 11.2 advises


def write_geojson(path: Path, features: Iterable[dict]) -> int:
    """Write a FeatureCollection, feature by feature; how many there are."""
    count = 0
    with written(path) as part, part.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for count, one in enumerate(features, 1):
            file.write(",\n" if count > 1 else "\n")
            file.write(json.dumps(one, ensure_ascii=False, allow_nan=False))
        file.write("\n]}\n")
    return count


def mention_feature(row: dict, place: Place | None) -> dict:
    """Feature of a row of MENTIONS: its footprint, and what the row says.

    The point is in `lon` and `lat`; a mention without a place has no geometry. `name`, `class` and
    `country` are those of `place`, where it means one.
    """
    told = {name: value for name, value in row.items() if name != "footprint"}
    told["candidates"] = [dict(candidate) for candidate in row["candidates"]]
    for chance in (told, *told["candidates"]):
        chance["probability"] = round(chance["probability"], 4)
    for axis in ("lon", "lat"):
        told[axis] = None if row[axis] is None else round(row[axis], _DIGITS)
    told |= {
        "name": place and place.name,
        "class": place and place.class_,
        "country": place and place.country,
    }
    return {"type": "Feature", "geometry": _geometry(row["footprint"]), "properties": told}


def _geometry(wkb: bytes | None) -> dict | None:
    """Geometry whose outer rings run counterclockwise."""
    if wkb is None:
        return None
    shape = shapely.orient_polygons(shapely.from_wkb(wkb))
    return json.loads(shapely.to_geojson(shapely.transform(shape, lambda at: at.round(_DIGITS))))

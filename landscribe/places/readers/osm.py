"""OpenStreetMap extracts -> places: named nodes, ways and relations of some tags, with outlines.

What a tag means is in `landscribe.places.codes.osm`. Areas are put together from their ways as
osmium does it. An area whose ways the extract has in part has the point of its label node, or, if
it is small, of its centre of administration, and is left out without one.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import osmium
import pyarrow as pa
import shapely
from osmium.filter import KeyFilter
from osmium.geom import WKBFactory
from osmium.osm import RELATION, WAY
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from landscribe.command import InputError, some
from landscribe.gazetteers import PlaceSource
from landscribe.places.codes.osm import KEYS, RIVERS, place_class
from landscribe.places.rivers import Rivers
from landscribe.places.rows import (
    Name,
    further_names,
    iso_language,
    people,
    place_batches,
    wikidata_id,
    wikipedia_id,
)
from landscribe.places.shapes import ground
from landscribe.sources import located

_BATCH = 1000  # rows; outlines of countries have megabytes
_KINDS = {
    "name": "main",
    "alt_name": "alternate",
    "int_name": "alternate",
    "loc_name": "alternate",
    "nat_name": "alternate",
    "official_name": "alternate",
    "reg_name": "alternate",
    "short_name": "short",
    "old_name": "historic",
}
_CODES = ("ISO3166-1:alpha3", "iata", "icao")
_NAME = re.compile(rf"({'|'.join(_KINDS)})(?::([a-z]{{2,3}}(?:[-_]\w+)?))?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_AREAS = ("multipolygon", "boundary")  # types of relations
_SMALL = ("admin2", "admin3", "admin4")  # whose centre of administration may stand for the ground


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of an extract (.osm.pbf, .osm, .osm.gz, .osm.bz2), as batches of SOURCE_PLACES.

    Nodes come first, then areas and lines, rivers last; ids are osm:n1, osm:w1, osm:r1.
    """
    path = located(source.path)
    with TemporaryDirectory() as folder, closing(Rivers(folder)) as rivers:
        _find_rivers(path, rivers)
        yield from place_batches(_rows(path, folder, rivers), source, _BATCH)


def _find_rivers(path: Path, rivers: Rivers) -> None:
    """Relations first: a way of theirs is no river of its own."""
    for relation in _named(osmium.FileProcessor(path, RELATION), path, "find rivers"):
        if _is_river(relation):
            ways = [member.ref for member in relation.members if member.type == "w"]
            rivers.add_relation(f"r{relation.id}", ways)
    for way in _named(osmium.FileProcessor(path, WAY), path, "find ways of rivers"):
        if _is_river(way) and len(way.nodes) > 1:
            rivers.add_way(way.id, way.tags["name"], (way.nodes[0].ref, way.nodes[-1].ref))


def _rows(path: Path, folder: str, rivers: Rivers) -> Iterator[dict]:
    nodes = osmium.index.create_map(f"sparse_file_array,{folder}/nodes")
    things = osmium.FileProcessor(path).with_locations(nodes).with_areas(KeyFilter("name"))
    areas, left = set(), []
    for thing in _named(things, path, "read places"):
        row = _row(thing)
        if row is None:
            continue
        relation = thing.is_area() and not thing.from_way()
        try:
            if _is_river(thing):
                _keep(rivers, thing, row)
            elif shape := _shape(thing):
                yield row | dict(zip(("geometry", "lon", "lat"), ground([shape]), strict=True))
            if relation:
                areas.add(thing.orig_id())
        except (ValueError, RuntimeError, osmium.InvalidLocationError):
            if not relation:  # of which there may be a centre
                left.append(row["id"])
    for river, row, line in rivers.rivers():
        row |= {"id": f"osm:{river}"}
        yield row | dict(zip(("geometry", "lon", "lat"), ground([line]), strict=True))
    yield from _centres(path, nodes, areas, left)
    if left:
        print(f"{path}: {len(left)} places of which the extract has too little: {some(left)}")


def _centres(
    path: Path, nodes: osmium.index.LocationTable, areas: set[int], left: list[str]
) -> Iterator[dict]:
    """Relations that are no whole areas in the extract, by their centres; ids of others in left."""
    for relation in _named(osmium.FileProcessor(path, RELATION), path, "read centres"):
        if relation.id in areas or relation.tags.get("type") not in _AREAS:
            continue
        if (row := _row(relation)) is None:
            continue
        roles = ["label", "admin_centre"] if row["class"] in _SMALL else ["label"]
        centres = {member.role: member.ref for member in relation.members if member.type == "n"}
        found = (_location(nodes, centres[role]) for role in roles if role in centres)
        if point := next(filter(None, found), None):
            yield row | {"lon": point.lon, "lat": point.lat}
        else:
            left.append(row["id"])


def _named(
    things: osmium.FileProcessor, path: Path, told: str
) -> Iterator[osmium.osm.types.OSMEntity]:
    """Things with a name and a key of our table; each is gone once the next is asked for."""
    things = things.with_filter(KeyFilter("name")).with_filter(KeyFilter(*KEYS))
    try:
        yield from tqdm(things, desc=f"{told} of {path.name}", unit=" named", mininterval=1)
    except RuntimeError as error:
        raise InputError(
            f"{path}: not a whole OpenStreetMap extract ({error}); download it again"
        ) from None


def _is_river(thing: osmium.osm.types.OSMEntity) -> bool:
    """Whether a thing is flowing water that is mapped as a line; so is the area of a closed way."""
    if thing.is_node() or thing.tags.get("waterway") not in RIVERS:
        return False
    if thing.is_area():
        return thing.from_way()
    return thing.is_way() or thing.tags.get("type") == "waterway"


def _keep(rivers: Rivers, thing: osmium.osm.types.OSMEntity, row: dict) -> None:
    if thing.is_relation():
        rivers.add_row(f"r{thing.id}", row)
    elif thing.is_way():
        rivers.add_line(thing.id, _line(thing), row)


def _shape(thing: osmium.osm.types.OSMEntity) -> BaseGeometry | None:
    """Shape of a node, of an area, of a line of a mountain; None of what comes again as an area."""
    if thing.is_node():
        return shapely.Point(thing.lon, thing.lat)
    if thing.is_area():
        return shapely.from_wkb(WKBFactory().create_multipolygon(thing))
    if thing.is_way() and not thing.is_closed() and "natural" in thing.tags:
        return _line(thing)
    return None


def _line(way: osmium.osm.Way) -> BaseGeometry:
    return shapely.from_wkb(WKBFactory().create_linestring(way))


def _location(nodes: osmium.index.LocationTable, node: int) -> osmium.osm.Location | None:
    try:
        return nodes.get(node)
    except KeyError:
        return None


def _row(thing: osmium.osm.types.OSMEntity) -> dict | None:
    """What the tags of a thing say; None of what is no place."""
    tags = dict(thing.tags)
    if (found := place_class(tags)) is None:
        return None
    kind, number = thing.type_str(), thing.id
    if thing.is_area():
        kind, number = "w" if thing.from_way() else "r", thing.orig_id()
    country = _country(tags)
    return {
        "id": f"osm:{kind}{number}",
        "same": _same(tags),
        "name": tags["name"],
        "names": further_names(tags["name"], _names(tags)),
        "class": found,
        "country": country,
        "admin": [],
        "code": country if found == "country" else tags.get("ISO3166-2", ""),
        "population": people(tags.get("population", "")),
    }


def _names(tags: Mapping[str, str]) -> Iterator[Name]:
    for key, value in tags.items():
        if match := _NAME.fullmatch(key):
            for name in value.split(";") if match[1] != "name" else [value]:
                language = iso_language(match[2] or "")
                kind = _KINDS[match[1]]
                yield name, language, kind if language or kind != "main" else "alternate"
    for key in _CODES:
        yield tags.get(key, ""), "", "code"


def _same(tags: Mapping[str, str]) -> list[str]:
    language, _, title = tags.get("wikipedia", "").partition(":")
    found = [wikidata_id(tags.get("wikidata", ""))]
    found += [wikipedia_id(language, title)] if title and iso_language(language) else []
    return [i for i in found if i]


def _country(tags: Mapping[str, str]) -> str:
    for key in ("ISO3166-1:alpha2", "ISO3166-1", "is_in:country_code", "addr:country"):
        if _COUNTRY.fullmatch(tags.get(key, "")):
            return tags[key]
    return tags.get("ISO3166-2", "").partition("-")[0]

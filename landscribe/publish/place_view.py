"""Places as a page tells them: by name, class, the units around them, and an address."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote

from landscribe.places.classes import CLASSES
from landscribe.places.lookup import Place, Places


class Kind(NamedTuple):
    """What a mention means, as coarse as a map can tell it by colour."""

    id: str
    title: str
    groups: tuple[str, ...] = ()  # of landscribe.places.classes


KINDS = (
    Kind("country", "Continents, countries, regions", ("land", "country")),
    Kind("unit", "Administrative units", ("unit",)),
    Kind("settlement", "Towns and their districts", ("settlement",)),
    Kind("water", "Seas, lakes, rivers", ("water",)),
    Kind("relief", "Mountains, islands, woods, parks", ("relief", "island", "cover")),
    Kind("site", "Roads, airports, sites", ("way", "site", "landuse")),
    Kind("relation", "Relative places"),
    Kind("none", "None of the candidates"),
)
_LEAST = 0.5  # of the extent of a place, that a unit around it has
_KIND_OF = {group: kind.id for kind in KINDS for group in kind.groups}
_ADDRESSES = {  # of places on the web, by how their ids begin
    "gn:": "https://www.geonames.org/{}",
    "wd:": "https://www.wikidata.org/wiki/{}",
    "osm:n": "https://www.openstreetmap.org/node/{}",
    "osm:w": "https://www.openstreetmap.org/way/{}",
    "osm:r": "https://www.openstreetmap.org/relation/{}",
}


def place_views(found: Iterable[Place], places: Places) -> list[dict]:
    """Places, in their order, with the names of the units around them, the largest first."""
    found = list(found)
    around = places.by_id(id_ for place in found for id_ in place.parents)
    return [
        {
            "id": place.id,
            "name": place.name,
            "class": CLASSES[place.class_].title,
            "path": _path(place, around),
            "at": [round(place.lon, 4), round(place.lat, 4)],
            "population": place.population,
            "link": _address(place.id),
        }
        for place in found
    ]


def kind_of(place: Place) -> str:
    """Id of the kind of a place."""
    return _KIND_OF[CLASSES[place.class_].group]


def _path(place: Place, around: dict[str, Place]) -> list[str]:
    """Names of the units around a place, each once; its country's code where none is known.

    A gazetteer knows what is around a place's point: the district in the middle of a country is
    around that, but the country is not in it.
    """
    parents = [around[id_] for id_ in place.parents if id_ in around]
    larger = [parent for parent in parents if parent.extent_km > _LEAST * place.extent_km]
    code = [place.country] if place.country and place.class_ not in ("continent", "country") else []
    return list(dict.fromkeys(parent.name for parent in larger)) or code


def _address(id_: str) -> str:
    """Address of a page about a place; empty where its source has none."""
    for start, form in _ADDRESSES.items():
        if id_.startswith(start):
            return form.format(quote(id_.removeprefix(start)))
    return ""

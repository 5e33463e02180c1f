"""Mentions that explain themselves: what a resolver can learn from without gold.

A name that only one place has says which place is meant, and so does a name whose unit follows it,
as in `Paris, Texas`. The same name elsewhere in that document then means the same place (one sense
per discourse: Gale, Church and Yarowsky 1992). All other mentions are context that nobody judged.
"""

from collections.abc import Sequence

from landscribe.places.lookup import Place, Places
from landscribe.places.names import normal
from landscribe.scores.places import NEAR_KM, great_circle_km
from landscribe.text.evidence import joined_units
from landscribe.text.examples import Example
from landscribe.text.mentions import Toponym

_KINDS = ("main", "alternate", "short")  # of names that say a place and nothing else


def distant_example(
    document: dict, toponyms: Sequence[Toponym], places: Places, weight: float
) -> Example | None:
    """Example from a row of DOCUMENTS; none if no mention of it explains itself."""
    names = [normal(toponym.text) for toponym in toponyms]
    found = places.exact([name for name in names if name])
    explained = {
        inner: place
        for inner, outer in joined_units(document["text"], toponyms)
        if (place := _within(found.get(names[inner], []), found.get(names[outer], [])))
    }
    of_name = {name: place for name, own in found.items() if (place := _only(own))}
    of_name |= _agreed([(names[number], place) for number, place in explained.items()])
    known = [explained.get(number) or of_name.get(name) for number, name in enumerate(names)]
    if not any(known):
        return None
    return Example(
        document["text"],
        document["outlet"] or "",
        tuple(toponyms),
        tuple(place and (place.lon, place.lat) for place in known),
        tuple(place and place.id for place in known),
        tuple(place is not None for place in known),
        weight,
    )


def _agreed(told: Sequence[tuple[str, Place]]) -> dict[str, Place | None]:
    """What each name is said to mean; none of those that are said to mean two places."""
    places: dict[str, Place | None] = {}
    for name, place in told:
        same = name not in places or (places[name] and places[name].id == place.id)
        places[name] = place if same else None
    return places


def _only(places: Sequence[Place]) -> Place | None:
    """The place that a name means if all places of that name are in one spot."""
    told = [place for place in places if place.kind in _KINDS]
    if not told or len(told) < len(places):
        return None
    first = told[0]
    near = all(great_circle_km(first.lon, first.lat, p.lon, p.lat) <= NEAR_KM for p in told)
    return first if near else None


def _within(inner: Sequence[Place], outer: Sequence[Place]) -> Place | None:
    """The only place of the inner name that lies in a place of the outer one."""
    units = {place.id for place in outer}
    found = [place for place in inner if not units.isdisjoint(place.parents)]
    return _only(found)

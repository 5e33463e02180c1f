"""What the gazetteer says about a name before anybody knows which place it means."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import NamedTuple, Protocol

from landscribe.places.classes import CLASSES
from landscribe.text.demonyms import demonyms, peoples

_KEPT = 200_000  # names whose fame is remembered
_CLASSES = ("country", "admin1", "admin2", "city")
_WIDE = ("continent", "region", "sea")
_MOST = 50  # places of a name that are counted


class KnownPlace(Protocol):
    """What is asked of a place of the gazetteer."""

    class_: str
    population: int | None
    kind: str  # of the name that matched


class Known(Protocol):
    """A gazetteer that is asked for names, such as `landscribe.places.lookup.Places`."""

    def exact(self, normals: Sequence[str]) -> Mapping[str, Sequence[KnownPlace]]:
        """Places of each name."""


class Fame(NamedTuple):
    """How well a name is known, and as what."""

    places: int = 0  # at most _MOST
    country: bool = False
    admin1: bool = False
    admin2: bool = False
    city: bool = False
    wide: bool = False  # continent, region, sea
    nature: bool = False  # any other class
    people: float = -1.0  # log10 of the largest population + 1; -1: not known
    people_main: float = -1.0  # the same of places of which it is the main name
    adjective: bool = False  # a place's adjective: Russian
    inhabitants: bool = False  # a word for people: Russians


class Fames:
    """Fame of names; asks the gazetteer once for each."""

    def __init__(self, known: Known | None) -> None:
        self._known = known
        self._adjectives, self._peoples = demonyms(), peoples()
        self._told: dict[str, Fame] = {}

    def __call__(self, normals: Sequence[str]) -> dict[str, Fame]:
        """Fame of those names that are known."""
        if len(self._told) > _KEPT:
            self._told.clear()
        new = [normal for normal in normals if normal not in self._told]
        places = self._known.exact(new) if self._known and new else {}
        for normal in new:
            self._told[normal] = self._fame(normal, places.get(normal, ()))
        return {n: fame for n in normals if (fame := self._told[n]) != _UNKNOWN}

    def _fame(self, normal: str, places: Sequence[KnownPlace]) -> Fame:
        classes = {place.class_ for place in places}
        return Fame(
            min(len(places), _MOST),
            *(name in classes for name in _CLASSES),
            not classes.isdisjoint(_WIDE),
            not classes.isdisjoint(_NATURE),
            _largest(places),
            _largest([place for place in places if place.kind == "main"]),
            normal in self._adjectives,
            normal in self._peoples,
        )


_UNKNOWN = Fame()
_NATURE = frozenset(CLASSES) - set(_CLASSES) - set(_WIDE)


def _largest(places: Sequence[KnownPlace]) -> float:
    return max((log10(max(place.population or 0, 0) + 1) for place in places), default=-1.0)

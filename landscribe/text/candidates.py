"""The places that a mention may mean, from its own words."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from landscribe.places.classes import CLASSES, NAME_KINDS
from landscribe.places.lookup import Place, Places
from landscribe.places.names import normal
from landscribe.text.variants import parts, variants

EXACT, VARIANT, PART, EDIT, AROUND, NONE = range(6)  # how a candidate was found
OF_CANDIDATE = (
    *("how", "share", "log_population", "population_share", "population_rank", "class", "kind"),
    *("log_extent", "is_main_name", "spelled_alike"),
)
_MOST = {EXACT: 48, VARIANT: 24, PART: 6, EDIT: 6}  # candidates of a name
_EDITED = 5  # letters that a name needs, so that one edit leaves it alike
_REMEMBERED = 50_000  # names
_SHORT_KINDS = ("code", "abbreviation")
_SHORT = 4  # letters of a mention that is an abbreviation if it is in capitals
_CLASSES = {name: number for number, name in enumerate(CLASSES)}
_KINDS = {name: number for number, name in enumerate(NAME_KINDS)}


class Candidate(NamedTuple):
    """A place that a mention may mean, and how its name led there."""

    place: Place
    how: int  # EXACT, ...
    share: float  # of the mention's words that name the place


@dataclass(frozen=True)
class Found:
    """Candidates of a name as columns, wherever it stands; the last row is none of them."""

    name: str  # in its normal form
    places: tuple[Place | None, ...]
    numbers: np.ndarray  # (row, OF_CANDIDATE) float32
    point: np.ndarray  # (row, 3) on the unit sphere


class Candidates:
    """Finds the candidates of names in a gazetteer, each name once."""

    def __init__(self, places: Places, hidden: frozenset[str] = frozenset()) -> None:
        self.places, self._hidden = places, hidden
        self.found = lru_cache(_REMEMBERED)(self._found)

    def without(self, hidden: frozenset[str]) -> "Candidates":
        """Candidates as if the gazetteer had no places of some ids."""
        return Candidates(self.places, hidden)

    def of(self, text: str) -> tuple[Candidate, ...]:
        """Candidates of a mention's text; the surest way of finding them first.

        The whole name, then the name without endings and generic words, then parts of it, and last
        a name one edit away: each only if the ones before found nothing, but for variants, which
        are also asked if only codes were found.
        """
        found = [*self._exact(normal(text), EXACT, 1.0)]
        if not found or all(c.place.kind == "code" for c in found):
            for name in variants(text):
                found += self._exact(name, VARIANT, len(name.split()) / len(text.split()))
        if not found:
            found = [*self._parts(text)]
        if not any(c.share > 0.5 for c in found):
            found += self._near(normal(text))
        first = {c.place.row: c for c in reversed(found)}  # way that led to a place
        return tuple(first[row] for row in dict.fromkeys(c.place.row for c in found))

    def _found(self, text: str) -> Found:
        name, candidates = normal(text), self.of(text)
        places = tuple(candidate.place for candidate in candidates)
        numbers = np.zeros((len(places) + 1, len(OF_CANDIDATE)), np.float32)
        numbers[:-1] = np.reshape(_numbers(text, candidates), (-1, len(OF_CANDIDATE)))
        numbers[-1, 0] = NONE
        return Found(name, (*places, None), numbers, _point(places))

    def _exact(self, name: str, how: int, share: float) -> Iterator[Candidate]:
        if name:
            for place in self._listed(self.places.exact([name], _MOST[how])[name]):
                yield Candidate(place, how, min(share, 1.0))

    def _parts(self, text: str) -> Iterator[Candidate]:
        """Candidates of the longest parts that are names; parts of these are left out."""
        taken: list[str] = []
        for name, share in parts(text):
            if not any(f" {name} " in f" {whole} " for whole in taken):
                found = [*self._exact(name, PART, share)]
                taken += [name] if found else []
                yield from found

    def _near(self, name: str) -> Iterator[Candidate]:
        if len(name) >= _EDITED:
            for place in self._listed(p for p, _ in self.places.near(name, _MOST[EDIT])):
                yield Candidate(place, EDIT, 0.9)

    def _listed(self, places: Iterable[Place]) -> Iterator[Place]:
        return (place for place in places if place.id not in self._hidden)


def _numbers(text: str, candidates: Sequence[Candidate]) -> list[tuple]:
    """(candidate, OF_CANDIDATE)."""
    people = [candidate.place.population or 0 for candidate in candidates]
    most = sum(people)
    name = normal(text)
    short = text.isupper() and len(name) <= _SHORT  # EU is no town in Normandy, and Us no country
    return [
        (
            *(how, share, math.log1p(count), (count + 1) / (most + 1)),
            *(sum(other > count for other in people), _CLASSES[place.class_]),
            *(_KINDS.get(place.kind, -1), math.log(place.extent_km), normal(place.name) == name),
            (place.kind in _SHORT_KINDS) == short,
        )
        for (place, how, share), count in zip(candidates, people, strict=True)
    ]


def _point(places: Sequence[Place]) -> np.ndarray:
    """(place + 1, 3) on the unit sphere; the last stands for no place."""
    lon, lat = np.radians([*((place.lon, place.lat) for place in places), (0.0, 0.0)]).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])

"""The places that a mention may mean, from its own words."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from landscribe.places.lookup import Place, Places
from landscribe.places.names import normal
from landscribe.text.variants import parts, variants

EXACT, VARIANT, PART, EDIT, AROUND, NONE = range(6)  # how a candidate was found
_MOST = {EXACT: 48, VARIANT: 24, PART: 6, EDIT: 6}  # candidates of a name
_EDITED = 5  # letters that a name needs, so that one edit leaves it alike
_REMEMBERED = 50_000  # names


class Candidate(NamedTuple):
    """A place that a mention may mean, and how its name led there."""

    place: Place
    how: int  # EXACT, ...
    share: float  # of the mention's words that name the place


class Candidates:
    """Finds the candidates of names in a gazetteer, each name once."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.of = lru_cache(_REMEMBERED)(self._of)

    def _of(self, text: str) -> tuple[Candidate, ...]:
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
        return tuple({c.place.row: c for c in reversed(found)}.values())

    def _exact(self, name: str, how: int, share: float) -> Iterator[Candidate]:
        if name:
            for place in self.places.exact([name], _MOST[how])[name]:
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
            for place, _ in self.places.near(name, _MOST[EDIT]):
                yield Candidate(place, EDIT, 0.9)

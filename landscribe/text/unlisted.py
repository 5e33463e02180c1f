"""Places that a gazetteer does not list, made from those that it does.

A gazetteer misses hamlets and suburbs, and then a namesake far away must not win over the unit that
the text names beside it. Gold has few such mentions, so a copy of a document hides the right places
of some mentions whose unit is named, and only these are learnt from.
"""

from dataclasses import replace

import numpy as np

from landscribe.scores.places import NEAR_KM, great_circle_km
from landscribe.text.candidates import Candidates
from landscribe.text.evidence import Case, case_of
from landscribe.text.examples import Example

_SHARE = 0.5  # of the names of which a unit is told


def unlisted(
    example: Example, case: Case, candidates: Candidates, rng: np.random.Generator
) -> tuple[Example, Case] | None:
    """A document some of whose places are hidden, and its case; none if no unit is told in it."""
    told = {case.mentions[inner].text for inner, _ in case.joined}
    located = [
        n
        for n, mention in enumerate(example.mentions)
        if example.judged[n] and example.points[n] and mention.text in told
    ]
    names = sorted({example.mentions[n].text for n in located})
    taken = {name for name in names if rng.random() < _SHARE}
    asked = [n for n in located if example.mentions[n].text in taken]
    hidden = frozenset(id_ for n in asked for id_ in _right(example, n, candidates))
    if not hidden:
        return None
    judged = tuple(n in asked for n in range(len(example.mentions)))
    without = candidates.without(hidden)
    case = case_of(example.text, example.mentions, example.outlet, without)
    return replace(example, judged=judged), case


def _right(example: Example, number: int, candidates: Candidates) -> list[str]:
    """Ids of the candidates of a mention that are near its gold."""
    found = candidates.of(example.mentions[number].text)
    lon, lat = example.points[number]
    near = [great_circle_km(lon, lat, c.place.lon, c.place.lat) <= NEAR_KM for c in found]
    return [c.place.id for c, is_near in zip(found, near, strict=True) if is_near]

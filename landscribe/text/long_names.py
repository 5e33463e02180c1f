"""Names of several words with small ones between them: Brandenburg an der Havel.

A recognizer may find such a name in part, or as two: Brandenburg, Havel. What the gazetteer knows
as one name is one toponym.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from landscribe.places.lookup import Places
from landscribe.places.names import normal
from landscribe.text.mentions import Toponym

_LINKS = (
    "an der|an dem|am|auf der|auf dem|bei|im|in der|ob der|vor der|unter|und|zu"
    "|de la|de las|de los|de|del|della|des|di|do|da|du|en|la|le|les|lez|lès|sous|sur"
    "|and|by|in|of the|of|on the|on|under|upon|aan de|aan den|op|van"
)
_REST = re.compile(rf"[ -](?:{_LINKS})[ -](?:la |le |les |der |den |the )?[^\W\d_a-z][\w'’-]+")
_NAMES = ("main", "alternate")  # kinds of names that say a place in full


def whole_names(text: str, toponyms: Sequence[Toponym], places: Places) -> Iterator[Toponym]:
    """Toponyms of a text, each as long as the name that the gazetteer knows it by."""
    end = 0
    for toponym in toponyms:
        if toponym.start >= end:  # else it is part of the one before
            toponym = _whole(text, toponym, places)
            end = toponym.end
            yield toponym


def _whole(text: str, toponym: Toponym, places: Places) -> Toponym:
    rest = _REST.match(text, toponym.end)
    if not rest:
        return toponym
    name = text[toponym.start : rest.end()]
    key = normal(name)
    if not any(place.kind in _NAMES for place in places.exact([key], 1)[key]):
        return toponym
    return replace(toponym, end=rest.end(), text=name)

"""Relative places in texts: words that place something by one or two mentions.

"30 km north of X", "between X and Y", "a 10 lieues au midi de X". Rules look at the words around
each mention, wherever the mentions come from. What ground a relation means is in
`landscribe.places.ground`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from typing import Literal

from landscribe.command import InputError
from landscribe.text.bearings import bearing
from landscribe.text.distances import Distance, distance
from landscribe.text.plain import Language, plain
from landscribe.text.relation_words import AFTER, BEFORE, BRIDGES, ELLIPSES, NOT_GROUND, pattern

Kind = Literal[
    "distance",  # so far from it, in any direction
    "distance_direction",  # so far from it, that way
    "direction",  # outside it, that way
    "near",
    "around",  # in and about it: outskirts, environs
    "between",  # two mentions; one if the other was not recognized
    "along",  # its banks, shore or course
    "off",  # outside it, in its waters
    "border",  # at its border; with a bearing: beyond it, that way
    "part",  # that half of it; a finer direction: that third
    "tip",  # its outermost part, that way
    "centre",
    "inside",
]


@dataclass(frozen=True)
class Relation:
    """Words that place something by one or two mentions."""

    kind: Kind
    start: int  # of the whole expression, its mentions included [characters]
    end: int
    words: str  # those that relate, as in the text
    words_start: int
    mentions: tuple[int, ...]  # indices into the mentions that were given
    distance_km: tuple[float, float] | None = None  # from, to
    about_km: float | None = None  # the likeliest distance
    bearing_deg: float | None = None  # from the mention to the place, clockwise from north
    half_width_deg: float | None = None  # what may lie on either side of the bearing


def relations(text: str, mentions: Sequence[tuple[int, int]], language: Language) -> list[Relation]:
    """Relations to the mentions of a text, in its order; at most one to each mention.

    Args:
        mentions: start, end of each [characters], in any order, from any recognizer.
    """
    _check(text, mentions, language)
    flat, found = plain(text), []
    order = sorted(range(len(mentions)), key=lambda i: mentions[i])
    edge, last = 0, None  # the end of the mention before; the last distance and where it ended
    for index, following in zip_longest(order, order[1:]):
        start, end = mentions[index]
        cue = _cue(flat, max(edge, start - _WINDOW), (start, end), language, last)
        edge = max(edge, end)
        relation = _relation(text, cue, index, (start, end), language) if cue else None
        if relation is None:
            continue
        if cue.distance:
            last = (cue.distance.unit, end)
        if relation.kind == "between" and following is not None:
            relation = _pair(relation, flat, following, mentions[following], language)
            edge = max(edge, relation.end)
        found.append(relation)
    return found


_WINDOW = 120  # characters on either side of a mention that may relate to it
_GAP = 120  # characters from the place of a distance to the next distance without a unit
_YIELDING = ("", "inside", "near", "along")  # to what stands behind: near the Turkish border
_AIMED = ("distance", "direction", "border", "part", "tip", "around")  # may have a bearing


@dataclass(frozen=True)
class _Cue:
    """Words that relate, found beside a mention."""

    kind: str
    start: int
    end: int
    words: str  # plain, with single blanks
    distance: Distance | None


@dataclass(frozen=True)
class _Rules:
    before: re.Pattern
    after: re.Pattern
    ellipsis: re.Pattern
    pair: re.Pattern  # all that stands between two mentions
    not_ground: re.Pattern


def _cue(
    flat: str, edge: int, mention: tuple[int, int], language: Language, last: tuple[str, int] | None
) -> _Cue | None:
    """Words from `edge` to a mention, or behind it, that relate to it."""
    rules, (start, end) = _rules(language), mention
    if language == "fr" and (of := _OF.match(flat, start, end)):
        start = of.end()  # recognizers take the d' of d'Archangel for a part of the name
    found, kind = rules.before.search(flat, edge, start), ""
    if found:
        kind = next(kind for kind, words in found.groupdict().items() if words)
    if last and start - last[1] <= _GAP:
        short = rules.ellipsis.search(flat, edge, start)
        if short and not (found and found.start() < short.start()):
            return _cue_of("distance", short, "words", language, last[0])
    if kind == "between" and rules.not_ground.search(flat, edge, found.start()):
        return None
    if kind in _YIELDING and (after := rules.after.match(flat, end, end + _WINDOW)):
        kind = next(kind for kind, words in after.groupdict().items() if words)
        return _cue_of(kind, after, kind, language)
    return _cue_of(kind, found, kind, language) if found else None


def _cue_of(kind: str, found: re.Match, group: str, language: Language, unit: str = "") -> _Cue:
    words = " ".join(found[group].split())
    told = distance(words, language, unit) if kind == "distance" else None
    return _Cue(kind, *found.span(group), words, told)


def _relation(
    text: str, cue: _Cue, index: int, mention: tuple[int, int], language: Language
) -> Relation | None:
    aim = bearing(cue.words, language) if cue.kind in _AIMED else None
    if aim is None and cue.kind in ("direction", "part", "tip"):  # north-south
        return None
    if aim and cue.kind == "border":  # bounded in the north by X: south of X
        aim = ((aim[0] + 180) % 360, aim[1])
    kind = "distance_direction" if cue.kind == "distance" and aim else cue.kind
    return Relation(
        kind,
        min(cue.start, mention[0]),
        max(cue.end, mention[1]),
        text[cue.start : cue.end],
        cue.start,
        (index,),
        (cue.distance.low_km, cue.distance.high_km) if cue.distance else None,
        cue.distance.about_km if cue.distance else None,
        *(aim or (None, None)),
    )


def _pair(
    relation: Relation, flat: str, other: int, mention: tuple[int, int], language: Language
) -> Relation:
    """Relation with the second mention, if "and" leads to it."""
    start, end = mention
    if start - relation.end > _WINDOW or start < relation.end:
        return relation
    if not _rules(language).pair.fullmatch(flat, relation.end, start):
        return relation
    return replace(relation, end=end, mentions=(*relation.mentions, other))


def _check(text: str, mentions: Sequence[tuple[int, int]], language: str) -> None:
    if language not in BEFORE:
        raise InputError(f"relations in {language!r}: there are rules for {', '.join(BEFORE)}")
    for start, end in mentions:
        if not 0 <= start < end <= len(text):
            raise InputError(
                f"mention {start} to {end} of a text of {len(text)} characters; mentions are"
                " counted in characters of the same text"
            )


@cache  # compiling takes a second
def _rules(language: Language) -> _Rules:
    """Patterns that end where a mention starts, and one that starts where it ends."""
    bridge = rf"(?:{pattern(BRIDGES[language], language)})[\s\"'(«“‘]{{0,3}}"
    name = rf"(?:\b|(?<=[.'])) {{0,3}}{bridge}\Z"
    return _Rules(
        re.compile(rf"(?<!\w)(?:{_kinds(BEFORE[language], language)}){name}"),
        re.compile(rf"(?:'s)? {{1,3}}(?:{_kinds(AFTER[language], language)})\b"),
        re.compile(rf"(?<!\w)(?P<words>{pattern(ELLIPSES[language], language)}){name}"),
        re.compile(rf"\W{{0,3}}(?:{_AND[language]}) {{0,3}}{bridge}"),
        re.compile(rf"\b(?:{NOT_GROUND[language]}) {{1,3}}\Z"),
    )


def _kinds(phrases: dict[str, str], language: Language) -> str:
    return "|".join(rf"(?P<{kind}>{pattern(some, language)})" for kind, some in phrases.items())


_AND: dict[Language, str] = {"en": r"(?:and|to|&)\b", "fr": r"(?:et|&|a|jusqu'a|au)(?:\b|(?<=&))"}
_OF = re.compile(r"d'|de l[a'] ?|d[eu]s? ")

"""Directions of the compass in English and French words -> degrees."""

import re

from landscribe.text.plain import Language

# Who names finer directions means less ground. Wieczorek et al. 2004, doi:10.1080/
# 13658810412331280211, take 45, 22.5 and 11.25 degrees on either side; but of what Wikipedia calls
# north-east of a place only 8 in 10 lie within 22.5 (`tests/benchmarks/relations.py`).
HALF_WIDTHS_DEG = (45.0, 33.75, 16.875, 8.4375)

_EN = "(?:north|south|east|west)"
_FR = "(?:nord|sud|est|ouest|midi|septentrion|levant|orient|couchant|occident|ponant)"
_POINTS = {  # of the compass, as initials
    "en": "(?:nne|ene|ese|sse|ssw|wsw|wnw|nnw|ne|se|sw|nw|[nesw])",
    "fr": "(?:nne|ene|ese|sse|ss[ow]|[ow]s[ow]|[ow]n[ow]|nn[ow]|ne|se|s[ow]|n[ow]|[neswo])",
}
WORDS = {  # patterns of plain text: a direction that is written out
    "en": rf"(?:due )?{_EN}(?:[\s-]?{_EN}){{0,2}}(?:ern(?:most)?|erly|wards?)?(?: by {_EN})?\b",
    "fr": rf"{_FR}(?:[\s-]{_FR}){{0,2}}(?:[\s-]quart[\s-](?:a l'|au[\s-]|de |du )?{_FR})?\b",
}
SHORT = {  # NNE, N. E., S.; elsewhere these may be words of their own
    language: rf"{point}(?![\w'])\.?(?:[\s-]?{point}(?![\w'])\.?){{0,2}}"
    for language, point in _POINTS.items()
}
ADJECTIVES = {  # of a part of something
    "en": rf"{_EN}(?:[\s-]?{_EN})?(?:ern(?:most)?)?\b",
    "fr": r"(?:nord|sud)[\s-](?:est|ouest|orientale?|occidentale?)s?\b|(?:nord|sud|est|ouest)\b"
    r"|(?:septentrional|meridional|oriental|occidental)(?:es?)?\b|septentrionaux\b",
}
_DEGREES = {"n": 0, "e": 90, "s": 180, "w": 270}
_LETTERS = {
    **{"north": "n", "nord": "n", "septentrion": "n"},
    **{"south": "s", "sud": "s", "midi": "s", "meridional": "s"},
    **{"east": "e", "est": "e", "levant": "e", "orient": "e"},
    **{"west": "w", "ouest": "w", "couchant": "w", "occident": "w", "ponant": "w"},
}
_TOKEN = re.compile("|".join(sorted(_LETTERS, key=len, reverse=True)))
_INITIALS = {
    "en": re.compile(rf"(?<![\w'])({_POINTS['en']})(?![\w'])"),  # not the s of X's
    "fr": re.compile(rf"(?<!\w)({_POINTS['fr']})(?![\w'])"),  # the e of a l'E.
}
_TOWARDS = re.compile(r"[\s-]quart[\s-]| by ")  # north by east: a quarter of the way to it


def bearing(words: str, language: Language) -> tuple[float, float] | None:
    """Degrees from north, clockwise, of the direction in plain words, and half its width [degrees].

    None if there is no direction, or one that is none, such as north-south.
    """
    parts = [_letters(part, language) for part in _TOWARDS.split(words)]
    degrees = _degrees(parts[0])
    if degrees is None:
        return None
    if len(parts) == 1 or not parts[1]:
        return degrees, HALF_WIDTHS_DEG[len(parts[0]) - 1]
    side = _turn(degrees, _DEGREES[parts[1][0]])
    return (degrees + (11.25 if side > 0 else -11.25)) % 360, HALF_WIDTHS_DEG[3]


def _letters(words: str, language: Language) -> str:
    """North-north-east, n. n. e., nne -> nne."""
    if found := _TOKEN.findall(words):
        return "".join(_LETTERS[token] for token in found)[:3]
    return "".join(_INITIALS[language].findall(words))[:3].replace("o", "w")


def _degrees(letters: str) -> float | None:
    """Nne -> 22.5: halfway between the first letter and the direction of the rest."""
    if not letters:
        return None
    first, rest = _DEGREES[letters[0]], _degrees(letters[1:])
    if rest is None:
        return float(first) if len(letters) == 1 else None
    turn = _turn(first, rest)
    return None if abs(turn) in (0, 180) else (first + turn / 2) % 360


def _turn(start: float, end: float) -> float:
    """Degrees from one direction to another, -180 to 180."""
    return (end - start + 180) % 360 - 180

"""Distances in English and French words, old units among them -> kilometres."""

import re
from dataclasses import dataclass

from landscribe.text.number_words import NUMBERS, Range, number, part
from landscribe.text.plain import Language


@dataclass(frozen=True)
class Distance:
    """What a distance in words may mean."""

    low_km: float
    about_km: float  # the likeliest
    high_km: float
    unit: str  # its words: what a next number without a unit is counted in


# Of the old units the range in which they were used. The league was 25 to a degree of latitude in
# common, 28 in Paris, 19 in Provence, the mile 60 (Italy, sea) to 75 (Rome): articles "lieue" and
# "mesure itineraire" of the Encyclopedie of Diderot and d'Alembert, 1765.
_UNITS: dict[Language, dict[str, Range]] = {  # pattern of plain text -> km
    "en": {
        r"(?:nautical|sea) miles?|nmi\b": (1.852, 1.852, 1.852),
        r"miles?\b|mi\b\.?": (1.609, 1.609, 1.609),
        r"kilomet(?:er|re)s?|kms?\b\.?": (1, 1, 1),
        r"met(?:er|re)s?|m\b\.?": (0.001, 0.001, 0.001),
        r"yards?|yds?\b\.?": (0.000914, 0.000914, 0.000914),
        r"feet|foot|ft\b\.?": (0.000305, 0.000305, 0.000305),
        r"furlongs?": (0.201, 0.201, 0.201),
        r"leagues?": (3.9, 4.83, 5.9),  # 3 miles in English
        r"w?versts?": (1.067, 1.067, 1.067),
    },
    "fr": {
        r"kilometres?|kms?\b\.?": (1, 1, 1),
        r"metres?|m\b": (0.001, 0.001, 0.001),
        r"(?:(?:petite|grande|bonne)s? )?lieues?": (3.9, 4.45, 5.9),
        r"milles? (?:marin|nautique)s?": (1.852, 1.852, 1.852),
        r"miles\b": (1.609, 1.609, 1.609),
        r"milles?\b": (1.48, 1.852, 1.86),
        r"toises?": (0.001949, 0.001949, 0.001949),
        r"pas\b": (0.0006, 0.00075, 0.0015),  # a step, or the Roman pace of two
        r"stades?": (0.157, 0.185, 0.21),  # from Eratosthenes' to Aegina's
        r"w?[vw]erstes?": (1.067, 1.067, 1.067),
    },
}
_WAYS: dict[str, Range] = {  # ways of going -> km/h, stops included; our guesses
    r"walk|march|foot|pied?\b|hik": (3, 4.5, 6),
    r"horse|rid|cheval|chemin": (4, 6, 12),
    r"driv|car\b|bus\b|road|voiture|route|journey|travel": (30, 70, 110),
    r"train|rail": (40, 90, 250),
    r"boat|ferr|sail|sea|bateau|navigation|mer\b": (8, 20, 50),
    r"fl|plane|air|avion|vol\b": (400, 700, 900),
}
_ANY_WAY: dict[Language, Range] = {"en": (30, 70, 110), "fr": (3, 6, 110)}
_ANY_WAY_BY_DAYS = (3, 5, 12)  # who counts days goes as people did
_HOURS = {"minute": 1 / 60, "heure": 1, "hour": 1, "jour": 8, "day": 8, "week": 40, "semaine": 40}
_TIMES: dict[Language, str] = {
    "en": r"(?:hour|minute|day|week)s?(?:'s?)?(?:[\s-](?:by |on )?(?:walk|march|foot|hik|horse|rid"
    r"|driv|car|bus|road|journey|travel|train|rail|boat|ferr|sail|sea|fl|plane|air)[a-z]*)?",
    "fr": r"(?:heure|minute|journee|jour|semaine)s?(?: (?:de|en|a|par) (?:marche|pied?|cheval"
    r"|chemin|voiture|route|train|bateau|navigation|mer|avion|vol))?\b",
}
_HALF: dict[Language, str] = {
    "en": r"(?: and (?:a|one) (?:half|quarter))?",
    "fr": r"(?: (?:&|et) (?:demie?|une? quart|trois quarts))?",
}
_OR: dict[Language, str] = {"en": " to | or |-| - ", "fr": " a | ou |-| - "}
_MODIFIERS: dict[str, Range] = {  # pattern -> what it does to a distance; our guesses
    r"\b(?:less|under|within|up to|at most|moins|au plus|pas plus)\b": (0, 0.7, 1),
    r"\b(?:more|over|at least|upwards|plus de|au moins)\b": (1, 1.2, 1.5),
    r"\b(?:about|around|approx|roughly|nearly|almost|some|circa|ca\b|or so)": (0.8, 1, 1.25),
    r"\b(?:environ|presque|pres de|a peu pres|approximativement)\b": (0.8, 1, 1.25),
}


def _quantity(language: Language) -> str:
    units = "|".join([*_UNITS[language], _TIMES[language]])
    one, half, other = NUMBERS[language], _HALF[language], _OR[language]
    return (
        rf"(?P<low>{one})\.?(?:(?:{other})(?P<high>{one})\.?)?[\s-]{{0,3}}(?P<unit>{units})"
        rf"(?P<part>{half})"
    )


QUANTITIES: dict[Language, str] = {  # patterns of plain text, without groups: number and unit
    language: re.sub(r"\(\?P<\w+>", "(?:", _quantity(language)) for language in ("en", "fr")
}
_QUANTITIES = {language: re.compile(_quantity(language)) for language in QUANTITIES}
_NUMBERS = {language: re.compile(rf"\b(?:{one})") for language, one in NUMBERS.items()}


def distance(words: str, language: Language, unit: str = "") -> Distance | None:
    """What the distance in plain words may mean; None if there is none.

    Args:
        unit: words of the unit of a number that has none of its own.
    """
    found = _QUANTITIES[language].search(words)
    if found:
        low = number(found["low"], language)
        high = number(found["high"], language) if found["high"] else low
        unit, more = found["unit"], part(found["part"])
    elif unit and (found := _NUMBERS[language].search(words)):
        low, more = number(found[0], language), 0.0
        high = low
    else:
        return None
    numbers = (low[0] + more, (low[1] + high[1]) / 2 + more, high[2] + more)
    factors = _factors(words)
    km = (n * u * f for n, u, f in zip(numbers, _kilometres(unit, language), factors, strict=True))
    return Distance(*km, unit)


def _factors(words: str) -> Range:
    return next((by for told, by in _MODIFIERS.items() if re.search(told, words)), (1, 1, 1))


def _kilometres(unit: str, language: Language) -> Range:
    """Kilometres of one unit, or of an hour, a day or another time on the way."""
    for pattern, km in _UNITS[language].items():
        if re.fullmatch(pattern, unit):
            return km
    hours = next(value for stem, value in _HOURS.items() if unit.startswith(stem))
    usual = _ANY_WAY[language] if hours < 8 else _ANY_WAY_BY_DAYS
    speed = next((s for way, s in _WAYS.items() if re.search(way, unit)), usual)
    return tuple(hours * value for value in speed)

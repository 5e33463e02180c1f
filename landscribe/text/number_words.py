"""Numbers in English and French, as digits or words -> what they may mean."""

import re
import unicodedata
from fractions import Fraction

from landscribe.text.plain import Language

Range = tuple[float, float, float]  # low, likeliest, high

_PHRASES: dict[Language, dict[str, Range]] = {  # what "a few" may be is our guess
    "en": {
        **dict.fromkeys(("a few", "few"), (2, 3, 6)),
        **dict.fromkeys(("a couple of", "a couple", "couple of"), (2, 2, 3)),
        **dict.fromkeys(("several", "many"), (3, 5, 9)),
        "dozens of": (24, 40, 90),
        "hundreds of": (200, 300, 900),
        **dict.fromkeys(("half a", "half an", "a half", "half"), (0.5, 0.5, 0.5)),
        **dict.fromkeys(("a quarter of a", "a quarter of an", "a quarter"), (0.25, 0.25, 0.25)),
        **dict.fromkeys(("three quarters of a", "three quarters of an"), (0.75, 0.75, 0.75)),
    },
    "fr": {
        "quelques": (2, 3, 6),
        "plusieurs": (3, 5, 9),
        "une couple de": (2, 2, 3),
        "des dizaines de": (20, 40, 90),
        "des centaines de": (200, 300, 900),
        **dict.fromkeys(("une demi", "un demi", "une demie", "demi", "demie"), (0.5, 0.5, 0.5)),
        **dict.fromkeys(("un quart de", "un quart d'"), (0.25, 0.25, 0.25)),
        **dict.fromkeys(("trois quarts de", "trois quarts d'"), (0.75, 0.75, 0.75)),
    },
}
_ENGLISH = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_FRENCH = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
_VALUES: dict[Language, dict[str, int]] = {
    "en": {word: value for value, word in enumerate(_ENGLISH.split(), 1)}
    | {"a": 1, "an": 1, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
    | {"seventy": 70, "eighty": 80, "ninety": 90},
    "fr": {word: value for value, word in enumerate(_FRENCH.split(), 1)}
    | {"une": 1, "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50}
    | {"soixante": 60, "septante": 70, "huitante": 80, "octante": 80, "nonante": 90},
}
_SCALES: dict[Language, dict[str, int]] = {
    "en": {"dozen": 12, "score": 20, "hundred": 100, "thousand": 1000},
    "fr": {"dizaine": 10, "douzaine": 12, "quinzaine": 15, "vingtaine": 20, "trentaine": 30}
    | {"quarantaine": 40, "cinquantaine": 50, "soixantaine": 60, "centaine": 100}
    | {"cent": 100, "cents": 100, "mille": 1000, "millier": 1000, "milliers": 1000},
}
_PARTS = {"half": 0.5, "quarter": 0.25, "demi": 0.5, "demie": 0.5, "quart": 0.25, "tiers": 1 / 3}
_DIGITS: dict[Language, str] = {
    "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?",
    "fr": r"\d{1,3}(?:[\s.]\d{3})+(?:,\d+)?|\d+(?:[.,]\d+)?",
}
_ABOUT = (0.8, 1, 1.25)  # of round numbers, such as "une vingtaine"; our guess


def _pattern(language: Language) -> str:
    """Pattern of plain text, without groups: one number."""
    words = [*_VALUES[language], *_SCALES[language]]
    word = rf"(?:{'|'.join(sorted(words, key=len, reverse=True))})\b"
    more = rf"(?:[\s-](?:(?:and|et|&)[\s-])?{word}){{0,5}}(?: and a (?:half|quarter))?(?: de\b)?"
    phrases = "|".join(sorted(_PHRASES[language], key=len, reverse=True))
    digits = rf"(?:{_DIGITS[language]})(?:[\s-]?[½¼¾]|[\s-]\d/\d)?|[½¼¾]"
    return rf"{digits}|(?:{phrases})(?:\b|(?<='))|{word}{more}"


NUMBERS: dict[Language, str] = {language: _pattern(language) for language in ("en", "fr")}


def number(words: str, language: Language) -> Range:
    """What a number in plain text may be; `words` are what `NUMBERS` found."""
    words = " ".join(words.replace("-", " ").split())
    if words in _PHRASES[language]:
        return _PHRASES[language][words]
    words = words.removesuffix(" de")
    if words[0].isnumeric():
        value = _of_digits(words, language)
        return value, value, value
    value = _of_words(words, language)
    low, about, high = _ABOUT if words.endswith("aine") else (1, 1, 1)
    return value * low, value * about, value * high


def part(words: str) -> float:
    """What "and a half" or "& un quart" adds to a number; 0 for no words."""
    found = [word for word in re.findall(r"[a-z]+", words) if word.rstrip("s") in _PARTS]
    times = 3 if "trois" in words or "three" in words else 1
    return times * _PARTS[found[-1].rstrip("s")] if found else 0


def _of_digits(words: str, language: Language) -> float:
    *whole, last = words.split(" ")
    if "/" in last:
        return float(Fraction(last)) + (_of_digits(" ".join(whole), language) if whole else 0)
    if not last[-1].isdecimal():
        rest = " ".join([*whole, last[:-1]]).strip()
        return unicodedata.numeric(last[-1]) + (_of_digits(rest, language) if rest else 0)
    if language == "en":
        return float(words.replace(",", ""))
    return float(re.sub(r"[\s.](?=\d{3}\b)", "", words).replace(",", "."))


def _of_words(words: str, language: Language) -> float:
    """Four hundred and twenty, quatre-vingt-dix, two dozen."""
    whole, _, rest = words.partition(" and a ")
    values, scales, total, now = _VALUES[language], _SCALES[language], 0, 0
    for word in whole.split():
        if word in scales and scales[word] >= 1000:
            total, now = total + max(now, 1) * scales[word], 0
        elif word in scales:
            now = max(now, 1) * scales[word]
        elif values.get(word) == 20 and now % 100 == 4:  # quatre-vingt
            now += 76
        else:
            now += values.get(word, 0)  # "and", "et"
    return total + now + part(rest)

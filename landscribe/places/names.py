"""Names of places in the one form in which they are compared."""

import re
import unicodedata

_LETTERS = str.maketrans(  # that do not decompose
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"}
)
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")  # accents, vowel points
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc\u02bb\u0060\u00b4]")
_INITIAL = re.compile(r"(?<![^\W\d_])([^\W\d_])\.")  # the U and the S of U.S.
_APART = re.compile(r"[^\w&]+|_")
_WHOLE = {"st": "saint", "ste": "sainte", "mt": "mount", "mtn": "mountain", "ft": "fort"}


def normal(name: str) -> str:
    """Form of a name in which two spellings of it are equal.

    Case, accents of Latin, Greek and Cyrillic letters, vowel points, punctuation and a leading
    `the` do not count; initials join (U.S. = us), and Saint, Mount and Fort are written out. Empty
    if nothing of the name is a letter or digit.
    """
    text = name.lower() if name.isascii() else _plain(name)
    text = _APART.sub(" ", _INITIAL.sub(r"\1", _APOSTROPHES.sub("", text)))
    words = [_WHOLE.get(word, word) for word in text.replace("&", " and ").split()]
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _plain(name: str) -> str:
    text = unicodedata.normalize("NFKC", name).casefold().translate(_LETTERS)
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))

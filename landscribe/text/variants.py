"""Other forms of a written name that a gazetteer may hold: without endings, or a part of it."""

import re
from functools import lru_cache

from landscribe.places.names import normal

_POSSESSIVE = re.compile(r"['\u2019]s?$")
_BASED = re.compile(
    r"[- ](?:based|born|area|wide|style|led|backed|controlled|held|run|bound)$", re.I
)
_BEFORE = frozenset(
    """north south east west northern southern eastern western central northeast northwest southeast
    southwest northeastern northwestern southeastern southwestern upper lower greater inner outer
    downtown uptown midtown metro metropolitan mainland rural old new city county state town
    village province district republic kingdom municipality parish port lake river mount isle
    island islands gulf bay of nord sud est ouest ville region royaume""".split()
)
_AFTER = frozenset(
    """city county counties state states province district region area river rivers island islands
    valley airport township municipality parish borough metro metropolitan town village coast
    peninsula mountains mountain desert sea lake bay beach republic territory governorate
    prefecture oblast council border port harbor harbour creek co""".split()
)
_WORD = re.compile(r"[^\W_]+(?:[.'\u2019][^\W_]+)*\.?")
_MOST_WORDS = 10  # of a name that is looked at in parts


@lru_cache(50_000)
def variants(text: str) -> tuple[str, ...]:
    """Normal forms of `text` without endings and generic words around it, the longest first.

    The normal form of the whole is not among them.
    """
    whole = normal(text)
    plain = normal(_BASED.sub("", _POSSESSIVE.sub("", text.split(",")[0].split("(")[0].strip())))
    words = plain.split()
    found = [plain]
    while len(words) > 1 and words[0] in _BEFORE:
        words = words[1:]
        found.append(" ".join(words))
    while len(words) > 1 and words[-1] in _AFTER:
        words = words[:-1]
        found.append(" ".join(words))
    if plain.endswith("s") and len(plain) > 4:
        found.append(plain[:-1])
    return tuple(name for name in dict.fromkeys(found) if name and name != whole)


@lru_cache(50_000)
def parts(text: str) -> tuple[tuple[str, float], ...]:
    """Normal forms of the runs of words in `text`, and their share of its words, longest first."""
    words = [_POSSESSIVE.sub("", word) for word in _WORD.findall(text)][:_MOST_WORDS]
    count = len(words)
    runs = (
        (normal(" ".join(words[first : first + length])), length / count)
        for length in range(count - 1, 0, -1)
        for first in range(count - length + 1)
    )
    return tuple((name, share) for name, share in dict.fromkeys(runs) if len(name) > 2)

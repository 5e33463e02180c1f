"""What speaks for each candidate of each mention of a document by itself, as numbers.

What the other mentions say is in `landscribe.text.shared_evidence`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, pairwise

import numpy as np

from landscribe.places.lookup import Place
from landscribe.text.candidates import OF_CANDIDATE, Candidates, Found
from landscribe.text.mentions import Toponym

OF_MENTION = (
    *("candidates", "is_upper", "words", "letters", "is_lower", "label"),
    *("cue_before", "cue_after", "times"),
)
OWN = (*OF_CANDIDATE, "outlet_country", *OF_MENTION)
NOWHERE, NO_PARENT, _FIRST_ID = range(3)  # numbers of ids: of no place, and where none is
_LABELS = {name: n for n, name in enumerate(("GPE", "LOC", "FAC", "NORP", "ORG", "gazetteer"))}
# Words beside a name that tell its class, a line each.
_CUES = {
    word: number
    for number, words in enumerate(
        (
            "county parish shire",
            "city town village mayor downtown suburb capital neighborhood",
            "river creek stream lake sea ocean gulf bay strait banks",
            "state states governor province senator legislature statehouse",
            "president government minister republic ambassador embassy king",
            "mount mountain mountains hills peak range valley desert",
            "island islands peninsula cape isle",
            "university college school hospital church museum stadium hotel",
            "street road avenue boulevard highway square park drive bridge",
            "airport station terminal port harbor harbour base camp fort",
            "in at from near to outside around across throughout inside",
            "north south east west northern southern eastern western",
            "police council court department bank company team club",
            "mr mrs ms dr sir said says told",
            "of",
        ),
        1,
    )
    for word in words.split()
}
_WORD = re.compile(r"[^\W\d_]+")
_GAP = 8  # characters between a place and its unit, at most
_REACH = 24  # characters that are looked at beside a name
_JOINED = re.compile(r"^\s*(?:,|\(|in|of|,\s*in)?\s*$", re.I)  # between a place and its unit
_STARTS = re.compile(  # before a place: a sentence starts
    r"(?:^|[.!?:;)\]\"”»\n])\s*(?:the\s+|l[ae]s?\s+)?$", re.I
)
_DEFINED = re.compile(  # between a place and a unit in the sentence that says what it is
    r"^[^.;]{0,80}?\b(?:is|was|are|were|est|était)\s+(?:an?|the|one|une?|l[ea]s?|l')\b"
    r"[^.;]*?\b(?:in|of|from|near|dans|en|de|du|des)\b[^.;]*$",
    re.I,
)
_ASIDE = re.compile(r"\([^()]*\)")
_DEFINITION = 240  # characters from a place to a unit that its definition names, at most
_TOP_DOMAIN = re.compile(r"\.([a-z]{2})$")
_COUNTRY_OF_DOMAIN = {"uk": "GB", "eu": "", "tv": "", "io": "", "co": "", "me": ""}


@dataclass(frozen=True)
class Ties:
    """What the candidates are bound to, by ids that are numbered within a document."""

    place: np.ndarray  # (row) id of the place, or NOWHERE
    country: np.ndarray  # (row) a number for each country; 0: none
    parents: np.ndarray  # (row, depth) ids of the parents, country first, then NO_PARENT
    ids: int  # how many numbers of ids there are

    def take(self, rows: np.ndarray) -> "Ties":
        """Ties of some rows."""
        return Ties(self.place[rows], self.country[rows], self.parents[rows], self.ids)


@dataclass(frozen=True)
class Case:
    """A document's mentions with their candidates: what resolving looks at.

    A row is a candidate of a distinct mention, or none of them, which is each mention's last row;
    rows of one mention stand together, in the order of mentions.
    """

    keys: list[int]  # of each mention the number of the distinct mention that stands for it
    mentions: list[Toponym]  # the distinct ones, in the order of the text
    names: np.ndarray  # (mention) a number for each normal form
    joined: list[tuple[int, int]]  # distinct mentions of which the second may contain the first
    echoed: list[tuple[int, int]]  # the same, as it is said of the first one's name elsewhere
    mention: np.ndarray  # (row)
    places: list[Place | None]  # (row)
    own: np.ndarray  # (row, OWN) float32
    point: np.ndarray  # (row, 3) on the unit sphere
    ties: Ties


def case_of(text: str, mentions: Sequence[Toponym], outlet: str, candidates: Candidates) -> Case:
    """Distinct mentions of a document, and the rows of their candidates.

    Mentions are one if they are written alike and the same words stand beside them.
    """
    cues = [_cues(text, mention) for mention in mentions]
    units: dict[int, list[int]] = defaultdict(list)
    for inner, outer in joined_units(text, mentions):
        units[inner].append(outer)
    seen: dict[tuple, int] = {}
    keys, firsts = [], []
    for number, (mention, cue) in enumerate(zip(mentions, cues, strict=True)):
        said = tuple(mentions[unit].text for unit in units.get(number, []))
        keys.append(seen.setdefault((mention.text, cue, said), len(seen)))
        if keys[-1] == len(firsts):
            firsts.append(number)
    distinct = [mentions[number] for number in firsts]
    joined = sorted({(keys[one], keys[unit]) for one, own in units.items() for unit in own})
    times = Counter(mention.text for mention in mentions)
    found = [candidates.found(mention.text) for mention in distinct]
    told = [
        _of_mention(mention, cues[number], len(f.places) - 1, times[mention.text])
        for mention, number, f in zip(distinct, firsts, found, strict=True)
    ]
    return _case(keys, distinct, joined, found, told, _outlet_country(outlet))


def joined_units(text: str, mentions: Sequence[Toponym]) -> Iterator[tuple[int, int]]:
    """Numbers of mentions of which the second is said to contain the first, in their order.

    It follows as `, Texas` or `in Texas` does, or stands in a sentence that says what the first is:
    `Paris is a city in Lamar County, Texas`.
    """
    for number, (mention, after) in enumerate(pairwise(mentions)):
        between = text[mention.end : after.start]
        if len(between) < _GAP and _JOINED.match(between):
            yield number, number + 1
        elif _STARTS.search(text[max(0, mention.start - _GAP) : mention.start]):
            yield from ((number, unit) for unit in _defining(text, mentions, number))


def _defining(text: str, mentions: Sequence[Toponym], number: int) -> Iterator[int]:
    """Numbers of the mentions that the definition of one names."""
    said, end = "", mentions[number].end
    for unit, after in enumerate(mentions[number + 1 :], number + 1):
        said += text[end : after.start]
        if len(said) > _DEFINITION or not _DEFINED.match(_ASIDE.sub("", said)):
            return
        yield unit
        said, end = f"{said}*", after.end  # a name may hold a full stop: U.S.


def _echoed(distinct: list[Toponym], joined: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Pairs of mentions of which nothing is said, and the units first said for the same name.

    One sense per discourse (Gale, Church and Yarowsky 1992).
    """
    units: dict[int, list[int]] = defaultdict(list)
    for inner, outer in joined:
        units[inner].append(outer)
    first = {distinct[inner].text: told for inner, told in reversed(units.items())}
    for number, mention in enumerate(distinct):
        if number not in units:
            yield from ((number, unit) for unit in first.get(mention.text, []))


def _case(
    keys: list[int],
    distinct: list[Toponym],
    joined: list[tuple[int, int]],
    found: list[Found],
    told: list[tuple],
    outlet_country: str,
) -> Case:
    """Case of distinct mentions, of what was `found` for them and what is `told` of them."""
    names = _numbered(f.name for f in found)
    places = [*chain.from_iterable(f.places for f in found)]
    mention = np.repeat(np.arange(len(found)), [len(f.places) for f in found])
    ties, of_outlet = _ties(places, outlet_country)
    own = np.empty((len(places), len(OWN)), np.float32)
    point = np.empty((len(places), 3))
    if places:
        own[:, : len(OF_CANDIDATE)] = np.concatenate([f.numbers for f in found])
        own[:, len(OF_CANDIDATE)] = of_outlet
        own[:, -len(OF_MENTION) :] = np.array(told, np.float32)[mention]
        point = np.concatenate([f.point for f in found])
    echoed = [*_echoed(distinct, joined)]
    return Case(keys, distinct, names, joined, echoed, mention, places, own, point, ties)


def _ties(places: list[Place | None], outlet_country: str) -> tuple[Ties, np.ndarray]:
    """Ties of places, and which of them are in the country of an outlet."""
    ids: dict[str, int] = defaultdict(count(_FIRST_ID).__next__)
    countries: dict[str, int] = defaultdict(count(1).__next__, {"": 0})
    place = np.array([ids[p.id] if p else NOWHERE for p in places], int)
    country = np.array([countries[p.country] if p else 0 for p in places], int)
    depth = np.array([len(p.parents) if p else 0 for p in places], int)
    parents = np.full((len(places), depth.max(initial=1)), NO_PARENT)
    parents[np.arange(parents.shape[1]) < depth[:, None]] = [
        ids[id_] for p in places if p for id_ in p.parents
    ]
    of_outlet = (country > 0) & (country == countries[outlet_country])
    return Ties(place, country, parents, len(ids) + _FIRST_ID), of_outlet


def _numbered(names: Iterable[str]) -> np.ndarray:
    """A number for each different name."""
    numbers: dict[str, int] = defaultdict(count().__next__)
    return np.array([numbers[name] for name in names], int)


def _of_mention(mention: Toponym, cues: tuple[int, int], candidates: int, times: int) -> tuple:
    """OF_MENTION."""
    text = mention.text
    return (
        *(candidates, text.isupper(), len(text.split()), len(text), text.islower()),
        *(_LABELS.get(mention.label, -1), *cues, times),
    )


def _cues(text: str, mention: Toponym) -> tuple[int, int]:
    """What the words before and after a mention tell of its class."""
    before = _WORD.findall(text[max(0, mention.start - _REACH) : mention.start])
    after = _WORD.findall(text[mention.end : mention.end + _REACH])
    return tuple(
        next((_CUES[word.lower()] for word in words if word.lower() in _CUES), 0)
        for words in (before[:-3:-1], after[:2])
    )


def _outlet_country(outlet: str) -> str:
    domain = _TOP_DOMAIN.search(outlet)
    return _COUNTRY_OF_DOMAIN.get(domain[1], domain[1].upper()) if domain else ""

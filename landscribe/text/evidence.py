"""What speaks for each candidate of each mention of a document, as numbers.

Two tables: `own` evidence, of the mention and the candidate alone, and `shared` evidence, which
the other mentions give once each candidate has a first probability from its own.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from landscribe.places.classes import CLASSES
from landscribe.places.lookup import Place
from landscribe.places.names import normal
from landscribe.scores.places import EARTH_KM
from landscribe.tables import NAME_KINDS
from landscribe.text.candidates import AROUND, NONE, PART, Candidate, Candidates
from landscribe.text.mentions import Toponym

OWN = (
    *("how", "share", "log_population", "population_share", "population_rank", "class", "kind"),
    *("log_extent", "is_main_name", "outlet_country"),  # up to here of the candidate
    *("candidates", "is_upper", "words", "letters", "is_lower", "label"),
    *("cue_before", "cue_after", "times"),
)
SHARED = (
    "mentions",
    *("nearest", "within_161", "within_500", "nearest_before", "nearest_after"),
    *("company_50", "company_200"),
    *("of_country", "of_unit", "around_it", "inside_it", "named_again"),
    *("unit_after", "unit_before", "elsewhere"),
)
_OF_PLACE = np.array([2, 5, 7])  # columns of OWN that a place has wherever it is a candidate
_CLASSES = {name: number for number, name in enumerate(CLASSES)}
_KINDS = {name: number for number, name in enumerate(NAME_KINDS)}
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
_TOP_DOMAIN = re.compile(r"\.([a-z]{2})$")
_COUNTRY_OF_DOMAIN = {"uk": "GB", "eu": "", "tv": "", "io": "", "co": "", "me": ""}
_ANCHORS = 24  # places that the others of a document are seen from
_AROUND = 3  # places of other mentions that are candidates, too


class Row(NamedTuple):
    """One candidate of one distinct mention; place None: none of the others."""

    mention: int
    place: Place | None
    how: int
    share: float


@dataclass(frozen=True)
class Case:
    """A document's mentions with their candidates: what resolving looks at."""

    keys: list[int]  # of each mention the number of the distinct mention that stands for it
    mentions: list[Toponym]  # the distinct ones, in the order of the text
    joined: list[tuple[int, int]]  # distinct mentions of which the second may contain the first
    rows: list[Row]  # by mention
    own: np.ndarray  # (row, OWN)


def case_of(text: str, mentions: Sequence[Toponym], outlet: str, candidates: Candidates) -> Case:
    """Distinct mentions of a document, and the rows of their candidates.

    Mentions are one if they are written alike and the same words stand beside them.
    """
    cues = [_cues(text, mention) for mention in mentions]
    units = dict(joined_units(text, mentions))
    seen: dict[tuple, int] = {}
    keys = []
    for number, (mention, cue) in enumerate(zip(mentions, cues, strict=True)):
        name = mentions[units[number]].text if number in units else ""
        keys.append(seen.setdefault((mention.text, cue, name), len(seen)))
    firsts = {key: number for number, key in reversed([*enumerate(keys)])}
    distinct = [mentions[firsts[key]] for key in range(len(seen))]
    joined = [(keys[inner], keys[outer]) for inner, outer in units.items()]
    times = Counter(mention.text for mention in mentions)
    country = _outlet_country(outlet)
    rows, own = [], []
    for key, mention in enumerate(distinct):
        found = candidates.of(mention.text)
        of_mention = _of_mention(mention, cues[firsts[key]], found, times[mention.text])
        rows += [Row(key, *candidate) for candidate in found]
        own += [_own(c, of_mention, found, country, mention.text) for c in found]
        rows.append(Row(key, None, NONE, 0.0))
        own.append((NONE, *(0,) * (len(OWN) - 1 - len(of_mention)), *of_mention))
    return Case(
        keys, distinct, sorted(set(joined)), rows, np.array(own, np.float32).reshape(-1, len(OWN))
    )


def shared(case: Case, first: np.ndarray) -> tuple[list[Row], np.ndarray]:
    """Rows with places of other mentions added, and their whole table (row, OWN + SHARED).

    Args:
        first: (row) probability of each row from its own evidence alone; 1 for each mention.
    """
    rows, own, first = _with_around(case, first)
    if not rows:
        return rows, np.zeros((0, len(OWN) + len(SHARED)), np.float32)
    ground = _Ground(case, rows, first)
    numbers = np.column_stack([own, ground.numbers()])
    return rows, numbers.astype(np.float32)


def _of_mention(
    mention: Toponym, cues: tuple[int, int], found: Sequence[Candidate], times: int
) -> tuple:
    text = mention.text
    return (
        *(len(found), text.isupper(), len(text.split()), len(text), text.islower()),
        *(_LABELS.get(mention.label, -1), *cues, times),
    )


def _own(
    candidate: Candidate, of_mention: tuple, found: Sequence[Candidate], country: str, text: str
) -> tuple:
    place, how, share = candidate
    people = place.population or 0
    most = sum(c.place.population or 0 for c in found)
    return (
        *(how, share, math.log1p(people), (people + 1) / (most + 1)),
        sum((c.place.population or 0) > people for c in found),
        *(_CLASSES[place.class_], _KINDS.get(place.kind, -1), math.log(place.extent_km)),
        *(normal(place.name) == normal(text), bool(country) and place.country == country),
        *of_mention,
    )


def _cues(text: str, mention: Toponym) -> tuple[int, int]:
    """What the words before and after a mention tell of its class."""
    before = _WORD.findall(text[max(0, mention.start - _REACH) : mention.start])
    after = _WORD.findall(text[mention.end : mention.end + _REACH])
    return tuple(
        next((_CUES[word.lower()] for word in words if word.lower() in _CUES), 0)
        for words in (before[:-3:-1], after[:2])
    )


def joined_units(text: str, mentions: Sequence[Toponym]) -> Iterator[tuple[int, int]]:
    """Numbers of mentions of which the second follows as `, Texas` or `in Texas` does."""
    for number, (mention, after) in enumerate(pairwise(mentions)):
        between = text[mention.end : after.start]
        if len(between) < _GAP and _JOINED.match(between):
            yield number, number + 1


def _outlet_country(outlet: str) -> str:
    domain = _TOP_DOMAIN.search(outlet)
    return _COUNTRY_OF_DOMAIN.get(domain[1], domain[1].upper()) if domain else ""


def _with_around(case: Case, first: np.ndarray) -> tuple[list[Row], np.ndarray, np.ndarray]:
    """Rows, own evidence and first probabilities, with the likeliest places of neighbours."""
    best: dict[int, tuple[float, int]] = {}
    for number, row in enumerate(case.rows):
        if row.place and row.how != PART and first[number] > best.get(row.mention, (0.2, 0))[0]:
            best[row.mention] = float(first[number]), number
    weight: Counter[int] = Counter()
    for probability, number in best.values():
        weight[number] += probability
    extra = []
    known = {(row.mention, row.place.row) for row in case.rows if row.place}
    for mention in range(len(case.mentions)):
        near = sorted(best, key=lambda other: abs(other - mention))
        chosen = [best[other][1] for other in near if other != mention][:_AROUND]
        for number in dict.fromkeys(chosen):
            place = case.rows[number].place
            if (mention, place.row) not in known:
                known.add((mention, place.row))
                extra.append((Row(mention, place, AROUND, 0.0), number))
    if not extra:
        return case.rows, case.own, first
    return _merged(case, first, extra)


def _merged(
    case: Case, first: np.ndarray, extra: list[tuple[Row, int]]
) -> tuple[list[Row], np.ndarray, np.ndarray]:
    none_of = {row.mention: n for n, row in enumerate(case.rows) if row.place is None}
    own = []
    for row, source in extra:  # of the mention what its own rows say, of the place what its do
        told = case.own[none_of[row.mention]].copy()
        told[_OF_PLACE] = case.own[source][_OF_PLACE]
        told[0] = AROUND
        own.append(told)
    rows = case.rows + [row for row, _ in extra]
    order = sorted(range(len(rows)), key=lambda n: rows[n].mention)
    table = np.vstack([case.own, own])[order]
    weights = np.concatenate([first, np.zeros(len(extra))])[order]
    return [rows[n] for n in order], table, weights


class _Ground:
    """The candidates of a document together on the ground."""

    def __init__(self, case: Case, rows: list[Row], first: np.ndarray) -> None:
        self.case, self.rows, self.first = case, rows, first
        self.mention = np.array([row.mention for row in rows])
        named = [normal(mention.text) for mention in case.mentions]
        names = {name: n for n, name in enumerate(dict.fromkeys(named))}
        self.name = np.array([names[name] for name in named])[self.mention]
        places = [row.place for row in rows]
        self.placed = np.array([p is not None for p in places])
        lon, lat = np.radians([(p.lon, p.lat) if p else (0.0, 0.0) for p in places]).T
        self.unit = np.column_stack(
            [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
        )  # (row, 3)

    def numbers(self) -> np.ndarray:
        """(row, SHARED)."""
        return np.column_stack(
            [self._mentions(), self._distances(), self._company(), self._relatives()]
        )

    def _mentions(self) -> np.ndarray:
        return np.full(len(self.rows), len(self.case.mentions))

    def _distances(self) -> np.ndarray:
        """nearest_km, within_161, within_500, before_km, after_km of likely places of others."""
        known = np.flatnonzero(self.placed & (self.first > 0.05))
        anchors = known[np.argsort(-self.first[known], kind="stable")][:_ANCHORS]
        if not len(anchors):
            return np.tile([10.0, 0, 0, 10, 10], (len(self.rows), 1))
        km = np.arccos(np.clip(self.unit @ self.unit[anchors].T, -1, 1)) * EARTH_KM
        weight = self.first[anchors] * (self.name[:, None] != self.name[anchors])
        total = np.maximum(weight.sum(1), 1e-6)
        far = np.log1p(km) + 3 * (1 - weight)  # an unlikely place is as good as a far one
        gap = self.mention[anchors] - self.mention[:, None]
        return np.column_stack(
            [
                np.where(weight > 0, far, 13).min(1),
                (weight * (km <= 161)).sum(1) / total,
                (weight * (km <= 500)).sum(1) / total,
                np.where((weight > 0) & (gap < 0) & (gap >= -2), far, 13).min(1),
                np.where((weight > 0) & (gap > 0) & (gap <= 2), far, 13).min(1),
            ]
        )

    def _company(self) -> np.ndarray:
        """company_50, company_200: names that have any candidate near, rare ones more.

        However unlikely each is alone: several names that all have a place in one valley mean it.
        """
        order = np.argsort(self.name[self.placed], kind="stable")
        some = np.flatnonzero(self.placed)[order]
        if not len(some):
            return np.zeros((len(self.rows), 2))
        names, starts, counts = np.unique(self.name[some], return_index=True, return_counts=True)
        cosine = self.unit @ self.unit[some].T
        closest = np.maximum.reduceat(cosine, starts, axis=1)  # (row, name)
        closest[self.name[:, None] == names] = -1
        rare = 1 / np.log2(1 + counts)
        return np.column_stack([(closest >= math.cos(km / EARTH_KM)) @ rare for km in (50, 200)])

    def _relatives(self) -> np.ndarray:
        """of_country, of_unit, around_it, inside_it, named_again, next_around, before_around."""
        total, own = defaultdict(float), defaultdict(float)
        for row, name, weight in zip(self.rows, self.name, self.first, strict=True):
            if row.place and weight > 0.01:
                for key in _ties(row.place):
                    total[key] += weight
                    own[name, key] += weight
        again = self._elsewhere()
        everything = max(float(len(self.case.mentions)), 1.0)
        after, before = self._joined()
        lines = []
        for row, name in zip(self.rows, self.name, strict=True):
            if not row.place:
                lines.append((0.0,) * 8)
                continue
            place = row.place

            def given(kind: str, id_: str, name: int = name) -> float:
                return total.get((kind, id_), 0.0) - own.get((name, (kind, id_)), 0.0)

            parents = place.parents
            lines.append(
                (
                    given("country", place.country) / everything if place.country else 0.0,
                    max((given("unit", id_) for id_ in parents[1:]), default=0.0) / everything,
                    sum(given("self", id_) for id_ in parents),
                    given("unit", place.id),
                    given("self", place.id),
                    max((after.get((row.mention, id_), 0.0) for id_ in parents), default=0.0),
                    before.get((row.mention, place.id), 0.0),
                    again.get((row.mention, place.row), 0.0),
                )
            )
        return np.array(lines)

    def _elsewhere(self) -> dict[tuple[int, int], float]:
        """How likely each place is where the same name stands elsewhere in the document."""
        told = defaultdict(list)
        for row, name, weight in zip(self.rows, self.name, self.first, strict=True):
            if row.place and row.how != AROUND:
                told[name, row.place.row].append((weight, row.mention))
        found = {}
        for (_, place), weights in told.items():
            if len(weights) > 1:
                for _, mention in weights:
                    found[mention, place] = max(w for w, other in weights if other != mention)
        return found

    def _joined(self) -> tuple[dict, dict]:
        """Likely units after a mention, and units that hold likely places before it."""
        by_mention = defaultdict(list)
        for row, weight in zip(self.rows, self.first, strict=True):
            if row.place:
                by_mention[row.mention].append((row.place, weight))
        after, before = defaultdict(float), defaultdict(float)
        for inner, outer in self.case.joined:
            for place, weight in by_mention[outer]:
                after[inner, place.id] += weight
            for place, weight in by_mention[inner]:
                for id_ in place.parents:
                    before[outer, id_] = max(before[outer, id_], weight)
        return after, before


def _ties(place: Place) -> list[tuple[str, str]]:
    """What a likely place speaks for: itself, its country, and the units around it."""
    return [("self", place.id), ("country", place.country), *(("unit", p) for p in place.parents)]

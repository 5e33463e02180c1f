"""What the other mentions of a document say of each candidate, as numbers.

They say it once each candidate has a first probability from its own evidence.
"""

import math
from itertools import groupby, pairwise
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from landscribe.scores.places import EARTH_KM
from landscribe.text.candidates import AROUND, NONE, PART
from landscribe.text.evidence import NO_PARENT, OWN, Case

SHARED = (
    "mentions",
    *("nearest", "within_161", "within_500", "nearest_before", "nearest_after"),
    *("company_50", "company_200"),
    *("of_country", "of_unit", "around_it", "inside_it", "named_again"),
    *(
        "unit_said",
        "unit_echoed",
        "unit_after",
        "units_share",
        "unit_before",
        "is_unit",
        "elsewhere",
    ),
)
_OF_PLACE = np.array([OWN.index(name) for name in ("log_population", "class", "log_extent")])
_MENTION = OWN.index("candidates")  # the first column that tells of a mention
_HOW = OWN.index("how")
_ANCHORS = 24  # places that the others of a document are seen from
_AROUND = 3  # places of other mentions that are candidates, too
_LIKELY = 0.2  # least probability of such a place
_HEARD = 0.01  # least probability of a candidate that speaks for what it is tied to
_NOTHING = 13  # the logarithm of a distance that is farther than any
_PAIRS = 4_000_000  # of rows that are compared at once, 32 MB each time


Columns = tuple[np.ndarray | float, ...]  # (row) each


class Rows(NamedTuple):
    """Rows of a table: candidates of mentions, some of them found with other mentions."""

    mention: np.ndarray  # (row) number of the distinct mention, not falling
    source: np.ndarray  # (row) row of the case that has the place
    is_own: np.ndarray  # (row) whether it is that row of the case itself


def own_rows(case: Case) -> Rows:
    """Rows that a case has by itself."""
    return Rows(case.mention, np.arange(len(case.mention)), np.ones(len(case.mention), bool))


def shared(case: Case, first: np.ndarray) -> tuple[Rows, np.ndarray]:
    """Rows with places of other mentions added, and their table (row, OWN + SHARED) [float32].

    Args:
        first: (row) probability of each row from its own evidence alone; 1 for each mention.
    """
    rows = _with_around(case, first)
    table = np.empty((len(rows.mention), len(OWN) + len(SHARED)), np.float32)
    if len(table):
        table[:, : len(OWN)] = _own(case, rows)
        for number, column in enumerate(_Ground(case, rows, first).columns(), len(OWN)):
            table[:, number] = column
    return rows, table


def _with_around(case: Case, first: np.ndarray) -> Rows:
    """Rows of a case, and at the end of each mention's the likeliest places of its neighbours."""
    extra = _extra(case, _best(case, first))
    if not extra:
        return own_rows(case)
    more_mentions, more_sources = np.array(extra).T
    mention = np.concatenate([case.mention, more_mentions])
    source = np.concatenate([np.arange(len(case.mention)), more_sources])
    order = np.argsort(mention, kind="stable")
    return Rows(mention[order], source[order], order < len(case.mention))


def _best(case: Case, first: np.ndarray) -> np.ndarray:
    """Rows of the likeliest place of each mention that has a likely one, by mention."""
    how = case.own[:, _HOW]
    likely = np.flatnonzero((how != NONE) & (how != PART) & (first > _LIKELY))
    order = likely[np.lexsort((likely, -first[likely], case.mention[likely]))]
    return order[np.diff(case.mention[order], prepend=-1) > 0]


def _extra(case: Case, best: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of a mention and the row of a place that it gets from the mentions next to it."""
    count = len(case.mentions)
    known = {*(case.mention * case.ties.ids + case.ties.place).tolist()}
    rows, place = best.tolist(), case.ties.place[best].tolist()
    away = np.abs(case.mention[best] - np.arange(count)[:, None])  # (mention, best)
    order = np.argsort(away, axis=1, kind="stable")[:, : _AROUND + 1].tolist()
    of_best = case.mention[best].tolist()
    extra = []
    for mention in range(count):
        others = [n for n in order[mention] if of_best[n] != mention][:_AROUND]
        for n in others:
            if (key := mention * case.ties.ids + place[n]) not in known:
                known.add(key)
                extra.append((mention, rows[n]))
    return extra


def _own(case: Case, rows: Rows) -> np.ndarray:
    """(row, OWN): of an added row what its mention's rows say, and of the place what its do."""
    own = case.own[rows.source]
    added = np.flatnonzero(~rows.is_own)
    if len(added):
        last = np.searchsorted(case.mention, rows.mention[added], "right") - 1
        told = case.own[last].copy()  # of none of them
        told[:, _OF_PLACE] = own[added][:, _OF_PLACE]
        told[:, _HOW] = AROUND
        own[added] = told
    return own


class _Ground:
    """The candidates of a document together on the ground."""

    def __init__(self, case: Case, rows: Rows, first: np.ndarray) -> None:
        self.joined, self.mentions = sorted(case.joined + case.echoed), len(case.mentions)
        self.echoed = [mention for mention, _ in case.echoed]
        self.mention, self.is_own = rows.mention, rows.is_own
        self.names = len(case.mentions) and int(case.names.max()) + 1
        self.name = case.names[rows.mention]
        self.point = case.point[rows.source]  # (row, 3)
        self.ties = case.ties.take(rows.source)
        self.placed = case.own[rows.source, _HOW] != NONE
        self.first = np.where(rows.is_own, first[rows.source], 0.0)

    def columns(self) -> Columns:
        """SHARED, in that order."""
        return (
            *(self.mentions, *self._distances(), *self._company(), *self._relatives()),
            *(*self._joined(), self._elsewhere()),
        )

    def _distances(self) -> Columns:
        """nearest, within_161, within_500, nearest_before, nearest_after.

        Of likely places of other names; distances as the logarithm of km.
        """
        known = np.flatnonzero(self.placed & (self.first > 0.05))
        anchors = known[np.argsort(-self.first[known], kind="stable")][:_ANCHORS]
        if not len(anchors):
            return 10.0, 0.0, 0.0, 10.0, 10.0
        km = np.arccos(np.clip(self.point[anchors] @ self.point.T, -1, 1)) * EARTH_KM
        weight = self.first[anchors, None] * (self.name[anchors, None] != self.name)
        total = np.maximum(weight.sum(0), 1e-6)
        far = np.log1p(km) + 3 * (1 - weight)  # an unlikely place is as good as a far one
        far[weight <= 0] = _NOTHING
        gap = self.mention[anchors, None] - self.mention
        return (
            far.min(0),
            (weight * (km <= 161)).sum(0) / total,
            (weight * (km <= 500)).sum(0) / total,
            np.where((gap < 0) & (gap >= -2), far, _NOTHING).min(0),
            np.where((gap > 0) & (gap <= 2), far, _NOTHING).min(0),
        )

    def _company(self) -> Columns:
        """company_50, company_200: names that have any candidate near, rare ones more.

        However unlikely each is alone: several names that all have a place in one valley mean it.
        """
        some = np.flatnonzero(self.placed)
        if not len(some):
            return 0.0, 0.0
        some = some[np.argsort(self.name[some], kind="stable")]
        counts = np.bincount(self.name[some])
        names = np.flatnonzero(counts)
        starts = np.searchsorted(self.name[some], names)
        rare = 1 / np.log2(1 + counts[names])
        company = np.empty((2, len(self.mention)))
        step = max(_PAIRS // len(some), 1)
        for start in range(0, len(self.mention), step):
            part = slice(start, start + step)
            cosine = self.point[part] @ self.point[some].T
            closest = np.maximum.reduceat(cosine, starts, axis=1)  # (row, name)
            closest[self.name[part, None] == names] = -1
            for number, km in enumerate((50, 200)):
                company[number, part] = (closest >= math.cos(km / EARTH_KM)) @ rare
        return tuple(company)

    def _relatives(self) -> Columns:
        """of_country, of_unit, around_it, inside_it, named_again: what other names speak for."""
        place, country, parents, ids = (
            *(self.ties.place, self.ties.country, self.ties.parents, self.ties.ids),
        )
        heard = np.flatnonzero(self.placed & (self.first > _HEARD))
        selves = self._told(place[heard, None], heard, ids)
        units = self._told(parents[heard], heard, ids)
        countries = self._told(country[heard, None], heard, int(country.max()) + 1)
        units[:, NO_PARENT] = countries[:, 0] = 0
        name = self.name
        everything = max(float(self.mentions), 1.0)
        of_unit = units[name[:, None], parents[:, 1:]]
        return (
            countries[name, country] / everything,
            of_unit.max(1, initial=0) / everything,
            selves[name[:, None], parents].sum(1),
            units[name, place],
            selves[name, place],
        )

    def _told(self, ids: np.ndarray, heard: np.ndarray, most: int) -> np.ndarray:
        """How likely the candidates of all other names together are tied to each id (name, id).

        Args:
            ids: (heard, tie) what the rows that are `heard` are tied to.
            most: the number after the last one.
        """
        weight = np.repeat(self.first[heard], ids.shape[1])
        name = np.repeat(self.name[heard], ids.shape[1])
        own = np.bincount(name * most + ids.ravel(), weight, self.names * most)
        others = np.bincount(ids.ravel(), weight, most) - own.reshape(self.names, most)
        return np.where(others < _HEARD / 2, 0.0, others)  # what is left of rounding is nobody

    def _joined(self) -> Columns:
        """What a text says of where a place is: all columns of units.

        That it names a likely unit; that it does so where the name stands elsewhere; that a likely
        one holds the candidate; which share of the units does, each as far as for the candidate
        that fits it best; and of units, that the candidate holds a likely place that is said to be
        there, or is itself what was named.
        """
        said, echoed, after, share, before, itself = columns = np.zeros((6, len(self.mention)))
        if not self.joined:
            return tuple(columns)
        echoed[np.isin(self.mention, self.echoed)] = 1
        starts = np.searchsorted(self.mention, np.arange(self.mentions + 1)).tolist()
        rows = [np.arange(*ends) for ends in pairwise(starts)]  # of each mention
        for inner, pairs in groupby(self.joined, key=itemgetter(0)):
            units = [rows[outer] for _, outer in pairs]
            inside, outside = rows[inner], np.concatenate(units)
            holds = self.ties.parents[inside][:, :, None] == self.ties.place[outside]
            same = self.ties.place[inside][:, None] == self.ties.place[outside]
            said[inside] = (self.first * self.placed)[outside].max(initial=0)
            after[inside] = (holds * self.first[outside]).sum(2).max(1)
            share[inside] = _share((holds.any(1) * self.first[outside]), [*map(len, units)])
            itself[inside] = (same * self.first[outside]).max(1, initial=0)
            likely = (holds.any(1) * self.first[inside, None]).max(0)
            before[outside] = np.maximum(before[outside], likely)
        return tuple(columns)

    def _elsewhere(self) -> np.ndarray:
        """How likely each place is where the same name stands elsewhere in the document."""
        found = np.zeros(len(self.mention))
        if self.names == self.mentions:
            return found
        rows = np.flatnonzero(self.placed & self.is_own)
        key = self.name[rows] * self.ties.ids + self.ties.place[rows]
        order = np.lexsort((-self.first[rows], key))  # of each name and place the likeliest first
        rows, key = rows[order], key[order]
        at = np.arange(len(rows))
        best = np.searchsorted(key, key)
        other = np.where(at == best, np.minimum(at + 1, len(at) - 1), best)
        found[rows] = self.first[rows[other]] * ((key[other] == key) & (other != at))
        return found


def _share(told: np.ndarray, sizes: list[int]) -> np.ndarray:
    """How much of what each unit tells speaks for each candidate, as a mean of units, 0-1.

    Args:
        told: (candidate, candidate of a unit) how likely the unit that holds the candidate is.
        sizes: candidates of each unit.
    """
    if not len(told):
        return np.zeros(0)
    starts = np.cumsum([0, *sizes[:-1]])
    of_unit = np.add.reduceat(told, starts, axis=1)
    best = of_unit.max(0)
    heard = best > 0
    return (of_unit[:, heard] / best[heard]).sum(1) / max(len(sizes), 1)

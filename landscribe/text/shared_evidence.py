"""What the other mentions of a document say of each candidate, as numbers.

They say it once each candidate has a first probability from its own evidence.
"""

import math
from itertools import groupby
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
    *("unit_after", "unit_before", "elsewhere"),
)
_OF_PLACE = np.array([OWN.index(name) for name in ("log_population", "class", "log_extent")])
_MENTION = OWN.index("candidates")  # the first column that tells of a mention
_HOW = OWN.index("how")
_ANCHORS = 24  # places that the others of a document are seen from
_AROUND = 3  # places of other mentions that are candidates, too
_LIKELY = 0.2  # least probability of such a place
_HEARD = 0.01  # least probability of a candidate that speaks for what it is tied to
_PAIRS = 4_000_000  # of rows that are compared at once, 32 MB each time


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
        table[:, len(OWN) :] = _Ground(case, rows, first).numbers()
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
    known = {*zip(case.mention.tolist(), case.ties.place.tolist(), strict=True)}
    place, rows = case.ties.place.tolist(), best.tolist()
    away = np.abs(case.mention[best] - np.arange(count)[:, None])  # (mention, best)
    order = np.argsort(away, axis=1, kind="stable")[:, : _AROUND + 1].tolist()
    of_best = case.mention[best].tolist()
    extra = []
    for mention in range(count):
        others = [n for n in order[mention] if of_best[n] != mention][:_AROUND]
        for row in (rows[n] for n in others):
            if (mention, place[row]) not in known:
                known.add((mention, place[row]))
                extra.append((mention, row))
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
        self.joined, self.mentions = case.joined, len(case.mentions)
        self.mention, self.is_own = rows.mention, rows.is_own
        self.names = len(case.mentions) and int(case.names.max()) + 1
        self.name = case.names[rows.mention]
        self.point = case.point[rows.source]  # (row, 3)
        self.ties = case.ties.take(rows.source)
        self.placed = case.own[rows.source, _HOW] != NONE
        self.first = np.where(rows.is_own, first[rows.source], 0.0)

    def numbers(self) -> np.ndarray:
        """(row, SHARED)."""
        mentions = np.full(len(self.mention), self.mentions)
        return np.column_stack(
            [mentions, self._distances(), self._company(), self._relatives(), *self._joined()]
            + [self._elsewhere()]
        )

    def _distances(self) -> np.ndarray:
        """nearest, within_161, within_500, nearest_before, nearest_after.

        Of likely places of other names; distances as the logarithm of km.
        """
        known = np.flatnonzero(self.placed & (self.first > 0.05))
        anchors = known[np.argsort(-self.first[known], kind="stable")][:_ANCHORS]
        if not len(anchors):
            return np.tile([10.0, 0, 0, 10, 10], (len(self.mention), 1))
        km = np.arccos(np.clip(self.point @ self.point[anchors].T, -1, 1)) * EARTH_KM
        weight = self.first[anchors] * (self.name[:, None] != self.name[anchors])
        total = np.maximum(weight.sum(1), 1e-6)
        far = np.log1p(km) + 3 * (1 - weight)  # an unlikely place is as good as a far one
        far[weight <= 0] = 13
        gap = self.mention[anchors] - self.mention[:, None]
        return np.column_stack(
            [
                far.min(1),
                (weight * (km <= 161)).sum(1) / total,
                (weight * (km <= 500)).sum(1) / total,
                np.where((gap < 0) & (gap >= -2), far, 13).min(1),
                np.where((gap > 0) & (gap <= 2), far, 13).min(1),
            ]
        )

    def _company(self) -> np.ndarray:
        """company_50, company_200: names that have any candidate near, rare ones more.

        However unlikely each is alone: several names that all have a place in one valley mean it.
        """
        order = np.argsort(self.name[self.placed], kind="stable")
        some = np.flatnonzero(self.placed)[order]
        if not len(some):
            return np.zeros((len(self.mention), 2))
        counts = np.bincount(self.name[some])
        names = np.flatnonzero(counts)
        starts = np.searchsorted(self.name[some], names)
        rare = 1 / np.log2(1 + counts[names])
        step = max(_PAIRS // len(some), 1)
        parts = []
        for start in range(0, len(self.mention), step):
            part = slice(start, start + step)
            cosine = self.point[part] @ self.point[some].T
            closest = np.maximum.reduceat(cosine, starts, axis=1)  # (row, name)
            closest[self.name[part, None] == names] = -1
            near = [(closest >= math.cos(km / EARTH_KM)) @ rare for km in (50, 200)]
            parts.append(np.column_stack(near))
        return np.concatenate(parts)

    def _relatives(self) -> np.ndarray:
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
        return np.column_stack(
            [
                countries[name, country] / everything,
                of_unit.max(1, initial=0) / everything,
                selves[name[:, None], parents].sum(1),
                units[name, place],
                selves[name, place],
            ]
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
        return np.bincount(ids.ravel(), weight, most) - own.reshape(self.names, most)

    def _joined(self) -> tuple[np.ndarray, np.ndarray]:
        """unit_after: a likely unit follows; unit_before: it holds a likely place before it."""
        after, before = np.zeros((2, len(self.mention)))
        for inner, pairs in groupby(self.joined, key=lambda pair: pair[0]):
            inside = self._rows([inner])
            outside = self._rows([outer for _, outer in pairs])
            holds = self.ties.parents[inside][:, :, None] == self.ties.place[outside]
            after[inside] = (holds * self.first[outside]).sum(2).max(1)
            likely = (holds.any(1) * self.first[inside, None]).max(0)
            before[outside] = np.maximum(before[outside], likely)
        return after, before

    def _rows(self, mentions: list[int]) -> np.ndarray:
        starts = np.searchsorted(self.mention, mentions)
        ends = np.searchsorted(self.mention, mentions, "right")
        return np.concatenate([np.arange(*ends_) for ends_ in zip(starts, ends, strict=True)])

    def _elsewhere(self) -> np.ndarray:
        """How likely each place is where the same name stands elsewhere in the document."""
        found = np.zeros(len(self.mention))
        if self.names == self.mentions:
            return found
        rows = np.flatnonzero(self.placed & self.is_own)
        key = self.name[rows] * self.ties.ids + self.ties.place[rows]
        order = np.lexsort((-self.first[rows], key))  # of each name and place the likeliest first
        rows, key = rows[order], key[order]
        best = np.searchsorted(key, key)
        second = np.minimum(best + 1, len(key) - 1)
        other = np.where(np.arange(len(rows)) == best, second, best)
        found[rows] = (
            self.first[rows[other]] * (key[other] == key) * (other != np.arange(len(rows)))
        )
        return found

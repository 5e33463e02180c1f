"""How well mentions and their places agree with gold.

The protocol is that of Gritta et al. 2020, A pragmatic guide to geoparsing evaluation,
doi:10.1007/s10579-019-09475-3: micro averages over a corpus, great-circle errors, and 161 km
(100 miles) as what is near enough. A score is a function of the tallies of documents, so that it
can be made for any part of a corpus, and drawn again for an interval.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from landscribe.scores.calibration import BINS
from landscribe.text.gold import GoldDocument, GoldMention

EARTH_KM = 6371.0  # mean radius
FARTHEST_KM = 20039.0  # half of the Earth's circumference: the error of what is not resolved
NEAR_KM = 161.0
DRAWS = 1000
T = TypeVar("T")
Numbers = dict[str, float | None]


@dataclass(frozen=True)
class Predicted:
    """A mention that was found in a text, with its place if one was chosen."""

    start: int
    end: int
    lon: float | None = None
    lat: float | None = None
    place: str | None = None  # id, with the prefixes of the gold: gn:2950159
    probability: float | None = None  # that `place` is right
    footprint: BaseGeometry | None = None  # lon, lat


@dataclass(frozen=True)
class Judged:
    """What became of one located gold mention."""

    error_km: float  # FARTHEST_KM if not resolved
    resolved: bool
    probability: float | None
    same_place: bool | None  # None: gold has no id
    in_footprint: bool  # gold's point in the predicted footprint
    in_bounds: bool | None  # predicted point in gold's bounds; None: gold has none

    @property
    def near(self) -> bool:
        """Whether the predicted point is within NEAR_KM."""
        return self.resolved and self.error_km <= NEAR_KM


@dataclass(frozen=True)
class Tally:
    """One document's part of all scores."""

    gold: int
    located: int  # gold with coordinates
    predicted: int
    exact: int  # predictions with the span of a gold mention, one to one
    overlap: int  # predictions that overlap a gold mention, one to one
    on_gold: tuple[Judged, ...]  # every located gold mention, with the prediction of its span
    matched: tuple[Judged, ...]  # located gold mentions that a prediction overlaps


def tally(document: GoldDocument, predicted: Sequence[Predicted]) -> Tally:
    """Count what was predicted for a document against its gold."""
    gold = document.mentions
    exact, overlap = match_exact(gold, predicted), match_overlap(gold, predicted)
    at = dict(exact)
    return Tally(
        gold=len(gold),
        located=sum(mention.located for mention in gold),
        predicted=len(predicted),
        exact=len(exact),
        overlap=len(overlap),
        on_gold=tuple(
            judge(mention, predicted[at[i]] if i in at else None)
            for i, mention in enumerate(gold)
            if mention.located
        ),
        matched=tuple(judge(gold[i], predicted[j]) for i, j in overlap if gold[i].located),
    )


def match_exact(
    gold: Sequence[GoldMention], predicted: Sequence[Predicted]
) -> list[tuple[int, int]]:
    """Positions (gold, predicted) of mentions with equal spans, each in one pair at most."""
    free: dict[tuple[int, int], list[int]] = {}
    for j in reversed(range(len(predicted))):
        free.setdefault((predicted[j].start, predicted[j].end), []).append(j)
    return [(i, free[s].pop()) for i, m in enumerate(gold) if free.get(s := (m.start, m.end))]


def match_overlap(
    gold: Sequence[GoldMention], predicted: Sequence[Predicted]
) -> list[tuple[int, int]]:
    """Positions (gold, predicted) of mentions that overlap, each in one pair at most.

    Greedy: the pair that shares the largest part of its longer span comes first, then the one that
    stands first.
    """
    pairs = []
    for i, g in enumerate(gold):
        for j, p in enumerate(predicted):
            shared = min(g.end, p.end) - max(g.start, p.start)
            if shared > 0:
                pairs.append((-shared / max(g.end - g.start, p.end - p.start), i, j))
    used_gold, used_predicted, found = set(), set(), []
    for _, i, j in sorted(pairs):
        if i not in used_gold and j not in used_predicted:
            used_gold.add(i)
            used_predicted.add(j)
            found.append((i, j))
    return found


def judge(gold: GoldMention, predicted: Predicted | None) -> Judged:
    """Compare a prediction, or that there is none, with a located gold mention."""
    if predicted is None:
        predicted = Predicted(gold.start, gold.end)
    resolved = predicted.lon is not None and predicted.lat is not None
    error = FARTHEST_KM
    if resolved:
        error = float(great_circle_km(gold.lon, gold.lat, predicted.lon, predicted.lat))
    footprint = predicted.footprint
    return Judged(
        error_km=error,
        resolved=resolved,
        probability=predicted.probability,
        same_place=predicted.place == gold.place if gold.place else None,
        in_footprint=footprint is not None and footprint.covers(Point(gold.lon, gold.lat)),
        in_bounds=_inside(gold.bounds, predicted) if gold.bounds else None,
    )


def great_circle_km(
    lon: np.ndarray | float,
    lat: np.ndarray | float,
    other_lon: np.ndarray | float,
    other_lat: np.ndarray | float,
) -> np.ndarray:
    """Distances of points on a sphere (haversine), at most FARTHEST_KM."""
    lon, lat, other_lon, other_lat = map(np.radians, (lon, lat, other_lon, other_lat))
    half = (
        np.sin((other_lat - lat) / 2) ** 2
        + np.cos(lat) * np.cos(other_lat) * np.sin((other_lon - lon) / 2) ** 2
    )
    return np.minimum(2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))), FARTHEST_KM)


def recognition(tallies: Sequence[Tally], overlap: bool = False) -> Numbers:
    """Precision, recall and F1 of the spans: exact ones, or those that overlap."""
    hits = sum(t.overlap if overlap else t.exact for t in tallies)
    return _f1(hits, sum(t.gold for t in tallies), sum(t.predicted for t in tallies))


def end_to_end(tallies: Sequence[Tally]) -> Numbers:
    """Precision, recall and F1 of mentions that overlap located gold and are near it.

    A prediction without a place counts as one, as does one on gold that is not located.
    """
    hits = sum(judged.near for t in tallies for judged in t.matched)
    return _f1(hits, sum(t.located for t in tallies), sum(t.predicted for t in tallies))


def resolution(judged: Sequence[Judged]) -> Numbers:
    """Scores of places; None where nothing is there to tell one from.

    Of gold spans give all `on_gold`: what is not resolved counts as wrong. Of matched spans give
    `matched` with `resolved`.
    """
    errors = np.array([j.error_km for j in judged])
    ids = [j.same_place for j in judged if j.same_place is not None]
    bounded = [j.in_bounds for j in judged if j.in_bounds is not None]
    return {
        "accuracy_161km": _share([j.near for j in judged]),
        "mean_km": float(errors.mean()) if len(errors) else None,
        "median_km": float(np.median(errors)) if len(errors) else None,
        "auc": auc(errors),
        "exact_id": _share(ids),
        "in_footprint": _share([j.in_footprint for j in judged]),
        "near_or_in_footprint": _share([j.near or j.in_footprint for j in judged]),
        "in_gold_bounds": _share(bounded),
    }


def auc(errors_km: np.ndarray) -> float | None:
    """Area under the curve of sorted ln(error + 1), 0 (best) to 1; None of fewer than two."""
    if len(errors_km) < 2:
        return None
    logs = np.sort(np.log(np.asarray(errors_km) + 1))
    return float(np.trapezoid(logs) / ((len(logs) - 1) * math.log(FARTHEST_KM)))


def reliability(probability: np.ndarray, right: np.ndarray) -> list[dict]:
    """Mean probability and accuracy in each of BINS bins of equal width, closed above."""
    probability, right = np.asarray(probability, float), np.asarray(right, bool)
    into = np.clip(np.ceil(probability * BINS).astype(int) - 1, 0, BINS - 1)
    rows = []
    for i in range(BINS):
        here = into == i
        count = int(here.sum())
        rows.append(
            {
                "low": i / BINS,
                "high": (i + 1) / BINS,
                "mentions": count,
                "probability": float(probability[here].mean()) if count else None,
                "accuracy": float(right[here].mean()) if count else None,
            }
        )
    return rows


def expected_calibration_error(probability: np.ndarray, right: np.ndarray) -> float | None:
    """Mean gap of probability and accuracy over the bins: Eq. 3 of Guo et al. 2017,
    arXiv:1706.04599.
    """
    if not len(probability):
        return None
    rows = [row for row in reliability(probability, right) if row["mentions"]]
    gaps = sum(row["mentions"] * abs(row["probability"] - row["accuracy"]) for row in rows)
    return gaps / len(probability)


def accuracy_at(probability: np.ndarray, right: np.ndarray, coverage: float) -> float | None:
    """Accuracy of the most probable share of predictions; of equal ones, the expected one.

    Args:
        coverage: share that is kept, 0-1; at least one prediction is.
    """
    probability, right = np.asarray(probability, float), np.asarray(right, bool)
    if not len(probability):
        return None
    keep = max(1, round(coverage * len(probability)))
    least = np.sort(probability)[-keep]
    above, level = probability > least, probability == least
    hits = right[above].sum() + (keep - above.sum()) * right[level].mean()
    return float(hits / keep)


def trust(judged: Sequence[Judged]) -> Numbers:
    """Calibration error of the predicted places, and accuracy of the surest 90 and 80 %.

    The error is over places that have a probability; the accuracies are over all mentions, with
    what is not resolved as the least sure.
    """
    told = [j for j in judged if j.resolved and j.probability is not None]
    error = expected_calibration_error(
        np.array([j.probability for j in told]), np.array([j.near for j in told])
    )
    sure = np.array([j.probability or 0.0 if j.resolved else -1.0 for j in judged])
    near = np.array([j.near for j in judged])
    return {
        "calibration_error": error,
        "accuracy_90": accuracy_at(sure, near, 0.9) if told else None,
        "accuracy_80": accuracy_at(sure, near, 0.8) if told else None,
    }


def intervals(
    items: Sequence[T],
    scores: Callable[[Sequence[T]], Numbers],
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, tuple[float, float] | None]:
    """95 % percentile interval of each score, by drawing documents again with replacement.

    Args:
        items: tallies of documents.
        scores: of some of them; draws in which one is None do not count for it.
    """
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in scores(items)}
    for _ in range(draws):
        drawn = random.integers(0, len(items), len(items))
        for name, value in scores([items[i] for i in drawn]).items():
            if value is not None:
                found[name].append(value)
    return {
        name: tuple(float(v) for v in np.percentile(values, [2.5, 97.5])) if values else None
        for name, values in found.items()
    }


def floor(
    document: GoldDocument, first: Callable[[str], tuple[str, float, float] | None]
) -> list[Predicted]:
    """Prediction of each gold mention from its name alone: what any resolver has to beat.

    Args:
        first: id, lon and lat of the first place of a name, as the most populous; None if unknown.
    """
    predicted = []
    for mention in document.mentions:
        place, lon, lat = first(mention.text) or (None, None, None)
        predicted.append(Predicted(mention.start, mention.end, lon, lat, place))
    return predicted


def _f1(hits: int, gold: int, predicted: int) -> Numbers:
    """None where there is nothing to divide by."""
    return {
        "precision": hits / predicted if predicted else None,
        "recall": hits / gold if gold else None,
        "f1": 2 * hits / (gold + predicted) if gold + predicted else None,
    }


def _share(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if len(values) else None


def _inside(bounds: tuple[float, float, float, float], predicted: Predicted) -> bool:
    if predicted.lon is None or predicted.lat is None:
        return False
    west, south, east, north = bounds
    if west <= east:
        across = west <= predicted.lon <= east
    else:  # over the date line
        across = predicted.lon >= west or predicted.lon <= east
    return across and south <= predicted.lat <= north

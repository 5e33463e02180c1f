"""How well mentions and their places agree with gold.

The protocol is that of Gritta et al. 2020, A pragmatic guide to geoparsing evaluation,
doi:10.1007/s10579-019-09475-3: micro averages over a corpus, great-circle errors, and 161 km
(100 miles) as what is near enough. All scores are made from one tally of documents, which can be
drawn again for an interval.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.scores.calibration import BINS
from landscribe.text.gold import GoldDocument, GoldMention

EARTH_KM = 6371.0  # mean radius
FARTHEST_KM = 20039.0  # of the protocol, half around the Earth: error of what is not resolved
NEAR_KM = 161.0
DRAWS = 1000
Numbers = dict[str, float | None]


COUNTED = np.dtype(  # what is in one document
    [
        ("gold", "i8"),
        ("located", "i8"),  # gold with coordinates
        ("predicted", "i8"),
        ("exact", "i8"),  # predictions with the span of a gold mention, one to one
        ("overlap", "i8"),  # predictions that overlap a gold mention, one to one
    ]
)
JUDGED = np.dtype(  # what became of one located gold mention; NaN: cannot be told
    [
        ("document", "i8"),  # its position; the rows are in order of it
        ("error_km", "f8"),  # FARTHEST_KM if not resolved
        ("resolved", "?"),  # a place was predicted
        ("near", "?"),  # and it is at most NEAR_KM away
        ("probability", "f8"),  # that the predicted place is right, as its resolver says
        ("same_place", "f8"),  # 1: has gold's id; NaN: gold has no id
        ("in_footprint", "?"),  # gold's point is in the predicted footprint
        ("in_bounds", "f8"),  # 1: the predicted point is in gold's bounds; NaN: gold has none
    ]
)


@dataclass(frozen=True)
class Predicted:
    """A mention that was found in a text, with its place if one was chosen."""

    start: int
    end: int
    lon: float | None = None
    lat: float | None = None
    place: str | None = None  # id, with the prefix that gold uses: gn:2950159
    probability: float | None = None  # that `place` is right, 0-1
    footprint: BaseGeometry | None = None  # lon, lat

    def __post_init__(self) -> None:
        point = (self.lon, self.lat)
        if point != (None, None) and (None in point or not _on_earth(*point)):
            raise InputError(
                f"a prediction at lon {self.lon}, lat {self.lat}; give degrees, or None for both"
            )
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise InputError(f"a prediction of probability {self.probability}; it has to be 0 to 1")


@dataclass(frozen=True)
class Tally:
    """What was predicted for documents against their gold: all that the scores need."""

    counts: np.ndarray  # COUNTED (document)
    on_gold: np.ndarray  # JUDGED (mention): all located gold, with the prediction of its very span
    matched: np.ndarray  # JUDGED (mention): the located gold that a prediction overlaps

    def drawn(self, documents: np.ndarray) -> "Tally":
        """Tally of some documents, by position; one that is named twice counts twice."""
        return Tally(
            self.counts[documents], _of(self.on_gold, documents), _of(self.matched, documents)
        )


def tally(documents: Sequence[GoldDocument], predictions: Sequence[Sequence[Predicted]]) -> Tally:
    """Count the predictions for each document against its gold."""
    if len(documents) != len(predictions):
        raise InputError(
            f"predictions for {len(predictions)} documents, but {len(documents)} of gold; give one"
            " list per document, in order, empty where nothing was found"
        )
    counts, on_gold, matched = [], [], []
    for row, (document, predicted) in enumerate(zip(documents, predictions, strict=True)):
        gold = document.mentions
        exact, overlap = match_exact(gold, predicted), match_overlap(gold, predicted)
        located = [i for i, mention in enumerate(gold) if mention.located]
        counts.append((len(gold), len(located), len(predicted), len(exact), len(overlap)))
        at = dict(exact)
        on_gold += [_judged(row, gold[i], predicted[at[i]] if i in at else None) for i in located]
        matched += [_judged(row, gold[i], predicted[j]) for i, j in overlap if gold[i].located]
    return Tally(np.array(counts, COUNTED), np.array(on_gold, JUDGED), np.array(matched, JUDGED))


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


def every_score(tally: Tally) -> Numbers:
    """All scores under <group>.<name>; None where there is nothing to tell one from.

    The groups are exact and overlap (spans), end_to_end (spans and places), gold_spans (places of
    all located gold; what has none is wrong by FARTHEST_KM) and matched_spans (places of what was
    found and resolved). Of a resolver alone, gold_spans tells the truth only if it was given the
    gold spans: a mention that was not found counts there as not resolved.
    """
    resolved = tally.matched[tally.matched["resolved"]]
    unresolved = len(tally.matched) - len(resolved)
    groups = {
        "exact": recognition(tally),
        "overlap": recognition(tally, overlap=True),
        "end_to_end": end_to_end(tally),
        "gold_spans": resolution(tally.on_gold) | trust(tally.on_gold),
        "matched_spans": resolution(resolved) | {"unresolved": unresolved},
    }
    return {f"{group}.{name}": v for group, all_ in groups.items() for name, v in all_.items()}


def recognition(tally: Tally, overlap: bool = False) -> Numbers:
    """Precision, recall and F1 of the spans: exact ones, or those that overlap."""
    return _f1(tally.counts["overlap" if overlap else "exact"], "gold", tally)


def end_to_end(tally: Tally) -> Numbers:
    """Precision, recall and F1 of mentions that overlap located gold and are near it.

    A prediction without a place counts as one, as does one on gold that is not located.
    """
    return _f1(tally.matched["near"], "located", tally)


def resolution(judged: np.ndarray) -> Numbers:
    """Scores of the places of JUDGED mentions.

    A large footprint is easily around a point: look at its size, too, before you compare.
    """
    error, near = judged["error_km"], judged["near"]
    return {
        "mentions": len(judged),
        "accuracy_161km": _share(near),
        "mean_km": float(error.mean()) if len(error) else None,
        "median_km": float(np.median(error)) if len(error) else None,
        "auc": auc(error),
        "exact_id": _share(judged["same_place"]),
        "in_footprint": _share(judged["in_footprint"]),
        "near_or_in_footprint": _share(near | judged["in_footprint"]),
        "in_gold_bounds": _share(judged["in_bounds"]),
    }


def trust(judged: np.ndarray) -> Numbers:
    """Calibration error of predicted places, and accuracy of the surest 90 and 80 % of mentions.

    The error is over places that have a probability; the accuracies are over all mentions, with
    what is not resolved, or has no probability, as the least sure. None without any probability.
    """
    told = judged[judged["resolved"] & ~np.isnan(judged["probability"])]
    sure = np.where(judged["resolved"], np.nan_to_num(judged["probability"], nan=0), -1)
    return {
        "calibration_error": expected_calibration_error(told["probability"], told["near"]),
        "accuracy_90": accuracy_at(sure, judged["near"], 0.9) if len(told) else None,
        "accuracy_80": accuracy_at(sure, judged["near"], 0.8) if len(told) else None,
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
    if not ((probability >= 0) & (probability <= 1)).all():
        raise InputError("probabilities have to be 0 to 1; leave out what has none")
    into = np.searchsorted(np.arange(1, BINS) / BINS, probability)
    return [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "mentions": int((into == i).sum()),
            "probability": _share(probability[into == i]),
            "accuracy": _share(right[into == i]),
        }
        for i in range(BINS)
    ]


def expected_calibration_error(probability: np.ndarray, right: np.ndarray) -> float | None:
    """Mean gap of probability and accuracy over the bins, weighed by their mentions.

    Eq. 3 of Guo et al. 2017, arXiv:1706.04599. None of nothing.
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


def intervals(
    tally: Tally,
    scores: Callable[[Tally], Numbers] = every_score,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, tuple[float, float] | None]:
    """95 % percentile interval of each score, by drawing documents again with replacement.

    Draws in which a score is None do not count for it.
    """
    random = np.random.default_rng(seed)
    count = len(tally.counts)
    found: dict[str, list[float]] = {name: [] for name in scores(tally)}
    for _ in range(draws if count else 0):
        for name, value in scores(tally.drawn(random.integers(0, count, count))).items():
            if value is not None:
                found[name].append(value)
    return {
        name: tuple(float(v) for v in np.percentile(values, [2.5, 97.5])) if values else None
        for name, values in found.items()
    }


def floor_predictions(
    document: GoldDocument, first: Callable[[str], tuple[str, float, float] | None]
) -> list[Predicted]:
    """Prediction of each gold mention from its name alone: the floor that a resolver has to beat.

    Args:
        first: id, lon and lat of the first place of a name, as the most populous; None if unknown.
    """
    predicted = []
    for mention in document.mentions:
        place, lon, lat = first(mention.text) or (None, None, None)
        predicted.append(Predicted(mention.start, mention.end, lon, lat, place))
    return predicted


def _judged(row: int, gold: GoldMention, predicted: Predicted | None) -> tuple:
    """A row of JUDGED: a prediction, or that there is none, against a located gold mention."""
    predicted = predicted or Predicted(gold.start, gold.end)
    error, resolved = FARTHEST_KM, predicted.lon is not None
    if resolved:
        error = float(great_circle_km(gold.lon, gold.lat, predicted.lon, predicted.lat))
    footprint = predicted.footprint
    return (
        row,
        error,
        resolved,
        resolved and error <= NEAR_KM,
        math.nan if predicted.probability is None else predicted.probability,
        predicted.place == gold.place if gold.place else math.nan,
        footprint is not None and footprint.covers(Point(gold.lon, gold.lat)),
        _inside(gold.bounds, predicted) if gold.bounds else math.nan,
    )


def _of(judged: np.ndarray, documents: np.ndarray) -> np.ndarray:
    """Rows of some documents, which are numbered anew."""
    first = np.searchsorted(judged["document"], documents, "left")
    counts = np.searchsorted(judged["document"], documents, "right") - first
    ends = np.cumsum(counts)
    rows = np.arange(counts.sum()) + np.repeat(first - ends + counts, counts)
    found = judged[rows]
    found["document"] = np.repeat(np.arange(len(documents)), counts)
    return found


def _f1(right: np.ndarray, wanted: str, tally: Tally) -> Numbers:
    """None where there is nothing to divide by."""
    hits, gold = int(right.sum()), int(tally.counts[wanted].sum())
    predicted = int(tally.counts["predicted"].sum())
    return {
        "precision": hits / predicted if predicted else None,
        "recall": hits / gold if gold else None,
        "f1": 2 * hits / (gold + predicted) if gold + predicted else None,
    }


def _share(values: np.ndarray) -> float | None:
    """Mean of those that can be told."""
    told = values[~np.isnan(values)]
    return float(told.mean()) if len(told) else None


def _on_earth(lon: float, lat: float) -> bool:
    return abs(lon) <= 180 and abs(lat) <= 90


def _inside(bounds: tuple[float, float, float, float], predicted: Predicted) -> bool:
    if predicted.lon is None:
        return False
    west, south, east, north = bounds
    if west <= east:
        across = west <= predicted.lon <= east
    else:  # over the date line
        across = predicted.lon >= west or predicted.lon <= east
    return across and south <= predicted.lat <= north

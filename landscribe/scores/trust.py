"""Scores of trust: whether a map is as sure as it is right, and keeps what its sets promise.

All are of held-out test polygons. Intervals (95 %) come from squares drawn with replacement, as
pixels of a polygon and polygons of a square resemble each other.
"""

import numpy as np

from landscribe.cards import LandClass
from landscribe.formats.rasters import NODATA
from landscribe.mapping.cog import DISSIMILARITY_STEP
from landscribe.trust.calibrate import Calibration
from landscribe.trust.held_out import HeldOut

BINS = 10  # of confidence, as in `calibration`
AWAY_EDGES = (0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2.01)  # dissimilarity, as a share of the threshold
DRAWS, SEED = 1000, 0
NOTE = (
    "Test pixels that the map shows; of large polygons some stand for all. `per_polygon` counts"
    " each polygon once, `per_pixel` each pixel. Intervals (95 %) are from squares drawn with"
    " replacement."
)


def trust_scores(
    held: HeldOut, calibration: Calibration, told: dict, legend: list[LandClass]
) -> dict:
    """What trust.json holds.

    Args:
        held: test pixels; their `layer` is the applicability, NODATA where it was not measured.
        told: calibration.json.
    """
    shares, mapped = held.shares, held.stored.argmax(axis=0)
    sets = calibration.sets(shares)
    hit = sets[held.truth, np.arange(len(held.truth))].astype(float)
    return {
        "sample": {
            "split": "test",
            "pixels": int(held.polygons.pixels.sum()),
            "polygons": len(held.polygons),
            "squares": int(held.polygons.square.nunique()),
            "note": NOTE,
        },
        "rescaling": told["rescaling"]["method"],
        "temperature": told["rescaling"]["temperature"],
        "reliability": {
            "before": _reliability(held, shares, mapped),
            "after": _reliability(held, calibration.rescaling(shares), mapped),
        },
        "coverage": {
            "target": told["sets"]["coverage"],
            "each_class": told["sets"]["each_class"],
            "note": told["sets"]["note"],
            **_means(held, hit, np.ones(len(hit), bool)),
            "set_size": _means(held, sets.sum(axis=0), np.ones(len(hit), bool)),
            "classes": [
                _class_row(held, hit, sets, number, land) for number, land in enumerate(legend)
            ],
        },
        "applicability": _applicability(held, mapped == held.truth, hit),
    }


def _class_row(
    held: HeldOut, hit: np.ndarray, sets: np.ndarray, number: int, land: LandClass
) -> dict:
    mine = held.truth == number
    return {
        **land.model_dump(include={"id", "name", "title", "colour"}),
        "polygons": int(len(np.unique(held.polygon[mine]))),
        **_means(held, hit, mine),
        "set_size": _means(held, sets.sum(axis=0), mine),
    }


def _applicability(held: HeldOut, right: np.ndarray, hit: np.ndarray) -> dict | None:
    """Accuracy and coverage inside and outside, and accuracy by dissimilarity."""
    known = held.layer != NODATA
    if not known.any():
        return None
    away = held.layer * DISSIMILARITY_STEP
    inside, outside = known & (away <= 1), known & (away > 1)
    bins = [
        {"low": low, "high": high, **_means(held, right, known & (away > low) & (away <= high))}
        for low, high in zip((-1, *AWAY_EDGES[1:]), AWAY_EDGES[1:], strict=False)
    ]
    bins[0]["low"], bins[-1]["high"] = 0, None
    return {
        "inside": _part(held, right, hit, inside),
        "outside": _part(held, right, hit, outside),
        "bins": bins,
    }


def _part(held: HeldOut, right: np.ndarray, hit: np.ndarray, chosen: np.ndarray) -> dict:
    pixels = float(held.weights(1)[chosen].sum())
    parts = {"accuracy": right.astype(float), "coverage": hit}
    return {"pixels": round(pixels)} | {n: _means(held, v, chosen) for n, v in parts.items()}


def _means(held: HeldOut, values: np.ndarray, chosen: np.ndarray) -> dict:
    """Mean of values (pixel) over some pixels, by polygon and by pixel; null without any."""
    return {
        f"per_{unit}": _mean(held, values, chosen, held.weights(power))
        for unit, power in {"polygon": 0, "pixel": 1}.items()
    }


def _mean(
    held: HeldOut, values: np.ndarray, chosen: np.ndarray, weights: np.ndarray
) -> dict | None:
    if not chosen.any():
        return None
    square, w = held.square, np.where(chosen, weights, 0)
    sums = np.stack([np.bincount(square, w * values), np.bincount(square, w)])
    sums = sums[:, sums[1] > 0]
    n = sums.shape[1]
    times = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), DRAWS)
    drawn = times @ sums[0] / (times @ sums[1])
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = sums[0].sum() / sums[1].sum()
    return {"value": float(value), "interval": [float(low), float(high)]}


def _reliability(held: HeldOut, shares: np.ndarray, mapped: np.ndarray) -> dict:
    """Bins of confidence by pixel, and the calibration error by pixel and by polygon.

    The calibration error is Eq. 3 of Guo et al. 2017, arXiv:1706.04599.
    """
    confidence = np.take_along_axis(shares, mapped[None], 0)[0].astype("float64")
    right = mapped == held.truth
    into = np.clip(np.ceil(np.round(confidence * BINS, 6)).astype(int) - 1, 0, BINS - 1)
    errors = {}
    for unit, power in {"polygon": 0, "pixel": 1}.items():
        weights = held.weights(power)
        gaps = np.bincount(into, weights * (confidence - right), BINS)
        errors[f"per_{unit}"] = float(np.abs(gaps).sum() / weights.sum())
    weights = held.weights(1)
    sums = [np.bincount(into, weights * v, BINS) for v in (np.ones(len(into)), confidence, right)]
    bins = [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "pixels": round(float(count)),
            "confidence": float(told / count) if count else None,
            "accuracy": float(hits / count) if count else None,
        }
        for i, (count, told, hits) in enumerate(zip(*sums, strict=True))
    ]
    return {"expected_calibration_error": errors, "bins": bins}

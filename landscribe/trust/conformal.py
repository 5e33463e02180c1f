"""Conformal sets: classes that hold the true one as often as was promised.

Split conformal prediction (Vovk et al. 2005; Papadopoulos et al. 2002) with the score of LAC, 1 -
probability (Sadinle, Lei and Wasserman 2019, doi:10.1080/01621459.2017.1395341): a class belongs to
the set of a pixel if its score is no higher than a threshold, which comes from the scores of the
true classes on ground that was held out of training. Scores are of a model's own probabilities, so
that the rescaling, which is fitted on the same ground, cannot touch the promise.

Pixels of one polygon were labelled together, so a polygon counts once, and in it each pixel the
same; one polygon more, the one that is asked about, counts as if its score were endless. This is
HCP of Lee, Barber and Willett 2023, arXiv:2306.06342, which keeps the promise with any number of
polygons; the model is that of Dunn, Wasserman and Ramdas 2022, doi:10.1080/01621459.2022.2060112.

The promise: of a pixel drawn from a polygon drawn at random, the set holds the class with at least
the probability `coverage`, on the average over draws of the polygons. It says nothing about one
class, one place, or ground that is unlike the polygons.
"""

from collections.abc import Sequence

import numpy as np

from landscribe.formats.rasters import PROBABILITY_SCALE

BITS = 16  # classes that one band of a bit mask holds


def polygon_weights(polygons: np.ndarray) -> np.ndarray:
    """Weight of each pixel; those of a polygon sum to 1."""
    _, polygon, size = np.unique(polygons, return_inverse=True, return_counts=True)
    return 1 / size[polygon]


def squares_needed(coverage: float) -> int:
    """Squares without which nothing is promised: 9 for .9, 19 for .95.

    As many units are needed for any finite threshold. Polygons of a square resemble each other, so
    it is asked of the squares.
    """
    return int(np.ceil(coverage / (1 - coverage) - 1e-9))


def threshold(
    scores: np.ndarray, polygons: np.ndarray, squares: np.ndarray, coverage: float
) -> float:
    """Least score that keeps the promise; infinite where there are too few squares for any.

    Args:
        scores: (pixel) of the true class.
        polygons: (pixel) told apart over all squares.
        squares: (pixel) square of its polygon.
    """
    if len(np.unique(squares)) < squares_needed(coverage):
        return np.inf
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(polygon_weights(polygons)[order]) / (len(np.unique(polygons)) + 1)
    at = np.searchsorted(reached, coverage - 1e-9)
    return float(scores[order][at]) if at < len(scores) else np.inf


def class_thresholds(
    shares: np.ndarray,
    truth: np.ndarray,
    polygons: np.ndarray,
    squares: np.ndarray,
    coverage: float,
    per_class: bool,
) -> np.ndarray:
    """Threshold of each class (class); one for all, or so that each class keeps the promise.

    Per class (Vovk 2012, arXiv:1209.2673) a rare class is in every set, unless enough squares have
    it.

    Args:
        shares: (class, pixel) a model's own probabilities.
        truth: (pixel) position of the true class.
        polygons: (pixel) told apart over all squares.
        squares: (pixel) square of its polygon.
    """
    right = 1 - np.take_along_axis(shares, truth[None], 0)[0]
    if not per_class:
        return np.full(len(shares), threshold(right, polygons, squares, coverage))
    kinds = (truth == number for number in range(len(shares)))
    return np.array([threshold(right[k], polygons[k], squares[k], coverage) for k in kinds])


def sets(shares: np.ndarray, thresholds: Sequence[float] | np.ndarray) -> np.ndarray:
    """Classes (class, ...) bool of each set; the most probable one is always in.

    Args:
        shares: (class, ...) a model's own probabilities.
        thresholds: (class).
    """
    limits = np.asarray(thresholds).reshape(-1, *[1] * (shares.ndim - 1))
    held = 1 - shares <= limits + PROBABILITY_SCALE / 2  # steps in which they were stored
    np.put_along_axis(held, shares.argmax(axis=0)[None], True, 0)
    return held


def packed(held: np.ndarray) -> np.ndarray:
    """Bits (band, ...) uint16 of sets (class, ...): class k is bit k % 16 of band k // 16.

    Bits and bands count from 0; classes stand in the legend's order.
    """
    bands = -(-len(held) // BITS)
    out = np.zeros((bands, *held.shape[1:]), "uint16")
    for number, one in enumerate(held):
        out[number // BITS] |= one.astype("uint16") << (number % BITS)
    return out

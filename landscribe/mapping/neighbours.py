"""Classes of pixels as their neighbours see them: Bayesian smoothing, and the mode filter.

Neighbours are the pixels of a square around a pixel, itself included. Pixels without data and those
outside the raster are no neighbours. What a pixel becomes depends on its neighbours alone, so parts
of a raster that overlap by half a square give the same bits as the whole.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from landscribe.cards import LandClass
from landscribe.formats.rasters import NODATA, PROBABILITY_SCALE
from landscribe.smoothing import Smoothing

_COUNTS = round(1 / PROBABILITY_SCALE)  # of a probability of 1
_AT_ONCE = 2**12  # pixels whose neighbours are sorted at once: they stay in a processor's cache


def bayes(
    probabilities: np.ndarray, raw: np.ndarray, legend: Sequence[LandClass], how: Smoothing
) -> np.ndarray:
    """Class (y, x) uint8 of the highest posterior mean of its logit, NODATA where `raw` has it.

    Empirical Bayes of Camara et al. 2024, doi:10.3390/rs16234572: a class's logit x has the prior
    mean m and variance s2 of the highest `neighbour_share` of its neighbours' logits, and the
    variance v = `smoothness` of itself; its posterior mean is (s2 x + v m) / (s2 + v). Where less
    than two logits are left to estimate a prior from, x stays. Of equal means the raw class wins,
    then the first of the legend.

    Args:
        probabilities: (class, y, x) uint16 in PROBABILITY_SCALE.
        raw: (y, x) uint8 class ids.
    """
    missing = raw == NODATA
    neighbours = _neighbours(~missing, how.window_px)
    best = np.full(raw.shape, -np.inf, "float32")
    found = raw.copy()
    for stored, land in zip(probabilities, legend, strict=True):
        x = np.where(missing, np.float32(-np.inf), _LOGITS[np.minimum(stored, _COUNTS)])
        mean = _posterior(x, neighbours, how, np.float32(how.smoothness_of(land.name)))
        better = (mean > best) | ((mean == best) & (raw == land.id))
        best[better], found[better] = mean[better], land.id
    return np.where(missing, np.uint8(NODATA), found)


def majority(raw: np.ndarray, legend: Sequence[LandClass], window_px: int) -> np.ndarray:
    """Class (y, x) uint8 of most neighbours, NODATA where `raw` has it.

    Of classes with as many the raw one wins, then the first of the legend.
    """
    most = np.zeros(raw.shape, "int32")
    found = raw.copy()
    for land in legend:
        votes = _neighbours(raw == land.id, window_px)
        better = (votes > most) | ((votes == most) & (raw == land.id))
        most[better], found[better] = votes[better], land.id
    return np.where(raw == NODATA, np.uint8(NODATA), found)


def _posterior(x: np.ndarray, neighbours: np.ndarray, how: Smoothing, v: np.float32) -> np.ndarray:
    """Posterior mean (y, x) float32 of logits (y, x), which are -inf where there is no data.

    Where there is none the mean is of no meaning.
    """
    side, width = how.window_px, x.shape[1]
    squares = sliding_window_view(np.pad(x, side // 2, constant_values=-np.inf), (side, side))
    taken = np.ceil(how.neighbour_share * neighbours - 1e-9).astype("int32")
    out, rows = np.empty_like(x), max(1, _AT_ONCE // width)
    for top in range(0, len(x), rows):
        part = slice(top, top + rows)
        ascending = squares[part].reshape(-1, side**2)  # a copy
        ascending.sort(axis=1)
        highest = np.ascontiguousarray(ascending.T[: -taken[part].max(initial=1) - 1 : -1])
        m, s2 = _mean_and_variance(highest, taken[part].ravel())
        own = np.maximum(x[part].ravel(), _LOGITS[0])
        mean = np.where(taken[part].ravel() > 1, (s2 * own + v * m) / (s2 + v), own)
        out[part] = mean.reshape(-1, width)
    return out


def _mean_and_variance(values: np.ndarray, taken: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sample variance (pixel) of the first `taken` of values (rank, pixel).

    `values` is used up. Sums run down the ranks, so their bits do not depend on the other pixels.
    """
    left_out = np.arange(len(values))[:, None] >= taken
    some = left_out.any()
    if some:
        values[left_out] = 0
    mean = values.sum(axis=0) / np.maximum(taken, 1).astype("float32")
    values -= mean
    if some:
        values[left_out] = 0
    values *= values
    return mean, values.sum(axis=0) / np.maximum(taken - 1, 1).astype("float32")


def _neighbours(there: np.ndarray, window_px: int) -> np.ndarray:
    """Number (y, x) int32 of pixels that are there, in the square around each."""
    reach = window_px // 2
    sums = (
        np.pad(there, ((reach + 1, reach),) * 2).cumsum(0, dtype="int32").cumsum(1, dtype="int32")
    )
    return (
        sums[window_px:, window_px:]
        - sums[:-window_px, window_px:]
        - sums[window_px:, :-window_px]
        + sums[:-window_px, :-window_px]
    )


def _logit(count: int) -> float:
    share = min(max(count, 1), _COUNTS - 1) / _COUNTS  # 0 and 1 have no logit
    return math.log(share / (1 - share))


_LOGITS = np.array([_logit(count) for count in range(_COUNTS + 1)], "float32")

"""Smoothed pixels are those of the formulas, computed pixel by pixel, whatever part is computed."""

import math
from pathlib import Path

import numpy as np
import pytest

from landscribe.cards import Task
from landscribe.formats.rasters import NODATA, PROBABILITY_NODATA
from landscribe.mapping.neighbours import bayes, majority
from landscribe.smoothing import Smoothing

LEGEND = Task.read(Path("config/tasks/landuse.yaml")).legend
IDS = np.array([land.id for land in LEGEND], "uint8")


def made(height: int, width: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (class, y, x) with some nodata, and the raw classes (y, x)."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(len(LEGEND), 0.3), (height, width)).transpose(2, 0, 1)
    stored = np.rint(shares * 1e4).astype("uint16")
    raw = IDS[stored.argmax(0)]
    missing = rng.random((height, width)) < 0.15
    stored[:, missing], raw[missing] = PROBABILITY_NODATA, NODATA
    return stored, raw


def squares(raw: np.ndarray, side: int):
    """Each pixel that is mapped, and the mapped ones around it: row, col, rows, cols."""
    reach = side // 2
    for row, col in np.argwhere(raw != NODATA):
        rows, cols = np.mgrid[row - reach : row + reach + 1, col - reach : col + reach + 1]
        rows, cols = rows.ravel(), cols.ravel()
        here = (rows >= 0) & (cols >= 0) & (rows < raw.shape[0]) & (cols < raw.shape[1])
        rows, cols = rows[here], cols[here]
        seen = raw[rows, cols] != NODATA
        yield row, col, rows[seen], cols[seen]


def slow_bayes(stored: np.ndarray, raw: np.ndarray, how: Smoothing) -> tuple:
    """Posterior means (class, y, x) by the formulas of the paper, in float64."""
    shares = stored.clip(1, 9999) / 1e4
    logits = np.log(shares / (1 - shares))
    means = np.full(stored.shape, np.nan)
    for row, col, rows, cols in squares(raw, how.window_px):
        taken = math.ceil(len(rows) * how.neighbour_share)
        for place, land in enumerate(LEGEND):
            x, v = logits[place, row, col], how.smoothness_of(land.name)
            highest = np.sort(logits[place, rows, cols])[::-1][:taken]
            if taken > 1:
                s2, m = highest.var(ddof=1), highest.mean()
                x = (s2 * x + v * m) / (s2 + v)
            means[place, row, col] = x
    return means


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"window_px": 3, "smoothness": 2, "class_smoothness": {LEGEND[1].name: 90}},
        {"window_px": 5, "neighbour_share": 1},
        {"window_px": 3, "neighbour_share": 0.01},  # one neighbour: no variance, nothing changes
    ],
)
def test_classes_have_the_highest_posterior_mean(how):
    stored, raw = made(14, 19)
    how = Smoothing(method="bayes", **how)
    means, found = slow_bayes(stored, raw, how), bayes(stored, raw, LEGEND, how)
    mapped = raw != NODATA
    assert (found[~mapped] == NODATA).all()
    place = np.searchsorted(IDS, found[mapped])
    chosen = means[:, mapped][place, np.arange(len(place))]
    np.testing.assert_allclose(chosen, means[:, mapped].max(0), rtol=1e-5)
    changed = (found != raw).any()
    assert changed if how.neighbour_share > 0.1 else not changed


def test_a_wrong_pixel_goes_and_a_sure_edge_stays():
    stored = np.full((len(LEGEND), 9, 12), 200, "uint16")
    stored[0, :, :6] = stored[1, :, 6:] = 8600
    stored[:2, 4, 2] = 3000, 5800  # a doubtful pixel of the other class
    raw = IDS[stored.argmax(0)]
    found = bayes(stored, raw, LEGEND, Smoothing(method="bayes", window_px=3))
    assert raw[4, 2] == IDS[1] and (found[:, :6] == IDS[0]).all() and (found[:, 6:] == IDS[1]).all()


def test_majority_is_the_mode_and_ties_go_to_the_raw_class():
    _, raw = made(15, 20, seed=3)
    found = majority(raw, LEGEND, 5)
    assert (found[raw == NODATA] == NODATA).all()
    ties = 0
    for row, col, rows, cols in squares(raw, 5):
        votes = np.bincount(raw[rows, cols], minlength=256)
        best = np.flatnonzero(votes == votes.max())
        ties += len(best) > 1
        assert found[row, col] == (raw[row, col] if raw[row, col] in best else best[0])
    assert ties > 10


@pytest.mark.parametrize("method", ["bayes", "majority"])
def test_a_part_with_its_surroundings_gives_the_bits_of_the_whole(method):
    stored, raw = made(60, 70, seed=1)
    how = Smoothing(method=method, window_px=7)
    reach = 3

    def smoothed(stored, raw):
        if method == "bayes":
            return bayes(stored, raw, LEGEND, how)
        return majority(raw, LEGEND, how.window_px)

    whole = smoothed(stored, raw)
    for top, left, bottom, right in ((0, 0, 13, 70), (20, 31, 47, 32), (59, 0, 60, 70)):
        rows = slice(max(0, top - reach), bottom + reach)
        cols = slice(max(0, left - reach), right + reach)
        part = smoothed(stored[:, rows, cols], raw[rows, cols])
        inner = part[top - rows.start :, left - cols.start :][: bottom - top, : right - left]
        np.testing.assert_array_equal(inner, whole[top:bottom, left:right])


def test_equal_classes_stay_as_they_are():
    raw = np.full((8, 9), IDS[2])
    stored = np.zeros((len(LEGEND), 8, 9), "uint16")
    stored[[2, 4]] = 5000  # equally probable everywhere
    np.testing.assert_array_equal(bayes(stored, raw, LEGEND, Smoothing(method="bayes")), raw)

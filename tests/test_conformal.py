"""Sets keep their promise, exactly, with as few polygons as there are."""

import numpy as np
import pytest

from landscribe.trust.conformal import (
    class_thresholds,
    packed,
    polygon_weights,
    sets,
    squares_needed,
    threshold,
)


def world(polygons: int, rng: np.random.Generator, draws: int = 1):
    """Scores (draw, polygon, pixel) whose polygons differ far more than their pixels."""
    of_polygon = rng.normal(0, 3, (draws, polygons, 1))
    return of_polygon + rng.normal(0, 1, (draws, polygons, 5))


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("polygons", [9, 12, 30])
def test_the_promise_is_kept_for_any_number_of_polygons(polygons, coverage):
    """Over 4,000 draws of polygons, and a pixel of one more; at most 2 / (n + 1) too often."""
    rng, draws = np.random.default_rng(polygons), 4000
    scores, asked = world(polygons, rng, draws), world(1, rng, draws)[:, 0, 0]
    units = np.repeat(np.arange(polygons), 5)
    limits = np.array([threshold(one.ravel(), units, units, coverage) for one in scores])
    found, error = (asked <= limits).mean(), np.sqrt(0.25 / draws)
    assert coverage - 3 * error <= found <= coverage + 2 / (polygons + 1) + 3 * error


def test_pixels_as_units_would_break_the_promise():
    """Why polygons are the unit: with 10 of them the promise fails by far if pixels are."""
    rng, draws = np.random.default_rng(0), 2000
    scores, asked = world(10, rng, draws), world(1, rng, draws)[:, 0, 0]
    every = np.arange(50)
    limits = np.array([threshold(one.ravel(), every, every, 0.9) for one in scores])
    assert (asked <= limits).mean() < 0.88


def test_one_pixel_a_polygon_is_plain_split_conformal():
    scores = np.random.default_rng(0).random(99)
    each = np.arange(99)
    assert threshold(scores, each, each, 0.9) == np.sort(scores)[89]  # the 90th of 100


def test_a_large_polygon_counts_no_more_than_a_small_one():
    scores = np.r_[np.full(1000, 5.0), np.arange(19)]
    polygons = np.r_[np.zeros(1000, int), 1 + np.arange(19)]
    assert polygon_weights(polygons).sum() == pytest.approx(20)
    once = threshold(np.r_[5.0, np.arange(19)], np.arange(20), np.arange(20), 0.9)
    assert threshold(scores, polygons, polygons, 0.9) == once == 17


def test_too_few_squares_promise_nothing():
    assert (squares_needed(0.9), squares_needed(0.95), squares_needed(0.5)) == (9, 19, 1)
    scores, polygons = np.zeros(100), np.arange(100)
    assert threshold(scores, polygons, polygons % 8, 0.9) == np.inf
    assert threshold(scores, polygons, polygons % 9, 0.9) == 0
    assert threshold(np.zeros(0), np.zeros(0), np.zeros(0), 0.9) == np.inf
    assert sets(np.array([[0.9], [0.1]]), [np.inf] * 2).all()


def test_each_class_keeps_the_promise_if_it_is_asked_for():
    """A rare class that the model overlooks is missed by sets for all, not by sets for each."""
    rng, n = np.random.default_rng(0), 4000
    truth = (rng.random(n) < 0.08).astype(int)
    share = np.where(truth == 1, rng.beta(2, 6, n), rng.beta(1, 9, n))
    shares, units = np.stack([1 - share, share]), np.arange(n)
    fits, other = units < n // 2, units >= n // 2
    found = {}
    for per_class in (False, True):
        limits = class_thresholds(
            shares[:, fits], truth[fits], units[fits], units[fits], 0.9, per_class
        )
        hit = sets(shares, limits)[truth, units]
        found[per_class] = [hit[other & (truth == k)].mean() for k in (0, 1)]
    assert found[False][1] < 0.5
    assert min(found[True]) > 0.85


def test_a_rare_class_is_in_every_set_where_each_is_promised():
    truth = np.r_[np.zeros(50, int), np.ones(5, int)]
    shares, units = np.stack([np.full(55, 0.99), np.full(55, 0.01)]), np.arange(55)
    limits = class_thresholds(shares, truth, units, units, 0.9, per_class=True)
    assert np.isfinite(limits[0]) and limits[1] == np.inf


def test_sets_are_never_empty_and_grow_with_the_promise():
    shares = np.random.default_rng(0).dirichlet(np.ones(6), 500).T
    small, large = sets(shares, [0.1] * 6), sets(shares, [0.8] * 6)
    assert small.any(axis=0).all() and (large | ~small).all()
    assert small[shares.argmax(0), np.arange(500)].all()


@pytest.mark.parametrize("classes", [8, 16, 17, 40])
def test_bits_say_which_classes_a_set_holds(classes):
    held = np.random.default_rng(0).random((classes, 7, 5)) < 0.5
    bits = packed(held)
    assert bits.shape == (-(-classes // 16), 7, 5) and bits.dtype == "uint16"
    for number in range(classes):
        assert ((bits[number // 16] >> (number % 16) & 1) == held[number]).all()

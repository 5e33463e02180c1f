"""Limits of shares, sums and ratios: published values, symmetry, and how often they hold."""

import numpy as np
import pytest
from scipy.stats import binom

from landscribe.scores.intervals import difference_limits, ratio_limits, share_limits, sum_limits


def test_limits_of_a_share_are_the_published_ones():
    """Table 5 of Brown, Cai and DasGupta 2001 (Jeffreys), n = 10 and 30; modified at the ends."""
    low, high = share_limits(np.array([3, 5, 15]), np.array([10, 10, 30]))
    np.testing.assert_allclose(low, [0.093, 0.224, 0.328], atol=6e-4)
    np.testing.assert_allclose(high, [0.606, 0.776, 0.672], atol=6e-4)
    low, high = share_limits(np.array([0, 1]), 10)
    np.testing.assert_allclose(low, 0)
    assert high[0] == pytest.approx(1 - 0.025**0.1)


def test_shares_are_held_as_often_as_said_on_the_average():
    found = np.arange(51)
    low, high = share_limits(found, 50)
    held = [
        binom.pmf(found, 50, p)[(low <= p) & (p <= high)].sum() for p in np.linspace(0.01, 0.99, 99)
    ]
    assert np.mean(held) == pytest.approx(0.95, abs=0.01)
    assert min(held) > 0.89


def test_failures_are_limited_as_successes_are():
    found = np.arange(21)
    low, high = share_limits(found, 20)
    np.testing.assert_allclose(1 - low, high[::-1])


def test_one_stratum_has_the_limits_of_its_share():
    one, units = np.ones(1), np.array([50])
    low, high = share_limits(np.array([12]), units)
    assert sum_limits(one, units, np.array([12])) == pytest.approx((low[0], high[0]))
    all_read = ratio_limits(one, units, np.array([12]), np.array([38]))
    assert all_read == pytest.approx((low[0], high[0]))


def test_limits_turn_round_with_the_sides():
    weights, units = np.array([0.7, 0.3]), np.array([60, 40])
    plus, minus = np.array([5, 8]), np.array([2, 0])
    low, high = difference_limits(weights, units, plus, minus)
    assert difference_limits(weights, units, minus, plus) == pytest.approx((-high, -low))
    low, high = ratio_limits(weights, units, plus, minus)
    assert ratio_limits(weights, units, minus, plus) == pytest.approx((1 - high, 1 - low))


def test_what_the_map_rules_out_narrows_a_ratio():
    weights, units = np.array([0.9, 0.1]), np.array([100, 100])
    hits, misses = np.array([0, 80]), np.array([0, 20])
    free = ratio_limits(weights, units, hits, misses)
    own = ratio_limits(weights, units, hits, misses, (np.array([0, 1]), np.array([0, 1])))
    assert free[0] < own[0]
    assert own[1] < free[1]
    low, high = share_limits(80, 100)
    assert own == pytest.approx((float(low), float(high)))

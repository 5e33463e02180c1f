"""Estimators over all possible samples of small populations, and against textbook formulas."""

from itertools import combinations, product

import numpy as np
import pytest

from landscribe.scores.estimators import Strata, difference, ratio, separate_ratio, share
from landscribe.scores.intervals import share_limits

# Two strata of a tiny population; each unit is a hit (2), a miss (1) or neither (0).
POPULATION = [np.array([2, 2, 1, 0, 0, 1]), np.array([1, 0, 2, 2, 2])]
DRAWN = (3, 2)


def all_samples():
    """Counts (stratum) of hits and misses of every sample without replacement; all as likely."""
    pools = [list(combinations(units, n)) for units, n in zip(POPULATION, DRAWN, strict=True)]
    for chosen in product(*pools):
        yield tuple(np.array([np.sum(np.array(c) == k) for c in chosen]) for k in (2, 1))


def tiny():
    sizes = np.array([len(units) for units in POPULATION])
    units = np.array(DRAWN)
    return Strata(units, sizes / sizes.sum(), 1 - units / sizes)


def test_shares_and_their_variances_are_unbiased_over_all_samples():
    strata, whole = tiny(), np.concatenate(POPULATION)
    found = [share(strata, hits) for hits, _ in all_samples()]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx((whole == 2).mean())
    mean_variance = np.mean([one.standard_error**2 for one in found])
    assert mean_variance == pytest.approx(values.var())


def test_differences_and_their_variances_are_unbiased_over_all_samples():
    strata, whole = tiny(), np.concatenate(POPULATION)
    found = [difference(strata, hits, misses) for hits, misses in all_samples()]
    values = np.array([one.value for one in found])
    assert values.mean() == pytest.approx((whole == 2).mean() - (whole == 1).mean())
    assert np.mean([one.standard_error**2 for one in found]) == pytest.approx(values.var())


def test_one_stratum_is_the_textbooks_simple_random_sample():
    strata = Strata(np.array([40.0]), np.array([1.0]))
    found = share(strata, np.array([10.0]))
    assert found.standard_error == pytest.approx(np.sqrt(0.25 * 0.75 / 39))
    assert found.interval == pytest.approx([float(end) for end in share_limits(10, 40)])
    finite = share(Strata(np.array([40.0]), np.array([1.0]), 1 - 40 / 100), np.array([10.0]))
    assert finite.standard_error == pytest.approx(np.sqrt(0.6 * 0.25 * 0.75 / 39))


def test_a_ratio_in_one_stratum_is_the_share_of_hits():
    strata = Strata(np.array([200.0]), np.array([1.0]))
    found = ratio(strata, np.array([30.0]), np.array([10.0]))
    assert found.value == pytest.approx(0.75)
    # Linearized: the variance of a share of 40, but for the 199 instead of 200.
    assert found.standard_error == pytest.approx(np.sqrt(0.75 * 0.25 / 40 * 200 / 199))


def test_the_separate_ratio_of_one_part_is_its_share():
    one = separate_ratio(np.array([5.0, 0]), np.array([30.0, 0]), np.array([40.0, 0]))
    assert one.value == pytest.approx(0.75)
    assert one.interval == pytest.approx([float(end) for end in share_limits(30, 40)])


def test_a_part_without_units_widens_the_interval():
    known = separate_ratio(np.array([9.0]), np.array([30.0]), np.array([40.0]))
    blind = separate_ratio(np.array([9.0, 9.0]), np.array([30.0, 0]), np.array([40.0, 0]))
    assert blind.value == pytest.approx(known.value)
    assert blind.interval[0] < known.interval[0]
    assert blind.interval[1] > known.interval[1]


def test_nothing_to_divide_by_is_undefined():
    none = np.zeros(2)
    assert ratio(tiny(), none, none).value is None
    assert separate_ratio(np.ones(2), none, none).value is None

"""Units of a survey: Eq. 13 of Olofsson et al. 2014, and rules of allocation."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.scores.allocation import allocated, units_for

# Section 5.1.1 of the paper: expected user's accuracies, a standard error of 0.01 for the whole.
WEIGHTS = np.array([0.02, 0.015, 0.32, 0.645])
EXPECTED = np.array([0.7, 0.6, 0.9, 0.95])


def test_the_papers_number_of_units_comes_out():
    assert units_for(WEIGHTS, EXPECTED, "neyman", EXPECTED, 0.01) == pytest.approx(641, abs=10)


@pytest.mark.parametrize("rule", ["proportional", "equal", "neyman"])
def test_the_units_give_the_standard_error_that_was_asked_for(rule):
    units = units_for(WEIGHTS, EXPECTED, rule, EXPECTED, 0.01)
    drawn = allocated(WEIGHTS, units, rule, EXPECTED)
    error = np.sqrt((WEIGHTS**2 * EXPECTED * (1 - EXPECTED) / drawn).sum())
    assert error == pytest.approx(0.01, rel=0.02)


def test_no_other_allocation_beats_neymans():
    best = allocated(WEIGHTS, 1000, "neyman", EXPECTED)

    def variance(units):
        return (WEIGHTS**2 * EXPECTED * (1 - EXPECTED) / units).sum()

    for i in range(4):
        for j in range(4):
            other = best.copy()
            other[i], other[j] = other[i] + 5, other[j] - 5
            if i != j and other.min() > 0:
                assert variance(other) >= variance(best) * (1 - 1e-3)


@pytest.mark.parametrize("rule", ["proportional", "equal", "neyman"])
def test_all_units_are_dealt_out_and_none_is_below_the_least(rule):
    for units in (400, 777, 5001):
        drawn = allocated(WEIGHTS, units, rule, EXPECTED, 75)
        assert drawn.sum() == units
        assert drawn.min() >= 75
    assert allocated(WEIGHTS, 1000, "proportional", EXPECTED, 75).tolist() == [75, 75, 282, 568]


def test_too_few_units_for_the_least_are_refused():
    with pytest.raises(InputError, match="4 strata of at least 50, which are 200 already"):
        allocated(WEIGHTS, 199, "equal", EXPECTED, 50)


def test_a_perfect_map_leaves_neyman_nothing_to_go_by():
    with pytest.raises(InputError, match="nothing to go by"):
        allocated(WEIGHTS, 400, "neyman", np.ones(4))

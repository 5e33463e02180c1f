"""How many units a survey needs, and how they are dealt out to its strata."""

from typing import Literal

import numpy as np

from landscribe.command import InputError

Rule = Literal["proportional", "equal", "neyman"]


def units_for(
    weights: np.ndarray, shares: np.ndarray, rule: Rule, expected: np.ndarray, error: float
) -> int:
    """Units that give an estimate the standard error `error`.

    For the Neyman rule and overall accuracy this is Eq. 13 of Olofsson et al. 2014,
    doi:10.1016/j.rse.2014.02.015.

    Args:
        weights: (stratum) share of the ground.
        shares: (stratum) expected share of what is estimated: user's accuracy where that is overall
            accuracy, share of the ground of a class where that is its area.
        expected: (stratum) expected user's accuracy, for the Neyman rule.
        error: standard error as a share, above 0.
    """
    parts = _parts(weights, rule, expected)
    # Variance of a single unit's part: n units have it n times smaller.
    spread = np.divide(weights**2 * shares * (1 - shares), parts, where=parts > 0, out=0 * parts)
    return max(int(np.ceil(spread.sum() / error**2)), 2 * len(weights))


def allocated(
    weights: np.ndarray, units: int, rule: Rule, expected: np.ndarray, least: int = 2
) -> np.ndarray:
    """Units of each stratum (stratum), in sum `units`, none below `least`.

    The strata that the rule gives fewer have `least`, the others share what is left by the rule;
    section 5.1.2 of Olofsson et al. 2014.

    Args:
        weights: (stratum) share of the ground.
        expected: (stratum) expected user's accuracy, for the Neyman rule.
    """
    if least * len(weights) > units:
        raise InputError(
            f"{units} units for {len(weights)} strata of at least {least}, which are"
            f" {least * len(weights)} already; draw more, lower `allocation.minimum`, or merge"
            " strata"
        )
    parts, small = _parts(weights, rule, expected), np.zeros(len(weights), bool)
    while True:
        left = units - least * small.sum()
        wanted = np.where(small, least, left * parts / max(parts[~small].sum(), 1e-300))
        if not ((wanted < least) & ~small).any():
            return _whole(wanted, units)
        small |= wanted < least


def _parts(weights: np.ndarray, rule: Rule, expected: np.ndarray) -> np.ndarray:
    """Share of the units that a rule gives each stratum."""
    parts = {
        "proportional": weights,
        "equal": np.ones(len(weights)),
        "neyman": weights * np.sqrt(expected * (1 - expected)),
    }[rule]
    if not parts.sum() > 0:
        raise InputError(
            "expected user's accuracies of 0 or 1 everywhere leave the Neyman rule nothing to go"
            " by; expect less of the map, or take another rule"
        )
    return parts / parts.sum()


def _whole(wanted: np.ndarray, units: int) -> np.ndarray:
    """Whole numbers that sum to `units`: those with the greatest rests are rounded up."""
    found = np.floor(wanted + 1e-9).astype("int64")
    rests = np.argsort(found - wanted, kind="stable")
    found[rests[: units - found.sum()]] += 1
    return found

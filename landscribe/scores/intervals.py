"""Intervals of shares that are summed over strata, and of ratios of such sums.

Normal (Wald) intervals fail where a class is rare: a survey that finds no missed pixel in a big
stratum believes that there are none. Here each stratum has the limits of its own share, and these
are put together as the roots of the sum of squares of their distances from the estimate: MOVER of
Zou, Huang and Zhang 2009, doi:10.1016/j.csda.2008.09.033; for ratios as Donner and Zou 2012,
doi:10.1177/0962280210383082. The benchmark `accuracy` measures how often they hold the truth.
"""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq
from scipy.special import betaincinv

ALPHA = 0.05  # share of surveys whose intervals may miss the truth


def share_limits(found: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Limits of a binomial share: the modified Jeffreys interval.

    Section 4.1.2 of Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286: quantiles of a Beta
    posterior, but 0 for a single unit and exact ones for none, as those of the posterior hold too
    seldom there.
    """
    found, units = np.broadcast_arrays(np.asarray(found, float), np.asarray(units, float))
    rest, tail = units - found, ALPHA / 2
    with np.errstate(divide="ignore"):
        of_none = 1 - tail ** (1 / units)
    low = betaincinv(found + 0.5, rest + 0.5, tail)
    high = betaincinv(found + 0.5, rest + 0.5, 1 - tail)
    low = np.where(found <= 1, 0, np.where(rest == 0, 1 - of_none, low))
    high = np.where(rest <= 1, 1, np.where(found == 0, of_none, high))
    return low, high


def sum_limits(weights: np.ndarray, units: np.ndarray, found: np.ndarray) -> tuple[float, float]:
    """Limits of the sum over strata of weights * share of the units found.

    Args:
        weights: (stratum) share of the population.
        units: (stratum) read, 1 or more.
        found: (stratum) of them, those that count.
    """
    return _Sum(weights, units, found, np.zeros(len(found)), (1, 0)).limits(1, 0)


def difference_limits(
    weights: np.ndarray, units: np.ndarray, plus: np.ndarray, minus: np.ndarray
) -> tuple[float, float]:
    """Limits of the sum over strata of weights * (share of plus - share of minus).

    Args:
        plus: (stratum) units that add; none of them is in `minus`.
        minus: (stratum) units that take away.
    """
    return _Sum(weights, units, plus, minus).limits(1, 1)


def ratio_limits(
    weights: np.ndarray,
    units: np.ndarray,
    hits: np.ndarray,
    misses: np.ndarray,
    most: tuple[np.ndarray | float, np.ndarray | float] = (1, 1),
) -> tuple[float, float]:
    """Limits of hits / (hits + misses), each a sum over strata of weighted shares.

    A ratio r is possible if 0 is between the limits of (1 - r) * hits - r * misses.

    Args:
        most: what the shares of hits and of misses in a stratum cannot exceed, as the map is known.
    """
    found = _Sum(weights, units, hits, misses, most)
    return tuple(_root(lambda r, side=side: found.limits(1 - r, r)[side]) for side in (0, 1))


class _Sum:
    """A sum over strata of two kinds of units, with the limits of each of its shares."""

    def __init__(
        self,
        weights: np.ndarray,
        units: np.ndarray,
        plus: np.ndarray,
        minus: np.ndarray,
        most: tuple[np.ndarray | float, np.ndarray | float] = (1, 1),
    ) -> None:
        p, p_low, p_high = _within(plus, units, most[0])
        m, m_low, m_high = _within(minus, units, most[1])
        self.plus, self.minus = weights @ p, weights @ m
        self.down = weights * (p - p_low), weights * (m_high - m)
        self.up = weights * (p_high - p), weights * (m - m_low)
        with np.errstate(divide="ignore", invalid="ignore"):
            # A unit is one kind or the other: as shares of a multinomial they are correlated, so
            # that errors of their difference add up.
            together = np.nan_to_num(np.sqrt(p * m / ((1 - p) * (1 - m))))
        self.together = np.where(p + m < 1 - 1e-12, np.minimum(together, 1), 1)

    def limits(self, a: float, b: float) -> tuple[float, float]:
        """Limits of a * plus - b * minus, a and b 0 or more."""
        middle = a * self.plus - b * self.minus
        lengths = [
            np.sqrt((one * one + other * other + 2 * self.together * one * other).sum())
            for one, other in ((a * x, b * y) for x, y in (self.down, self.up))
        ]
        return float(middle - lengths[0]), float(middle + lengths[1])


def _within(
    found: np.ndarray, units: np.ndarray, most: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of each stratum and its limits, cut to what is possible but not below what was seen."""
    share = found / units
    low, high = share_limits(found, units)
    return share, low, np.maximum(np.minimum(high, most), share)


def _root(falling: Callable[[float], float]) -> float:
    """Where a falling function of 0 to 1 crosses 0; the nearer end if it does not."""
    if falling(0) <= 0:
        return 0.0
    return 1.0 if falling(1) >= 0 else float(brentq(falling, 0, 1, xtol=1e-10))

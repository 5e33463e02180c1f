"""Shares and ratios of a population, estimated from a stratified random sample.

Stehman 2014, Estimating area and map accuracy for stratified random sampling when the strata are
different from the map classes, International Journal of Remote Sensing 35(13), 4923-4939,
doi:10.1080/01431161.2014.930207. Where strata are the map's classes these are the estimators of
Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015. With one stratum they are the textbook's for a
simple random sample, and with strata that were counted after the drawing those of
post-stratification, given the units that each got.
"""

from dataclasses import dataclass

import numpy as np

from landscribe.scores.intervals import difference_limits, ratio_limits, share_limits, sum_limits

Z_95 = 1.96  # standard errors to each side of a normal 95 % interval


@dataclass(frozen=True)
class Estimate:
    """A number for the whole map, estimated from a sample."""

    value: float | None  # None where the sample holds nothing to tell it from
    standard_error: float | None
    interval: tuple[float, float] | None  # of 95 %, see `intervals`
    wald: tuple[float, float] | None = None  # normal one of the papers; None without any spread

    def times(self, factor: float) -> "Estimate":
        """The same in another unit."""
        if self.value is None:
            return self
        ends = [
            None if pair is None else tuple(float(end * factor) for end in pair)
            for pair in (self.interval, self.wald)
        ]
        return Estimate(float(self.value * factor), float(self.standard_error * factor), *ends)

    def as_dict(self) -> dict:
        """For JSON."""
        return {
            "value": self.value,
            "standard_error": self.standard_error,
            "interval": None if self.interval is None else list(self.interval),
            "wald_interval": None if self.wald is None else list(self.wald),
        }


UNDEFINED = Estimate(None, None, None)


@dataclass(frozen=True)
class Strata:
    """What of the population each stratum is, and how many of its units were read."""

    units: np.ndarray  # read, 2 or more where the weight is not 0
    weights: np.ndarray  # share of the population; they sum to 1
    unseen: np.ndarray | float = 1.0  # share that was not read: the finite population correction

    @property
    def divisor(self) -> np.ndarray:
        """Units of each stratum, 1 where it is empty and so has no weight."""
        return np.maximum(self.units, 1)

    def variance(self, first: np.ndarray, second: np.ndarray) -> float:
        """Sampling variance of a sum over strata, of values with these first two moments."""
        spread = np.maximum(second - first**2, 0) / np.maximum(self.units - 1, 1)
        return float((self.weights**2 * self.unseen) @ spread)


def share(strata: Strata, found: np.ndarray) -> Estimate:
    """Share of the population that units like `found` (stratum) are: Eq. 3 and 25 of Stehman."""
    n = strata.divisor
    mean = found / n
    limits = sum_limits(strata.weights, n, found)
    return _estimate(float(strata.weights @ mean), strata.variance(mean, mean), limits)


def difference(strata: Strata, plus: np.ndarray, minus: np.ndarray) -> Estimate:
    """Share of one kind of units less that of another, such as gain less loss."""
    n = strata.divisor
    mean = (plus - minus) / n
    variance = strata.variance(mean, (plus + minus) / n)
    limits = difference_limits(strata.weights, n, plus, minus)
    return _estimate(float(strata.weights @ mean), variance, limits, -1)


def ratio(
    strata: Strata,
    hits: np.ndarray,
    misses: np.ndarray,
    most: tuple[np.ndarray | float, np.ndarray | float] = (1, 1),
) -> Estimate:
    """Share of hits among hits and misses: the combined ratio, Eq. 27 and 28 of Stehman.

    Args:
        most: what the shares of hits and of misses in a stratum cannot exceed.
    """
    n = strata.divisor
    whole = float(strata.weights @ ((hits + misses) / n))
    if whole == 0:
        return UNDEFINED
    value = float(strata.weights @ (hits / n)) / whole
    # Residuals: 1 - value of a hit, -value of a miss, 0 of all others.
    first = ((1 - value) * hits - value * misses) / n
    second = ((1 - value) ** 2 * hits + value**2 * misses) / n
    limits = ratio_limits(strata.weights, n, hits, misses, most)
    return _estimate(value, strata.variance(first, second) / whole**2, limits)


def separate_ratio(known: np.ndarray, hits: np.ndarray, units: np.ndarray) -> Estimate:
    """Share of hits where the size of each part is known: the separate ratio estimator.

    Section 6.10 of Cochran 1977, Sampling Techniques: such as the user's accuracy of a class whose
    area in each stratum the map tells. A combined ratio would estimate these sizes from the sample,
    and one unit in a big stratum would upset it. Parts without a unit have the share of all others,
    and limits from 0 to 1.

    Args:
        known: (part) size, in any unit.
        units: (part) read; `hits` of them are right.
    """
    there = known > 0
    known, hits, units = known[there] / max(known.sum(), 1e-300), hits[there], units[there]
    if not units.sum():
        return UNDEFINED
    pooled = hits.sum() / units.sum()
    within = np.where(units > 0, hits / np.maximum(units, 1), pooled)
    of_few = np.where(units > 1, within * (1 - within), pooled * (1 - pooled))
    variance = float(known**2 @ (of_few / np.maximum(units - 1, 1)))
    low, high = share_limits(hits, np.maximum(units, 1))
    low, high = np.where(units > 0, low, 0), np.where(units > 0, high, 1)
    value = float(known @ within)
    down = np.linalg.norm(known * (within - low))
    up = np.linalg.norm(known * (high - within))
    return _estimate(value, variance, (value - down, value + up))


def _estimate(
    value: float, variance: float, limits: tuple[float, float], least: float = 0
) -> Estimate:
    """Estimate with its intervals, cut to what is possible: `least` to 1."""
    error = float(np.sqrt(variance))
    wald = (value - Z_95 * error, value + Z_95 * error) if error > 0 else None
    interval = min(limits[0], value), max(limits[1], value)
    return _within(Estimate(value, error, interval, wald), least, 1)


def _within(found: Estimate, least: float, most: float) -> Estimate:
    cut = [
        None if ends is None else (float(max(least, ends[0])), float(min(most, ends[1])))
        for ends in (found.interval, found.wald)
    ]
    return Estimate(float(found.value), found.standard_error, *cut)

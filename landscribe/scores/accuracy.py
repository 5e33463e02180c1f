"""Accuracy and areas of a map, estimated from a stratified random sample, with intervals.

Olofsson et al. 2014, Good practices for estimating area and assessing accuracy of land change,
Remote Sensing of Environment 148, 42-57, doi:10.1016/j.rse.2014.02.015. Strata are the classes of
the map. The estimators hold for a probability sample only; for any other `design_based` refuses,
as an interval would say more than anybody knows.
"""

from dataclasses import dataclass

import numpy as np

from landscribe.command import InputError

Z_95 = 1.96  # standard errors to each side of a 95 % interval, section 5.1
NO_SAMPLE = (
    "the labels are no probability sample (`labels.probability_sample` of the task card is false):"
    " they were drawn where people chose to, not at random, so no standard error and no interval"
    " of the map's accuracy or areas can be claimed from them; draw a stratified random sample"
)


@dataclass(frozen=True)
class Estimate:
    """A number for the whole map, estimated from a sample."""

    value: float | None  # None where the sample holds nothing to tell it from
    standard_error: float | None
    interval: tuple[float, float] | None  # of 95 %; None where the sample shows no spread

    def as_dict(self) -> dict:
        """For scores.json."""
        interval = None if self.interval is None else list(self.interval)
        error = self.standard_error
        return {"value": self.value, "standard_error": error, "interval": interval}


@dataclass(frozen=True)
class DesignBased:
    """What a probability sample says about a map; classes in the order of the error matrix."""

    proportions: np.ndarray  # (map class, reference class) share of the mapped area, Eq. 4
    overall: Estimate
    users: list[Estimate]
    producers: list[Estimate]
    areas: list[Estimate]  # by reference class, in the unit of the mapped areas


def design_based(
    counts: np.ndarray, mapped: np.ndarray, names: list[str], probability_sample: bool
) -> DesignBased:
    """Overall, user's and producer's accuracy and areas, with standard errors and intervals.

    A class that is on the map needs two sample units at least. A class without units in the
    reference has area 0 and no producer's accuracy. Where all units of a stratum agree their spread
    is 0; an estimate without any spread gets no interval. The intervals are normal ones: for a
    class of which a survey finds but a few units outside its own stratum they are too short (the
    benchmark `olofsson` measures how much).

    Args:
        counts: (map class, reference class) sample units, 0 or more.
        mapped: (map class) area, in any unit.
        names: of the classes, for messages.
        probability_sample: whether each unit was drawn at random, with a known chance.
    """
    if not probability_sample:
        raise InputError(NO_SAMPLE)
    counts, mapped = np.asarray(counts, float), np.asarray(mapped, float)
    _check_strata(counts, mapped, names)
    units, weights, total = counts.sum(1), mapped / mapped.sum(), mapped.sum()
    within = counts / np.maximum(units, 1)[:, None]  # share of each reference class in a stratum
    proportions = weights[:, None] * within
    # Sampling variance of each of those shares; strata that are not on the map have weight 0.
    spread = within * (1 - within) / np.maximum(units - 1, 1)[:, None]
    shares, hits = proportions.sum(0), proportions.diagonal()
    overall = _estimate(hits.sum(), weights**2 @ spread.diagonal(), 1)  # Eq. 1 and 5
    users = [  # Eq. 2 and 6
        _estimate(within[i, i], spread[i, i], 1) if units[i] else _UNDEFINED
        for i in range(len(names))
    ]
    producers = [
        _producers(weights, shares[j], hits[j], spread[:, j], j) for j in range(len(names))
    ]
    areas = [  # Eq. 9 to 11
        _estimate(total * share, total**2 * (weights**2 @ spread[:, j]), total)
        for j, share in enumerate(shares)
    ]
    return DesignBased(proportions, overall, users, producers, areas)


def _check_strata(counts: np.ndarray, mapped: np.ndarray, names: list[str]) -> None:
    if not counts.shape == (len(names), len(names)) == (len(mapped), len(names)):
        raise InputError(
            f"an error matrix of {counts.shape} with {len(mapped)} areas for {len(names)} classes;"
            " give one row, one column and one area per class"
        )
    if (counts < 0).any() or (mapped < 0).any() or not mapped.sum() > 0:
        raise InputError("counts and areas have to be 0 or more, and something has to be mapped")
    units = counts.sum(1)
    few = [i for i in range(len(names)) if mapped[i] > 0 and units[i] < 2]
    if few:
        told = ", ".join(f"{names[i]} ({units[i]:.0f})" for i in few)
        raise InputError(
            f"fewer than 2 sample units on the map's class {told}, so that its spread is unknown;"
            " draw more there, merge the class with another, or set `labels.probability_sample` to"
            " false for scores without intervals"
        )
    stray = [names[i] for i in range(len(names)) if mapped[i] == 0 and units[i] > 0]
    if stray:
        raise InputError(
            f"sample units on the map's class {', '.join(stray)}, which has no mapped area; take"
            " counts and areas from the same map"
        )


def _producers(
    weights: np.ndarray, share: float, hit: float, spread: np.ndarray, j: int
) -> Estimate:
    """Producer's accuracy of class j, Eq. 3 and 7, the latter with areas as shares of the map.

    Args:
        share: estimated share of class j in the reference.
        hit: the part of it that the map shows.
        spread: (map class) variance of the share of class j in each stratum.
    """
    if share == 0:
        return _UNDEFINED
    value = hit / share
    factor = np.full(len(weights), value)
    factor[j] = 1 - value
    return _estimate(value, (weights * factor) ** 2 @ spread / share**2, 1)


def _estimate(value: float, variance: float, most: float) -> Estimate:
    """Estimate with its 95 % interval, cut to what is possible: 0 to `most`."""
    error = float(np.sqrt(variance))
    low, high = max(0.0, value - Z_95 * error), min(float(most), value + Z_95 * error)
    return Estimate(float(value), error, (float(low), float(high)) if error > 0 else None)


_UNDEFINED = Estimate(None, None, None)

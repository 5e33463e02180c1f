"""Accuracy and areas of a map, estimated from a probability sample, with intervals.

Olofsson et al. 2014, Good practices for estimating area and assessing accuracy of land change,
Remote Sensing of Environment 148, 42-57, doi:10.1016/j.rse.2014.02.015, where strata are the
classes of the map; Stehman 2014, doi:10.1080/01431161.2014.930207, where they are others. For any
but a probability sample `estimates` refuses, as an interval would say more than anybody knows.
"""

from dataclasses import dataclass, replace

import numpy as np

from landscribe.command import InputError
from landscribe.scores.estimators import (
    Z_95,
    Estimate,
    Strata,
    difference,
    ratio,
    separate_ratio,
    share,
)

__all__ = ["Z_95", "DesignBased", "Estimate", "Sample", "design_based", "estimates"]
NO_SAMPLE = (
    "the labels are no probability sample (`labels.probability_sample` of the task card is false):"
    " they were drawn where people chose to, not at random, so no standard error and no interval"
    " of the map's accuracy or areas can be claimed from them; draw a stratified random sample"
    " (docs/accuracy.md)"
)


@dataclass(frozen=True)
class Sample:
    """What was drawn and read, and what it was drawn from."""

    counts: np.ndarray  # (stratum, map class, reference class) units
    areas: np.ndarray  # (stratum) in any unit
    strata: list[str]  # for messages
    classes: list[str]
    shown: np.ndarray | None = None  # (stratum, map class) area on the map; None: not known
    pixels: np.ndarray | None = None  # (stratum) units that could be drawn; None: very many
    probability: bool = True  # each unit was drawn at random, with a known chance above 0

    def as_strata(self) -> Strata:
        """Units and weights of the strata."""
        units = self.counts.sum((1, 2))
        unseen = 1.0 if self.pixels is None else 1 - units / np.maximum(self.pixels, 1)
        return Strata(units, self.areas / self.areas.sum(), unseen)


@dataclass(frozen=True)
class DesignBased:
    """What a probability sample says about a map; classes in the order of the error matrix."""

    proportions: np.ndarray  # (map class, reference class) share of the mapped area, Eq. 4
    overall: Estimate
    users: list[Estimate]
    producers: list[Estimate]
    areas: list[Estimate]  # by reference class, in the unit of the strata's areas


def design_based(
    counts: np.ndarray, mapped: np.ndarray, names: list[str], probability_sample: bool
) -> DesignBased:
    """`estimates` where the strata are the classes of the map.

    Args:
        counts: (map class, reference class) sample units, 0 or more.
        mapped: (map class) area, in any unit.
        names: of the classes, for messages.
        probability_sample: whether each unit was drawn at random, with a known chance.
    """
    counts, mapped = np.asarray(counts, float), np.asarray(mapped, float)
    if not counts.shape == (len(names), len(names)) == (len(mapped), len(names)):
        raise InputError(
            f"an error matrix of {counts.shape} with {len(mapped)} areas for {len(names)} classes;"
            " give one row, one column and one area per class"
        )
    cube = np.zeros((len(names),) * 3)
    own = np.arange(len(names))
    cube[own, own] = counts
    sample = Sample(cube, mapped, names, names, np.diag(mapped), None, probability_sample)
    return estimates(sample)


def estimates(sample: Sample) -> DesignBased:
    """Overall, user's and producer's accuracy and areas, with standard errors and intervals.

    Each stratum needs two units at least. A class without units in the reference has area 0 and no
    producer's accuracy. Where all units of a stratum agree, its spread and so its part of the
    standard error is 0; the interval still knows how few they are.

    Where the map's classes in each stratum are known (`shown`), user's accuracy weighs them by
    their areas; else these are estimated too, as in Stehman 2014.
    """
    if not sample.probability:
        raise InputError(NO_SAMPLE)
    _check(sample)
    strata, total, counts = sample.as_strata(), sample.areas.sum(), sample.counts
    classes = range(len(sample.classes))
    areas = [share(strata, counts[:, :, j].sum(1)).times(total) for j in classes]
    overall = share(strata, np.trace(counts, axis1=1, axis2=2))
    users = [_users(sample, strata, i) for i in classes]
    producers = [_producers(sample, strata, j) for j in classes]
    return DesignBased(_proportions(strata, counts), overall, users, producers, areas)


def estimates_of_part(sample: Sample, part: np.ndarray, shown: np.ndarray) -> DesignBased:
    """Estimates for a part of the ground, such as a region, by ratios (Eq. 27 and 28 of Stehman).

    Args:
        part: (stratum, map class, reference class) those units of `sample` that lie in the part.
        shown: (stratum, map class) area that the map shows in the part.
    """
    if not sample.probability:
        raise InputError(NO_SAMPLE)
    _check(sample)
    strata, units = sample.as_strata(), part.sum((1, 2))
    right, classes = np.trace(part, axis1=1, axis2=2), range(len(sample.classes))
    there = [part[:, :, j].sum(1) for j in classes]
    proportions = _proportions(strata, part)
    mine = replace(sample, counts=part, shown=shown)
    return DesignBased(
        proportions / (proportions.sum() or 1),
        ratio(strata, right, units - right),
        [_users(mine, strata, i) for i in classes],
        [_producers(mine, strata, j) for j in classes],
        [ratio(strata, there[j], units - there[j]).times(shown.sum()) for j in classes],
    )


@dataclass(frozen=True)
class Change:
    """Ground that became a class, and ground that was it before, in the unit of the areas."""

    gain: Estimate
    loss: Estimate
    net: Estimate


def change_of(sample: Sample, gained: np.ndarray, lost: np.ndarray) -> Change:
    """Gain, loss and net change of the area of a class.

    Args:
        gained: (stratum) units that the reference says became the class.
        lost: (stratum) units that it says were of the class before, and are no more.
    """
    if not sample.probability:
        raise InputError(NO_SAMPLE)
    _check(sample)
    strata, total = sample.as_strata(), sample.areas.sum()
    return Change(
        share(strata, gained).times(total),
        share(strata, lost).times(total),
        difference(strata, gained, lost).times(total),
    )


def _proportions(strata: Strata, counts: np.ndarray) -> np.ndarray:
    return np.einsum("h,hij->ij", strata.weights / strata.divisor, counts)


def _users(sample: Sample, strata: Strata, i: int) -> Estimate:
    """User's accuracy of class i: Eq. 2 and 6 of Olofsson where strata are the map's classes."""
    hits, units = sample.counts[:, i, i], sample.counts[:, i].sum(1)
    if sample.shown is None:
        return ratio(strata, hits, units - hits)
    return separate_ratio(sample.shown[:, i], hits, units)


def _producers(sample: Sample, strata: Strata, j: int) -> Estimate:
    """Producer's accuracy of class j: Eq. 3 and 7 of Olofsson, in the form of Stehman."""
    hits, there = sample.counts[:, j, j], sample.counts[:, :, j].sum(1)
    if sample.shown is None:
        return ratio(strata, hits, there - hits)
    mapped = sample.shown[:, j] / np.where(sample.areas > 0, sample.areas, 1)
    return ratio(strata, hits, there - hits, (mapped, 1 - mapped))


def _check(sample: Sample) -> None:
    counts, areas = sample.counts, sample.areas
    if (counts < 0).any() or (areas < 0).any() or not areas.sum() > 0:
        raise InputError("counts and areas have to be 0 or more, and something has to be mapped")
    units = counts.sum((1, 2))
    few = [i for i in range(len(areas)) if areas[i] > 0 and units[i] < 2]
    if few:
        told = ", ".join(f"{sample.strata[i]} ({units[i]:.0f})" for i in few)
        raise InputError(
            f"fewer than 2 sample units on the map's class {told}, so that its spread is unknown;"
            " draw or read more there, join the class with another (`least_share` of a campaign),"
            " or set `labels.probability_sample` to false for scores without intervals"
        )
    stray = [sample.strata[i] for i in range(len(areas)) if areas[i] == 0 and units[i] > 0]
    if stray:
        raise InputError(
            f"sample units on the map's class {', '.join(stray)}, which has no mapped area; take"
            " counts and areas from the same map"
        )

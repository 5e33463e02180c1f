"""Made populations of map units, and surveys of them: what coverage is measured on."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from landscribe.scores.accuracy import Sample

SHARES = np.array([0.44, 0.30, 0.20, 0.05, 0.01])  # of the map's classes
NAMES = ["44 %", "30 %", "20 %", "5 %", "1 %"]
USERS = np.array([0.92, 0.85, 0.85, 0.80, 0.75])  # user's accuracy of the map
# Share of each reference class among what the map gets wrong; rows are classes of the map.
WRONG = np.array(
    [
        [0, 0.6, 0.31, 0.09, 0],
        [0.6, 0, 0.3, 0.1, 0],
        [0.5, 0.5, 0, 0, 0],
        [0.5, 0.3, 0.2, 0, 0],
        [0.5, 0.3, 0.1, 0.1, 0],
    ]
)
OMITTED = 0.003  # of the biggest stratum is the rarest class, unseen by the map: 15 % of that class
# Where strata are an older map: share of the map's classes in each stratum.
SINCE = np.array(
    [
        [0.95, 0.025, 0.0175, 0.0065, 0.001],
        [0.042, 0.93, 0.021, 0.0063, 0.0007],
        [0.048, 0.024, 0.92, 0.0064, 0.0016],
        [0.09, 0.03, 0.03, 0.85, 0],
        [0.12, 0.04, 0.02, 0.02, 0.8],
    ]
)


@dataclass(frozen=True)
class Population:
    """Shares of the population (stratum, map class, reference class); they sum to 1."""

    shares: np.ndarray

    @property
    def weights(self) -> np.ndarray:
        """Share of each stratum."""
        return self.shares.sum((1, 2))

    def truth(self) -> dict[str, np.ndarray]:
        """Area, user's and producer's accuracy of each class."""
        matrix = self.shares.sum(0)
        hits = matrix.diagonal()
        return {
            "area": matrix.sum(0),
            "users": hits / matrix.sum(1),
            "producers": hits / matrix.sum(0),
        }

    def surveys(self, units: np.ndarray, surveys: int, seed: int) -> Iterator[Sample]:
        """Stratified surveys with `units` (stratum)."""
        rng, size = np.random.default_rng(seed), self.shares.shape[1:]
        within = self.shares / self.weights[:, None, None]
        shown = self.shares.sum(2)
        for _ in range(surveys):
            drawn = [rng.multinomial(n, p.ravel()) for n, p in zip(units, within, strict=True)]
            counts = np.array(drawn, float).reshape(len(units), *size)
            yield Sample(counts, self.weights, NAMES, NAMES, shown)

    def simple_surveys(self, units: int, surveys: int, seed: int) -> Iterator[Sample]:
        """Simple random surveys, post-stratified by the classes of the map."""
        rng = np.random.default_rng(seed)
        shown = self.shares.sum(2)
        for _ in range(surveys):
            counts = rng.multinomial(units, self.shares.ravel()).reshape(self.shares.shape)
            if (counts.sum((1, 2)) >= 2).all():  # others are refused: 1 in 2,000
                yield Sample(counts.astype(float), self.weights, NAMES, NAMES, shown)


def by_map() -> Population:
    """Strata are the classes of the map."""
    shares = np.zeros((len(SHARES),) * 3)
    own = np.arange(len(SHARES))
    shares[own, own] = SHARES[:, None] * _within()
    return Population(shares)


def by_older_map() -> Population:
    """Strata are the classes of an older map; the map is right as often in each of them."""
    return Population(SHARES[:, None, None] * SINCE[:, :, None] * _within()[None])


def _within() -> np.ndarray:
    """Share of each reference class in each class of the map."""
    within = np.diag(USERS) + (1 - USERS)[:, None] * WRONG
    within[0, 4] += OMITTED
    within[0, 0] -= OMITTED
    return within

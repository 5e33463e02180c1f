"""Rescaling: probabilities that say how often a model is right, from those that it gives.

A model's own probabilities are often too sure, or not sure enough. Three ways are tried on ground
that was held out of training: to leave them, to scale their logarithms by one temperature (Guo et
al. 2017, arXiv:1706.04599, sect. 4.2), and to bend each class by a curve that only rises, after
which the classes are made to sum to 1 again (Zadrozny and Elkan 2002, doi:10.1145/775047.775151).
The one with the least log-loss on squares that it was not fitted on is taken; but curves, which can
follow chance, only if what they gain is more than its standard error over the squares.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy.optimize import minimize_scalar

from landscribe.formats import PROBABILITY_SCALE
from landscribe.pairs.splits import fold_groups

LEAST = PROBABILITY_SCALE / 2  # what a stored 0 may stand for: no class is quite impossible
FOLDS = 5  # of squares
_HOTTEST = 20.0  # temperatures that are tried: 1 / 20 to 20


@dataclass(frozen=True)
class Rescaling:
    """How probabilities are rescaled."""

    method: Literal["none", "temperature", "isotonic"] = "none"
    temperature: float = 1.0  # above 1: the model is too sure
    curves: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...] = ()  # per class: from, to

    def __call__(self, shares: np.ndarray) -> np.ndarray:
        """Probabilities (class, ...) float32 of a model's own, 0 to 1; none of them is 0."""
        shares = np.maximum(shares, np.float32(LEAST), dtype="float32")
        if self.method == "none":
            return shares
        if self.method == "temperature":
            shares = np.exp(np.log(shares) / np.float32(self.temperature))
        if self.method == "isotonic":
            bent = [np.interp(one, *curve) for one, curve in zip(shares, self.curves, strict=True)]
            shares = np.maximum(bent, LEAST).astype("float32")
        return shares / shares.sum(axis=0)

    def as_dict(self) -> dict:
        """For calibration.json."""
        curves = [{"from": list(x), "to": list(y)} for x, y in self.curves]
        return {"method": self.method, "temperature": self.temperature, "curves": curves}

    @classmethod
    def of_dict(cls, told: dict) -> Self:
        """From what `as_dict` gave."""
        curves = tuple((tuple(c["from"]), tuple(c["to"])) for c in told["curves"])
        return cls(told["method"], told["temperature"], curves)


def temperature(shares: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> Rescaling:
    """Rescaling by the temperature with the least log-loss.

    Args:
        shares: (class, pixel) a model's own probabilities.
        truth: (pixel) position of the true class.
        weights: (pixel).
    """
    logs = np.log(np.maximum(shares, LEAST)).astype("float64")

    def loss(hot: float) -> float:
        scaled = logs * np.exp(-hot)
        scaled -= scaled.max(axis=0)
        right = np.take_along_axis(scaled, truth[None], 0)[0] - np.log(np.exp(scaled).sum(0))
        return -float(np.average(right, weights=weights))

    edge = np.log(_HOTTEST)
    found = minimize_scalar(loss, bounds=(-edge, edge), method="bounded", options={"xatol": 1e-4})
    return Rescaling("temperature", round(float(np.exp(found.x)), 4))


def isotonic(shares: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> Rescaling:
    """Rescaling by a rising curve of each class against all others; args as of `temperature`."""
    from sklearn.isotonic import IsotonicRegression  # half a second, that drawing does not need

    curves = []
    for number, one in enumerate(np.maximum(shares, LEAST)):
        curve = IsotonicRegression(y_min=LEAST, y_max=1).fit(one, truth == number, weights)
        x, y = curve.X_thresholds_, curve.y_thresholds_
        curves.append((tuple(np.round(x, 6).tolist()), tuple(np.round(y, 6).tolist())))
    return Rescaling("isotonic", 1.0, tuple(curves))


def untouched(shares: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> Rescaling:
    """Rescaling that leaves probabilities as they are; args as of `temperature`."""
    return Rescaling()


WAYS: dict[str, Callable[..., Rescaling]] = {  # the plainest first
    "none": untouched,
    "temperature": temperature,
    "isotonic": isotonic,
}


def log_loss(shares: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> float:
    """Mean of -log(probability of the true class) [nats]; args as of `temperature`."""
    right = np.take_along_axis(shares, truth[None], 0)[0]
    return -float(np.average(np.log(right), weights=weights))


def rescaling(
    shares: np.ndarray, truth: np.ndarray, weights: np.ndarray, squares: np.ndarray
) -> tuple[Rescaling, dict[str, float]]:
    """The way that serves squares best that it was not fitted on, fitted on all of them.

    Also gives the log-loss [nats] of each way on such squares, by cross-validation; with a single
    square nothing can be said, and probabilities are left as they are.

    Args:
        shares: (class, pixel) a model's own probabilities.
        truth: (pixel) position of the true class.
        weights: (pixel).
        squares: (pixel) square of ground.
    """
    folds = min(FOLDS, len(np.unique(squares)))
    if folds < 2:
        return Rescaling(), {}
    fold = fold_groups(squares, truth, weights, folds, seed=0)
    losses = {name: _losses(way, shares, truth, weights, fold) for name, way in WAYS.items()}
    best = "none"
    for name, loss in losses.items():
        gain, error = _gain(losses[best] - loss, weights, squares)
        best = name if gain > (error if name == "isotonic" else 0) else best
    means = {name: float(np.average(loss, weights=weights)) for name, loss in losses.items()}
    return WAYS[best](shares, truth, weights), means


def _losses(
    way: Callable[..., Rescaling],
    shares: np.ndarray,
    truth: np.ndarray,
    weights: np.ndarray,
    fold: np.ndarray,
) -> np.ndarray:
    """Log-loss (pixel) of each pixel by a way that was fitted on the other folds."""
    right = np.empty(len(truth))
    for number in np.unique(fold):
        fits, other = fold != number, np.flatnonzero(fold == number)
        found = way(shares[:, fits], truth[fits], weights[fits])
        right[other] = found(shares[:, other])[truth[other], np.arange(len(other))]
    return -np.log(right)


def _gain(apart: np.ndarray, weights: np.ndarray, squares: np.ndarray) -> tuple[float, float]:
    """Mean of a difference (pixel), and the standard error of this ratio of sums over squares."""
    _, square = np.unique(squares, return_inverse=True)
    whole, sums = np.bincount(square, weights), np.bincount(square, weights * apart)
    mean, n = sums.sum() / whole.sum(), len(whole)
    error = np.sqrt(n / (n - 1) * ((sums - mean * whole) ** 2).sum()) / whole.sum()
    return float(mean), float(error)

"""Area of applicability: where a model has seen ground like this.

Meyer and Pebesma 2021, doi:10.1111/2041-210X.13650. The dissimilarity of a pixel is the distance to
the nearest pixel that the model learnt from, in the space of its features (scaled to a spread of 1,
then multiplied by how much each of them counts), divided by the mean distance between such pixels.
The threshold is what is usual between pixels of different squares: their upper whisker. Beyond it
the scores of the model say nothing.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial.distance import pdist

from landscribe.command import InputError

_PART = 8192  # pixels that are compared at once: bounds memory
_WHISKER = 1.5  # of the distance between the quartiles: Tukey 1977


@dataclass(frozen=True)
class Known:
    """Pixels that a model learnt from, ready to be compared with."""

    mean: np.ndarray  # (feature) that is taken off
    factor: np.ndarray  # (feature) that is multiplied by: weight / spread
    points: np.ndarray  # (pixel, feature) float32, both done
    mean_distance: float
    threshold: float  # of dissimilarity

    @classmethod
    def of(cls, features: np.ndarray, squares: np.ndarray, importance: np.ndarray) -> Self:
        """From features (pixel, feature), the square of each pixel, and weights (feature) >= 0."""
        if len(np.unique(squares)) < 2:
            raise InputError(
                "pixels to compare with lie in one square of ground, but two or more were wanted;"
                " make split.square_m smaller, or set `applicability: false` in the config"
            )
        mean, spread = features.mean(axis=0), features.std(axis=0)
        factor = np.where(spread > 0, importance / np.maximum(spread, 1e-12), 0)
        points = ((features - mean) * factor).astype("float32")
        mean_distance = float(pdist(points).mean())
        if not mean_distance:
            raise InputError("pixels to compare with are all the same; check the model's features")
        own = nearest(points, points, squares, squares) / mean_distance
        return cls(mean, factor, points, mean_distance, whisker(own))

    def dissimilarity(self, features: np.ndarray) -> np.ndarray:
        """Dissimilarity (pixel) float32 of features (pixel, feature) not yet scaled."""
        scaled = ((features - self.mean) * self.factor).astype("float32")
        return nearest(scaled, self.points) / np.float32(self.mean_distance)


def nearest(
    asked: np.ndarray,
    known: np.ndarray,
    asked_squares: np.ndarray | None = None,
    known_squares: np.ndarray | None = None,
) -> np.ndarray:
    """Distance (pixel) float32 from each of `asked` (pixel, feature) to the nearest of `known`.

    By products of matrices, which in many dimensions is quicker than any tree.

    Args:
        asked_squares: (pixel); with these, only pixels of another square are compared with.
    """
    out, own = np.empty(len(asked), "float32"), (known**2).sum(axis=1)
    for first in range(0, len(asked), _PART):
        part = slice(first, first + _PART)
        apart = own - 2 * (asked[part] @ known.T)
        if asked_squares is not None:
            apart[asked_squares[part, None] == known_squares[None]] = np.inf
        out[part] = apart.min(axis=1) + (asked[part] ** 2).sum(axis=1)
    return np.sqrt(np.maximum(out, 0))


def whisker(values: np.ndarray) -> float:
    """Highest of `values` that is no more than 1.5 quartile distances above the upper quartile."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(values[values <= high + _WHISKER * (high - low)].max())

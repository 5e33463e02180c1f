"""Calibration: whether a map that says 80 % is right 80 times out of 100.

Confidence is the probability that the model gave to the class on the map. All sums are of whole
numbers (counts of PROBABILITY_SCALE), so they do not depend on how the map was cut into windows.
"""

from dataclasses import dataclass, field

import numpy as np

from landscribe.formats.rasters import PROBABILITY_SCALE

BINS = 10  # of equal width, open below and closed above, as Guo et al. 2017 have them
_ONE = round(1 / PROBABILITY_SCALE)


@dataclass
class Calibration:
    """Sums over pixels that tell how far confidence can be trusted."""

    pixels: np.ndarray = field(default_factory=lambda: np.zeros(BINS, "int64"))
    confidence: np.ndarray = field(default_factory=lambda: np.zeros(BINS, "int64"))  # summed
    right: np.ndarray = field(default_factory=lambda: np.zeros(BINS, "int64"))
    squares: int = 0  # summed squared distance of the probabilities from the truth

    def add(self, stored: np.ndarray, mapped: np.ndarray, reference: np.ndarray) -> None:
        """Count some pixels.

        Args:
            stored: (class, pixel) uint16 probabilities, in PROBABILITY_SCALE, none of them nodata.
            mapped: (pixel) position of the map's class in the legend.
            reference: (pixel) position of the label's class in the legend.
        """
        every = np.arange(len(mapped))
        stored = stored.astype("int64")
        confidence = stored[mapped, every]
        into = np.clip((confidence * BINS - 1) // _ONE, 0, BINS - 1)
        np.add.at(self.pixels, into, 1)
        np.add.at(self.confidence, into, confidence)
        np.add.at(self.right, into, mapped == reference)
        # sum_k (p_k - y_k)^2 = sum_k p_k^2 - 2 p_y + 1
        truth = stored[reference, every]
        self.squares += int((stored**2).sum() - 2 * _ONE * truth.sum() + len(mapped) * _ONE**2)

    def as_dict(self) -> dict:
        """For scores.json: bins (null where empty), calibration error and Brier score.

        The expected calibration error is the mean gap of confidence and accuracy over the bins,
        weighed by their pixels: Eq. 3 of Guo et al. 2017, arXiv:1706.04599. The Brier score is the
        mean squared distance of all class probabilities from the truth, 0 (best) to 2: Eq. 2 of
        Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2. Both are null without
        pixels.
        """
        total = int(self.pixels.sum())
        gaps = np.abs(self.confidence / _ONE - self.right).sum()
        return {
            "bins": [self._bin(i) for i in range(BINS)],
            "expected_calibration_error": float(gaps / total) if total else None,
            "brier_score": self.squares / _ONE**2 / total if total else None,
        }

    def _bin(self, i: int) -> dict:
        count = int(self.pixels[i])
        return {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "pixels": count,
            "confidence": float(self.confidence[i] / _ONE / count) if count else None,
            "accuracy": float(self.right[i] / count) if count else None,
        }

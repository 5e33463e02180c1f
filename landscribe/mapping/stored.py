"""Probabilities as they are stored: whole numbers of PROBABILITY_SCALE."""

import numpy as np

from landscribe.command import InputError
from landscribe.formats.rasters import PROBABILITY_NODATA, PROBABILITY_SCALE


def stored(probabilities: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Probabilities (class, y, x) uint16 in PROBABILITY_SCALE, nodata where nothing was observed.

    Args:
        probabilities: (class, y, x) float32, 0-1; `InputError` where an observed one is no number.
        observed: (y, x) bool.
    """
    check_numbers(probabilities, observed)
    counts = probabilities * np.float32(1 / PROBABILITY_SCALE)
    counts = np.rint(counts, out=counts).clip(0, 1 / PROBABILITY_SCALE, out=counts)
    return np.where(observed, counts, np.float32(PROBABILITY_NODATA)).astype("uint16")


def check_numbers(probabilities: np.ndarray, observed: np.ndarray) -> None:
    """`InputError` where probabilities (..., y, x) of observed pixels (y, x) are no numbers."""
    if not np.isfinite(probabilities).all() and not np.isfinite(probabilities[..., observed]).all():
        raise InputError(
            "the model gives no number for some pixels; its training went wrong: look at the"
            " history in model.json, and train it again"
        )

"""Filled series: what stands in for periods in which a pixel was never clearly seen."""

from collections.abc import Sequence

import numpy as np


def fill(layers: Sequence[np.ndarray], clear: np.ndarray, days: np.ndarray) -> None:
    """Fill periods that lack a clear observation, in place: a straight line between clear ones.

    Before the first clear period of a pixel it is that one, after the last that; a pixel without
    any stays as it is. Decibels of a radar are filled as they are.

    Args:
        layers: series of each band (time, y, x) float32 of a sensor.
        clear: (time, y, x) bool: periods to keep; only these are looked at.
        days: (time) day of each period, rising.
    """
    before, after = _neighbours(clear)
    seen = clear.any(axis=0)
    for at, missing in enumerate(seen & ~clear):  # period by period: places take much room
        place = missing.nonzero()
        low, high = before[at][place], after[at][place]
        apart = np.maximum(days[high] - days[low], 1)  # 0 at the ends, where both are the same
        share = ((days[at] - days[low]) / apart).astype("float32")
        for series in layers:
            first = series[low, *place]
            series[at][place] = first + share * (series[high, *place] - first)


def _neighbours(clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clear periods before and after each (time, y, x) int16; at the ends both are the nearest."""
    last = len(clear) - 1
    number = np.arange(len(clear), dtype="int16")[:, None, None]
    before = np.maximum.accumulate(np.where(clear, number, np.int16(-1)))
    after = np.minimum.accumulate(np.where(clear, number, np.int16(last + 1))[::-1])[::-1]
    return np.where(before < 0, after, before), np.where(after > last, before, after)

"""Radar: backscatter without its speckle, in decibels, as a cube holds it.

Files hold linear power. Means are taken of that; the cube holds decibels, in which a change by a
factor is a step of one size, and 16 bits are enough.
"""

import numpy as np
from scipy.ndimage import correlate1d

from landscribe.sensors import DECIBELS, Sensor

RANGE_DB = (-60.0, 60.0)  # Sentinel-1's noise lies near -22 dB, its brightest roofs below +40 dB


def cube_bands(bands: dict[str, np.ndarray], sensor: Sensor) -> dict[str, np.ndarray]:
    """Bands (y, x) of one radar scene in the numbers of the cube, without the margin.

    Args:
        bands: in the numbers of the files, read with `sensor.margin_px` more on each side.
    """
    return {name: _cube_band(band, sensor) for name, band in bands.items()}


def despeckled(power: np.ndarray, looks: float, window_px: int) -> np.ndarray:
    """Power (..., y, x) float32 without most of its speckle: the Lee filter.

    Lee 1980, doi:10.1109/TPAMI.1980.4766994, for noise that multiplies: m + k * (power - m), where
    m is the local mean, k = q / (q + m**2 / looks), and the signal's variance q is the local mean
    of the squares / (1 + 1 / looks) - m**2, at least 0. So level ground becomes its mean, and an
    edge stays.

    A pixel's value depends on its window alone, bit for bit: hence no running sums.

    Args:
        power: linear, NaN where not observed. That stays NaN and counts in no mean.
        looks: equivalent number of looks: mean**2 / variance of level ground.
        window_px: side of the square that local means are taken over, odd [px].
    """
    seen = np.isfinite(power)
    known = np.where(seen, power, 0).astype("float64")
    count = np.maximum(_window_sums(seen.astype("float64"), window_px), 1)
    mean = _window_sums(known, window_px) / count
    square = _window_sums(known**2, window_px) / count
    signal = np.maximum(square / (1 + 1 / looks) - mean**2, 0)
    spread = np.maximum(signal + mean**2 / looks, np.finfo("float64").tiny)
    return np.where(seen, mean + signal / spread * (known - mean), np.nan).astype("float32")


def decibels(power: np.ndarray) -> np.ndarray:
    """Linear power as int16 in steps of 0.01 dB, within RANGE_DB; nodata where NaN, 0 or less."""
    known = np.isfinite(power) & (power > 0)
    level = 10 * np.log10(np.where(known, power, 1).astype("float64"))
    steps = np.rint(level.clip(*RANGE_DB) / DECIBELS.scale)
    return np.where(known, steps, DECIBELS.nodata).astype(DECIBELS.dtype)


def _cube_band(band: np.ndarray, sensor: Sensor) -> np.ndarray:
    power = np.where(band == sensor.nodata, np.nan, band * sensor.scale + sensor.offset)
    if sensor.speckle:
        power = despeckled(power, sensor.speckle.looks, sensor.speckle.window_px)
    edge = sensor.margin_px
    return decibels(power[edge : band.shape[0] - edge, edge : band.shape[1] - edge])


def _window_sums(layer: np.ndarray, window_px: int) -> np.ndarray:
    """Sums (..., y, x) over the square around each pixel; outside the layer there is 0."""
    ones = np.ones(window_px)
    down = correlate1d(layer, ones, axis=-2, mode="constant")
    return correlate1d(down, ones, axis=-1, mode="constant")

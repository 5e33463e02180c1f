"""Periods without a clear observation lie on straight lines between those that have one."""

import numpy as np
import pytest

from landscribe.imagery.filled import fill

DAYS = np.array([100, 131, 161, 192])


def filled(values, clear, days=DAYS):
    """Series (time, y, x) of one band, filled; what is not clear is NaN before."""
    series = np.where(clear, values, np.nan).astype("float32")
    fill([series], clear, days)
    return series


def test_known_numbers():
    clear = np.array([[0, 1, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool).T[:, None]
    values = np.array([[9, 10, 9, 71], [5, 9, 9, 9], [9, 9, 9, 9], [1, 2, 3, 4]]).T[:, None]
    found = filled(values, clear)[:, 0].T
    np.testing.assert_allclose(found[0], [10, 10, 40, 71], atol=1e-5)  # 30 of 61 days
    assert (found[1] == 5).all() and np.isnan(found[2]).all()
    np.testing.assert_array_equal(found[3], [1, 2, 3, 4])


@pytest.mark.parametrize("periods", [1, 2, 5, 36])
def test_it_is_interpolation_pixel_by_pixel(periods):
    rng = np.random.default_rng(periods)
    days = np.cumsum(rng.integers(1, 60, periods))
    clear = rng.random((periods, 7, 9)) < rng.random((7, 9))
    bands = [rng.normal(size=clear.shape) for _ in range(3)]
    made = [np.where(clear, band, np.nan).astype("float32") for band in bands]
    fill(made, clear, days)
    for row, col in np.ndindex(7, 9):
        seen = clear[:, row, col]
        for band, found in zip(bands, made, strict=True):
            wanted = np.full(periods, np.nan)
            if seen.any():
                wanted = np.interp(days, days[seen], band[seen, row, col])
            np.testing.assert_allclose(found[:, row, col], wanted, atol=1e-5)


def test_what_was_not_clear_is_not_looked_at():
    clear = np.array([True, False, True])[:, None, None]
    series = np.array([1, 1e30, 3], "float32")[:, None, None]
    fill([series], clear, np.array([0, 10, 20]))
    np.testing.assert_array_equal(series[:, 0, 0], [1, 2, 3])

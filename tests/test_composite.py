"""The composite is the median of clear observations, scaled once."""

import numpy as np

from landscribe.formats import MASK_CLEAR, read_cube
from landscribe.imagery.composite import composite
from tests.made_cube import cube


def test_it_equals_brute_force(tmp_path):
    path, _ = cube(tmp_path)
    data = read_cube(path)
    found = composite(data).values
    dn = np.where((data.mask.values == MASK_CLEAR)[:, None], data.dn.values, np.nan)
    seen = np.isfinite(dn).any(0)
    np.testing.assert_array_equal(np.isfinite(found), seen)
    middle = np.nanmedian(np.where(seen, dn, 0), axis=0)
    np.testing.assert_allclose(found[seen], middle[seen] * 1e-4, rtol=1e-5)
    assert found.dtype == np.float32


def test_a_part_equals_that_part_of_the_whole(tmp_path):
    for days in ((1,), (1, 11)):
        path, _ = cube(tmp_path / str(len(days)), days)
        data = read_cube(path)
        part = composite(data.isel(y=slice(5, 60), x=slice(0, 31))).values
        np.testing.assert_array_equal(part, composite(data).values[:, 5:60, :31])

"""Composites: one image of a season from the clear observations of a cube."""

import numpy as np
import xarray as xr

from landscribe.formats import MASK_CLEAR


def composite(cube: xr.Dataset) -> xr.DataArray:
    """Median reflectance (band, y, x) float32 over the clear observations, NaN where there is none.

    Works on any part of a cube (`cube.isel(y=..., x=...)`), whose native numbers it scales once.
    """
    clear = cube.mask == MASK_CLEAR
    if cube.sizes["time"] == 1:  # the median of one is itself: spare the copy
        middle = cube.dn.isel(time=0).where(clear.isel(time=0)).astype("float32")
    else:
        middle = cube.dn.where(clear).astype("float32").median("time", skipna=True)
    attrs = cube.dn.attrs
    scaled = middle * np.float32(attrs["scale_factor"]) + np.float32(attrs["add_offset"])
    return scaled.transpose("band", "y", "x").drop_vars("time", errors="ignore")

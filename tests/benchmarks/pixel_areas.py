"""True areas of pixels, told in another way than the project's own."""

import numpy as np
from pyproj import Transformer

from landscribe.grid import Grid

EQUAL_AREA = "EPSG:6933"


def pixel_areas(grid: Grid) -> np.ndarray:
    """Area (y, x) of each pixel [m²], by the shoelace formula on its corners."""
    x = grid.west + np.arange(grid.width + 1) * grid.gsd_m
    y = grid.north - np.arange(grid.height + 1) * grid.gsd_m
    warp = Transformer.from_crs(grid.crs, EQUAL_AREA, always_xy=True).transform
    x, y = warp(*np.meshgrid(x, y))
    one, other = (
        (x[1:, 1:] - x[:-1, :-1], y[1:, 1:] - y[:-1, :-1]),
        (x[:-1, 1:] - x[1:, :-1], y[:-1, 1:] - y[1:, :-1]),
    )
    return np.abs(one[0] * other[1] - one[1] * other[0]) / 2

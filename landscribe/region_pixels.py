"""Pixels of a grid that are a region's ground: those whose centre lies in it."""

import numpy as np
import shapely
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from landscribe.grid import Grid, lonlat_box, project

_AROUND = 0.02  # degrees past a grid at which ground is cut off
_STEP = 0.02  # degrees between points of a cut, which is straight in degrees alone


def pixels_inside(ground: BaseGeometry, grid: Grid) -> np.ndarray:
    """Whether the centre of each pixel (y, x) lies in some ground.

    Args:
        ground: polygons in lon, lat (EPSG:4326), valid each; they may overlap.
    """
    limits = lonlat_box(grid.bounds, grid.crs).buffer(_AROUND).bounds
    near = shapely.intersection(shapely.get_parts(ground), shapely.box(*limits))
    near = near[shapely.area(near) > 0]
    if not len(near):
        return np.zeros((grid.height, grid.width), bool)
    shapes = project(shapely.segmentize(near, _STEP), "EPSG:4326", grid.crs)
    size = {"out_shape": (grid.height, grid.width), "transform": grid.transform}
    return rasterize(shapes, dtype="uint8", **size) == 1

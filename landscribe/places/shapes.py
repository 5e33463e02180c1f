"""Shapes of places: what is kept of them, and the point that stands for them."""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from landscribe.places.rows import lonlat

_POINTS = ("Point", "MultiPoint")


def ground(shapes: Sequence[BaseGeometry | None]) -> tuple[bytes | None, float, float]:
    """WKB of the union of a place's shapes in lon, lat, valid, and lon, lat of a point on it.

    Of polygons, lines and points together only the first kind that is there counts; of points there
    is no WKB. `ValueError` without any shape on the earth.
    """
    parts = [_valid(shape) for shape in shapes if shape is not None and not shape.is_empty]
    whole = _highest(parts[0] if len(parts) == 1 else shapely.union_all(parts))
    if whole.is_empty:  # without parts, too
        raise ValueError("no shape")
    west, south, east, north = whole.bounds
    lonlat(west, south)
    lonlat(east, north)
    point = shapely.point_on_surface(whole)
    wkb = None if whole.geom_type in _POINTS else shapely.to_wkb(whole)
    return wkb, point.x, point.y


def _valid(shape: BaseGeometry) -> BaseGeometry:
    return shape if shape.is_valid else shapely.make_valid(shape)


def _highest(shape: BaseGeometry) -> BaseGeometry:
    """The parts of a shape that have the most dimensions: making valid leaves crumbs."""
    if shape.geom_type != "GeometryCollection" or shape.is_empty:
        return shape
    parts = shapely.get_parts(shape)
    most = shapely.get_dimensions(parts).max()
    return shapely.union_all(parts[shapely.get_dimensions(parts) == most])

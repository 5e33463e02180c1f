"""How much ground a place's point stands for."""

import numpy as np
import shapely

from landscribe.places.classes import CLASSES

_EARTH_KM = 6371.0088  # mean radius, IUGG
_DENSITY = 2_000  # people per km² of settled ground: order of the urban centres of Europe
_SETTLED_KM = (0.5, 40)  # radius of the smallest hamlet, and of the largest city


def ground_radius_km(geometries: np.ndarray) -> np.ndarray:
    """Radius of the circle that has the area of each geometry in lon, lat [km]; NaN for lines."""
    flat = shapely.transform(geometries, _equal_area)
    radius = np.sqrt(shapely.area(flat) / np.pi)
    return np.where(radius > 0, radius, np.nan)


def extent_km(class_: str, population: int | None) -> float:
    """Radius of a place of which only the point is known, from its class and size [km]."""
    if CLASSES[class_].group == "settlement" and population:
        return float(np.clip(np.sqrt(population / _DENSITY / np.pi), *_SETTLED_KM))
    return CLASSES[class_].extent_km


def _equal_area(lonlat: np.ndarray) -> np.ndarray:
    """Lambert's cylindrical equal-area projection of the sphere [km]."""
    lon, lat = np.radians(lonlat).T
    return np.column_stack([_EARTH_KM * lon, _EARTH_KM * np.sin(lat)])

"""A plane about a point of the globe, in which kilometres are true: to it from lon, lat, and back.

Azimuthal equidistant on WGS84: distances and bearings from the centre are true at any latitude.
Polygons in lon, lat (EPSG:4326) are cut at 180 degrees, and reach to a pole that they hold.
"""

from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
import shapely
from pyproj import Geod, Proj
from shapely.affinity import translate
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

GEOD = Geod(ellps="WGS84")
Ground = Polygon | MultiPolygon
_WORLD = shapely.box(-180, -90, 180, 90)
_STEP_DEG = 0.5  # longer edges in lon, lat get points of their own: they are no straight lines here
_STEP_KM = 50  # and so do these in the plane
_STEPS = 64  # at least so many of them around a polygon
_SEAM_KM = 0.1  # gaps along 180 degrees that are closed in the plane


@dataclass(frozen=True)
class Plane:
    """The plane about lon, lat; its x is east, its y north [km]."""

    lon: float
    lat: float

    def flat(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in lon, lat, in the plane; what 180 degrees cut is whole again."""
        dense = shapely.segmentize(geometry, _STEP_DEG)
        there = shapely.transform(dense, lambda xy: np.column_stack(self._proj(*xy.T)))
        if geometry.geom_type not in ("Polygon", "MultiPolygon"):
            return there
        if geometry.bounds[0] > -180 and geometry.bounds[2] < 180:
            return shapely.make_valid(there)
        return there.buffer(_SEAM_KM, join_style="mitre").buffer(-_SEAM_KM, join_style="mitre")

    def lonlat(self, geometry: BaseGeometry) -> Ground:
        """Polygons of the plane, in lon, lat."""
        step_km = min(_STEP_KM, max(geometry.length / _STEPS, 1e-3))
        dense = shapely.get_parts(shapely.segmentize(geometry, step_km))
        return only_polygons(shapely.union_all([self._polygon(part) for part in dense]))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Lon, lat of a point of the plane."""
        return self._proj(x, y, inverse=True)

    @cached_property
    def _proj(self) -> Proj:
        return Proj(proj="aeqd", lon_0=self.lon, lat_0=self.lat, ellps="WGS84", units="km")

    def _polygon(self, polygon: Polygon) -> BaseGeometry:
        outer = self._ground(np.array(polygon.exterior.coords))
        holes = [self._ground(np.array(ring.coords)) for ring in polygon.interiors]
        return outer - shapely.union_all(holes) if holes else outer

    def _ground(self, ring: np.ndarray) -> BaseGeometry:
        """All that is within a ring (point, xy) of the plane, in lon, lat."""
        lon, lat = self._proj(*ring.T, inverse=True)
        lon, lat = np.unwrap(lon, period=360), np.array(lat)
        if abs(lon[-1] - lon[0]) > 180:  # it goes around a pole
            pole = 90 if lat.mean() > 0 else -90
            lon, lat = np.append(lon, [lon[-1], lon[0]]), np.append(lat, [pole, pole])
        return cut(shapely.make_valid(Polygon(np.column_stack([lon, lat]))))


def plane_about(geometry: BaseGeometry) -> Plane:
    """The plane about the centre of a geometry in lon, lat, wherever 180 degrees cut it."""
    plane = Plane(*rough_centre(geometry))
    centre = plane.flat(geometry).centroid
    return Plane(*plane.point(centre.x, centre.y))


def rough_centre(geometry: BaseGeometry) -> tuple[float, float]:
    """Lon, lat amid the parts of a geometry."""
    parts = shapely.get_parts(geometry)
    lon, lat = np.radians(shapely.get_coordinates(shapely.centroid(parts)).T)
    weights = np.maximum(shapely.area(parts) * np.cos(lat), 1e-12)
    x, y, z = (weights * (np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat))).sum(1)
    return float(np.degrees(np.arctan2(y, x))), float(np.degrees(np.arctan2(z, np.hypot(x, y))))


def disc(radius_km: float) -> Polygon:
    """Disc about the centre of a plane; 0.2 % smaller than a true one."""
    return Point(0, 0).buffer(radius_km, quad_segs=16)


def uncut(ground: Ground) -> Ground:
    """Ground that 180 degrees cut, in one piece east of them: with lon up to 360."""
    parts = shapely.get_parts(ground)
    shift = np.where(shapely.get_x(shapely.centroid(parts)) < 0, 360, 0)
    moved = [translate(part, turn) for part, turn in zip(parts, shift, strict=True)]
    whole = only_polygons(shapely.union_all(moved))
    return whole if _width(whole) < _width(ground) else ground


def cut(ground: BaseGeometry) -> Ground:
    """Ground with any lon, with lon within 180."""
    west, _, east, _ = ground.bounds
    turns = range(floor((west + 180) / 360), ceil((east + 180) / 360))
    parts = [translate(ground, -360 * turn) & _WORLD for turn in turns]
    return only_polygons(shapely.union_all(parts))


def only_polygons(geometry: BaseGeometry) -> Ground:
    """The polygons of a geometry, without the lines and points that cutting leaves."""
    parts = shapely.get_parts(shapely.get_parts(geometry))  # of a collection, those of its parts
    parts = [part for part in parts if part.geom_type == "Polygon"]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _width(ground: Ground) -> float:
    return ground.bounds[2] - ground.bounds[0]

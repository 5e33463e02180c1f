"""The ground that relative places mean: 30 km north of one, between two, along a third.

All lengths are kilometres on the ground. How far words such as "near" reach is in proportion to the
place, and our choice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, pi, radians, sin, sqrt, tan

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.places.plane import (
    GEOD,
    Ground,
    Plane,
    cut,
    disc,
    plane_about,
    uncut,
)
from landscribe.text.relations import Relation


@dataclass(frozen=True)
class RelativePlace:
    """The ground that a relation means."""

    polygon: Ground
    lon: float  # of its central point
    lat: float
    uncertainty_km: float  # from the central point to the farthest of the polygon


def relative_footprint(relation: Relation, anchors: Sequence[Ground]) -> RelativePlace:
    """Ground that a relation means, from the footprints of its mentions, in their order.

    Some count a distance from the centre of a place and some from its edge, so the ground begins at
    the lower distance from the centre and ends at the higher one from the edge. A direction is a
    cone that is as wide as the place where it leaves it. The place itself is left out if its
    outline is known; a disc is a guess, and is left in.
    """
    if len(anchors) != len(relation.mentions) or any(anchor.is_empty for anchor in anchors):
        raise InputError(
            f"relation {relation.words!r} has {len(relation.mentions)} mentions, and"
            f" {len(anchors)} footprints came; it takes one that is not empty for each"
        )
    if len(anchors) == 2:
        plane, shape = _corridor(*anchors)
        return _relative(plane.lonlat(shape), *plane.point(0, 0))
    plane = plane_about(anchors[0])
    anchor = _Anchor(plane.flat(anchors[0]))
    if relation.kind in _SHARES:
        polygon = _part(relation, anchors[0])
    else:
        polygon = plane.lonlat(_SHAPES[relation.kind](relation, anchor))
    if relation.kind == "distance_direction":
        return _relative(polygon, *plane.point(*_ahead(relation, anchor)))
    centre = plane if relation.bearing_deg is None else plane_about(polygon)
    return _relative(polygon, centre.lon, centre.lat)


_FAR_KM = 30_000  # beyond all ground
_SHORTER, _LONGER = 0.65, 1.2  # than told: people round, and tell the way by road; of
# those with a direction in Wikipedia, 8 in 10 lie in between (tests/benchmarks/relations.py)
_SHORE_KM = 2  # what is along a shore
_BEND = 0.02  # of a distance, by which an outline may be off
_WIDER = 0.05  # of the way between two places, on either side


class _Anchor:
    """A place that something is placed by, in the plane about its centre."""

    def __init__(self, flat: BaseGeometry) -> None:
        self.flat = flat
        self.radius_km = sqrt(flat.area / pi)  # of the disc of its area
        around = pi * float(shapely.minimum_bounding_radius(flat)) ** 2
        self.known = flat.area < 0.97 * around  # else a disc, which stands for a point

    def within(self, km: float) -> BaseGeometry:
        """It, and what is so near; without what lies so deep in it, for less than 0."""
        return _buffer(self.flat, km)

    def reach_km(self, times: float, least: float, most: float = 500) -> float:
        """Kilometres in proportion to its radius."""
        return min(max(times * self.radius_km, least), most)

    def cone(self, relation: Relation) -> BaseGeometry:
        """What lies that way, from its centre on; all without a bearing."""
        if relation.bearing_deg is None:
            return disc(_FAR_KM)
        half, turn = radians(relation.half_width_deg), radians(relation.bearing_deg)
        near = self.radius_km / cos(half)  # so the cone touches the disc
        far, length = near + _FAR_KM * tan(half), _FAR_KM
        corners = np.array([(-near, 0), (near, 0), (far, length), (-far, length)])
        across, along = (cos(turn), -sin(turn)), (sin(turn), cos(turn))
        return Polygon(corners @ np.array([across, along]))


def _buffer(shape: BaseGeometry, km: float) -> BaseGeometry:
    """What is so near to a shape; bends that do not matter at that distance are left out."""
    return shapely.simplify(shape, abs(km) * _BEND).buffer(km, quad_segs=8)


def _at_distance(relation: Relation, anchor: _Anchor) -> BaseGeometry:
    low, high = relation.distance_km
    ring = anchor.within(high * _LONGER) - disc(low * _SHORTER)
    return (ring - anchor.flat if anchor.known else ring) & anchor.cone(relation)


def _beyond(relation: Relation, anchor: _Anchor) -> BaseGeometry:
    """Outside it, that way."""
    return (anchor.within(anchor.reach_km(3, 10)) - anchor.flat) & anchor.cone(relation)


def _near(_: Relation, anchor: _Anchor) -> BaseGeometry:
    return anchor.within(anchor.reach_km(1, 5, 100))


def _around(relation: Relation, anchor: _Anchor) -> BaseGeometry:
    """Its outer half, and as much outside it."""
    half = anchor.radius_km / 2
    return (anchor.within(half) - anchor.within(-half)) & anchor.cone(relation)


def _off(_: Relation, anchor: _Anchor) -> BaseGeometry:
    return anchor.within(anchor.reach_km(1, 20, 200)) - anchor.flat


def _border(relation: Relation, anchor: _Anchor) -> BaseGeometry:
    if relation.bearing_deg is not None:
        return _beyond(relation, anchor)
    return _buffer(anchor.flat.boundary, anchor.reach_km(0.1, 5, 50))


def _along(_: Relation, anchor: _Anchor) -> BaseGeometry:
    """Its shores; of a disc, which has none, all of it."""
    shores = anchor.flat.boundary if anchor.known else anchor.flat
    return _buffer(shores, _SHORE_KM)


def _centre(_: Relation, anchor: _Anchor) -> BaseGeometry:
    inner = anchor.flat & disc(anchor.radius_km / 2)
    return anchor.flat if inner.is_empty else inner


def _inside(_: Relation, anchor: _Anchor) -> BaseGeometry:
    return anchor.flat


_SHAPES: dict[str, Callable[[Relation, _Anchor], BaseGeometry]] = {
    "distance": _at_distance,
    "distance_direction": _at_distance,
    "direction": _beyond,
    "near": _near,
    "between": _near,  # the other place was not recognized
    "around": _around,
    "off": _off,
    "border": _border,
    "along": _along,
    "centre": _centre,
    "inside": _inside,
}
_SHARES = {"part": (1 / 2, 1 / 3), "tip": (1 / 5, 1 / 5)}  # of a place; by a finer direction


def _ahead(relation: Relation, anchor: _Anchor) -> tuple[float, float]:
    """The likeliest point at a distance, that way [km]: from the edge if that is farther out."""
    turn = radians(relation.bearing_deg)
    way = np.array([sin(turn), cos(turn)])
    ray = LineString([(0, 0), tuple(way * _FAR_KM)]) & anchor.flat
    edge = 0.0 if ray.is_empty else float(np.hypot(*shapely.get_coordinates(ray).T).max())
    km = relation.about_km
    return tuple(way * (km + edge if anchor.known and km < edge else km))


def _part(relation: Relation, ground: Ground) -> Ground:
    """That half, or another share, of a place: of its extent in lon, lat along the direction."""
    share = _SHARES[relation.kind][relation.half_width_deg < 45]
    whole = uncut(ground)
    west, south, east, north = whole.bounds
    turn = radians(relation.bearing_deg)
    way, side = np.array([sin(turn), cos(turn)]), np.array([cos(turn), -sin(turn)])
    scale = np.array([east - west, north - south])
    along = (shapely.get_coordinates(whole) - (west, south)) / scale @ way
    start = way * (along.max() - share * (along.max() - along.min()))
    far = way * (along.max() + 1)
    corners = np.array([start - 3 * side, start + 3 * side, far + 3 * side, far - 3 * side])
    return cut(whole & Polygon(corners * scale + (west, south)))


def _corridor(one: Ground, other: Ground) -> tuple[Plane, BaseGeometry]:
    """Plane about the middle of two places, and the hull of both in it, a twentieth wider."""
    a, b = plane_about(one), plane_about(other)
    azimuth, _, metres = GEOD.inv(a.lon, a.lat, b.lon, b.lat)
    lon, lat, _ = GEOD.fwd(a.lon, a.lat, azimuth, metres / 2)
    plane = Plane(lon, lat)
    hull = shapely.convex_hull(shapely.union(plane.flat(one), plane.flat(other)))
    return plane, hull.buffer(metres / 1000 * _WIDER)


def _relative(polygon: Ground, lon: float, lat: float) -> RelativePlace:
    lons, lats = shapely.get_coordinates(polygon).T
    _, _, metres = GEOD.inv(np.full_like(lons, lon), np.full_like(lats, lat), lons, lats)
    return RelativePlace(polygon, lon, lat, float(metres.max()) / 1000)

"""The ground of a place, and the ground that a whole document is about: polygons in lon, lat.

All lengths are kilometres on the ground. What crosses 180 degrees is a MultiPolygon cut there.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import cos, pi, radians, sqrt

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.places.plane import (
    GEOD,
    Ground,
    Plane,
    disc,
    only_polygons,
    plane_about,
    rough_centre,
)


def footprint(
    lon: float, lat: float, extent_km: float, outline: BaseGeometry | None = None
) -> Ground:
    """Ground of a place: its outline, or a disc about its point where none is known.

    Args:
        extent_km: radius of the disc.
        outline: polygons or lines in lon, lat; a line stands for the kilometre on either side.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90 and 0 < extent_km <= _MOST_KM):
        raise InputError(
            f"place at {lon}, {lat} with an extent of {extent_km} km; wanted lon within 180, lat"
            f" within 90, and an extent above 0 and up to {_MOST_KM} km"
        )
    if outline is None or outline.is_empty or outline.geom_type in ("Point", "MultiPoint"):
        return _disc(lon, lat, extent_km)
    if outline.area > 0:
        return only_polygons(shapely.make_valid(outline))
    plane = plane_about(outline)
    return plane.lonlat(plane.flat(outline).buffer(_LINE_KM))


def document_footprint(footprints: Sequence[Ground], weights: Sequence[float]) -> Ground | None:
    """Ground that a document is about, from those of its mentions; None without any.

    A container gives way: ground that holds others, which weigh at least half of what it does
    together, leaves its weight to them (a country that stands beside its town is no reason to draw
    the country, but counts for the town). What is then left is put together in groups of grounds
    less than 100 km apart. The ground of a document is all groups that weigh at least half as much
    as the heaviest: a few mentions of a far place do not move it, two places of equal weight stay.

    Args:
        weights: of each mention: the probability that it means this ground, 0-1.
    """
    if len(footprints) != len(weights) or any(not 0 <= weight <= 1 for weight in weights):
        raise InputError(
            f"{len(footprints)} footprints and {len(weights)} weights; wanted one probability,"
            " 0-1, for each footprint"
        )
    grounds, sums = _each_once(footprints, weights)
    if not grounds:
        return None
    kept, sums = _without_containers(grounds, sums)
    left = np.array(grounds)[kept]
    groups = _groups(left)
    totals = np.bincount(groups, sums[kept])
    heavy = totals >= _SHARE * totals.max()
    return only_polygons(shapely.union_all(left[heavy[groups]]))


_MOST_KM = 9_000  # no plane is true on the other side of the globe
_LINE_KM = 1  # ground on either side of a line: a river, a road
_SHARE = 0.5  # of a weight that is as good as it
_INSIDE = 0.9  # of its area: what lies in a container; borders of two sources differ
_LARGER = 4  # times the area: what may be a container
_TOGETHER_KM = 100
_ROUND_KM = 400  # of a disc, up to which its edges are short enough
_POLAR_KM = 6_350  # less than any radius of the globe


def _each_once(
    footprints: Sequence[Ground], weights: Sequence[float]
) -> tuple[list[Ground], np.ndarray]:
    """Each ground once with the sum of its weights; those that weigh nothing are left out."""
    sums: dict[bytes, float] = {}
    for ground, weight in zip(footprints, weights, strict=True):
        if weight > 0 and not ground.is_empty:
            key = shapely.to_wkb(ground)
            sums[key] = sums.get(key, 0.0) + weight
    return [shapely.from_wkb(key) for key in sums], np.array(list(sums.values()))


def _without_containers(grounds: list[Ground], sums: np.ndarray) -> tuple[list[int], np.ndarray]:
    """Indices of the grounds that stay, and weights that have what the others left."""
    areas, own, sums = shapely.area(grounds), sums, sums.copy()
    kept = list(range(len(grounds)))
    for i in np.argsort(-areas, kind="stable"):
        rest = np.array([k for k in kept if areas[k] * _LARGER <= areas[i]], dtype=int)
        if len(rest) == 0:
            continue
        shared = shapely.area(shapely.intersection(grounds[i], np.array(grounds)[rest]))
        within = rest[shared >= _INSIDE * areas[rest]]
        if len(within) and own[within].sum() >= _SHARE * own[i]:
            sums[within] += sums[i] * own[within] / own[within].sum()
            kept.remove(i)
    return kept, sums


def _disc(lon: float, lat: float, radius_km: float) -> Ground:
    """Disc on the globe; where neither a pole nor 180 degrees is near, without a plane."""
    reach = np.degrees(radius_km / _POLAR_KM)
    if radius_km > _ROUND_KM or abs(lat) + reach > 85 or abs(lon) + reach / cos(radians(85)) > 180:
        return Plane(lon, lat).lonlat(disc(radius_km))
    x, y = shapely.get_coordinates(disc(radius_km)).T
    turns = np.degrees(np.arctan2(x, y))
    lons, lats, _ = GEOD.fwd(
        np.full(len(x), lon), np.full(len(x), lat), turns, np.hypot(x, y) * 1000
    )
    return shapely.Polygon(np.column_stack([lons, lats]))


@lru_cache(20_000)  # the same places are named again and again
def _round(wkb: bytes) -> tuple[float, float, float]:
    """Lon, lat of the centre of a ground, and the radius of the disc of its area [km]."""
    ground = shapely.from_wkb(wkb)
    area_m2 = abs(GEOD.geometry_area_perimeter(ground)[0])
    return *rough_centre(ground), sqrt(area_m2 / pi) / 1000


def _groups(grounds: np.ndarray) -> np.ndarray:
    """Number of the group of each ground; those of a group hang together within 100 km."""
    lons, lats, radii = np.array([_round(shapely.to_wkb(ground)) for ground in grounds]).T
    i, j = np.triu_indices(len(grounds), 1)
    _, _, metres = GEOD.inv(lons[i], lats[i], lons[j], lats[j])
    near = np.asarray(metres) / 1000 <= radii[i] + radii[j] + _TOGETHER_KM
    links = coo_array((np.ones(near.sum()), (i[near], j[near])), shape=(len(grounds),) * 2)
    return connected_components(links, directed=False)[1]

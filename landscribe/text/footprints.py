"""Footprints of mentions and documents, drawn as finely as a page can show them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from landscribe.places.ground import document_footprint, footprint
from landscribe.places.lookup import Place, Places
from landscribe.places.plane import Ground, only_polygons
from landscribe.places.relative import relative_footprint
from landscribe.text.relations import Relation

_ROUGH = 0.005  # of its size that an outline may be off,
_ROUGH_PART = 0.1  # and of the size of each part
_FINER = (1, 0.1)  # of that, tried in turn where a rough outline leaves out its own place's point
_SHARE = 0.99  # of its area that the parts make up that are drawn, the largest first
_MOST_PARTS = 100  # that are drawn
_MOST_GROUNDS = 200  # that the ground of one document is made of: work grows with their square
_REMEMBERED = 20_000


class Footprint(NamedTuple):
    """Ground that a mention means, and the point that stands for it."""

    lon: float
    lat: float
    ground: Ground
    wkb: bytes


class Footprints:
    """Footprints of places and of relations to them; each is made once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._of_place = lru_cache(_REMEMBERED)(self._place)
        self._of_relation = lru_cache(_REMEMBERED)(self._relation)

    def place(self, place: Place) -> Footprint:
        """Footprint of a place."""
        return self._of_place(place.id, place.lon, place.lat, place.extent_km)

    def relation(self, relation: Relation, anchors: Sequence[Place]) -> Footprint:
        """Footprint of words that place something by the places of their mentions, in order."""
        nowhere = {"start": 0, "end": 0, "words": "", "words_start": 0}  # alike in every text
        alike = replace(relation, **nowhere, mentions=tuple(range(len(anchors))))
        bare = (place._replace(kind="", language="") for place in anchors)
        return self._of_relation(alike, *bare)

    def _place(self, id_: str, lon: float, lat: float, extent_km: float) -> Footprint:
        outline = self._places.polygon(id_)
        if outline is not None and outline.area > 0:
            outline = _drawn(outline, lon, lat)  # now, as making it valid takes longer
            ground = footprint(lon, lat, extent_km, outline)
        else:
            ground = _drawn(footprint(lon, lat, extent_km, outline), lon, lat)
        return Footprint(lon, lat, ground, shapely.to_wkb(ground))

    def _relation(self, relation: Relation, *anchors: Place) -> Footprint:
        told = relative_footprint(relation, [self.place(anchor).ground for anchor in anchors])
        return Footprint(told.lon, told.lat, told.polygon, shapely.to_wkb(told.polygon))


def document_ground(mentions: Sequence[dict]) -> Ground | None:
    """Ground that a document is about, from its rows as MENTIONS; none without a place.

    Of a document that names very many places, the heaviest count.
    """
    weights: dict[bytes, float] = defaultdict(float)
    for row in mentions:
        if row["place"] is not None:
            weights[row["footprint"]] += row["probability"]
    heaviest = sorted(weights, key=lambda wkb: -weights[wkb])[:_MOST_GROUNDS]
    if len(heaviest) < 2:
        return shapely.from_wkb(heaviest[0]) if heaviest else None
    whole = sum(weights.values())
    return document_footprint(
        [shapely.from_wkb(wkb) for wkb in heaviest], [weights[wkb] / whole for wkb in heaviest]
    )


def _drawn(whole: BaseGeometry, lon: float, lat: float) -> Ground:
    """Polygons without their smallest parts, holes and bends, around a point if they were."""
    west, south, east, north = whole.bounds
    rough, point = _ROUGH * min(east - west, north - south), shapely.Point(lon, lat)
    parts = _large_parts(only_polygons(whole), rough**2, point)
    roughs = np.minimum(rough, _ROUGH_PART * np.sqrt(shapely.area(parts)))
    for finer in _FINER:
        simple = shapely.MultiPolygon([*shapely.simplify(parts, finer * roughs)])
        drawn = only_polygons(shapely.make_valid(simple))  # two parts may cross by now
        if not drawn.is_empty and (drawn.covers(point) or not whole.covers(point)):
            return drawn
    return shapely.MultiPolygon([*parts])


def _large_parts(whole: Ground, least: float, point: shapely.Point) -> np.ndarray:
    """The largest parts of a ground and the one that holds its point, without small holes."""
    parts = shapely.get_parts(whole)
    areas = shapely.area(parts)
    order = np.argsort(-areas, kind="stable")
    some = 1 + int(np.searchsorted(np.cumsum(areas[order]), _SHARE * areas.sum()))
    kept = order[: min(some, _MOST_PARTS)]
    if kept.size < parts.size:
        kept = np.union1d(kept, np.flatnonzero(shapely.covers(parts, point)))
    return np.array([_without_holes(part, least) for part in parts[kept]])


def _without_holes(part: shapely.Polygon, least: float) -> shapely.Polygon:
    """Polygon without its holes of a smaller area: slivers, where units were put together."""
    rings = shapely.get_rings(part)
    large = shapely.area(shapely.polygons(rings)) >= least
    return shapely.polygons(rings[0], rings[1:][large[1:]])

"""The ground of regions: boxes or outlines from vector files, and the blocks that they touch."""

from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from pyogrio import raw, read_info
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from landscribe.cards import Region, off_the_grid
from landscribe.command import InputError, some
from landscribe.grid import Block, ground_blocks, lonlat_box, project
from landscribe.kept import kept
from landscribe.provenance import code_version, file_digest
from landscribe.sources import located

_EDGE_PARTS = 1000  # an edge that is longer than this part of an outline gets points of its own


def region_ground(card: Region) -> BaseGeometry:
    """Polygons of a region in lon, lat (EPSG:4326): its box, or its outline within that box.

    `InputError` if the outline has no CRS, no feature that matches, or leaves the UTM grid.
    """
    if card.outline is None:
        return lonlat_box(card.bounds, card.crs)
    ground = shapely.multipolygons(_polygons(card))
    if card.bounds:
        parts = shapely.intersection(shapely.get_parts(ground), lonlat_box(card.bounds, card.crs))
        parts = shapely.get_parts(parts)
        ground = shapely.multipolygons(parts[shapely.area(parts) > 0])
    if ground.is_empty:
        raise InputError(f"{card.outline}: nothing of it lies in the region's bounds; correct them")
    if fault := off_the_grid(ground.bounds):
        raise InputError(f"{card.outline}: {fault}; give the region bounds that cut it, or `where`")
    return ground


def region_box(card: Region) -> tuple[str, tuple[float, float, float, float]]:
    """CRS and west, south, east, north of a region; of one with an outline in lon, lat."""
    if card.outline is None:
        return card.crs, card.bounds
    return "EPSG:4326", tuple(round(value, 7) for value in region_ground(card).bounds)


def kept_blocks(path: Path, card: Region) -> list[Block]:
    """Blocks of a region; those of an outline are kept in a file, and made anew if it is outdated.

    Args:
        path: JSON file to keep them in. Jobs of a cluster read it in place of the outline.
    """
    if card.outline is None:
        return ground_blocks(region_ground(card))
    made_from = [
        card.model_dump_json(),
        file_digest(located(card.outline)),
        code_version("landscribe/regions.py"),
    ]
    found = kept(path, made_from, partial(_as_dicts, card))
    return [Block(told["id"], told["epsg"], tuple(told["bounds"])) for told in found]


def _as_dicts(card: Region) -> list[dict]:
    return [asdict(block) for block in ground_blocks(region_ground(card))]


def _polygons(card: Region) -> np.ndarray:
    """Single polygons in lon, lat of the features that a card names, valid each."""
    path = located(card.outline)
    try:
        columns = [str(name) for name in read_info(path)["fields"]]
        if missing := sorted(set(card.where) - set(columns)):
            raise InputError(
                f"{card.outline}: no column {', '.join(missing)}, which the region's `where` names;"
                f" it has {', '.join(columns)}"
            )
        told, _, shapes, values = raw.read(path, columns=list(card.where))
    except (DataSourceError, DataLayerError) as error:
        raise InputError(f"{card.outline}: not a vector file that GDAL reads ({error})") from None
    if told["crs"] is None:
        raise InputError(
            f"{card.outline}: has no CRS; give the file one (`ogr2ogr -a_srs EPSG:...`)"
        )
    chosen = _chosen(card, dict(zip(told["fields"], values, strict=True)), len(shapes))
    return _lonlat(shapely.from_wkb(shapes[chosen]), told["crs"], card.outline)


def _chosen(card: Region, values: dict[str, np.ndarray], count: int) -> np.ndarray:
    """Whether each feature has the values that the card wants."""
    chosen = np.ones(count, bool)
    for column, wanted in card.where.items():
        names = {str(value) for value in (wanted if isinstance(wanted, list) else [wanted])}
        there = np.array([str(value) for value in values[column]])
        if missing := sorted(names - set(there)):
            have = sorted(set(there))
            raise InputError(
                f"{card.outline}: no feature whose {column} is {', '.join(missing)}; there is"
                f" {some(have)}; correct the region's `where`"
            )
        chosen &= np.isin(there, sorted(names))
    if not chosen.any():
        raise InputError(
            f"{card.outline}: no feature fulfils all of the region's `where`; correct it"
        )
    return chosen


def _lonlat(shapes: np.ndarray, crs: str, source: str) -> np.ndarray:
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    others = {shape.geom_type for shape in shapes} - {"Polygon", "MultiPolygon"}
    if others or not len(shapes):
        held = ", ".join(sorted(others)) or "no polygon"
        raise InputError(f"{source}: holds {held}; an outline has to be of polygons")
    if not CRS.from_user_input(crs).is_geographic:
        # The straight lines of one CRS are bent in another.
        west, south, east, north = shapely.total_bounds(shapes)
        shapes = shapely.segmentize(shapes, max(east - west, north - south) / _EDGE_PARTS)
    parts = shapely.get_parts(shapely.make_valid(project(shapes, crs, "EPSG:4326")))
    parts = shapely.get_parts(parts)  # making valid may nest them
    return parts[shapely.area(parts) > 0]

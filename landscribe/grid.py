"""Blocks, the 100 km squares of the MGRS grid in their native UTM zones, and pixel grids."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from affine import Affine
from pyproj import CRS, Proj, Transformer
from rasterio.transform import from_origin
from shapely import area, box, get_parts, intersection, segmentize, total_bounds, transform
from shapely import bounds as shapely_bounds
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError, some

SQUARE_M = 100_000  # side of an MGRS square
NEAR_M = 5_000  # farther than any model looks past the edge of a block
SNAP_M = 20  # divides a square's side, so that blocks meet; pixels of 10 and 20 m fill them
_LEAST_PX = 2  # side of a block, however little of its square the region touches
_BANDS = "CDEFGHJKLMNPQRSTUVWX"  # of 8 degrees, from 80 S (the last has 12)
_COLUMNS = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")  # of squares, by zone
_ROWS = "ABCDEFGHJKLMNPQRSTUV"  # of squares, from the equator; even zones begin at F


@dataclass(frozen=True)
class Grid:
    """Pixels of one raster: CRS, upper left corner, size."""

    epsg: int
    west: float  # [m]
    north: float  # [m]
    width: int  # [px]
    height: int  # [px]
    gsd_m: float

    @property
    def transform(self) -> Affine:
        """Pixel (column, row) of the upper left corner -> x, y [m]."""
        return from_origin(self.west, self.north, self.gsd_m, self.gsd_m)

    @property
    def crs(self) -> str:
        """Such as EPSG:32633."""
        return f"EPSG:{self.epsg}"

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m]."""
        east = self.west + self.width * self.gsd_m
        return self.west, self.north - self.height * self.gsd_m, east, self.north

    def part(self, rows: slice, cols: slice) -> "Grid":
        """Grid of some of its pixels."""
        west, north = self.west + cols.start * self.gsd_m, self.north - rows.start * self.gsd_m
        sides = cols.stop - cols.start, rows.stop - rows.start
        return Grid(self.epsg, west, north, *sides, self.gsd_m)


@dataclass(frozen=True)
class Block:
    """The part of a region in one 100 km square: the unit of a job."""

    id: str  # MGRS name, such as 33UUU
    epsg: int
    bounds: tuple[float, float, float, float]  # west, south, east, north [m], on SNAP_M

    @property
    def crs(self) -> str:
        """Such as EPSG:32633."""
        return f"EPSG:{self.epsg}"

    def grid(self, gsd_m: float, origin_m: float = 0) -> Grid:
        """Pixels of `gsd_m` metres that cover the block, of one lattice for a whole UTM zone.

        Where `gsd_m` divides SNAP_M they fill the block. Others stick out, but at the edge of a
        square, where the next block goes on: there a pixel belongs to the square of its centre.
        They are two a side at least, in the square, so that their spacing can be told.

        Args:
            origin_m: edges of pixels lie at this plus multiples of `gsd_m`.
        """
        west, east = _lines(self.bounds[0], self.bounds[2], gsd_m, origin_m)
        south, north = _lines(self.bounds[1], self.bounds[3], gsd_m, origin_m)
        left, top = origin_m + west * gsd_m, origin_m + north * gsd_m
        return Grid(self.epsg, left, top, east - west, north - south, gsd_m)


def lonlat_bounds(
    bounds: tuple[float, float, float, float], crs: str
) -> tuple[float, float, float, float]:
    """West, south, east, north [degrees] of a box in `crs`, its curved edges included."""
    return lonlat_box(bounds, crs).bounds


def lonlat_box(bounds: tuple[float, float, float, float], crs: str) -> BaseGeometry:
    """A box in `crs` as a lon, lat shape (EPSG:4326), with points along its edges."""
    outline = segmentize(box(*bounds), min(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 64)
    return project(outline, crs, "EPSG:4326")


def blocks(bounds: tuple[float, float, float, float], crs: str) -> list[Block]:
    """Blocks that a box touches; see `ground_blocks`.

    Args:
        bounds: west, south, east, north in `crs`.
    """
    return ground_blocks(lonlat_box(bounds, crs))


def ground_blocks(ground: BaseGeometry, name: str = "") -> list[Block]:
    """Blocks that some ground touches, by id; together they cover it, without overlap.

    A block is cut to the box of its ground (in the block's own zone, snapped outwards to 20 m) and
    never reaches past its square. At the edge of two zones squares of both are given.

    Args:
        ground: polygons in lon, lat (EPSG:4326), valid each; they may overlap.
        name: gives the block of that id alone, if the ground touches it.
    """
    polygons, found = get_parts(ground), []
    for epsg, west, east, south, north in _zones(ground):
        if name and epsg % 100 != int(name[:-3]):
            continue
        # Straight lines of one CRS are curves in the other: corners alone would cut ground off.
        parts = get_parts(segmentize(_inside(polygons, (west, south, east, north)), 0.05))
        parts = parts[area(parts) > 0]
        if len(parts):
            found += _squares(project(parts, "EPSG:4326", f"EPSG:{epsg}"), epsg, name)
    return sorted(found, key=lambda block: block.id)


def ground_block(ground: BaseGeometry, name: str) -> Block:
    """Block of that id in some ground (see `ground_blocks`); `InputError` if it is not there."""
    if found := ground_blocks(ground, name):
        return found[0]
    there = [block.id for block in ground_blocks(ground)]
    raise InputError(f"block {name}: not in the region, which has {some(there)}; name one of those")


def blocks_near(block: Block, others: Sequence[Block]) -> list[Block]:
    """Blocks, the block itself left out, that are at most about NEAR_M away from it."""
    west, south, east, north = _reach(block)
    found = []
    for other in others:
        left, bottom, right, top = _reach(other)  # which spares all but a few the warping
        apart = left > east or right < west or bottom > north or top < south
        if not apart and other != block and _is_near(block, other):
            found.append(other)
    return found


def project(
    shape: BaseGeometry | np.ndarray, source: str, target: str
) -> BaseGeometry | np.ndarray:
    """A shape, or an array of shapes, in another CRS; its points alone are moved."""
    if source == target:
        return shape
    to_target = Transformer.from_crs(source, target, always_xy=True).transform
    return transform(shape, to_target, interleaved=False)


def square_name(epsg: int, col: int, row: int) -> str:
    """MGRS name of a square, counted from the zone's origin: NGA.STND.0037, section 3.

    Its latitude band is that of the square's centre on the zone's central meridian, so the name
    does not depend on which part of the square a region touches.
    """
    zone = epsg % 100
    letters = _COLUMNS[(zone - 1) % 3][col - 1]
    letters += _ROWS[(row + (5 if zone % 2 == 0 else 0)) % 20]
    centre = (500_000, (row + 0.5) * SQUARE_M)
    _, lat = Transformer.from_crs(epsg, 4326, always_xy=True).transform(*centre)
    band = _BANDS[min(int((lat + 80) // 8), 19)]
    return f"{zone}{band}{letters}"


def pixel_area_m2(grid: Grid, step_px: int = 64) -> np.ndarray:
    """True area of each pixel (y, x) [m²], float32: UTM's scale is taken out.

    The areal scale of the projection (product of its two principal scales, Snyder 1987, USGS
    Professional Paper 1395, p. 20-24) is computed every `step_px` pixels and interpolated.
    """
    rows = np.unique(np.r_[0 : grid.height : step_px, grid.height - 1])
    cols = np.unique(np.r_[0 : grid.width : step_px, grid.width - 1])
    x = grid.west + (cols + 0.5) * grid.gsd_m
    y = grid.north - (rows + 0.5) * grid.gsd_m
    projection = CRS.from_epsg(grid.epsg)
    to_lonlat = Transformer.from_crs(projection, projection.geodetic_crs, always_xy=True)
    lon, lat = to_lonlat.transform(*np.meshgrid(x, y))
    scale = Proj(projection).get_factors(lon, lat).areal_scale
    along_x = np.stack([np.interp(np.arange(grid.width), cols, line) for line in scale])
    down = np.stack([np.interp(np.arange(grid.height), rows, col) for col in along_x.T], axis=1)
    return (grid.gsd_m**2 / down).astype("float32")


@cache
def _reach(block: Block) -> tuple[float, float, float, float]:
    """West, south, east, north [degrees] of a block with NEAR_M around it."""
    west, south, east, north = block.bounds
    around = (west - NEAR_M, south - NEAR_M, east + NEAR_M, north + NEAR_M)
    return lonlat_bounds(around, block.crs)


def _is_near(block: Block, other: Block) -> bool:
    if block.epsg == other.epsg:
        return box(*block.bounds).distance(box(*other.bounds)) <= NEAR_M
    if abs(block.epsg % 100 - other.epsg % 100) > 1:
        return False
    there = project(lonlat_box(other.bounds, other.crs), "EPSG:4326", block.crs)
    return box(*block.bounds).distance(there) <= NEAR_M


def _zones(lonlat: BaseGeometry) -> list[tuple[int, float, float, float, float]]:
    """UTM zones that a shape touches: EPSG code, west, east, south, north [degrees]."""
    west, south, east, north = lonlat.bounds
    zones = []
    for zone in range(math.floor(west / 6) + 31, math.ceil(east / 6) + 31):
        left = (zone - 31) * 6
        if north > 0:
            zones.append((32600 + zone, left, left + 6, max(south, 0), north))
        if south < 0:
            zones.append((32700 + zone, left, left + 6, south, min(north, 0)))
    return zones


def _inside(shapes: np.ndarray, bounds: tuple[float, float, float, float]) -> np.ndarray:
    """What of some shapes lies in a box; shapes inside it stay as they are."""
    limits = shapely_bounds(shapes)
    west, south, east, north = bounds
    apart = (limits[:, 0] > east) | (limits[:, 2] < west)
    apart |= (limits[:, 1] > north) | (limits[:, 3] < south)
    within = (limits[:, 0] >= west) & (limits[:, 2] <= east)
    within &= (limits[:, 1] >= south) & (limits[:, 3] <= north)
    across = ~apart & ~within
    return np.r_[shapes[within], intersection(shapes[across], box(*bounds))]


def _squares(parts: np.ndarray, epsg: int, name: str) -> list[Block]:
    """Blocks of polygons in a zone [m]."""
    west, south, east, north = total_bounds(parts)
    found = []
    for col in range(math.floor(west / SQUARE_M), math.ceil(east / SQUARE_M)):
        for row in range(math.floor(south / SQUARE_M), math.ceil(north / SQUARE_M)):
            if name and square_name(epsg, col, row) != name:
                continue
            x, y = col * SQUARE_M, row * SQUARE_M
            inside = _inside(parts, (x, y, x + SQUARE_M, y + SQUARE_M))
            inside = inside[area(inside) > 0]
            if len(inside):
                bounds = _snapped(tuple(total_bounds(inside)))
                found.append(Block(square_name(epsg, col, row), epsg, bounds))
    return found


def _snapped(bounds: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    west, south, east, north = (round(value, 3) for value in bounds)
    return (
        math.floor(west / SNAP_M) * SNAP_M,
        math.floor(south / SNAP_M) * SNAP_M,
        math.ceil(east / SNAP_M) * SNAP_M,
        math.ceil(north / SNAP_M) * SNAP_M,
    )


def _lines(low_m: float, high_m: float, gsd_m: float, origin_m: float) -> tuple[int, int]:
    """Numbers of the lattice's lines between which lie the pixels of a block, along an axis."""
    square_m = math.floor(low_m / SQUARE_M) * SQUARE_M
    edges = (low_m, high_m, square_m, square_m + SQUARE_M)
    low, high, first, last = (round((edge - origin_m) / gsd_m, 6) for edge in edges)
    first, last = math.ceil(first - 0.5), math.ceil(last - 0.5)
    low, high = max(math.floor(low), first), min(math.ceil(high), last)
    low = max(min(low, last - _LEAST_PX), first)
    return low, max(high, low + _LEAST_PX)

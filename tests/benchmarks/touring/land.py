"""A made country: its outline, with a ragged coast, islands and a lake that is none of it."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from landscribe.grid import Block, ground_blocks, project

EQUAL_AREA = "EPSG:3035"
CENTRE = (15.0, 50.0)  # lon, lat: the middle of a UTM zone, so that a large country lies in three
_POINTS, _WAVES = 1440, 90  # of the coast
_RAGGED, _ROUGHNESS = 0.13, 1.0  # size of the first wave, and how soon the others are smaller
_STRETCH = (0.92, 1.08)  # east and north: three zones, and not a fourth
_ISLANDS = ((-1.16, 0.62, 0.10), (-1.14, 0.30, 0.055), (-1.0, -0.92, 0.03))  # x, y, size [radii]
_LAKE = (0.3, 0.22, 0.09)
_RADII_M = (30_000, 900_000)


def country(blocks: int, seed: int) -> BaseGeometry:
    """Outline in EQUAL_AREA of a country that touches so many blocks, or nearly so many."""
    smallest, largest = _RADII_M
    for _ in range(18):
        radius = (smallest + largest) / 2
        found = len(country_blocks(outline(radius, seed)))
        if found == blocks:
            break
        smallest, largest = (radius, largest) if found < blocks else (smallest, radius)
    return outline(radius, seed)


def country_blocks(land: BaseGeometry) -> list[Block]:
    """Blocks of an outline."""
    return ground_blocks(project(land, EQUAL_AREA, "EPSG:4326"))


def lakes(land: BaseGeometry) -> BaseGeometry:
    """What a country has none of, but is all around."""
    holes = [ring for part in shapely.get_parts(land) for ring in part.interiors]
    return shapely.union_all([shapely.Polygon(ring) for ring in holes])


def outline(radius_m: float, seed: int) -> BaseGeometry:
    """Mainland and islands without the lake, in EQUAL_AREA."""
    rng = np.random.default_rng(seed)
    mainland = _blob((0, 0, 1), radius_m, rng)
    islands = [_blob(place, radius_m, rng) for place in _ISLANDS]
    lake = _blob(_LAKE, radius_m, rng)
    return shapely.difference(shapely.union_all([mainland, *islands]), lake)


def _blob(
    place: tuple[float, float, float], radius_m: float, rng: np.random.Generator
) -> BaseGeometry:
    """Ground with a ragged edge; place and size in radii of the country."""
    x, y, size = place
    angle = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    wave = np.arange(1, _WAVES + 1)
    phase = rng.uniform(0, 2 * np.pi, _WAVES)
    ragged = (_RAGGED * wave**-_ROUGHNESS * np.cos(np.outer(angle, wave) + phase)).sum(1)
    reach = size * radius_m * (1 + ragged)
    middle = project(shapely.Point(CENTRE), "EPSG:4326", EQUAL_AREA)
    east = middle.x + _STRETCH[0] * (x * radius_m + reach * np.cos(angle))
    north = middle.y + _STRETCH[1] * (y * radius_m + reach * np.sin(angle))
    return shapely.make_valid(shapely.Polygon(np.stack([east, north], axis=1)))

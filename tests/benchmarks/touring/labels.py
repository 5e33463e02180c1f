"""Labelled polygons of a made country, as if somebody had been there."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from tests.benchmarks.touring.land import EQUAL_AREA
from tests.benchmarks.touring.landscape import CLASSES, Landscape

_RADIUS_M = (800, 3_500)
_LOOKS = 80  # at places of a polygon, before it is believed to be of one class
_TRIED = 60  # for each full block of ground
_LEAST = 2_000
_BLOCK_M2 = 1e10


def write_labels(path: Path, ground: Landscape, seed: int) -> int:
    """GeoPackage of polygons with the columns `class` and `id`; gives how many there are."""
    rng = np.random.default_rng((seed, 3))
    tried = max(_LEAST, round(_TRIED * ground.land.area / _BLOCK_M2))
    rows = [row for row in (_polygon(ground, rng) for _ in range(tried)) if row]
    table = gpd.GeoDataFrame(rows, columns=["class", "geometry"], crs=EQUAL_AREA)
    table["id"] = [f"made-{number}" for number in range(len(table))]
    table.to_file(path, layer="labels")
    return len(table)


def _polygon(ground: Landscape, rng: np.random.Generator) -> tuple[str, shapely.Polygon] | None:
    """A class and a polygon all of which is of that class; nothing where the place has several."""
    west, south, east, north = ground.land.bounds
    middle = rng.uniform((west, south), (east, north))
    radius = rng.uniform(*_RADIUS_M)
    shape = shapely.buffer(shapely.Point(middle), radius, quad_segs=3)
    if not shapely.contains(ground.land, shape):
        return None
    way, far = rng.uniform(0, 2 * np.pi, _LOOKS), radius * np.sqrt(rng.uniform(0, 1, _LOOKS))
    found = np.unique(ground.classes(middle[0] + far * np.cos(way), middle[1] + far * np.sin(way)))
    return (CLASSES[found[0] - 1], shape) if len(found) == 1 else None

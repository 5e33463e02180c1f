"""Scenes of a made country: cloud-optimised GeoTIFFs of a season, with their STAC items.

They are cut as those of Sentinel-2: squares of the MGRS grid that overlap, two relative orbits of
which each sees a part of the country, nothing past the edge of a swath. But the ground where zones
meet is delivered once, by the zone west of it. A few scenes are missing.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
from pyproj import Transformer
from tqdm import tqdm

from landscribe.grid import SQUARE_M, Block, Grid, square_name
from tests.benchmarks.touring.landscape import BANDS, Landscape, centres
from tests.stac.load import item_of, write_cog

COLLECTION, QUALITY = "made-optical", "QA"
GSD_M = 450.0  # does not divide the side of a square, as that of most coarse sensors
YEAR, FIRST, LAST = 2020, "05-01", "08-31"
_OVERLAP_M = 4_500  # past each edge of a square
_DAYS = ((5, 12), (6, 21), (7, 19), (8, 23))  # month and day; orbits take turns
_LATE = (-0.5, -0.15, 0.15, 0.5)  # in the season
_SWATH = (0.30, 0.72)  # of the country's width, where the eastern swath begins, the western ends
_LEAN = 0.2  # of a swath's edge, east per north
_CLOUDS = 0.12  # share of the ground
_CLOUD_BIT = 1
_MISSING = 0.02  # share of the scenes
_NOISE = 0.011  # reflectance, of a pixel
_CLOUD_REFLECTANCE = 0.55


@dataclass(frozen=True)
class Shot:
    """One scene to make: a tile on one of the days."""

    tile: str  # MGRS name of its square
    grid: Grid
    day: int  # number in the season

    @property
    def id(self) -> str:
        """Such as MADE_33UUU_20200512."""
        month, day = _DAYS[self.day]
        return f"MADE_{self.tile}_{YEAR}{month:02}{day:02}"


def shots(blocks: list[Block], seed: int) -> list[Shot]:
    """Scenes to make of the ground of blocks."""
    rng = np.random.default_rng((seed, 2))
    tiles = dict(tile for tile in map(_tile, blocks) if tile)
    every = [Shot(name, grid, d) for name, grid in sorted(tiles.items()) for d in range(len(_DAYS))]
    return [shot for shot in every if rng.random() >= _MISSING]


def write_scenes(made: list[Shot], ground: Landscape, folder: Path, address: str) -> list[dict]:
    """Write the files below `folder`/files; gives the STAC items of those that show something."""
    write = partial(_written, ground=ground, folder=folder, address=address)
    by_tile: dict[str, list[Shot]] = {}
    for shot in made:
        by_tile.setdefault(shot.tile, []).append(shot)
    with ProcessPoolExecutor() as pool:
        found = tqdm(pool.map(write, by_tile.values()), "make scenes", len(by_tile), mininterval=5)
        return [item for items in found for item in items]


def _tile(block: Block) -> tuple[str, Grid] | None:
    """Name and grid of the tile of a block's square; none where the zone to the west has it."""
    col, row = (int(value // SQUARE_M) for value in block.bounds[:2])
    to_lonlat = Transformer.from_crs(block.crs, "EPSG:4326", always_xy=True).transform
    lon, _ = to_lonlat((col + 0.5) * SQUARE_M, (row + 0.5) * SQUARE_M)
    if lon < (block.epsg % 100 - 31) * 6:
        return None
    edges = (col * SQUARE_M - _OVERLAP_M, (row + 1) * SQUARE_M + _OVERLAP_M)
    west, north = np.floor(edges[0] / GSD_M) * GSD_M, np.ceil(edges[1] / GSD_M) * GSD_M
    side = int((SQUARE_M + 2 * _OVERLAP_M) // GSD_M)
    return square_name(block.epsg, col, row), Grid(block.epsg, west, north, side, side, GSD_M)


def _written(made: list[Shot], ground: Landscape, folder: Path, address: str) -> list[dict]:
    """Items of the scenes of one tile."""
    x, y = centres(made[0].grid)
    classes, items = ground.classes(x, y), []
    for shot in made:
        seen = _in_swath(x, y, ground, shot.day)
        if seen.any():
            cloud = ground.clouds(x, y, shot.day, _CLOUDS)
            bands = _numbers(
                shot, ground.reflectance(classes, x, y, _LATE[shot.day]), cloud, ground
            )
            layers = dict(zip(BANDS, bands, strict=True)) | {QUALITY: cloud << _CLOUD_BIT}
            items.append(_item(shot, layers, seen, (folder, address)))
    return items


def _in_swath(x: np.ndarray, y: np.ndarray, ground: Landscape, day: int) -> np.ndarray:
    """Whether places are in the swath of the orbit of a day."""
    west, south, east, _ = ground.land.bounds
    across = (x - west - _LEAN * (y - south)) / (east - west)
    return across < _SWATH[1] if day % 2 else across > _SWATH[0]


def _numbers(
    shot: Shot, reflectance: np.ndarray, cloud: np.ndarray, ground: Landscape
) -> np.ndarray:
    """Numbers (band, y, x) uint16 as they are delivered, with noise and clouds."""
    rng = np.random.default_rng((ground.seed, crc32(shot.id.encode())))
    noisy = reflectance + _NOISE * rng.standard_normal(reflectance.shape)
    shown = np.where(cloud, _CLOUD_REFLECTANCE, noisy)
    return np.rint(shown * 1e4).clip(1, 65535).astype("uint16")


def _item(
    shot: Shot, layers: dict[str, np.ndarray], seen: np.ndarray, where: tuple[Path, str]
) -> dict:
    """Write the layers (y, x) of a scene; gives its item."""
    folder, address = where
    month, day = _DAYS[shot.day]
    assets = {}
    for name, pixels in layers.items():
        path = folder / f"files/{COLLECTION}/{shot.tile}/{shot.id}/{name}.tif"
        pixels = np.where(seen, pixels, 0).astype("uint16")
        place = (shot.grid.transform, shot.grid.crs)
        assets[name] = write_cog(path, pixels, *place, 0, address, folder)
    told = {
        "platform": "made-1",
        "constellation": "made",
        "sat:relative_orbit": 1 + shot.day % 2,
        "proj:epsg": shot.grid.epsg,
        "grid:code": f"MGRS-{shot.tile}",
        "license": "CC0-1.0",
    }
    time = datetime(YEAR, month, day, 10, 30, tzinfo=UTC)
    return item_of(shot.id, COLLECTION, time, told, assets)

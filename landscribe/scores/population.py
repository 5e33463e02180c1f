"""The pixels of a map as a population: what is on it, and a random sample of them.

Rasters are read in strips of whole rows. Pixels have an order, raster by raster and row by row, so
the one that a random number means does not depend on how many rows are read at once.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.formats.rasters import CACHE_BYTES, NODATA, raster_grid
from landscribe.grid import Grid, pixel_area_m2
from landscribe.mapping.areas import STRIP_PX, in_own_zone

FROM = 256  # a code is FROM * class before + class, or the class alone
_OUT = -1  # code of a pixel that is not of the population


@dataclass(frozen=True)
class MapPart:
    """The map of one block of a region."""

    region: str
    block: str
    classes: Path
    before: Path | None = None  # of the same block, in an earlier year


@dataclass(frozen=True)
class Population:
    """What there is to draw from."""

    parts: list[MapPart]  # in the order of their pixels
    table: pd.DataFrame  # part (place in `parts`), region, block, code, pixels, area_ha
    digest: str  # of all pixels of the rasters
    zones: frozenset[str]  # regions of several UTM zones, where a pixel is of its own zone only


def map_parts(
    classes: Sequence[Path], before: Sequence[Path], regions: Sequence[str]
) -> list[MapPart]:
    """Maps by region and block, as their folders say: `.../<region>/.../<block>/classes.tif`."""
    found = {_place(path, regions): path for path in classes}
    earlier = {_place(path, regions): path for path in before}
    if before and set(earlier) != set(found):
        odd = sorted(f"{region} {block}" for region, block in set(earlier) ^ set(found))
        raise InputError(f"maps of {', '.join(odd)} are there for one of the two years only")
    return [MapPart(*key, path, earlier.get(key)) for key, path in found.items()]


def population(parts: Sequence[MapPart], strip_px: int = STRIP_PX) -> Population:
    """Pixels and area of each code in each block; no pixel without a class takes part."""
    ordered = sorted(parts, key=lambda part: (part.region, part.block))
    zones = _of_several_zones(ordered)
    _check_apart(ordered)
    digest, rows = hashlib.sha256(), []
    for place, part in enumerate(tqdm(ordered, "count pixels", unit="block", mininterval=1)):
        digest.update(f"{part.region} {part.block} {_grid(part.classes)}".encode())
        pixels, areas = np.zeros(FROM**2, "int64"), np.zeros(FROM**2)
        for codes, grid in _strips(part, part.region in zones, strip_px):
            digest.update(codes.tobytes())
            there = codes != _OUT
            area = pixel_area_m2(grid).astype(float)[there]
            pixels += np.bincount(codes[there], minlength=FROM**2)
            areas += np.bincount(codes[there], area, minlength=FROM**2)
        for code in np.flatnonzero(pixels):
            named = {"part": place, "region": part.region, "block": part.block, "code": int(code)}
            rows.append(named | {"pixels": int(pixels[code]), "area_ha": areas[code] / 1e4})
    if not rows:
        raise InputError("no pixel of the maps has a class, so there is nothing to draw from")
    return Population(ordered, pd.DataFrame(rows), digest.hexdigest(), zones)


def draw_pixels(
    found: Population,
    stratum_of: dict[int, int],
    units: np.ndarray,
    seed: int,
    strip_px: int = STRIP_PX,
) -> pd.DataFrame:
    """A simple random sample without replacement of each stratum.

    Args:
        stratum_of: code -> its stratum.
        units: (stratum) to draw.

    Returns:
        stratum, part, row, col, code; in the order of the pixels.
    """
    table = found.table.assign(stratum=found.table.code.map(stratum_of))
    wanted: dict[int, list[tuple[int, np.ndarray]]] = {}
    for stratum, count in enumerate(units):
        pixels = table[table.stratum == stratum].groupby("part").pixels.sum()
        if pixels.sum() < count:
            raise InputError(
                f"stratum {stratum} has {pixels.sum()} pixels, but {count} units were wanted of it;"
                " lower `allocation.minimum`, or raise `least_share` so that it is joined with"
                " other rare ones"
            )
        rng = np.random.default_rng([seed, stratum])
        ranks = np.sort(rng.choice(int(pixels.sum()), int(count), replace=False, shuffle=False))
        ends = pixels.cumsum().to_numpy()
        for place, begin, end in zip(pixels.index, ends - pixels.to_numpy(), ends, strict=True):
            mine = ranks[(ranks >= begin) & (ranks < end)] - begin
            if len(mine):
                wanted.setdefault(place, []).append((stratum, mine))
    lookup = np.full(FROM**2, _OUT)
    lookup[list(stratum_of)] = list(stratum_of.values())
    rows = []
    for place in tqdm(sorted(wanted), "draw pixels", unit="block", mininterval=1):
        part = found.parts[place]
        strips = _strips(part, part.region in found.zones, strip_px)
        rows += [(place, *row) for row in _find(strips, wanted[place], lookup)]
    drawn = pd.DataFrame(rows, columns=["part", "stratum", "row", "col", "code"])
    return drawn.sort_values(["part", "row", "col"], ignore_index=True)


def part_grid(part: MapPart) -> Grid:
    """Grid of a block's map."""
    return _grid(part.classes)


def _place(path: Path, regions: Sequence[str]) -> tuple[str, str]:
    """Region and block of a map."""
    if region := [name for name in path.parts[:-1] if name in regions]:
        return region[0], path.parts[-2]
    raise InputError(
        f"{path}: lies in no folder of the campaign's regions {', '.join(regions)}; name maps of"
        " these"
    )


def _find(
    strips: Iterator[tuple[np.ndarray, Grid]],
    wanted: list[tuple[int, np.ndarray]],
    stratum_of: np.ndarray,
) -> Iterator[tuple[int, int, int, int]]:
    """Stratum, row, column and code of the pixels of some ranks in their strata."""
    seen, top = dict.fromkeys([stratum for stratum, _ in wanted], 0), 0
    for codes, _ in strips:
        flat = codes.ravel()
        strata = np.where(flat == _OUT, _OUT, stratum_of[flat])
        for stratum, ranks in wanted:
            at = np.flatnonzero(strata == stratum)
            begin = seen[stratum]
            mine = ranks[(ranks >= begin) & (ranks < begin + len(at))] - begin
            for pixel in at[mine]:
                row, col = divmod(int(pixel), codes.shape[1])
                yield stratum, top + row, col, int(flat[pixel])
            seen[stratum] = begin + len(at)
        top += codes.shape[0]


def _strips(part: MapPart, own_zone: bool, strip_px: int) -> Iterator[tuple[np.ndarray, Grid]]:
    """Codes (y, x) of a block, -1 where a pixel is out, and their grid, strip by strip."""
    paths = [path for path in (part.before, part.classes) if path is not None]
    grid = _grid(part.classes)
    if any(_grid(path) != grid for path in paths):
        raise InputError(
            f"{part.before}: lies on {_grid(paths[0])}, but {part.classes} on {grid}; map both"
            " years with sensors of equal gsd_m and origin_m"
        )
    with _opened(paths) as rasters:
        for top in range(0, grid.height, strip_px):
            rows = min(strip_px, grid.height - top)
            strip = replace(grid, north=grid.north - top * grid.gsd_m, height=rows)
            codes = np.zeros((rows, grid.width), "int32")
            out = ~in_own_zone(strip) if own_zone else np.zeros(codes.shape, bool)
            for raster in rasters:
                classes = raster.read(1, window=Window(0, top, grid.width, rows))
                out |= classes == NODATA
                codes = codes * FROM + classes
            codes[out] = _OUT
            yield codes, strip


@contextmanager
def _opened(paths: Sequence[Path]) -> Iterator[list[rasterio.DatasetReader]]:
    try:
        with ExitStack() as opened, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            yield [opened.enter_context(rasterio.open(path)) for path in paths]
    except RasterioError as error:
        told = ", ".join(map(str, paths))
        raise InputError(f"{told}: cannot be read ({error}); draw the map again") from None


def _grid(path: Path) -> Grid:
    with _opened([path]) as (raster,):
        return raster_grid(raster)


def _of_several_zones(parts: Sequence[MapPart]) -> frozenset[str]:
    zones = {(part.region, _grid(part.classes).epsg) for part in parts}
    regions = [region for region, _ in zones]
    return frozenset(region for region in regions if regions.count(region) > 1)


def _check_apart(parts: Sequence[MapPart]) -> None:
    """Maps of one block in two regions may share ground, which would be drawn from twice."""
    known: dict[str, list[MapPart]] = {}
    for part in parts:
        west, south, east, north = _grid(part.classes).bounds
        for other in known.setdefault(part.block, []):
            left, bottom, right, top = _grid(other.classes).bounds
            if max(west, left) < min(east, right) and max(south, bottom) < min(north, top):
                raise InputError(
                    f"regions {other.region} and {part.region} share ground in block {part.block},"
                    " which would be drawn from twice; make a campaign for each"
                )
        known[part.block].append(part)

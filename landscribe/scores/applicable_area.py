"""How much of each class of a map lies inside the area of applicability, as true ground areas."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.rasters import raster_grid
from landscribe.grid import Grid, pixel_area_m2
from landscribe.mapping.areas import in_own_zone
from landscribe.mapping.cog import DISSIMILARITY_STEP
from landscribe.scores.counts import match_blocks

STRIP_PX = 256  # rows that are read at once
INSIDE = round(1 / DISSIMILARITY_STEP)  # the highest stored dissimilarity that is inside


def applicable_areas(
    classes: Sequence[Path], applicability: Sequence[Path], legend: Sequence[LandClass]
) -> dict:
    """Mapped area, what of it is inside [ha], and their ratio, in all and of each class.

    Where blocks of neighbouring UTM zones overlap a pixel counts in its own zone, as in areas.csv.

    Args:
        classes: class raster of each block, in folders named `<block>/`.
        applicability: dissimilarity of each block, on the same grids.
    """
    shown_m2, inside_m2 = _sums(list(match_blocks(classes, applicability).values()))
    ids = [land.id for land in legend]
    rows = [
        land.model_dump(include={"id", "name", "title", "colour"})
        | _told(shown_m2[land.id], inside_m2[land.id])
        for land in legend
    ]
    return _told(shown_m2[ids].sum(), inside_m2[ids].sum()) | {"classes": rows}


def _sums(pairs: Sequence[tuple[Path, Path]]) -> tuple[np.ndarray, np.ndarray]:
    """Area (256) of each value on the map [m²], and what of it is inside."""
    shown_m2, inside_m2 = np.zeros(256), np.zeros(256)
    zones = {_grid(path).epsg for path, _ in pairs}
    for pair in pairs:
        for pixels, away, grid in _strips(*pair):
            area = pixel_area_m2(grid).astype("float64")
            if len(zones) > 1:
                area = np.where(in_own_zone(grid), area, 0)
            shown_m2 += np.bincount(pixels.ravel(), area.ravel(), minlength=256)
            area = np.where(away <= INSIDE, area, 0)
            inside_m2 += np.bincount(pixels.ravel(), area.ravel(), minlength=256)
    return shown_m2, inside_m2


def _told(shown_m2: float, inside_m2: float) -> dict:
    share = round(float(inside_m2 / shown_m2), 8) if shown_m2 else None
    hectares = {"mapped_ha": shown_m2 / 1e4, "inside_ha": inside_m2 / 1e4}
    return {name: round(float(ha), 4) for name, ha in hectares.items()} | {"inside_share": share}


def _grid(path: Path) -> Grid:
    with rasterio.open(path) as raster:
        return raster_grid(raster)


def _strips(classes: Path, applicability: Path) -> Iterator[tuple[np.ndarray, np.ndarray, Grid]]:
    """Classes and dissimilarity (y, x) of a block with their grid, strip by strip."""
    with rasterio.open(classes) as shown, rasterio.open(applicability) as away:
        grid = raster_grid(shown)
        if (other := raster_grid(away)) != grid:
            raise InputError(
                f"{applicability}: lies on {other}, the map on {grid}; measure it again"
            )
        for top in range(0, grid.height, STRIP_PX):
            rows = min(STRIP_PX, grid.height - top)
            window = RasterWindow(0, top, grid.width, rows)
            try:
                pixels = shown.read(1, window=window), away.read(1, window=window)
            except RasterioError as error:
                raise InputError(
                    f"{classes.parent}: a raster is damaged ({error}); draw the map again"
                ) from None
            yield *pixels, replace(grid, north=grid.north - top * grid.gsd_m, height=rows)

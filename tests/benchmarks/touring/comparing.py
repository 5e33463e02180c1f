"""A map of a made country beside its ground: right pixels, areas, and what is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from pyproj import Transformer

from landscribe.formats.rasters import NODATA, raster_grid
from landscribe.grid import Grid
from tests.benchmarks.pixel_areas import pixel_areas
from tests.benchmarks.touring.landscape import CLASSES, Landscape, centres

_EDGE_DEG = 0.15  # of a zone, within which a map may suffer from it


@dataclass
class Compared:
    """Areas [m²] of a map, by its class and that of the ground; rows: classes, then not mapped."""

    whole: np.ndarray  # (class on the map, class on the ground)
    edge: np.ndarray  # the same where zones meet
    outside_px: int = 0  # that have a class, but lie outside of the country

    @property
    def accuracy(self) -> float:
        """Share of the mapped ground that has its class."""
        return _accuracy(self.whole)

    @property
    def edge_accuracy(self) -> float:
        """The same where zones meet."""
        return _accuracy(self.edge)

    @property
    def mapped_truth_m2(self) -> np.ndarray:
        """Area (class) that the ground has where the map has a class."""
        return self.whole[:-1].sum(0)

    @property
    def unmapped(self) -> float:
        """Share of the country that has no class."""
        return float(self.whole[-1].sum() / self.whole.sum())

    @property
    def edge_unmapped(self) -> float:
        """The same where zones meet."""
        return float(self.edge[-1].sum() / max(self.edge.sum(), 1e-9))


def compared(maps: Sequence[Path], ground: Landscape) -> Compared:
    """Compare the maps of all blocks with the ground, each place in its own zone."""
    size = (len(CLASSES) + 1, len(CLASSES))
    found = Compared(np.zeros(size), np.zeros(size))
    for path in maps:
        with rasterio.open(path) as raster:
            classes, grid = raster.read(1), raster_grid(raster)
        x, y = centres(grid)
        inside, (own, edge) = ground.inside(x, y), _zone(grid)
        found.outside_px += int(((classes != NODATA) & ~inside).sum())
        counted = inside & own
        shown = np.where(classes == NODATA, len(CLASSES), classes - 1)
        table = (shown, ground.classes(x, y) - 1, pixel_areas(grid))
        for target, where in ((found.whole, counted), (found.edge, counted & edge)):
            np.add.at(target, tuple(part[where] for part in table[:2]), table[2][where])
    return found


def _zone(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Whether pixels (y, x) lie in the zone of their grid, and whether they are near its edge."""
    west = (grid.epsg % 100 - 31) * 6
    x = grid.west + (np.arange(grid.width) + 0.5) * grid.gsd_m
    y = grid.north - (np.arange(grid.height) + 0.5) * grid.gsd_m
    to_lonlat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    lon = to_lonlat(*np.meshgrid(x, y))[0]
    edge = np.minimum(np.abs(lon - west), np.abs(lon - west - 6)) < _EDGE_DEG
    return (lon >= west) & (lon < west + 6), edge


def _accuracy(table: np.ndarray) -> float:
    mapped = table[:-1]
    return float(np.trace(mapped) / max(mapped.sum(), 1e-9))

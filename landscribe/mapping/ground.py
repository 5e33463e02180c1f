"""What a model looks at: the pixels of a block's cubes, or of a raster, part by part."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from pyproj import Transformer

from landscribe.grid import Grid


class Ground(Protocol):
    """Pixels on a grid; `read` may be called from several threads."""

    grid: Grid
    channels: tuple[str, ...]  # of a pixel, see `channel_names`
    reaches_out: bool  # whether there are pixels beyond the grid, which may be read, too

    def strip_px(self, width: int, readers: int) -> int:
        """Rows that are best read at once, of columns this wide, by so many threads."""

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Reflectance (channel, y, x) float32, NaN where not observed; of a radar decibels."""


class Surrounded:
    """Ground of a block that goes on into other blocks, so that a map has no seam between them.

    Pixels beyond the grid are those of the other blocks, NaN where no block is. In another UTM zone
    it is the pixel whose ground holds the centre of the one that is asked for.
    """

    reaches_out = True

    def __init__(self, block: Ground, others: Sequence[Ground]) -> None:
        self.grid, self.channels, self._block = block.grid, block.channels, block
        # Where two blocks know a pixel, the one of the same zone has it unwarped.
        self._others = sorted(others, key=lambda other: other.grid.epsg != block.grid.epsg)

    def strip_px(self, width: int, readers: int) -> int:
        """As of the block."""
        return self._block.strip_px(width, readers)

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Reflectance (channel, y, x) float32 of rows and columns that may lie beyond the grid."""
        inside = [
            slice(max(0, part.start), min(side, part.stop))
            for part, side in ((rows, self.grid.height), (cols, self.grid.width))
        ]
        if inside == [rows, cols]:
            return self._block.read(rows, cols)
        shape = (len(self.channels), rows.stop - rows.start, cols.stop - cols.start)
        found = np.full(shape, np.nan, "float32")
        beyond = np.ones(shape[1:], bool)
        if all(part.stop > part.start for part in inside):
            here = tuple(
                slice(part.start - whole.start, part.stop - whole.start)
                for part, whole in zip(inside, (rows, cols), strict=True)
            )
            found[:, *here] = self._block.read(*inside)
            beyond[here] = False
        for other in self._others:
            if beyond.any():
                self._fill(found, beyond, other, rows.start, cols.start)
        return found

    def _fill(
        self, found: np.ndarray, beyond: np.ndarray, other: Ground, top: int, left: int
    ) -> None:
        """Fill pixels (channel, y, x) that lie `beyond` (y, x) from another block; note these."""
        at = np.nonzero(beyond)
        x = self.grid.west + (left + at[1] + 0.5) * self.grid.gsd_m
        y = self.grid.north - (top + at[0] + 0.5) * self.grid.gsd_m
        if other.grid.epsg != self.grid.epsg:
            to_other = Transformer.from_crs(self.grid.crs, other.grid.crs, always_xy=True)
            x, y = to_other.transform(x, y)
        row = np.floor((other.grid.north - y) / other.grid.gsd_m).astype(int)
        col = np.floor((x - other.grid.west) / other.grid.gsd_m).astype(int)
        there = (row >= 0) & (row < other.grid.height) & (col >= 0) & (col < other.grid.width)
        if not there.any():
            return
        row, col, at = row[there], col[there], tuple(place[there] for place in at)
        window = slice(row.min(), row.max() + 1), slice(col.min(), col.max() + 1)
        pixels = other.read(*window)[:, row - row.min(), col - col.min()]
        found[:, *at] = pixels
        beyond[at] = ~np.isfinite(pixels).all(axis=0)

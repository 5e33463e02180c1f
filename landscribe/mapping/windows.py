"""Windows and tiles of a raster: both on grids of their own that start at its upper left corner.

A pixel's value depends on the tiles that cover it alone; windows only say which pixels are worked
on together. So neither their size nor their order can be seen in a map.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landscribe.training.predictor import TileSettings


@dataclass(frozen=True)
class Window:
    """A part of a raster [px]."""

    top: int
    left: int
    height: int
    width: int

    @property
    def name(self) -> str:
        """For the file that keeps it."""
        return f"{self.top:06d}-{self.left:06d}"

    @property
    def rows(self) -> slice:
        """Its rows in the raster."""
        return slice(self.top, self.top + self.height)

    @property
    def cols(self) -> slice:
        """Its columns in the raster."""
        return slice(self.left, self.left + self.width)


Keep = Callable[[Window, np.ndarray], None]  # takes what is told of a window (..., y, x)
# Probabilities (class, y, x) float32 and whether a pixel was observed (y, x) -> what is told of
# them (..., y, x), pixel by pixel.
Tell = Callable[[np.ndarray, np.ndarray], np.ndarray]


def windows(height: int, width: int, side_px: int, touching: Window | None = None) -> list[Window]:
    """Windows that cover a raster once, row by row; those at its lower right edges are smaller.

    Args:
        touching: gives only those that share a pixel with it.
    """
    part = touching or Window(0, 0, height, width)
    return [
        Window(top, left, min(side_px, height - top), min(side_px, width - left))
        for top in range(part.top // side_px * side_px, part.rows.stop, side_px)
        for left in range(part.left // side_px * side_px, part.cols.stop, side_px)
    ]


def overlap(one: Window, other: Window) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """The pixels that two windows share: their rows and columns in the one, then in the other."""
    top, left = max(one.top, other.top), max(one.left, other.left)
    height = max(0, min(one.rows.stop, other.rows.stop) - top)
    width = max(0, min(one.cols.stop, other.cols.stop) - left)
    first, second = (
        (slice(top - w.top, top - w.top + height), slice(left - w.left, left - w.left + width))
        for w in (one, other)
    )
    return first, second


@dataclass(frozen=True)
class Tiles:
    """Tiles along one axis of a raster: their centres cover it once, their halos overlap."""

    size_px: int  # of the raster
    tile_px: int
    halo_px: int
    blend: bool

    @property
    def stride_px(self) -> int:
        """From one tile to the next; side of a centre."""
        return self.tile_px - 2 * self.halo_px

    @property
    def count(self) -> int:
        """Number of tiles."""
        return -(-self.size_px // self.stride_px)

    def start(self, tile: int) -> int:
        """First pixel of a tile; the first tile's is -halo_px."""
        return tile * self.stride_px - self.halo_px

    def touching(self, pixels: slice) -> range:
        """Tiles that weigh something in those pixels."""
        reach = self.halo_px if self.blend else 0
        first = (pixels.start - reach) // self.stride_px
        last = -(-(pixels.stop + reach) // self.stride_px)
        return range(max(0, first), min(self.count, last))

    def weights(self, tile: int) -> np.ndarray:
        """Weight (tile_px,) float32 of each pixel of a tile; those of all tiles sum to 1.

        Blended, it is the share of the 2 * halo_px around a pixel that lies in the tile's centre:
        a linear ramp across the border to the next tile. Outer centres have no end.
        """
        x = np.arange(self.tile_px) + 0.5 - self.halo_px
        left = -np.inf if tile == 0 else 0
        right = np.inf if tile == self.count - 1 else self.stride_px
        if not self.blend or self.halo_px == 0:
            return ((x > left) & (x < right)).astype("float32")
        inside = np.minimum(x + self.halo_px, right) - np.maximum(x - self.halo_px, left)
        return (inside / (2 * self.halo_px)).astype("float32")

    def pixels(self, tiles: range) -> slice:
        """Pixels from the first tile to the last; they may reach past the raster."""
        return slice(self.start(tiles[0]), self.start(tiles[-1]) + self.tile_px)

    def sources(self, tiles: range) -> np.ndarray:
        """Pixel of the raster that is read for each pixel from the first tile to the last.

        Outside the raster they are those of its reflection, and of its edge beyond that.
        """
        places = np.arange(self.pixels(tiles).start, self.pixels(tiles).stop)
        last = self.size_px - 1
        reflected = np.where(places > last, 2 * last - places, np.abs(places))
        return np.clip(reflected, 0, last)


def tile_axes(height: int, width: int, settings: TileSettings) -> tuple[Tiles, Tiles]:
    """Tiles down and across a raster."""
    tile_px, halo_px = settings.tile_px, settings.halo_px
    return (
        Tiles(height, tile_px, halo_px, settings.blend),
        Tiles(width, tile_px, halo_px, settings.blend),
    )

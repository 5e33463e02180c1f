"""Tiles of a raster: what a model is shown at once, on a grid that starts at the upper left corner.

A pixel's value depends on the tiles that cover it alone, not on windows: neither their size nor
their order can be seen in a map.
"""

from dataclasses import dataclass

import numpy as np

from landscribe.training.predictor import TileSettings


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

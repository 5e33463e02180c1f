"""Windows of a raster: which pixels are worked on together; a map shows nothing of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


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

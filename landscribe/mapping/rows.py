"""Convolutional networks evaluated row by row: every pixel once, in memory that a few rows fill.

A network that is shown overlapping tiles computes their overlaps again and again, and sees less
around the edges of each. Here each layer holds the last rows that it made; who needs further rows
asks it for them, and it asks the layers before it. What comes out is what the whole image would
give, without seams.

Letters of shapes: c channels, y, x.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Make = Callable[[int, int], Tensor]  # first, stop -> rows (1, c, stop - first, x)


class Rows:
    """Rows of a layer, each made once and held as long as one of its readers may ask for it."""

    def __init__(self, height: int, make: Make, held: bool = True) -> None:
        """Rows of a layer that `make` makes.

        Args:
            held: false for what is made faster than it is kept: it is made anew for each asking.
        """
        self.height = height
        self._make, self._held = make, held
        self._parts: list[tuple[int, Tensor]] = []  # first row, rows (1, c, y, x), from the top
        self._stop = 0  # row after the last one that is held
        self._readers: list[Reader] = []

    def reader(self) -> "Reader":
        """One that asks for rows from the top down."""
        self._readers.append(Reader(self))
        return self._readers[-1]

    def take(self, first: int, stop: int) -> Tensor:
        """Rows (1, c, stop - first, x); what no reader needs any more is let go."""
        if not self._held:
            return self._make(first, stop)
        if not self._parts:
            self._stop = first
        if stop > self._stop:
            self._parts.append((self._stop, self._make(self._stop, stop)))
            self._stop = stop
        needed = min(reader.first for reader in self._readers)
        self._parts = [part for part in self._parts if _end(*part) > needed]
        wanted = [
            rows[:, :, max(first - top, 0) : stop - top]
            for top, rows in self._parts
            if top < stop and _end(top, rows) > first
        ]
        if len(wanted) == 1:
            return wanted[0]
        # Channels stand last in memory; told so, the rows are put together 3 times faster.
        return torch.cat([_last(rows) for rows in wanted], 1).permute(0, 3, 1, 2)


class Reader:
    """Asks a layer for rows, from the top down."""

    def __init__(self, rows: Rows) -> None:
        self.rows, self.height = rows, rows.height
        self.first = 0  # no row before it will be asked for

    def __call__(self, first: int, stop: int) -> Tensor:
        """Rows from `first` to `stop`, of these those that the layer has."""
        self.first = max(first, 0)
        return self.rows.take(self.first, min(stop, self.height))


def convolved(rows: Rows, weight: Tensor, bias: Tensor) -> Rows:
    """Convolution of 3x3 with zeros around the image, rectified."""
    read = rows.reader()

    def make(first: int, stop: int) -> Tensor:
        x = read(first - 1, stop + 1)
        above, below = int(first == 0), int(stop == read.height)
        if above or below:
            x = F.pad(x, (0, 0, above, below))
        return F.conv2d(x, weight, bias, padding=(0, 1)).relu_()

    return Rows(rows.height, make)


def halved(rows: Rows) -> Rows:
    """Highest of 2x2 pixels; the image has an even number of rows and columns."""
    read = rows.reader()

    def make(first: int, stop: int) -> Tensor:
        return F.max_pool2d(read(2 * first, 2 * stop), 2)

    return Rows(rows.height // 2, make)


def joined(fine: Rows, coarse: Rows) -> Rows:
    """Channels of a layer, and those of one half as fine, each pixel of it four times."""
    read_fine, read_coarse = fine.reader(), coarse.reader()

    def make(first: int, stop: int) -> Tensor:
        top, bottom = first // 2, -(-stop // 2)
        rough, sharp = _last(read_coarse(top, bottom)), _last(read_fine(first, stop))
        height, width, channels = 2 * (bottom - top), sharp.shape[2], sharp.shape[3]
        both = sharp.new_empty(1, height, width, channels + rough.shape[3])
        asked = slice(first - 2 * top, first - 2 * top + stop - first)
        both[:, asked, :, :channels] = sharp
        fours = both[..., channels:].unflatten(1, (-1, 2)).unflatten(3, (-1, 2))
        fours[:] = rough[:, :, None, :, None]
        return both[:, asked].permute(0, 3, 1, 2)

    return Rows(fine.height, make, held=False)


def _last(rows: Tensor) -> Tensor:
    """Rows (1, y, x, c) of (1, c, y, x)."""
    return rows.permute(0, 2, 3, 1)


def _end(top: int, rows: Tensor) -> int:
    return top + rows.shape[2]

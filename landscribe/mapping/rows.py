"""Convolutional networks evaluated row by row: every pixel once, in memory that a few rows fill.

A network that is shown overlapping tiles computes their overlaps again and again, and sees less
around the edges of each. Here each layer holds the last rows that it made; who needs further rows
asks it for them, and it asks the layers before it. What comes out is what the whole image would
give, without seams.

Letters of shapes: c channels, y, x.
"""

from collections.abc import Callable
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

Make = Callable[[int, int], Tensor]  # first, stop -> rows (1, c, stop - first, x)


class Rows:
    """Rows of a layer, each made once and held as long as one of its readers may ask for it."""

    def __init__(self, height: int, make: Make, multiple: int = 1) -> None:
        """Rows of a layer that `make` makes.

        Args:
            multiple: rows are made up to one that is a multiple, as is the height.
        """
        self.height = height
        self._make, self._multiple = make, multiple
        self._parts: list[tuple[int, Tensor]] = []  # first row, rows (1, c, y, x), from the top
        self._stop = 0  # row after the last one that is held
        self._firsts: list[int] = []  # of each reader, the row before which it will not ask

    def reader(self) -> "Reader":
        """One that asks for rows from the top down."""
        self._firsts.append(0)
        return Reader(self, len(self._firsts) - 1)

    def take(self, reader: int, first: int, stop: int) -> Tensor:
        """Rows (1, c, stop - first, x) for a reader; what none needs any more is let go."""
        first, stop = max(first, 0), min(stop, self.height)
        self._firsts[reader] = first
        if not self._parts:
            self._stop = first // self._multiple * self._multiple
        if stop > self._stop:
            end = -(-stop // self._multiple) * self._multiple
            self._parts.append((self._stop, self._make(self._stop, end)))
            self._stop = end
        self._parts = [part for part in self._parts if _end(*part) > min(self._firsts)]
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

    def __init__(self, rows: Rows, number: int) -> None:
        # The layer does not hold its readers: without a cycle, a stream is freed when it ends.
        self._rows, self._number, self.height = rows, number, rows.height

    def __call__(self, first: int, stop: int) -> Tensor:
        """Rows from `first` to `stop`, of these those that the layer has."""
        return self._rows.take(self._number, first, stop)


def convolved(rows: Rows, weight: Tensor, bias: Tensor) -> Rows:
    """Convolution of 3x3 with zeros around the image, rectified."""
    read = rows.reader()

    def make(first: int, stop: int) -> Tensor:
        x = _bordered(read, first - 1, stop + 1)
        return F.conv2d(x, weight, bias, padding=(0, 1)).relu_()

    return Rows(rows.height, make)


def halved(rows: Rows) -> Rows:
    """Highest of 2x2 pixels; the image has an even number of rows and columns."""
    read = rows.reader()

    def make(first: int, stop: int) -> Tensor:
        return F.max_pool2d(read(2 * first, 2 * stop), 2)

    return Rows(rows.height // 2, make)


def joined(fine: Rows, channels: int, coarse: Rows, weight: Tensor, bias: Tensor) -> Rows:
    """Convolution of 3x3 over the channels of two layers, the second half as fine, rectified.

    It is as if each coarse pixel stood four times. But then a fine pixel sees no more than 2x2
    coarse ones, so these are convolved as they are, with sums of weights for each of the four
    places of a fine pixel in a coarse one (Shi et al. 2016, arXiv:1609.07009): 4 products, not 9.

    Args:
        channels: of the fine layer, the first that `weight` is for.
    """
    read_fine, read_coarse = fine.reader(), coarse.reader()
    sharp = weight[:, :channels].contiguous(memory_format=torch.channels_last)
    rough = _of_corners(weight[:, channels:])

    def make(first: int, stop: int) -> Tensor:
        # The coarse layer goes first: what it is made of reaches farther up the fine one.
        x = _bordered(read_coarse, first // 2 - 1, stop // 2 + 1)
        corners = _last(F.conv2d(x, rough, padding=(0, 1))).unflatten(3, (4, -1))
        x = _bordered(read_fine, first - 1, stop + 1)
        found = F.conv2d(x, sharp, bias, padding=(0, 1))
        fours = _last(found).unflatten(1, (-1, 2)).unflatten(3, (-1, 2))
        down, across = fours.shape[1], fours.shape[3]
        for place, (row, col) in enumerate(product((0, 1), repeat=2)):
            fours[:, :, row, :, col] += corners[:, row : row + down, col : col + across, place]
        return found.relu_()

    return Rows(fine.height, make, multiple=2)


def _of_corners(weight: Tensor) -> Tensor:
    """Weights (4 * c, c, 2, 2) on coarse pixels around a corner, of weights (c, c, 3, 3).

    For the upper left, upper right, lower left and lower right quarter of a coarse pixel.
    """
    sums = torch.tensor([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]]).to(weight)
    found = torch.einsum("ocyx,uay,vbx->uvocab", weight, sums, sums).flatten(0, 2)
    return found.contiguous(memory_format=torch.channels_last)


def _bordered(read: Reader, first: int, stop: int) -> Tensor:
    """Rows of a layer, zeros above and below it."""
    x = read(first, stop)
    above, below = max(0, -first), max(0, stop - read.height)
    return F.pad(x, (0, 0, above, below)) if above or below else x


def _last(rows: Tensor) -> Tensor:
    """Rows (1, y, x, c) of (1, c, y, x)."""
    return rows.permute(0, 2, 3, 1)


def _end(top: int, rows: Tensor) -> int:
    return top + rows.shape[2]

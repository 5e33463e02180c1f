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

    def __init__(self, height: int, make: Make) -> None:
        self.height = height
        self._make, self._held = make, None  # (1, c, y, x)
        self._first = self._stop = 0  # of what is held
        self._readers: list[Reader] = []

    def reader(self) -> "Reader":
        """One that asks for rows from the top down."""
        self._readers.append(Reader(self))
        return self._readers[-1]

    def take(self, first: int, stop: int) -> Tensor:
        """Rows (1, c, stop - first, x); what no reader needs any more is let go."""
        if first > self._stop or self._held is None:  # a gap: nobody has asked for what is there
            self._held, self._first, self._stop = None, first, first
        if stop > self._stop:
            made, needed = self._make(self._stop, stop), self._needed()
            if self._held is not None and needed < self._stop:
                made = torch.cat([self._held[:, :, needed - self._first :], made], 2)
                self._first = needed
            else:
                self._first = self._stop
            self._held, self._stop = made, stop
        return self._held[:, :, first - self._first : stop - self._first]

    def _needed(self) -> int:
        return max(self._first, min(reader.first for reader in self._readers))


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
    return Rows(rows.height // 2, lambda first, stop: F.max_pool2d(read(2 * first, 2 * stop), 2))


def joined(fine: Rows, coarse: Rows) -> Rows:
    """Channels of a layer, and those of one half as fine, each pixel of it four times."""
    read_fine, read_coarse = fine.reader(), coarse.reader()

    def make(first: int, stop: int) -> Tensor:
        twice = F.interpolate(read_coarse(first // 2, -(-stop // 2)), scale_factor=2.0)
        skip = first % 2
        return torch.cat([read_fine(first, stop), twice[:, :, skip : skip + stop - first]], 1)

    return Rows(fine.height, make)

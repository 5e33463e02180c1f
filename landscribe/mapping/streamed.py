"""Probabilities of windows by a model that goes down the ground row by row.

The ground is cut into columns, a column into windows. Rows come in steps that always begin at the
same places, and a stream that begins in the middle of a column is warmed up, so neither kills nor
threads change a bit.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import torch

from landscribe.grid import Grid
from landscribe.mapping.ground import Ground, Surrounded
from landscribe.mapping.stored import stored
from landscribe.mapping.windows import Keep, Tell, Window
from landscribe.training.predictor import Streamed

# A window is so many times as wide as it is asked to be, and so many times lower: where columns
# meet, pixels are computed twice, and rows are held until a window is whole.
_WIDE, _LOW = 2, 8


@dataclass(frozen=True)
class Steps:
    """How a stream is computed."""

    pixels: int = 2**16  # about as many at once
    threads: int = 1  # streams side by side, each in a thread
    dtype: torch.dtype = torch.float32  # of the sums

    def rows(self, model: Streamed, width: int) -> int:
        """Rows at once."""
        return max(1, self.pixels // width // model.multiple_px) * model.multiple_px


def flat_windows(model: Streamed, grid: Grid, window_px: int, steps: Steps) -> list[Window]:
    """Windows that cover a grid once, wide and low, by columns."""
    columns = max(1, round(grid.width / (window_px * _WIDE)))
    wide = _up(-(-grid.width // columns), model.multiple_px)
    low = _up(max(1, window_px // _LOW), steps.rows(model, wide))
    return [
        Window(top, left, min(low, grid.height - top), min(wide, grid.width - left))
        for left in range(0, grid.width, wide)
        for top in range(0, grid.height, low)
    ]


def predict_streamed(
    model: Streamed,
    ground: Ground,
    every: Sequence[Window],
    todo: Sequence[Window],
    steps: Steps,
    keep: Keep,
    tell: Tell = stored,
) -> None:
    """Predict windows, and give what is told of each to `keep`, maybe in several threads.

    Args:
        every: `flat_windows`.
        todo: those of them to predict.
    """
    stopped, left = threading.Event(), set(todo)
    torch.set_num_threads(1)
    with ThreadPoolExecutor(steps.threads) as pool, ThreadPoolExecutor(steps.threads) as readers:
        jobs = []
        for warm, windows in _runs(model, every, left, steps):
            column = _Column(model, ground, windows[0], steps, tell)
            jobs.append(pool.submit(column.predict, warm, windows, keep, readers, stopped))
        try:
            for job in wait(jobs, return_when=FIRST_EXCEPTION).done:
                job.result()
        finally:
            stopped.set()


class _Column:
    """The ground under a column of windows, as far as the model reaches: an image of its own.

    All columns, and all blocks of a zone that go on into others, begin at multiples on one lattice,
    so they halve the same pixels together.
    """

    def __init__(
        self, model: Streamed, ground: Ground, window: Window, steps: Steps, tell: Tell
    ) -> None:
        self.model, self.dtype, self.tell = model, steps.dtype, tell
        # Past its edges a ground that does not reach out is not observed.
        self.seen = ground if ground.reaches_out else Surrounded(ground, [])
        self.step_px = steps.rows(model, window.width)
        grid, reach = ground.grid, model.reach_px
        out = reach if ground.reaches_out else 0
        lines = (0, 0)
        if ground.reaches_out:
            lines = round(-grid.north / grid.gsd_m), round(grid.west / grid.gsd_m)
        self.rows = _aligned(lines[0], -out, grid.height + out, model.multiple_px)
        left = max(-out, window.left - reach)
        right = min(grid.width + out, window.cols.stop + reach)
        self.cols = _aligned(lines[1], left, right, model.multiple_px)
        self.inside = slice(window.left - self.cols.start, window.cols.stop - self.cols.start)
        self.strip_px = ground.strip_px(self.cols.stop - self.cols.start, steps.threads)

    def predict(
        self,
        warm: Sequence[Window],
        todo: Sequence[Window],
        keep: Keep,
        readers: Executor,
        stopped: threading.Event,
    ) -> None:
        """Go down windows that lie below one another, through some to warm up and those to do."""
        strips, stream = _Strips(self, readers), None
        for window in (*warm, *todo):
            if stopped.is_set():
                return
            observed = strips.observed(window)
            if not observed.any():  # a stream starts anew after a gap, killed or not
                stream = None
                told = self._nothing(observed)
            else:
                image = strips.image
                stream = stream or self.model.stream(
                    image, self.rows.stop - self.rows.start, self.dtype
                )
                told = np.concatenate([*self._steps(stream, window, observed)], axis=-2)
            if window not in warm:
                keep(window, told)

    def _steps(
        self, stream: Callable, window: Window, observed: np.ndarray
    ) -> Iterator[np.ndarray]:
        for top in range(0, window.height, self.step_px):
            bottom = min(top + self.step_px, window.height)
            at = window.top - self.rows.start
            shares = stream(at + top, at + bottom)
            yield self.tell(shares[:, :, self.inside], observed[top:bottom])

    def _nothing(self, observed: np.ndarray) -> np.ndarray:
        classes = len(self.model.signature.classes)
        return self.tell(np.zeros((classes, *observed.shape), "float32"), observed)


class _Strips:
    """Rows of a column, read ahead strip by strip and let go from the top down."""

    def __init__(self, column: _Column, readers: Executor) -> None:
        self._column, self._readers = column, readers
        self._ahead: dict[int, Future] = {}  # number of a strip -> what `_read` gives

    def observed(self, window: Window) -> np.ndarray:
        """Pixels (y, x) of a window that are observed in all bands."""
        self._let_go(window.top - self._column.model.reach_px)
        return self._rows(1, window.top, window.rows.stop)[:, self._column.inside]

    def image(self, first: int, stop: int) -> np.ndarray:
        """Reflectance (band, y, x) of rows of the image."""
        top = self._column.rows.start
        self._let_go(first + top)
        return self._rows(0, first + top, stop + top)

    def _rows(self, part: int, first: int, stop: int) -> np.ndarray:
        """Rows of a part of what `_read` gives."""
        found, high = [], self._column.strip_px
        for number in range(first // high, -(-stop // high)):
            rows = slice(max(first - number * high, 0), stop - number * high)
            found.append(self._strip(number)[part][..., rows, :])
        return found[0] if len(found) == 1 else np.concatenate(found, axis=-2)

    def _strip(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """What `_read` gives of a strip; the next one is read meanwhile."""
        high = self._column.strip_px
        for other in (number, number + 1):
            top = other * high
            if other not in self._ahead and top < self._column.rows.stop:
                self._ahead[other] = self._readers.submit(self._read, slice(top, top + high))
        return self._ahead[number].result()

    def _read(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (band, y, x), and whether they are observed in all bands (y, x)."""
        pixels = self._column.seen.read(rows, self._column.cols)
        return pixels, np.isfinite(pixels).all(axis=0)

    def _let_go(self, first: int) -> None:
        """Rows before `first` are not needed any more."""
        for number in [n for n in self._ahead if (n + 1) * self._column.strip_px <= first]:
            del self._ahead[number]


def _runs(
    model: Streamed, every: Sequence[Window], todo: set[Window], steps: Steps
) -> Iterator[tuple[list[Window], list[Window]]]:
    """Of each stream the windows to warm it up with, and those below them to do."""
    rows = 2 * (model.reach_px + steps.rows(model, every[0].width))
    warm = -(-rows // every[0].height)  # windows
    columns: dict[int, list[Window]] = {}
    for window in every:
        columns.setdefault(window.left, []).append(window)
    for column in columns.values():
        left = [place for place, window in enumerate(column) if window in todo]
        for part in np.array_split(left, -(-steps.threads // len(columns))):
            for run in np.split(part, np.flatnonzero(np.diff(part) > 1) + 1):
                if len(run):
                    yield column[max(0, run[0] - warm) : run[0]], column[run[0] : run[-1] + 1]


def _aligned(line: int, first: int, stop: int, multiple: int) -> slice:
    """Pixels from `first` to `stop` and a few more: from and to lines that are multiples.

    Args:
        line: of the lattice, at which pixel 0 begins.
    """
    return slice((line + first) // multiple * multiple - line, _up(line + stop, multiple) - line)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

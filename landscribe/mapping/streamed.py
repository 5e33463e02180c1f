"""Probabilities of windows by a model that goes down the ground row by row.

The ground is cut into columns, a column into windows. Rows come in steps that always begin at the
same places, and a stream that begins in the middle of a column is warmed up, so neither kills nor
threads change a bit.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
import torch

from landscribe.formats import CHUNK_PX, PROBABILITY_NODATA
from landscribe.grid import Grid
from landscribe.mapping.ground import Ground
from landscribe.mapping.stored import stored
from landscribe.mapping.windows import Keep, Window
from landscribe.training.predictor import Streamed

_FLAT = 4  # a window is so many times as wide as a square of its area, and as low


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
    """Windows of about window_px² pixels that cover a grid once, wide and low, by columns."""
    columns = max(1, round(grid.width / (window_px * _FLAT)))
    wide = _up(-(-grid.width // columns), model.multiple_px)
    low = _up(max(1, window_px // _FLAT), steps.rows(model, wide))
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
) -> None:
    """Predict windows, and give each to `keep`, which several threads may call.

    Args:
        every: `flat_windows`.
        todo: those of them to predict.
    """
    stopped, left = threading.Event(), set(todo)
    torch.set_num_threads(1)
    with ThreadPoolExecutor(steps.threads) as pool:
        jobs = []
        for warm, windows in _runs(model, every, left, steps):
            column = _Column(model, ground, windows[0], steps)
            jobs.append(pool.submit(column.predict, warm, windows, keep, stopped))
        try:
            for job in wait(jobs, return_when=FIRST_EXCEPTION).done:
                job.result()
        finally:
            stopped.set()


class _Column:
    """The ground under a column of windows, as far as the model reaches."""

    def __init__(self, model: Streamed, ground: Ground, window: Window, steps: Steps) -> None:
        self.model, self.ground, self.dtype = model, ground, steps.dtype
        side = model.multiple_px
        self.reach_px = reach = _up(model.reach_px, side)
        self.step_px = steps.rows(model, window.width)
        self.cols = slice(
            max(0, window.left - reach), min(ground.grid.width, window.cols.stop + reach)
        )
        self.inside = slice(window.left - self.cols.start, window.cols.stop - self.cols.start)
        self.height = _up(ground.grid.height, side)
        self.width = _up(self.cols.stop - self.cols.start, side)

    def predict(
        self,
        warm: Sequence[Window],
        todo: Sequence[Window],
        keep: Keep,
        stopped: threading.Event,
    ) -> None:
        """Go down windows that lie below one another, through some to warm up and those to do."""
        with ThreadPoolExecutor(1) as reader:
            strips, stream = _Strips(self, reader), None
            for window in (*warm, *todo):
                if stopped.is_set():
                    return
                observed = strips.observed(window)
                if not observed.any():  # a stream starts anew after a gap, killed or not
                    stream = None
                    told = self._nothing(window)
                else:
                    image = strips.image
                    stream = stream or self.model.stream(image, self.height, self.dtype)
                    told = np.concatenate([*self._steps(stream, window, observed)], axis=1)
                if window not in warm:
                    keep(window, told)

    def _steps(
        self, stream: Callable, window: Window, observed: np.ndarray
    ) -> Iterator[np.ndarray]:
        for top in range(0, window.height, self.step_px):
            bottom = min(top + self.step_px, window.height)
            shares = stream(window.top + top, window.top + bottom)
            yield stored(shares[:, :, self.inside], observed[top:bottom])

    def _nothing(self, window: Window) -> np.ndarray:
        shape = (len(self.model.signature.classes), window.height, window.width)
        return np.full(shape, PROBABILITY_NODATA, "uint16")


class _Strips:
    """Rows of a column, read ahead strip by strip and let go from the top down."""

    def __init__(self, column: _Column, reader: ThreadPoolExecutor) -> None:
        self._column, self._reader = column, reader
        self._ahead: dict[int, Future] = {}  # number of a strip -> its pixels

    def observed(self, window: Window) -> np.ndarray:
        """Pixels (y, x) of a window that are observed in all bands."""
        self._let_go(window.top - self._column.reach_px)
        rows = self._rows(window.top, window.rows.stop)
        return np.isfinite(rows[:, :, self._column.inside]).all(axis=0)

    def image(self, first: int, stop: int) -> np.ndarray:
        """Reflectance (band, y, x) of rows as `Streamed.stream` asks for them."""
        column, height = self._column, self._column.ground.grid.height
        self._let_go(first)
        found = self._rows(first, min(stop, height))
        below, beside = stop - first - found.shape[1], column.width - found.shape[2]
        if below or beside:
            return np.pad(found, ((0, 0), (0, below), (0, beside)), constant_values=np.nan)
        return found

    def _rows(self, first: int, stop: int) -> np.ndarray:
        cols = self._column.cols
        parts = [np.empty((len(self._column.ground.bands), 0, cols.stop - cols.start), "float32")]
        for number in range(first // CHUNK_PX, -(-stop // CHUNK_PX)):
            top = number * CHUNK_PX
            parts.append(self._strip(number)[:, max(first - top, 0) : stop - top])
        return parts[1] if len(parts) == 2 else np.concatenate(parts, axis=1)

    def _strip(self, number: int) -> np.ndarray:
        """Pixels of a strip; the next one is read meanwhile."""
        height = self._column.ground.grid.height
        for other in (number, number + 1):
            top = other * CHUNK_PX
            if other not in self._ahead and top < height:
                rows = slice(top, min(top + CHUNK_PX, height))
                read = self._column.ground.read
                self._ahead[other] = self._reader.submit(read, rows, self._column.cols)
        return self._ahead[number].result()

    def _let_go(self, first: int) -> None:
        """Rows before `first` are not needed any more."""
        for number in [n for n in self._ahead if (n + 1) * CHUNK_PX <= first]:
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


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple

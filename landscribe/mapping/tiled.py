"""Probabilities of windows by a model that is shown tiles: they overlap, and are blended.

Whatever the size or the order of the windows, equal inputs give equal bits: tiles lie on one grid,
the model always gets the same number of them at once, and their probabilities are summed in one
order.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product

import numpy as np

from landscribe.mapping.ground import Ground
from landscribe.mapping.stored import stored
from landscribe.mapping.tiles import Tiles, tile_axes
from landscribe.mapping.windows import Keep, Tell, Window, overlap
from landscribe.training.predictor import Predictor

_HELD_BYTES = 2**28  # of tiles that a later window may touch again


@dataclass(frozen=True)
class _View:
    """What the tiles of a window see."""

    window: Window
    axes: tuple[Tiles, Tiles]
    down: range  # tiles
    across: range
    pixels: np.ndarray  # (channel, y, x) float32 from the first tile to the last, NaN unobserved

    @property
    def frame(self) -> Window:
        """Place of `pixels` in the raster, which they may reach past."""
        starts = (
            axis.start(r[0]) for axis, r in zip(self.axes, (self.down, self.across), strict=True)
        )
        return Window(*starts, *self.pixels.shape[1:])

    def tile(self, row: int, col: int) -> Window:
        """Place of a tile."""
        (down, across), side = self.axes, self.axes[0].tile_px
        return Window(down.start(row), across.start(col), side, side)

    def show(self, part: Window) -> np.ndarray:
        """Pixels (channel, y, x) of a part."""
        return self.pixels[:, *overlap(self.frame, part)[0]]

    def observed(self) -> np.ndarray:
        """Pixels (y, x) of the window that are observed in all channels."""
        return np.isfinite(self.show(self.window)).all(axis=0)


def predict_tiled(
    model: Predictor,
    ground: Ground,
    todo: Sequence[Window],
    batch: int,
    keep: Keep,
    tell: Tell = stored,
) -> None:
    """Predict windows, and give what is told of each to `keep`, in that order.

    The next window is read while one is predicted; tiles that both touch, and if there is room
    those that the next row of windows touches, are predicted once.

    Args:
        batch: tiles that the model always gets at once.
    """
    axes = tile_axes(ground.grid.height, ground.grid.width, model.settings)
    view_of = partial(_view, ground, axes)
    told: dict[tuple[int, int], np.ndarray] = {}
    with ThreadPoolExecutor(1) as reader:
        ahead = [reader.submit(view_of, window) for window in todo[:1]]
        for number, window in enumerate(todo, start=1):
            view = ahead.pop().result()
            ahead = [reader.submit(view_of, other) for other in todo[number : number + 1]]
            _predict_tiles(model, view, told, batch)
            total = _merged(view, told, len(model.signature.classes))
            keep(window, tell(total, view.observed()))


def _view(ground: Ground, axes: tuple[Tiles, Tiles], window: Window) -> _View:
    down, across = axes[0].touching(window.rows), axes[1].touching(window.cols)
    if ground.reaches_out:
        pixels = ground.read(axes[0].pixels(down), axes[1].pixels(across))
        return _View(window, axes, down, across, pixels)
    rows, cols = axes[0].sources(down), axes[1].sources(across)
    top, left = rows.min(), cols.min()
    pixels = ground.read(slice(top, rows.max() + 1), slice(left, cols.max() + 1))
    return _View(window, axes, down, across, pixels[:, rows - top][:, :, cols - left])


def _predict_tiles(
    model: Predictor, view: _View, told: dict[tuple[int, int], np.ndarray], batch: int
) -> None:
    """Add the tiles of a view to `told`, and remove the oldest ones where these are too many.

    Args:
        told: probabilities (class, y, x) of tiles (row, col), of those that show any ground.
    """
    tiles = {key: view.show(view.tile(*key)) for key in product(view.down, view.across)}
    seen = [key for key, tile in tiles.items() if np.isfinite(tile).all(axis=0).any()]
    if not view.observed().any():
        seen = []
    new = [key for key in seen if key not in told]
    for key in set(seen) - set(new):
        told[key] = told.pop(key)  # the last ones are kept longest
    for first in range(0, len(new), batch):
        group = new[first : first + batch]
        # Bits may depend on how many tiles a model gets, so the last group is filled up.
        full = [*group, *[group[-1]] * (batch - len(group))]
        found = model.probabilities(np.stack([tiles[key] for key in full]))
        # Copies, as a view of one tile would hold the memory of its whole group.
        told |= dict(zip(group, map(np.copy, found), strict=False))
    size = max((pixels.nbytes for pixels in told.values()), default=1)
    for key in list(told)[: -max(len(seen), _HELD_BYTES // size)]:
        del told[key]


def _merged(view: _View, told: dict[tuple[int, int], np.ndarray], classes: int) -> np.ndarray:
    """Weighted sum of tiles (class, y, x) float32 in a window, always in the order of the tiles."""
    window = view.window
    total = np.zeros((classes, window.height, window.width), "float32")
    for row, col in product(view.down, view.across):
        if (row, col) not in told:
            continue
        pixels = told[row, col]
        here, (rows, cols) = overlap(window, view.tile(row, col))
        down, across = (axis.weights(n) for axis, n in zip(view.axes, (row, col), strict=True))
        total[:, *here] += pixels[:, rows, cols] * (down[rows, None] * across[cols])
    return total

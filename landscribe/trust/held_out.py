"""Held-out pixels: what a map says where labels of one split lie, window by window.

Of large polygons some pixels are taken, chosen by their place alone, so that memory is bounded and
no window can be seen in what is found.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from rasterio import DatasetReader
from rasterio.windows import Window as RasterWindow
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import NODATA, PROBABILITY_NODATA, PROBABILITY_SCALE, raster_grid
from landscribe.mapping.windows import Window, windows

MOST_PIXELS = 400  # of a polygon, about
# Of splitmix64: Steele et al. 2014, doi:10.1145/2714064.2660195.
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True)
class HeldOut:
    """Labelled pixels of a split, of all blocks, that the map shows."""

    stored: np.ndarray  # (class, pixel) uint16 probabilities in PROBABILITY_SCALE
    truth: np.ndarray  # (pixel) position of the label's class in the legend
    polygon: np.ndarray  # (pixel) row of `polygons`
    polygons: pd.DataFrame  # of which a pixel is shown: class_id, square, pixels (in the map)
    layer: np.ndarray  # (pixel) uint8 of the further raster, NODATA without one

    @property
    def shares(self) -> np.ndarray:
        """Probabilities (class, pixel) float32."""
        return self.stored * np.float32(PROBABILITY_SCALE)

    @property
    def square(self) -> np.ndarray:
        """Number of the square of each pixel."""
        _, numbers = np.unique(self.polygons.square, return_inverse=True)
        return numbers[self.polygon]

    def weights(self, power: float) -> np.ndarray:
        """Weight of each pixel, so that those of a polygon sum to its pixels ** `power`.

        With 1 each pixel of the ground counts the same, with 0 each polygon does.
        """
        taken = np.bincount(self.polygon, minlength=len(self.polygons))
        return (self.polygons.pixels.to_numpy() ** power / taken)[self.polygon]


def read_held_out(
    maps: dict[str, tuple[Path, ...]],
    polygons: pd.DataFrame,
    legend: Sequence[int],
    split: str,
    most_pixels: int = MOST_PIXELS,
) -> HeldOut:
    """Pixels under the polygons of a split.

    Args:
        maps: block -> its rasters of probabilities and labels, and a further one (one band uint8)
            if its values are wanted too.
        polygons: with block, polygon, class_id, square and split, of all blocks.
        legend: class ids, in order.
        most_pixels: about how many are taken of a polygon.
    """
    mine = polygons[polygons.split == split].reset_index(drop=True)
    shown, parts = np.zeros(len(mine), "int64"), []
    for block, paths in maps.items():
        with _opened(paths, len(legend)) as rasters:
            found = _Block(rasters, mine[mine.block == block], legend)
            parts += list(found.pixels(most_pixels, shown, f"read {split} pixels of {block}"))
    if not shown.any():
        raise InputError(
            f"no {split} pixel is on the map; check its clouds and nodata, or make split.{split}"
            " larger"
        )
    stored, rows, layer = (np.concatenate(column, axis=-1) for column in zip(*parts, strict=True))
    kept, polygon = np.unique(rows, return_inverse=True)
    table = mine.loc[kept, ["class_id", "square"]].assign(pixels=shown[kept])
    truth = pd.Index(legend).get_indexer(table.class_id)[polygon]
    return HeldOut(stored, truth, polygon, table.reset_index(drop=True), layer)


class _Block:
    """Pixels of one block, while it is read."""

    def __init__(
        self, rasters: list[DatasetReader], polygons: pd.DataFrame, legend: Sequence[int]
    ) -> None:
        self.stored, self.labels, *self.further = rasters
        self.legend = legend
        self.ids = pd.Index(polygons.polygon)  # finds the row of a polygon's id
        self.rows = polygons.index.to_numpy()
        self.classes = polygons.class_id.to_numpy()

    def pixels(
        self, most_pixels: int, shown: np.ndarray, told: str
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Probabilities (class, pixel), rows and further values of some pixels of each window.

        Adds the number of all pixels that the map shows to `shown` (row).
        """
        size = np.zeros(len(self.ids), "int64")
        every = windows(self.labels.height, self.labels.width, WINDOW_PX)
        for window in every:
            here = self._polygons(window)
            size += np.bincount(here[here >= 0], minlength=len(size))
        for window in tqdm(every, desc=told, unit="window", mininterval=1):
            here = self._polygons(window)
            if not (here >= 0).any():
                continue
            place = RasterWindow.from_slices(window.rows, window.cols)
            stored = self.stored.read(window=place)
            seen = (here >= 0) & (stored[0] != PROBABILITY_NODATA)
            np.add.at(shown, self.rows[here[seen]], 1)
            chance = most_pixels / np.maximum(size, 1)
            chosen = seen & (_lot(window) < chance[here])
            layer = np.full(here.shape, NODATA, "uint8")
            if self.further:
                layer = self.further[0].read(1, window=place)
            yield stored[:, chosen], self.rows[here[chosen]], layer[chosen]

    def _polygons(self, window: Window) -> np.ndarray:
        """Place in `ids` of each pixel's polygon (y, x), -1 of others."""
        place = RasterWindow.from_slices(window.rows, window.cols)
        class_id, polygon = self.labels.read(window=place)
        known, where = np.unique(polygon, return_inverse=True)
        here = self.ids.get_indexer(known)[where].reshape(polygon.shape)
        strange = (here >= 0) & (class_id != self.classes[here]) if len(self.ids) else here > 0
        if strange.any():
            raise InputError(
                f"{self.labels.name}: has polygons of another class than the split table; run the"
                " rule split_labels again"
            )
        return here


def _lot(window: Window) -> np.ndarray:
    """Number (y, x) float64 in 0 to 1 that only depends on the place of a pixel."""
    rows, cols = (
        np.arange(part.start, part.stop, dtype="uint64") for part in (window.rows, window.cols)
    )
    mixed = (rows[:, None] << np.uint64(32)) + cols
    for shift, factor in ((30, _MIX_1), (27, _MIX_2)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return (mixed ^ (mixed >> np.uint64(31))).astype("float64") / 2**64


@contextmanager
def _opened(paths: tuple[Path, ...], classes: int) -> Iterator[list[DatasetReader]]:
    """Rasters of a block that lie on each other."""
    with ExitStack() as stack:
        rasters = [stack.enter_context(rasterio.open(path)) for path in paths]
        grid = raster_grid(rasters[0])
        for raster, bands in zip(rasters, (classes, 2, 1), strict=False):
            if raster_grid(raster) != grid or raster.count != bands:
                raise InputError(
                    f"{raster.name}: {raster.count} bands on {raster_grid(raster)}, but {bands} on"
                    f" {grid} were wanted, as {rasters[0].name} has it; build it again"
                )
        yield rasters

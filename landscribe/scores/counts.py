"""Counts of a map's pixels under labelled polygons, taken window by window.

One table holds it all: how many pixels of each labelled polygon the map shows as each class. Error
matrices are sums of its rows.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from rasterio import DatasetReader
from rasterio.windows import Window
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import NODATA, PROBABILITY_NODATA, PROBABILITY_SCALE, raster_grid
from landscribe.scores.calibration import Calibration
from landscribe.trust.rescaling import Rescaling

UNMAPPED = "unmapped"  # column of votes: pixels that the map leaves empty
_BLOCK = re.compile("[0-9]{1,2}[A-Z]{3}")  # MGRS square
_COLUMNS = ["block", "polygon", "class_id", "square", "split"]


@dataclass(frozen=True)
class MapFiles:
    """Map of one block, and the labels on its grid."""

    block: str
    classes: Path
    probabilities: Path
    labels: Path


@dataclass(frozen=True)
class Counts:
    """Pixels of a map, counted."""

    legend: list[int]  # class ids, in order
    votes: pd.DataFrame  # a row per labelled polygon: block, polygon, class_id, square, split, and
    # its pixels by the map's class (columns are class ids, and UNMAPPED)
    mapped_ha: np.ndarray  # (class) area on the map, labelled or not
    calibration: Calibration  # of the test pixels

    def split(self, name: str) -> pd.DataFrame:
        """Rows of the polygons of a split of which the map shows a pixel."""
        mine = self.votes[self.votes.split == name]
        return mine[mine[self.legend].sum(axis=1) > 0]

    def confusion(self, split: str) -> np.ndarray:
        """Pixels (map class, reference class) of a split."""
        sums = self.split(split).groupby("class_id")[self.legend].sum()
        return sums.reindex(self.legend, fill_value=0).to_numpy("int64").T

    def units(self, split: str) -> np.ndarray:
        """Polygons (map class, reference class) of a split, each once, by most of its pixels.

        The pixels of a polygon were labelled together, so they are one sample unit. Of two classes
        with as many pixels the first of the legend has it.
        """
        mine = self.split(split)
        most = mine[self.legend].to_numpy().argmax(axis=1)
        table = np.zeros((len(self.legend),) * 2, "int64")
        np.add.at(table, (most, pd.Index(self.legend).get_indexer(mine.class_id)), 1)
        return table

    def unmapped(self, split: str) -> int:
        """Labelled pixels of a split that the map leaves empty."""
        return int(self.votes.loc[self.votes.split == split, UNMAPPED].sum())


def count_pixels(
    maps: Sequence[MapFiles],
    polygons: pd.DataFrame,
    legend: list[int],
    window_px: int = WINDOW_PX,
    rescaling: Rescaling | None = None,
) -> Counts:
    """Pixels of some blocks, by labelled polygon and class of the map.

    Memory holds one window of the rasters, and the table of polygons.

    Args:
        polygons: with block, polygon, class_id, square and split, of all blocks.
        legend: class ids, in order.
        window_px: side of what is read at once.
        rescaling: of the probabilities, before their reliability is told.
    """
    calibration = Calibration()
    blocks = [_Block(files, polygons, legend, rescaling) for files in maps]
    for block in blocks:
        block.count(calibration, window_px)
    votes = pd.concat([block.table() for block in blocks], ignore_index=True)
    return Counts(legend, votes, sum(block.mapped_ha() for block in blocks), calibration)


def match_blocks(*kinds: Sequence[Path]) -> dict[str, tuple[Path, ...]]:
    """Files of each block, one of each kind, whatever order they were given in.

    The block is read off the folders, as in `33UUU/classes.tif` and `33UUU/landuse/labels.tif`.
    """
    found = [{_block_of(path): path for path in paths} for paths in kinds]
    for paths, by_block in zip(kinds, found, strict=True):
        if len(paths) > len(by_block) or set(by_block) != set(found[0]) or not paths:
            raise InputError(
                f"files of the blocks {', '.join(map(_block_of, paths)) or 'none'}"
                f" ({', '.join(path.name for path in paths[:1])}), but one of each of"
                f" {', '.join(found[0]) or 'them'} was wanted; name the files of all blocks"
            )
    return {block: tuple(files[block] for files in found) for block in found[0]}


def map_files(
    classes: Sequence[Path], probabilities: Sequence[Path], labels: Sequence[Path]
) -> list[MapFiles]:
    """Files of each block."""
    matched = match_blocks(classes, probabilities, labels)
    return [MapFiles(block, *files) for block, files in matched.items()]


def _block_of(path: Path) -> str:
    found = [name for name in path.parts[:-1] if _BLOCK.fullmatch(name)]
    if not found:
        raise InputError(f"{path}: lies in no folder of a block, such as 33UUU; move it to one")
    return found[-1]


def read_areas(path: Path, legend: list[int]) -> np.ndarray:
    """Mapped area [ha] of each class, from areas.csv."""
    table = pd.read_csv(path).set_index("class_id").area_ha
    missing = [str(class_id) for class_id in legend if class_id not in table.index]
    if missing:
        raise InputError(f"{path}: no row of class {', '.join(missing)}; run sum_areas again")
    return table[legend].to_numpy(float)


class _Block:
    """Counts of one block, while it is read."""

    def __init__(
        self,
        files: MapFiles,
        polygons: pd.DataFrame,
        legend: list[int],
        rescaling: Rescaling | None = None,
    ) -> None:
        self.rescaling = rescaling
        mine = polygons[polygons.block == files.block]
        self.files, self.legend = files, pd.Index(legend)
        self.polygons = mine[_COLUMNS].reset_index(drop=True)
        self.row = pd.Index(self.polygons.polygon)  # finds the row of a polygon's id
        self.votes = np.zeros((len(mine), len(legend) + 1), "int64")
        self.map_pixels = np.zeros(len(legend), "int64")

    def count(self, calibration: Calibration, window_px: int) -> None:
        """Read the rasters once, and add the test pixels to `calibration`."""
        files = self.files
        with (
            rasterio.open(files.classes) as classes,
            rasterio.open(files.probabilities) as probabilities,
            rasterio.open(files.labels) as labels,
        ):
            self._check_rasters(classes, probabilities, labels)
            windows, told = _windows(classes, window_px), f"compare {files.block} with its labels"
            for window in tqdm(windows, desc=told, unit="window", mininterval=1):
                shown = self._shown(classes.read(1, window=window))
                class_id, polygon = labels.read(window=window)
                labelled = polygon > 0
                rows = self._rows(polygon[labelled], class_id[labelled])
                np.add.at(self.votes, (rows, shown[labelled]), 1)
                scored = self._is_scored_test(rows, shown[labelled])
                if scored.any():
                    stored = probabilities.read(window=window)[:, labelled][:, scored]
                    self._calibrate(calibration, stored, rows[scored], shown[labelled][scored])

    def table(self) -> pd.DataFrame:
        """Polygons with their votes, those that have a pixel."""
        votes = pd.DataFrame(self.votes, columns=[*self.legend, UNMAPPED])
        return self.polygons.join(votes)[self.votes.sum(axis=1) > 0]

    def mapped_ha(self) -> np.ndarray:
        """Area of each class on the map; UTM's scale (within 0.1 %) is left in."""
        with rasterio.open(self.files.classes) as classes:
            return self.map_pixels * raster_grid(classes).gsd_m ** 2 / 1e4

    def _shown(self, class_ids: np.ndarray) -> np.ndarray:
        """Position in the legend of each pixel, the legend's length where unmapped."""
        place = np.full(256, -1)
        place[self.legend] = np.arange(len(self.legend))
        place[NODATA] = len(self.legend)
        shown = place[class_ids]
        if (shown < 0).any():
            strange = sorted(set(class_ids[shown < 0].tolist()))
            raise InputError(
                f"{self.files.classes}: shows class {', '.join(map(str, strange))}, which the"
                " legend of the task has not; draw the map again"
            )
        self.map_pixels += np.bincount(shown.ravel(), minlength=len(self.legend) + 1)[:-1]
        return shown

    def _rows(self, polygon: np.ndarray, class_id: np.ndarray) -> np.ndarray:
        """Row of the table of each labelled pixel; polygon and class have to stand in it."""
        rows = self.row.get_indexer(polygon)
        known = self.polygons.class_id.to_numpy()
        if (rows < 0).any() or (known[rows] != class_id).any():
            raise InputError(
                f"{self.files.labels}: has polygons that the split table lacks, or has with"
                " another class; run the rule split_labels again"
            )
        return rows

    def _is_scored_test(self, rows: np.ndarray, shown: np.ndarray) -> np.ndarray:
        is_test = (self.polygons.split == "test").to_numpy()
        return is_test[rows] & (shown < len(self.legend))

    def _calibrate(
        self, calibration: Calibration, stored: np.ndarray, rows: np.ndarray, shown: np.ndarray
    ) -> None:
        if (stored == PROBABILITY_NODATA).any():
            raise InputError(
                f"{self.files.probabilities}: has none where {self.files.classes} shows a class;"
                " draw the map again"
            )
        if self.rescaling and self.rescaling.method != "none":
            told = self.rescaling(stored * np.float32(PROBABILITY_SCALE))
            stored = np.rint(told / np.float32(PROBABILITY_SCALE))
        truth = self.legend.get_indexer(self.polygons.class_id)
        calibration.add(stored, shown, truth[rows])

    def _check_rasters(self, classes: DatasetReader, *others: DatasetReader) -> None:
        grid = raster_grid(classes)
        for raster, bands in zip(others, (len(self.legend), 2), strict=True):
            if raster_grid(raster) != grid or raster.count != bands:
                raise InputError(
                    f"{raster.name}: {raster.count} bands on {raster_grid(raster)}, but {bands} on"
                    f" {grid} were wanted, as {classes.name} has it; build it again"
                )


def _windows(raster: DatasetReader, side_px: int) -> list[Window]:
    """Windows that cover a raster, row by row."""
    return [
        Window(col, row, min(side_px, raster.width - col), min(side_px, raster.height - row))
        for row in range(0, raster.height, side_px)
        for col in range(0, raster.width, side_px)
    ]

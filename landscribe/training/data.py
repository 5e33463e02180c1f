"""Training data: the tiles that a network sees of samples.

Nothing here depends on the order or number of workers: tile i of epoch e is a pure function of
(seed, e, i).
"""

import numpy as np
import torch
from torch.utils.data import Dataset

from landscribe.command import InputError
from landscribe.formats.contract import SPLITS
from landscribe.formats.rasters import NODATA
from landscribe.training.predictor import Sample, Signature

TRAIN, VALIDATION, TEST = range(len(SPLITS))
IGNORE = -1  # target of pixels that must not teach
_FREE_CHANGE = 0.05  # spread of the random brightness: season and haze vary more than that
_FREE_CHANGE_DB = 0.5  # of a radar's: soil moisture varies more than that


class Tiles(Dataset):
    """Tiles around training pixels: first a class is drawn, then one of its polygons, then a pixel.

    So rare classes and small polygons are seen as often as common and large ones. Tiles are turned
    and mirrored at random; labels of other splits are IGNORE.
    """

    def __init__(
        self,
        samples: list[Sample],
        signature: Signature,
        tile_px: int,
        length: int,
        seed: int,
    ) -> None:
        self.samples, self.classes = samples, signature.classes
        self.radar = signature.radar  # (channel)
        self.tile_px, self.length, self.seed = tile_px, length, seed
        self.epoch = 0
        self.pixels = pixels_by_class(samples, signature.classes)

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Reflectance (channel, y, x), NaN where missing, and class indices (y, x) or IGNORE."""
        rng = np.random.default_rng((self.seed, self.epoch, index))
        by_polygon = self.pixels[rng.integers(len(self.pixels))]
        block, rows, cols = by_polygon[rng.integers(len(by_polygon))]
        at = rng.integers(len(rows))
        sample, shift = self.samples[block], rng.integers(-self.tile_px // 4, self.tile_px // 4, 2)
        image, target = cut(sample, rows[at] + shift[0], cols[at] + shift[1], self.tile_px)
        target = class_indices(target, self.classes)
        image = _brightened(image, self.radar, rng.standard_normal())
        turns, mirrored = rng.integers(4), rng.integers(2)
        image, target = (np.rot90(a, turns, (-2, -1)) for a in (image, target))
        if mirrored:
            image, target = image[..., ::-1], target[..., ::-1]
        return torch.from_numpy(image.copy()), torch.from_numpy(target.copy())


def class_indices(classes: np.ndarray, legend: tuple[int, ...]) -> np.ndarray:
    """Position of each legend id in the legend (int64), IGNORE for all else."""
    table = np.full(256, IGNORE, "int64")
    table[list(legend)] = np.arange(len(legend))
    return table[classes]


def _brightened(image: np.ndarray, radar: np.ndarray, change: float) -> np.ndarray:
    """Image (channel, y, x) float32 as bright as at another time: a factor, of decibels a shift.

    Args:
        radar: (channel) bool: in decibels.
        change: in spreads.
    """
    brighter = image * np.float32(1 + _FREE_CHANGE * change)
    brighter[radar] = image[radar] + np.float32(_FREE_CHANGE_DB * change)
    return brighter


def pixels_by_class(
    samples: list[Sample], classes: tuple[int, ...]
) -> list[list[tuple[int, np.ndarray, np.ndarray]]]:
    """Per class that has any: block, rows and columns of the training pixels of each polygon."""
    found: dict[int, list] = {class_id: [] for class_id in classes}
    for block, sample in enumerate(samples):
        usable = (sample.splits == TRAIN) & np.isfinite(sample.reflectance).all(0)
        rows, cols = np.nonzero(usable)
        ids = sample.polygons[rows, cols]
        order = np.argsort(ids, kind="stable")
        starts = np.flatnonzero(np.diff(ids[order])) + 1
        for part in np.split(order, starts) if len(order) else []:
            class_id = int(sample.classes[rows[part[0]], cols[part[0]]])
            if class_id in found:
                found[class_id].append((block, rows[part], cols[part]))
    kept = [polygons for polygons in found.values() if polygons]
    if not kept:
        raise InputError(
            "no training pixel has a label and a clear observation; check the season, the clouds"
            " and the split"
        )
    return kept


def cut(
    sample: Sample, row: int, col: int, side: int, boundlessly: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Tile centred near a pixel, moved inside the block; what a small block lacks is missing.

    Args:
        boundlessly: show nothing but the polygon of that pixel, as if it never ended.
    """
    height, width = sample.classes.shape
    top = int(np.clip(row - side // 2, 0, max(0, height - side)))
    left = int(np.clip(col - side // 2, 0, max(0, width - side)))
    part = np.s_[top : top + side, left : left + side]
    image = sample.reflectance[:, part[0], part[1]]
    target = np.where(sample.splits[part] == TRAIN, sample.classes[part], NODATA)
    if boundlessly:
        from landscribe.training.boundless import boundless  # scipy, which no map needs

        image = boundless(image, sample.polygons[part] == sample.polygons[row, col])
        target = np.full_like(target, sample.classes[row, col])
    short = (side - target.shape[0], side - target.shape[1])
    edges = ((0, short[0]), (0, short[1]))
    image = np.pad(image, ((0, 0), *edges), constant_values=np.nan)
    return image, np.pad(target, edges, constant_values=NODATA)

"""Patches of a class map: ground of one class whose pixels touch side by side.

The raster is read in strips, and patches that a strip's edge cuts are joined: each counts whole,
whatever the strips are. Memory holds one strip, some 20 bytes for each patch and for each border of
a small one, and not the raster.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from landscribe.formats.rasters import NODATA


@dataclass(frozen=True)
class Patches:
    """All patches of a raster, those of nodata too, in the order of their first pixels."""

    class_ids: np.ndarray  # (patch) uint8
    pixels: np.ndarray  # (patch) int64
    open: np.ndarray  # (patch) bool: a small one touches the raster's edge or nodata
    borders: np.ndarray  # (border, 3) int32: two patches that touch, and pixels along the border
    of_part: np.ndarray  # (part) int32: patch of each patch of a strip, strip by strip


def find_patches(strips: Iterable[np.ndarray], least_px: int) -> Patches:
    """Patches of a raster; of their borders those that have a patch below `least_px` on a side.

    Args:
        strips: (y, x) uint8 class ids of all columns, from the top down.
    """
    parts = list(_parts(strips, least_px))
    ids, pixels, at_edge = (np.concatenate([getattr(p, n) for p in parts]) for n in _PER_PART)
    at_edge[parts[0].numbers[0]] = True  # the raster's first row
    at_edge[parts[-1].numbers[1]] = True  # and its last
    links = np.concatenate([part.links for part in parts])
    borders = np.concatenate([part.borders for part in parts])
    del parts
    of_part, count = _joined(links, len(ids))
    whole = np.bincount(of_part, weights=pixels, minlength=count).astype("int64")
    class_ids, open_ = np.empty(count, "uint8"), np.zeros(count, bool)
    class_ids[of_part] = ids
    open_[of_part[at_edge]] = True
    borders[:, :2] = of_part[borders[:, :2]]
    by_nodata = (class_ids[borders[:, :2]] == NODATA).any(axis=1)
    open_[borders[by_nodata, :2]] = True
    small = (whole < least_px) & ~open_
    kept = borders[small[borders[:, :2]].any(axis=1)]
    return Patches(class_ids, whole, open_, kept, of_part)


def part_numbers(classes: np.ndarray) -> tuple[np.ndarray, int]:
    """Patch (y, x) int32 of each pixel of a strip, by first pixels from 0, and how many there are.

    Runs of one class along a row are joined with those that they touch in the next.
    """
    begins = np.ones(classes.shape, bool)
    begins[:, 1:] = classes[:, 1:] != classes[:, :-1]
    runs = (np.cumsum(begins.ravel(), dtype="int32") - 1).reshape(classes.shape)
    touch = classes[1:] == classes[:-1]
    first = touch.copy()  # pixel where two runs touch: one link of them is enough
    first[:, 1:] &= ~touch[:, :-1] | begins[1:, 1:] | begins[:-1, 1:]
    links = np.stack([runs[:-1][first], runs[1:][first]], axis=1)
    part, count = _joined(links, int(runs[-1, -1]) + 1)
    return part[runs], count


def joined_groups(links: np.ndarray, count: int) -> np.ndarray:
    """Group (node) int32 of nodes that links (link, 2) join, numbered by their first nodes."""
    return _joined(links, count)[0]


@dataclass
class _Part:
    """What a strip adds."""

    class_ids: np.ndarray  # (part)
    pixels: np.ndarray  # (part)
    at_edge: np.ndarray  # (part) bool: touches the first or last column
    numbers: tuple[np.ndarray, np.ndarray]  # part of each pixel of the first and the last row
    links: np.ndarray  # (link, 2): parts that are one with parts of the strip above
    borders: np.ndarray  # (border, 3)


_PER_PART = ("class_ids", "pixels", "at_edge")


def _parts(strips: Iterable[np.ndarray], least_px: int) -> Iterator[_Part]:
    above, first = None, 0
    for classes in strips:
        numbers, count = part_numbers(classes)
        pixels = np.bincount(numbers.ravel(), minlength=count)
        ids, at_edge = np.empty(count, "uint8"), np.zeros(count, bool)
        ids[numbers] = classes
        at_edge[numbers[:, [0, -1]]] = True
        borders = _borders(classes, numbers, pixels < least_px)
        borders[:, :2] += first
        links = np.empty((0, 2), "int32")
        rows = numbers[0] + first, numbers[-1] + first
        if above is not None:
            pairs, same = np.stack([above[1], rows[0]], axis=1), above[0] == classes[0]
            links = np.unique(pairs[same], axis=0)
            borders = np.concatenate([borders, _counted(pairs[~same])])
        yield _Part(ids, pixels, at_edge, rows, links, borders)
        above, first = (classes[-1], rows[1]), first + count


def _borders(classes: np.ndarray, numbers: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Borders (border, 3) int32 inside a strip, of which one side at least is small there."""
    pairs = []
    for one, other in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
        apart = classes[one] != classes[other]
        found = np.stack([numbers[one][apart], numbers[other][apart]], axis=1)
        pairs.append(found[small[found].any(axis=1)])
    return _counted(np.concatenate(pairs))


def _counted(pairs: np.ndarray) -> np.ndarray:
    """Pairs (pair, 2), whichever way round, each once with how often it stands there."""
    keys, counts = np.unique(
        pairs.min(axis=1).astype("int64") << 32 | pairs.max(axis=1), return_counts=True
    )
    return np.stack([keys >> 32, keys & 0xFFFFFFFF, counts], axis=1).astype("int32")


def _joined(links: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    one, other = links.T
    graph = coo_array((np.ones(len(links), bool), (one, other)), shape=(count, count))
    groups, group = connected_components(graph, directed=False)
    return group, groups

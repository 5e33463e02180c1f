"""Patches below a minimum mapping unit, given to their neighbours.

They are merged one after the other, the smallest first; of equal ones that whose first pixel comes
first, row by row. A patch gets the class with which it shares the longest border, of equal ones the
first of the legend, and so becomes one with the patches of that class that it touches. What reaches
the unit together is small no longer. Nobody knows how large a patch is that touches the raster's
edge or nodata, as it may go on there: it stays as it is, and others may join it.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from landscribe.mapping.patches import Patches, joined_groups

_BATCH = 2**16  # borders that are worked on at once, and what else hangs together with them


def merged_classes(patches: Patches, least_px: int, order: Sequence[int]) -> np.ndarray:
    """Class (patch) uint8 of each patch after those below `least_px` were merged.

    Args:
        order: class ids in the legend's order.
    """
    small = (patches.pixels < least_px) & ~patches.open
    classes = patches.class_ids.copy()
    rank = {class_id: place for place, class_id in enumerate(order)}
    for ways in _batches(patches.borders, small):
        members = np.unique(ways[:, 0])
        merging = _Merging(
            dict(zip(members.tolist(), patches.pixels[members].tolist(), strict=True)),
            dict(zip(members.tolist(), patches.class_ids[members].tolist(), strict=True)),
            rank,
        )
        others = ways[:, 1]
        keys = np.where(small[others], others, -1 - patches.class_ids[others].astype("int32"))
        merging.touch(zip(ways[:, 0].tolist(), keys.tolist(), ways[:, 2].tolist(), strict=True))
        merging.run(least_px)
        classes[list(merging.settled)] = list(merging.settled.values())
    return classes


def _batches(borders: np.ndarray, small: np.ndarray) -> Iterator[np.ndarray]:
    """Borders (border, 3) from each small patch, so that those of patches that touch stay together.

    Small patches that do not touch, not even by way of others, cannot know of each other.
    """
    back = borders[:, [1, 0, 2]]
    ways = np.concatenate([borders[small[borders[:, 0]]], back[small[back[:, 0]]]])
    group = joined_groups(ways[small[ways[:, 1]], :2], len(small))[ways[:, 0]]
    order = np.argsort(group, kind="stable")
    ways, group = ways[order], group[order]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    cuts = starts[np.unique(starts // _BATCH, return_index=True)[1]]
    for first, last in pairwise([*cuts, len(ways)]):
        yield ways[first:last]


@dataclass
class _Merging:
    """Small patches that become fewer. What is settled is one neighbour for each class: -1 - id."""

    pixels: dict[int, int]
    class_ids: dict[int, int]
    rank: dict[int, int]  # of the classes
    settled: dict[int, int] = field(default_factory=dict)  # patch -> class
    _borders: dict[int, dict[int, int]] = field(default_factory=dict)  # patch -> neighbour -> px
    _members: dict[int, list[int]] = field(default_factory=dict)  # of what was united

    def touch(self, ways: Iterator[tuple[int, int, int]]) -> None:
        """Tell of borders: patch, neighbour, pixels."""
        for patch, other, length in ways:
            row = self._borders.setdefault(patch, {})
            row[other] = row.get(other, 0) + length

    def run(self, least_px: int) -> None:
        """Settle every patch."""
        heap = [(pixels, patch) for patch, pixels in self.pixels.items()]
        heapq.heapify(heap)
        while heap:
            pixels, patch = heapq.heappop(heap)
            if self.pixels.get(patch) == pixels:  # else it grew or was united since
                grown = self._unite(patch, self._longest(patch), least_px)
                if grown is not None:
                    heapq.heappush(heap, (self.pixels[grown], grown))

    def _longest(self, patch: int) -> int:
        """Class with which a patch shares the longest border."""
        lengths: dict[int, int] = {}
        for other, length in self._borders[patch].items():
            class_id = self._class_of(other)
            lengths[class_id] = lengths.get(class_id, 0) + length
        return min(lengths, key=lambda class_id: (-lengths[class_id], self.rank[class_id]))

    def _class_of(self, key: int) -> int:
        return self.class_ids[key] if key >= 0 else -1 - key

    def _unite(self, patch: int, class_id: int, least_px: int) -> int | None:
        """Make a patch one with all neighbours of a class; gives it if it is still small."""
        row, settled = self._borders[patch], -1 - class_id
        united = [patch, *(key for key in row if key >= 0 and self.class_ids[key] == class_id)]
        pixels = sum(self.pixels[one] for one in united)
        is_small = settled not in row and pixels < least_px
        new = min(united) if is_small else settled
        around = self._surround(united, new)
        members = [m for one in united for m in self._members.pop(one, [one])]
        for one in united:
            del self.pixels[one], self.class_ids[one]
        if not is_small:
            self.settled |= dict.fromkeys(members, class_id)
            return None
        self._borders[new], self._members[new] = around, members
        self.pixels[new], self.class_ids[new] = pixels, class_id
        return new

    def _surround(self, united: list[int], new: int) -> dict[int, int]:
        """Borders of what was united, of which the neighbours hear its new name."""
        around: dict[int, int] = {}
        for one in united:
            for other, length in self._borders.pop(one).items():
                around[other] = around.get(other, 0) + length
        for one in united:
            around.pop(one, None)
        for other in around:
            if other >= 0:
                row = self._borders[other]
                length = sum(row.pop(one, 0) for one in united)
                row[new] = row.get(new, 0) + length
        return around

"""Patches are those of scipy's labels, class by class, however the raster is cut into strips."""

import numpy as np
import pytest
from scipy import ndimage

from landscribe.formats.rasters import NODATA
from landscribe.mapping.patches import find_patches, joined_groups, part_numbers


def made(seed: int, height: int = 23, width: int = 17) -> np.ndarray:
    """Classes 1 to 4 in blobs, with some nodata."""
    rng = np.random.default_rng(seed)
    classes = ndimage.median_filter(rng.integers(1, 5, (height, width)), 3).astype("uint8")
    classes[rng.random(classes.shape) < 0.04] = NODATA
    return classes


def whole_numbers(classes: np.ndarray) -> np.ndarray:
    """Patch of each pixel by scipy, numbered by first pixels."""
    numbers = np.zeros(classes.shape, int)
    for class_id in np.unique(classes):
        found, _ = ndimage.label(classes == class_id)
        numbers[found > 0] = found[found > 0] + numbers.max()
    _, first, back = np.unique(numbers, return_index=True, return_inverse=True)
    return first.argsort().argsort()[back].reshape(classes.shape)


@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_those_of_scipy(seed):
    classes = made(seed)
    numbers, count = part_numbers(classes)
    np.testing.assert_array_equal(numbers, whole_numbers(classes))
    assert count == numbers.max() + 1


@pytest.mark.parametrize("rows", [1, 2, 5, 23])
def test_patches_count_whole_across_strips(rows):
    classes = made(7)
    numbers = whole_numbers(classes)
    strips = [classes[top : top + rows] for top in range(0, len(classes), rows)]
    found = find_patches(iter(strips), least_px=10**6)
    np.testing.assert_array_equal(found.pixels, np.bincount(numbers.ravel()))
    first = np.unique(numbers, return_index=True)[1]
    np.testing.assert_array_equal(found.class_ids, classes.ravel()[first])
    at, again = 0, []
    for strip in strips:
        parts, count = part_numbers(strip)
        again.append(found.of_part[at : at + count][parts])
        at += count
    np.testing.assert_array_equal(np.concatenate(again), numbers)


@pytest.mark.parametrize("rows", [1, 4, 23])
def test_borders_are_as_long_as_their_pixels(rows):
    classes = made(8)
    numbers, least_px = whole_numbers(classes), 12
    strips = (classes[top : top + rows] for top in range(0, len(classes), rows))
    found = find_patches(strips, least_px)
    sums: dict[tuple, int] = {}
    for one, other, length in found.borders.tolist():
        pair = tuple(sorted((one, other)))
        sums[pair] = sums.get(pair, 0) + length
    wanted: dict[tuple, int] = {}
    small = (found.pixels < least_px) & ~found.open
    for a, b in ((numbers[:, :-1], numbers[:, 1:]), (numbers[:-1], numbers[1:])):
        for one, other in zip(a[a != b].tolist(), b[a != b].tolist(), strict=True):
            if small[one] or small[other]:
                pair = tuple(sorted((one, other)))
                wanted[pair] = wanted.get(pair, 0) + 1
    assert sums == wanted and len(wanted) > 10


def test_patches_at_the_edge_or_beside_nodata_are_open():
    classes = np.ones((7, 9), "uint8")
    classes[0, 4] = classes[3, 0] = classes[6, 8] = classes[2, 2] = classes[4, 6] = 2
    classes[4, 7] = NODATA
    found = find_patches((classes[:3], classes[3:]), least_px=2)
    twos = found.class_ids == 2
    assert found.open[twos].tolist() == [True, False, True, True, True]


def test_groups_are_numbered_by_their_first_nodes():
    links = np.array([[4, 1], [3, 5]])
    assert joined_groups(links, 6).tolist() == [0, 1, 2, 3, 1, 3]
    assert joined_groups(links[:0], 2).tolist() == [0, 1]

"""Merging by patches equals merging pixel by pixel on the whole raster, one patch after another."""

import numpy as np
import pytest
from scipy import ndimage

from landscribe.formats.rasters import NODATA
from landscribe.mapping import small_patches
from landscribe.mapping.patches import find_patches, part_numbers
from landscribe.mapping.small_patches import merged_classes

ORDER = [3, 1, 4, 2, 5]  # of the legend
CROSS = ((0, 1), (1, 0), (0, -1), (-1, 0))


def merged(classes: np.ndarray, least_px: int, rows: int) -> np.ndarray:
    """Classes (y, x) after merging, found in strips of some rows."""
    tops = range(0, len(classes), rows)
    patches = find_patches((classes[top : top + rows] for top in tops), least_px)
    of_part = merged_classes(patches, least_px, ORDER)[patches.of_part]
    out, first = [], 0
    for top in tops:
        numbers, count = part_numbers(classes[top : top + rows])
        out.append(of_part[first : first + count][numbers])
        first += count
    return np.concatenate(out)


def closed_patches(classes: np.ndarray) -> list[np.ndarray]:
    """Masks (y, x) of the patches that touch neither edge nor nodata."""
    found = []
    for class_id in ORDER:
        numbers, count = ndimage.label(classes == class_id)
        for mask in (numbers == number for number in range(1, count + 1)):
            ring = ndimage.binary_dilation(mask) & ~mask
            inside = not (mask[[0, -1]].any() or mask[:, [0, -1]].any())
            if inside and (classes[ring] != NODATA).all():
                found.append(mask)
    return found


def slowly_merged(classes: np.ndarray, least_px: int) -> np.ndarray:
    """The rule as it is written down, with all patches looked for anew after each merge."""
    classes = classes.copy()
    while small := [m for m in closed_patches(classes) if m.sum() < least_px]:
        mask = min(small, key=lambda m: (m.sum(), np.flatnonzero(m)[0]))
        borders = dict.fromkeys(ORDER, 0)
        for step in CROSS:
            beside, inside = np.roll(classes, step, (0, 1)), np.roll(mask, step, (0, 1))
            for class_id in beside[mask & ~inside]:
                borders[class_id] += 1
        classes[mask] = max(ORDER, key=lambda class_id: borders[class_id])
    return classes


def made(seed: int) -> np.ndarray:
    """Classes of a small raster: noise, or blobs, or blobs with nodata."""
    rng = np.random.default_rng(seed)
    classes = rng.choice(ORDER[: 2 + seed % 4], rng.integers(2, 22, 2)).astype("uint8")
    if seed % 2:
        classes = ndimage.median_filter(classes, 3)
    if seed % 3 == 0:
        classes[rng.random(classes.shape) < 0.05] = NODATA
    return classes


@pytest.mark.parametrize("seed", range(18))
def test_patches_are_merged_as_the_rule_says_whatever_the_strips(seed):
    classes, least_px = made(seed), 2 + 3 * (seed % 7)
    wanted = slowly_merged(classes, least_px)
    for rows in (1, 3, 100):
        np.testing.assert_array_equal(merged(classes, least_px, rows), wanted)


def test_batches_do_not_matter(monkeypatch):
    classes = np.random.default_rng(2).choice(ORDER, (80, 90)).astype("uint8")
    whole = merged(classes, 9, 100)
    assert (whole != classes).mean() > 0.3
    monkeypatch.setattr(small_patches, "_BATCH", 1)
    np.testing.assert_array_equal(merged(classes, 9, 16), whole)


def test_what_is_left_is_large_or_open_and_nodata_stays():
    rng = np.random.default_rng(4)
    classes = ndimage.median_filter(rng.choice(ORDER, (120, 130)), 3).astype("uint8")
    classes[40:44, 50:53] = NODATA
    found = merged(classes, 25, 32)
    assert min(mask.sum() for mask in closed_patches(found)) >= 25
    np.testing.assert_array_equal(found == NODATA, classes == NODATA)


def test_a_patch_gets_the_class_of_the_longest_border():
    classes = np.full((9, 9), 1, "uint8")
    classes[:, 5:] = 2
    classes[3:5, 4:6] = 5  # 4 px of border with each: the first of the legend
    assert set(merged(classes, 5, 2)[3:5, 4:6].ravel()) == {1}
    classes[5, 4] = 2  # now 5 with the other
    assert set(merged(classes, 5, 2)[3:5, 4:6].ravel()) == {2}


def test_a_raster_of_small_patches_alone_stays():
    assert merged(np.array([[1, 2]], "uint8"), 9, 1).tolist() == [[1, 2]]
    assert merged(np.full((3, 3), NODATA, "uint8"), 9, 1).tolist() == [[NODATA] * 3] * 3

"""Boundless polygons: labelled ground as it would look if it went on for ever.

Labels are fields, ponds and groves; maps also hold plains, lakes and woods. A model that learnt
context from the former takes the middle of a lake, where no shore is near, for something else. So
models are also shown polygons that never end: each goes on past its outline, mirrored there.
"""

import numpy as np
from scipy.ndimage import binary_erosion, distance_transform_edt

_ROUNDS = 12  # each doubles the width of what is filled, so this is enough for any tile
_CORE_PX = 50  # with as many pixels inside its rim of mixed ones, a polygon is taken without it


def boundless(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Image (channel, y, x) in which a polygon goes on to the edges.

    What lies outside is mirrored at the outline, then at the outline of what is filled, and so on,
    which keeps the texture; what no mirror reaches has the values of the nearest pixel.

    Args:
        image: (channel, y, x), NaN where not observed.
        inside: (y, x) bool, the polygon; it has to be observed somewhere.
    """
    known = _core(inside & np.isfinite(image).all(0))
    filled = np.where(known, image, 0)
    for _ in range(_ROUNDS):
        if known.all():
            return filled
        mirrored, place = _mirror(known)
        filled[:, mirrored] = filled[:, *place]
        known = known | mirrored
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    return filled[:, *nearest]


def _core(seen: np.ndarray) -> np.ndarray:
    core = binary_erosion(seen)
    return core if core.sum() >= _CORE_PX else seen


def _mirror(known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (y, x) bool whose mirror image at the nearest known pixel is known, and its place."""
    nearest = distance_transform_edt(~known, return_distances=False, return_indices=True)
    place = 2 * nearest - np.indices(known.shape)
    ends = np.array(known.shape)[:, None, None]
    found = ((place >= 0) & (place < ends)).all(0) & ~known
    found[found] = known[*place[:, found]]
    return found, place[:, found]

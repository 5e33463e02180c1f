"""Patches of image series as rows of values, and back.

Letters of shapes: n samples, b bands, t dates, y, x; l patches, in the order of dates, rows,
columns; p values of a patch, in the order of its dates, rows, columns, bands.
"""

from torch import Tensor


def split_patches(image: Tensor, patch: tuple[int, int, int]) -> Tensor:
    """Values (n, l, p) of the patches of images (n, b, t, y, x)."""
    for dim, size in zip((2, 4, 6), patch, strict=True):
        image = image.unflatten(dim, (-1, size))  # at last (n, b, t, pt, y, py, x, px)
    return image.permute(0, 2, 4, 6, 3, 5, 7, 1).flatten(4).flatten(1, 3)


def joined_patches(
    patches: Tensor, patch: tuple[int, int, int], grid: tuple[int, int, int]
) -> Tensor:
    """Images (n, b, t, y, x) of the values (n, l, p) of their patches."""
    parts = patches.unflatten(2, (*patch, -1)).unflatten(1, grid)  # (n, t, y, x, pt, py, px, b)
    return parts.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6).flatten(4, 5).flatten(2, 3)


def standardised(patches: Tensor) -> Tensor:
    """Patches (n, l, p) less their mean, by their spread, both of what was observed."""
    seen = patches.isfinite()
    count = seen.sum(-1, keepdim=True)
    mean = patches.nansum(-1, keepdim=True) / count.clamp(min=1)
    spread = (patches - mean).square().nansum(-1, keepdim=True) / (count - 1).clamp(min=1)
    return (patches - mean) / (spread + 1e-6).sqrt()  # as published, also in flat patches

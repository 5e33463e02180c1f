"""Patches of images, and back."""

import pytest
import torch

from landscribe.encoders.image_patches import joined_patches, split_patches, standardised


def test_each_patch_holds_its_own_values_in_order():
    dates, rows, columns, bands = 4, 6, 9, 2
    image = torch.arange(2 * bands * dates * rows * columns).reshape(2, bands, dates, rows, columns)
    patches = split_patches(image, (2, 3, 3))
    assert patches.shape == (2, 2 * 2 * 3, 2 * 3 * 3 * bands)
    block = image[1, :, 2:4, 0:3, 6:9]  # second dates, first rows, last columns
    assert torch.equal(patches[1, 1 * 6 + 0 * 3 + 2], block.permute(1, 2, 3, 0).flatten())


@pytest.mark.parametrize("patch", [(1, 1, 1), (1, 4, 4), (3, 2, 8)])
def test_they_join_to_what_was_split(patch):
    image = torch.randn(2, 5, 3, 8, 16)
    grid = tuple(n // p for n, p in zip(image.shape[2:], patch, strict=True))
    assert torch.equal(joined_patches(split_patches(image, patch), patch, grid), image)


def test_standardised_patches_have_no_mean_and_a_spread_of_one():
    torch.manual_seed(0)
    patches = torch.randn(2, 3, 400) * 7 + 100
    patches[0, 1, :150] = torch.nan
    made = standardised(patches)
    assert torch.equal(made.isnan(), patches.isnan())
    torch.testing.assert_close(made.nanmean(-1), torch.zeros(2, 3), atol=1e-4, rtol=0)
    torch.testing.assert_close(made[1].var(-1), torch.ones(3))
    assert standardised(torch.full((1, 1, 9), 5.0)).abs().max() == 0

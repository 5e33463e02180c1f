"""A boundless polygon fills its image with itself, and with nothing else."""

import numpy as np
import pytest

from landscribe.training.boundless import boundless


@pytest.fixture
def scene():
    rng = np.random.default_rng(0)
    image = rng.uniform(0.5, 1, (3, 60, 70)).astype("float32")
    inside = np.zeros((60, 70), bool)
    inside[20:34, 30:41] = True
    image[:, inside] -= 0.5
    return image, inside


def test_only_values_of_the_polygon_are_left(scene):
    image, inside = scene
    found = boundless(image, inside)
    assert found.shape == image.shape
    own = {tuple(pixel) for pixel in image[:, inside].T}
    assert {tuple(pixel) for pixel in found.reshape(3, -1).T} <= own
    assert found.max() <= 0.5


def test_the_inside_stays_and_the_outside_mirrors_it(scene):
    image, inside = scene
    found = boundless(image, inside)
    core = np.s_[:, 21:33, 31:40]  # without the rim
    np.testing.assert_array_equal(found[core], image[core])
    np.testing.assert_array_equal(found[:, 25, 40], image[:, 25, 38])  # mirrored at column 39


def test_texture_is_kept_where_the_nearest_pixel_alone_would_smear_it(scene):
    image, inside = scene
    found = boundless(image, inside)
    assert found.std() == pytest.approx(image[:, inside].std(), rel=0.1)
    assert np.abs(np.diff(found, axis=1)).mean() > 0.1


def test_slivers_and_gaps_are_filled_too(scene):
    image, _ = scene
    inside = np.zeros((60, 70), bool)
    inside[10, 5:9] = True
    image[:, 10, 6] = np.nan
    found = boundless(image, inside)
    assert np.isfinite(found).all()
    assert {tuple(p) for p in found.reshape(3, -1).T} <= {tuple(image[:, 10, x]) for x in (5, 7, 8)}

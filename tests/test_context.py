"""Context features are local, and agree with their definitions."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, grey_opening

from landscribe.imagery.context import BANDS, SUPPORT_PX, context_features


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    return rng.uniform(0.01, 0.5, (len(BANDS), 200, 220)).astype("float32")


def test_features_have_names_and_no_gaps(image):
    image[:, 50:60, 50:80] = np.nan
    features, names = context_features(image, list(BANDS))
    assert len(features) == len(names) == len(set(names))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_nothing_beyond_the_support_matters(image):
    image[:, 90:95, 100:104] = np.nan
    centre = np.s_[:, 80:120, 90:130]
    whole = context_features(image, list(BANDS))[0][centre]
    rows = slice(80 - SUPPORT_PX, 120 + SUPPORT_PX)
    cols = slice(90 - SUPPORT_PX, 130 + SUPPORT_PX)
    part = context_features(image[:, rows, cols], list(BANDS))[0]
    part = part[:, SUPPORT_PX:-SUPPORT_PX, SUPPORT_PX:-SUPPORT_PX]
    np.testing.assert_array_equal(part, whole)


def test_means_and_profiles_are_those_of_the_textbook(image):
    features, names = context_features(image, list(BANDS))
    nir = image[BANDS.index("B08")]
    mean = gaussian_filter(nir, 4, truncate=3.0, mode="mirror")
    np.testing.assert_allclose(features[names.index("B08_mean4")], mean, atol=1e-5)
    y, x = np.mgrid[-2:3, -2:3]
    # OpenCV's discrete disc of radius 2 is a cross with a square in it
    disc = (np.abs(y) < 2) | (x == 0)
    opened = grey_opening(nir, footprint=disc)
    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_allclose(
        features[names.index("B08_bright2")][inner], (nir - opened)[inner], atol=1e-6
    )


def test_a_gap_of_level_ground_changes_no_mean_and_no_spread():
    level = np.full((len(BANDS), 120, 120), 0.2, "float32")
    whole, names = context_features(level, list(BANDS), ("neighbourhoods", "deviations"))
    level[:, 40:80, 40:80] = np.nan  # no pixel within 15 px of its middle
    found, _ = context_features(level, list(BANDS), ("neighbourhoods", "deviations"))
    seen = np.isfinite(level[0])
    np.testing.assert_allclose(found[:, seen], whole[:, seen], atol=2e-3)
    assert len(names) == len(found)


def test_an_index_of_equal_bands_is_zero():
    flat = np.full((len(BANDS), 40, 40), 0.2, "float32")
    features, names = context_features(flat, list(BANDS), ("own", "deviations", "edges"))
    assert features[names.index("ndvi")] == pytest.approx(0, abs=1e-6)
    assert abs(features[names.index("B08_deviation4")]).max() < 1e-3
    assert features[names.index("B08_edges3")].max() == pytest.approx(0, abs=1e-5)


def test_texture_does_not_change_with_brightness_or_a_quarter_turn(image):
    textures = ("texture",)
    inner = np.s_[:, 20:-20, 20:-20]
    image = image + 0.2
    found, names = context_features(image, list(BANDS), textures)
    darker, _ = context_features(image * np.float32(0.5), list(BANDS), textures)
    turned, _ = context_features(np.rot90(image, 1, (1, 2)), list(BANDS), textures)
    assert len(names) == 36
    np.testing.assert_allclose(darker[inner], found[inner], atol=1e-4)
    np.testing.assert_allclose(np.rot90(turned, -1, (1, 2))[inner], found[inner], atol=1e-4)


def test_texture_tells_stripes_of_equal_mean_and_spread_apart():
    x = np.arange(64)
    fine, coarse = (np.tile(0.2 + 0.05 * np.sign(np.sin(x * f)), (64, 1)) for f in (2.6, 0.6))
    features = [
        context_features(np.stack([a] * len(BANDS)).astype("float32"), list(BANDS), ("texture",))
        for a in (fine, coarse)
    ]
    at = features[0][1].index("B08_texture03")
    assert features[0][0][at, 32, 32] > features[1][0][at, 32, 32] + 0.5

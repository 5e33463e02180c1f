"""Context features are local, and agree with their definitions."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, grey_opening

from landscribe.command import InputError
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


@pytest.fixture
def backscatter():
    """VV and VH [dB] of speckled ground, with a gap."""
    rng = np.random.default_rng(1)
    image = rng.normal([[[-10]], [[-17]]], 1, (2, 200, 220)).astype("float32")
    image[1, 60:70, 90:110] = np.nan
    return image


def test_radar_bands_add_features_and_change_none(image, backscatter):
    image[:, 50:60, 50:80] = np.nan
    plain, names = context_features(image, list(BANDS))
    both = np.concatenate([backscatter[:1], image, backscatter[1:]])
    found, more = context_features(both, ["VV", *BANDS, "VH"])
    assert more[: len(names)] == names
    np.testing.assert_array_equal(found[: len(names)], plain)
    own, ratio = ["VV", "VH"], ["VH_over_VV"]
    assert more[len(names) :] == [
        *own,
        *ratio,
        *(f"{name}_mean{scale}" for scale in (2, 4, 8, 16) for name in own + ratio),
        *(f"{name}_deviation{scale}" for scale in (2, 4, 8) for name in own),
    ]
    assert np.isfinite(found).all()
    none, nameless = context_features(image, list(BANDS), ("radar",))
    assert none.shape == (0, 200, 220) and nameless == []


def test_radar_features_are_those_of_the_textbook(image, backscatter):
    backscatter = np.nan_to_num(backscatter, nan=-17)
    both = np.concatenate([image, backscatter])
    found, names = context_features(both, [*BANDS, "VV", "VH"], ("radar",))
    layers = dict(zip(names, found, strict=True))
    difference = backscatter[1] - backscatter[0]
    np.testing.assert_array_equal(layers["VH_over_VV"], difference)
    for name, layer in (("VV", backscatter[0]), ("VH", backscatter[1]), ("VH_over_VV", difference)):
        mean = gaussian_filter(layer, 8, truncate=3.0, mode="mirror")
        np.testing.assert_allclose(layers[f"{name}_mean8"], mean, atol=1e-3)
    square = gaussian_filter(backscatter[0].astype(float) ** 2, 4, truncate=3.0, mode="mirror")
    mean = gaussian_filter(backscatter[0].astype(float), 4, truncate=3.0, mode="mirror")
    np.testing.assert_allclose(layers["VV_deviation4"], np.sqrt(square - mean**2), atol=0.01)


def test_radar_features_are_local_beside_a_gap(image, backscatter):
    both, bands = np.concatenate([image, backscatter]), [*BANDS, "VV", "VH"]
    whole, _ = context_features(both, bands, ("radar",))
    rows, cols = slice(80 - SUPPORT_PX, 120 + SUPPORT_PX), slice(90 - SUPPORT_PX, 130 + SUPPORT_PX)
    part, _ = context_features(both[:, rows, cols], bands, ("radar",))
    inner = np.s_[:, SUPPORT_PX:-SUPPORT_PX, SUPPORT_PX:-SUPPORT_PX]
    np.testing.assert_array_equal(part[inner], whole[:, 80:120, 90:130])


def test_a_single_polarization_has_no_ratio_and_radar_alone_is_refused(image, backscatter):
    found, names = context_features(np.concatenate([image, backscatter[:1]]), [*BANDS, "HV"])
    assert [name for name in names if "over" in name] == []
    assert len(found) == len(names) and "HV_mean4" in names
    with pytest.raises(InputError, match="context needs the bands B02"):
        context_features(backscatter, ["VV", "VH"])

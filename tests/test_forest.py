"""The forest learns, keeps its trees without a pickle, and weighs polygons fairly."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from landscribe.command import InputError
from landscribe.imagery.context import BANDS, context_features
from landscribe.models import forest
from landscribe.training.predictor import Sample, Signature, Work

SIGNATURE = Signature(BANDS, tuple(0.1 * (i + 4) for i in range(len(BANDS))), (1, 4, 7), 10.0)


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    classes = np.full((96, 96), 255, "uint8")
    polygons = np.zeros((96, 96), "uint32")
    for n, column in enumerate(range(0, 96, 8)):
        classes[:90, column : column + 6] = SIGNATURE.classes[n % 3]
        polygons[:90, column : column + 6] = n + 1
    reflectance = rng.normal(0.2, 0.02, (len(BANDS), 96, 96)).astype("float32")
    for k, class_id in enumerate(SIGNATURE.classes):
        reflectance[3 * k, classes == class_id] += 0.2
    splits = np.where(classes == 255, 255, 0).astype("uint8")
    return Sample(reflectance, classes, polygons, splits)


@pytest.fixture
def settings():
    return forest.Settings(trees=12, pixels=2000)


@pytest.fixture
def work(tmp_path):
    return Work(Path(tmp_path), threads=1, device="cpu", seed=0)


def test_it_learns_what_is_plain_to_see(sample, settings, work):
    model = forest.train([sample], SIGNATURE, settings, work)
    shares = model.probabilities(sample.reflectance[None])
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)
    told = np.array(SIGNATURE.classes)[shares[0].argmax(0)]
    known = sample.classes != 255
    assert (told[known] == sample.classes[known]).mean() > 0.97


def test_trees_survive_without_a_pickle_bit_for_bit(sample, settings, work):
    model = forest.train([sample], SIGNATURE, settings, work)
    again = forest.load(model.tensors(), SIGNATURE, settings)
    tile = sample.reflectance[None].copy()
    tile[:, :, 10:20, 10:20] = np.nan
    np.testing.assert_array_equal(again.probabilities(tile), model.probabilities(tile))


def test_shares_are_those_of_scikit_learn(sample, work):
    settings = forest.Settings(trees=12, pixels=2000, boundless_polygons=0)
    features, classes, polygons = forest._pixels([sample], SIGNATURE, settings, 0)
    twin = RandomForestClassifier(12, min_samples_leaf=8, max_features=0.2, random_state=0)
    weights = forest.polygon_weights(classes, polygons)
    twin.fit(features, np.searchsorted(SIGNATURE.classes, classes), sample_weight=weights)
    model = forest.train([sample], SIGNATURE, settings, work)
    np.testing.assert_allclose(model.shares(features), twin.predict_proba(features), atol=1e-6)


def test_equal_seeds_grow_equal_trees(sample, settings, work):
    one, two = (forest.train([sample], SIGNATURE, settings, work).tensors() for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_a_class_without_training_pixels_gets_no_share(sample, settings, work):
    splits = np.where(sample.classes == 4, 2, sample.splits)
    without = Sample(sample.reflectance, sample.classes, sample.polygons, splits)
    shares = forest.train([without], SIGNATURE, settings, work).probabilities(
        sample.reflectance[None]
    )
    assert shares[0, 1].max() == 0
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)


def test_classes_weigh_the_same_and_polygons_by_their_root():
    classes = np.array([1] * 100 + [1] * 4 + [2] * 9)
    polygons = np.array([1] * 100 + [2] * 4 + [3] * 9)
    weights = forest.polygon_weights(classes, polygons)
    assert weights[classes == 1].sum() == pytest.approx(weights[classes == 2].sum())
    assert weights[polygons == 1].sum() / weights[polygons == 2].sum() == pytest.approx(5)
    assert weights.sum() == pytest.approx(len(classes))


def test_no_training_pixels_is_told(sample, settings, work):
    blind = Sample(sample.reflectance * np.nan, sample.classes, sample.polygons, sample.splits)
    with pytest.raises(InputError, match="no training pixel"):
        forest.train([blind], SIGNATURE, settings, work)


def test_boundless_polygons_weigh_their_share_and_show_themselves_alone(sample, settings, work):
    pixels = forest._pixels([sample], SIGNATURE, settings, 0)
    twins = forest.boundless_pixels([sample], SIGNATURE, settings, 0)
    _, _, weights = forest.weighted(*pixels, twins, settings)
    n = len(pixels[0])
    assert weights[n:].sum() / weights[:n].sum() == pytest.approx(settings.boundless_weight)
    # Stripes of 6 px have a mean over 16 px of their own only where they never end.
    _, names = context_features(sample.reflectance, list(BANDS))
    mean16, classes = twins[0][:, names.index("B02_mean16")], twins[1]
    assert mean16[classes == 1].min() > 0.35 > 0.25 > mean16[classes != 1].max()
    assert pixels[0][:, names.index("B02_mean16")].max() < 0.32


def test_features_are_those_of_the_whole_block(sample):
    """However a block is cut, but for the last bits of filters whose rows end elsewhere."""
    rng = np.random.default_rng(1)
    image = rng.uniform(0, 0.5, (len(BANDS), 260, 330)).astype("float32")
    image[:, 100:120, 140:150] = np.nan
    block = Sample(image, np.zeros((260, 330), "uint8"), sample.polygons, sample.splits)
    chosen = np.sort(rng.choice(260 * 330, 500, replace=False))
    settings = forest.Settings(tile_px=144)
    found = forest._features_of(block, chosen, SIGNATURE, settings)
    whole = forest._features(image, SIGNATURE, settings).reshape(found.shape[1], -1)[:, chosen]
    np.testing.assert_allclose(found, whole.T, rtol=0, atol=1e-5)

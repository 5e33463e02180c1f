"""Features of a series are the context of its season, and what each period is by itself."""

import numpy as np

from landscribe.imagery.context import BANDS, context_features
from landscribe.imagery.series import series_features
from landscribe.models import forest
from landscribe.training.predictor import Sample, Signature, Work


def test_series_features_are_the_context_of_the_season_and_each_period_itself():
    rng, bands = np.random.default_rng(1), [*BANDS, "VV", "VH"]
    images = rng.uniform(0.05, 0.5, (3, len(bands), 40, 30)).astype("float32")
    images[:, :, :5, :5] = np.nan
    found = series_features(images.reshape(-1, 40, 30), bands, 3)
    season, names = context_features(np.median(images, axis=0), bands)
    np.testing.assert_array_equal(found[: len(season)], season)
    each = found[len(season) :].reshape(3, -1, 40, 30)
    assert each.shape[1] == 14 + 2 and np.isfinite(found).all()
    np.testing.assert_array_equal(each[1, :10, 5:], images[1, :10, 5:])
    np.testing.assert_array_equal(each[2, -1, 5:], images[2, -1, 5:])
    red, infrared = (images[0, bands.index(name)] for name in ("B04", "B08"))
    ndvi = (infrared - red) / (infrared + red)
    np.testing.assert_allclose(each[0, names.index("ndvi"), 5:], ndvi[5:], rtol=1e-5)


def test_a_forest_with_context_grows_on_periods(tmp_path):
    rng, side, bands = np.random.default_rng(0), 64, BANDS
    signature = Signature(bands, (0.5,) * 10, (1, 2), 10.0, ("05-01", "06-01"))
    classes = np.where(np.arange(side) // 16 % 2, 1, 2).astype("uint8") * np.ones(
        (side, 1), "uint8"
    )
    image = rng.normal(0.3, 0.01, (2, 10, side, side)).astype("float32")
    image[0] += 0.2 * (classes == 1)
    image[1] += 0.2 * (classes == 2)
    ids = (np.arange(side) // 16 + 1).astype("uint32") * np.ones((side, 1), "uint32")
    sample = Sample(image.reshape(-1, side, side), classes, ids, np.zeros_like(classes))
    settings = forest.Settings(trees=10, pixels=500, boundless_polygons=2)
    model = forest.train([sample], signature, settings, Work(tmp_path, 1, "cpu", 0))
    assert model.tensors()["features"][0] == 176 + 2 * 14 == len(model.importance)
    best = np.array(signature.classes)[model.probabilities(sample.reflectance[None])[0].argmax(0)]
    assert (best == classes).mean() > 0.99
    assert model.importance[176:].sum() > 0.8

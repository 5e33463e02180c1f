"""Every kind of model keeps the protocol that training and mapping rely on."""

import dataclasses
import importlib
import inspect
import json

import numpy as np
import pytest

from landscribe.card import Card
from landscribe.cards import Model, check, model_kinds
from landscribe.command import InputError
from landscribe.models import forest
from landscribe.training.predictor import Signature, Work
from tests.made_samples import SIGNATURE, sample

TINY = {
    "forest": {"trees": 3, "context": False, "tile_px": 64, "halo_px": 0},
    "segment": {"width": 8, "depth": 1, "train_px": 32, "epochs": 1, "tiles_per_epoch": 8},
}


def kind_of(name):
    return importlib.import_module(f"landscribe.models.{name}")


@pytest.fixture(scope="module", params=model_kinds())
def trained(request, tmp_path_factory):
    """Name of a kind, and a model of it that has learnt a little."""
    card = check(Model, {"title": "x", "kind": request.param, "settings": TINY[request.param]}, "x")
    work = Work(tmp_path_factory.mktemp(request.param), threads=1, device="cpu", seed=0)
    model = kind_of(request.param).train([sample(64)], SIGNATURE, card.resolved(), work)
    return request.param, model


@pytest.mark.parametrize("name", model_kinds())
def test_a_kind_offers_what_training_and_mapping_call(name):
    kind = kind_of(name)
    wanted = {"train": ["samples", "signature", "settings", "work"]}
    wanted["load"] = ["tensors", "signature", "settings"]
    for function, names in wanted.items():
        assert list(inspect.signature(getattr(kind, function)).parameters) == names
    assert issubclass(kind.Settings, Card)
    assert kind.Settings(), "every setting has a default"


def tiles():
    """Tiles (n, band, y, x): observed, with holes, partly observed in one band, and never."""
    rng = np.random.default_rng(4)
    made = rng.normal(0.3, 0.2, (4, len(SIGNATURE.bands), 64, 64)).astype("float32")
    made[1, :, rng.random((64, 64)) < 0.3] = np.nan
    made[2, 1, :20] = np.nan
    made[3] = np.nan
    return made


def test_shares_sum_to_1_everywhere_also_where_nothing_was_seen(trained):
    _, model = trained
    shares = model.probabilities(tiles())
    assert shares.shape == (4, len(SIGNATURE.classes), 64, 64) and shares.dtype == np.float32
    assert np.isfinite(shares).all() and shares.min() >= 0
    np.testing.assert_allclose(shares.sum(1), 1, atol=1e-5)


def test_tiles_do_not_know_each_other_and_stay_as_they_are(trained):
    _, model = trained
    made = tiles()
    together = model.probabilities(made)
    np.testing.assert_array_equal(made, tiles())
    for n, tile in enumerate(made):
        np.testing.assert_allclose(model.probabilities(tile[None])[0], together[n], atol=1e-6)


def test_a_model_is_all_in_its_tensors_settings_and_signature(trained):
    name, model = trained
    told = json.loads(json.dumps([model.settings.model_dump(), model.signature.as_dict()]))
    settings, signature = kind_of(name).Settings(**told[0]), told[1]
    signature = Signature(
        **{k: tuple(v) if isinstance(v, list) else v for k, v in signature.items()}
    )
    assert (settings, signature) == (model.settings, SIGNATURE)
    tensors = {key: value.copy() for key, value in model.tensors().items()}
    assert tensors and all(isinstance(value, np.ndarray) for value in tensors.values())
    again = kind_of(name).load(tensors, signature, settings)
    np.testing.assert_array_equal(again.probabilities(tiles()), model.probabilities(tiles()))
    assert again.tensors().keys() == tensors.keys()


def test_the_history_is_rows_of_plain_finite_numbers(trained):
    _, model = trained
    assert model.history
    rows = json.loads(json.dumps(model.history, allow_nan=False))
    assert rows == model.history
    assert all(type(value) in (int, float) for row in rows for value in row.values())


@pytest.mark.parametrize("classes", [(1, 4, 7), (7, 4, 1), (4, 7, 1)])
def test_a_forest_learns_a_legend_in_any_order(classes, tmp_path):
    made, signature = sample(64), dataclasses.replace(SIGNATURE, classes=classes)
    settings = forest.Settings(**TINY["forest"])
    model = forest.train([made], signature, settings, Work(tmp_path, 1, "cpu", 0))
    best = np.array(classes)[model.probabilities(made.reflectance[None])[0].argmax(0)]
    seen = (made.splits == 0) & np.isfinite(made.reflectance).all(0)
    assert (best == made.classes)[seen].mean() > 0.9


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tile_px": 100}, "tile_px: .*(multiple of 16|unknown key)"),
        ({"halo_px": -1}, "halo_px: "),
        ({"batch": 0}, "batch: "),
        ({"tile": 64}, "tile: unknown key"),
    ],
)
@pytest.mark.parametrize("name", model_kinds())
def test_bad_settings_are_told_for_every_kind(name, change, told):
    with pytest.raises(InputError, match=told):
        check(Model, {"title": "x", "kind": name, "settings": change}, "x").resolved()


def test_tiles_without_a_centre_are_refused_before_training():
    """`tile_axes` refuses them too, but only once the model is trained and a map is asked for."""
    card = {"title": "x", "kind": "forest", "settings": {"tile_px": 64, "halo_px": 32}}
    with pytest.raises(InputError, match="halo_px"):
        check(Model, card, "x").resolved()

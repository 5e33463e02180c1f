"""Models on disk: equal bytes for equal models, and never another model's weights."""

import numpy as np
import pytest

from landscribe.cards import Model
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.models import segment
from landscribe.training.checkpoints import load_model, save_model
from tests.made_samples import SIGNATURE, sample

CARD = Model(title="Tiny", kind="segment")


@pytest.fixture
def model():
    settings = segment.Settings(width=8, depth=1, turns=True)
    return segment.Predictor(segment.UNet(4, 3, settings), SIGNATURE, settings, [{"epoch": 0}])


def test_a_model_survives_the_disk(model, tmp_path):
    paths = tmp_path / "model.safetensors", tmp_path / "model.json"
    save_model(*paths, CARD, model, {"card": "tiny"})
    again = load_model(*paths)
    tile = sample().reflectance[None, :, :32, :32]
    np.testing.assert_array_equal(again.probabilities(tile), model.probabilities(tile))
    assert (again.signature, again.settings) == (model.signature, model.settings)
    told = read_json(paths[1])
    assert told["kind"] == "segment" and told["card"] == "tiny"
    assert told["signature"]["classes"] == [1, 4, 7]
    bytes_ = [p.read_bytes() for p in paths]
    save_model(*paths, CARD, model, {"card": "tiny"})
    assert [p.read_bytes() for p in paths] == bytes_


def test_weights_of_another_model_are_refused(model, tmp_path):
    weights, description = tmp_path / "model.safetensors", tmp_path / "model.json"
    save_model(weights, description, CARD, model, {})
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(InputError, match="train the model again"):
        load_model(weights, description)

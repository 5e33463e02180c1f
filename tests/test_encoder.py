"""Encoders are found by the name of their file, or at TerraTorch where that is installed."""

import sys

import pytest
import torch

from landscribe.command import InputError
from landscribe.encoders import mae, series
from landscribe.encoders.encoder import Encoder, build_encoder, encoder_names

MAE = {"dim": 32, "depth": 3, "heads": 4, "image_px": 32, "dates": 1, "layers": (0, 2)}
SERIES = {"dim": 32, "heads": 4, "decoder_heads": 4}
REGISTRY = '''
import torch

class BACKBONE_REGISTRY:
    """Builds a backbone of one convolution, or something that is none."""

    @staticmethod
    def build(name, bands, **more):
        if name == "no_backbone":
            return torch.nn.Linear(1, 1)
        if name != "one_conv":
            raise KeyError(f"{name} is not registered")
        network = torch.nn.Conv2d(len(bands), 5, 3)
        network.out_channels = [5]
        return network
'''


@pytest.fixture
def terratorch(tmp_path, monkeypatch):
    """A package of TerraTorch's name with a registry as it has."""
    (tmp_path / "terratorch.py").write_text(REGISTRY)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("terratorch", None)


def test_files_that_build_an_encoder_are_its_names():
    assert encoder_names() == ["mae", "series"]


def test_an_encoder_gives_a_feature_of_each_chosen_layer():
    image = build_encoder("mae", MAE)
    features = image(torch.randn(2, 6, 32, 32))
    assert isinstance(image, Encoder) and isinstance(image, mae.MaeEncoder)
    assert [f.shape for f in features] == [(2, 5, 32)] * 2
    pixels = build_encoder("series", SERIES)
    features = pixels(torch.randn(2, 3, 17), torch.zeros(2, 3, dtype=torch.int64))
    assert isinstance(pixels, Encoder) and isinstance(pixels, series.SeriesEncoder)
    assert [f.shape for f in features] == [(2, 32)] * 2
    for encoder, found in [(image, [32, 32]), (pixels, [32, 32])]:
        assert encoder.out_channels == found


def test_weights_are_those_given():
    whole = mae.Mae(mae.Settings(**MAE))
    encoder, x = build_encoder("mae", MAE, whole.state_dict()), torch.randn(1, 6, 32, 32)
    assert torch.equal(encoder(x)[-1], whole.encoder(x)[-1])
    whole = series.SeriesMae(series.Settings(**SERIES))
    encoder = build_encoder("series", SERIES, whole.state_dict())
    assert torch.equal(encoder.norm.weight, whole.encoder.norm.weight)
    assert torch.equal(encoder.latlon_embed.weight, whole.encoder.latlon_embed.weight)


@pytest.mark.parametrize("name", ["unet", "weights", "../models/forest", "mae.py", ""])
def test_unknown_names_are_told_the_known_ones(name):
    with pytest.raises(InputError, match="is not there; there is mae, series, and terratorch:"):
        build_encoder(name, {})


def test_faults_of_settings_are_told():
    with pytest.raises(InputError, match=r"(?s)settings of encoder mae.*depths: unknown key"):
        build_encoder("mae", {"depths": 3})


def test_terratorch_is_wanted_where_it_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "terratorch", None)
    with pytest.raises(InputError, match="pip install terratorch`, or take one of mae, series"):
        build_encoder("terratorch:prithvi_eo_v2_300", {})


def test_backbones_of_terratorch_are_built_by_its_registry(terratorch):
    network = build_encoder("terratorch:one_conv", {"bands": ["RED", "NIR"]})
    assert isinstance(network, Encoder) and network.out_channels == [5]
    assert network(torch.randn(1, 2, 8, 8)).shape == (1, 5, 6, 6)


@pytest.mark.parametrize(
    ("name", "settings", "told"),
    [
        ("terratorch:missing", {"bands": []}, "does not build it .*missing is not registered"),
        ("terratorch:one_conv", {}, "does not build it .*bands"),
        ("terratorch:no_backbone", {"bands": []}, "has no out_channels"),
    ],
)
def test_what_terratorch_cannot_build_is_told(terratorch, name, settings, told):
    with pytest.raises(InputError, match=told):
        build_encoder(name, settings)
    with pytest.raises(InputError, match="takes no weights; name their file in its `ckpt_path`"):
        build_encoder(name, settings, {"a": torch.ones(1)})

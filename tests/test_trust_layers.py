"""Layers of trust read back to what they are of, in colours that everybody can tell apart."""

import io

import numpy as np
import pytest
from PIL import Image

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.publish import trust_layers
from landscribe.trust.conformal import packed
from tests.made_layers import said, write_raster

GRID = Grid(32633, 330000, 5822040, 17, 12, 10)
# Sight without green cones and without red ones, of linear RGB: Machado, Oliveira and Fernandes
# 2009, doi:10.1109/TVCG.2009.113, severity 1.
BLIND = {
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
}  # fmt: skip


def legend(count):
    return [
        LandClass(id=n + 1, name=f"c{n}", title=f"C{n}", colour=f"#0000{n:02x}", labels=[str(n)])
        for n in range(count)
    ]


def lab(colours, sight=None):
    """CIELAB (colour, 3) of #rrggbb, as somebody sees them."""
    rgb = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colours]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    if sight:
        linear = (linear @ np.array(BLIND[sight]).T).clip(0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
              [0.0193339, 0.1191920, 0.9503041]]  # fmt: skip
    xyz = linear @ np.array(to_xyz).T / (0.95047, 1, 1.08883)
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


@pytest.mark.parametrize(("name", "scale"), [("confidence", 0.005), ("entropy", 0.005)])
def test_shares_read_back_to_their_step(tmp_path, name, scale):
    stored = np.arange(204, dtype="uint8").reshape(12, 17)
    stored[stored > 200] = NODATA
    path = write_raster(tmp_path / f"{name}.tif", stored, scale=scale)
    shown = said(getattr(trust_layers, name)([path], GRID))
    for value, text in zip(stored.ravel(), shown.ravel(), strict=True):
        if value == NODATA:
            assert text == ""
        else:
            low, high = (float(n) / 100 for n in text.removesuffix(" %").split("–"))
            assert low <= round(value * scale, 6) < high or value * scale == high == 1


def test_dissimilarity_reads_back_to_its_step_and_the_threshold_is_inside(tmp_path):
    stored = np.arange(204, dtype="uint8").reshape(12, 17)
    stored[stored > 200] = NODATA
    path = write_raster(tmp_path / "applicability.tif", stored, scale=0.01)
    layer = trust_layers.applicability([path], GRID)
    shown, inside = said(layer), [text for _, text in layer.key[: len(layer.key) // 2]]
    for value, text in zip(stored.ravel(), shown.ravel(), strict=True):
        if value == NODATA:
            assert text == ""
            continue
        low, _, high = text.replace(" or more", "–9").partition("–")
        assert float(low) < value / 100 <= float(high) or value == 0 == float(low)
        assert (text in inside) == (value <= 100)


@pytest.mark.parametrize("name", ["confidence", "entropy", "applicability"])
def test_a_layer_without_a_scale_is_refused(tmp_path, name):
    path = write_raster(tmp_path / f"{name}.tif", np.full((12, 17), 80, "uint8"))
    with pytest.raises(InputError, match="has no scale"):
        getattr(trust_layers, name)([path], GRID)


@pytest.mark.parametrize("count", [2, 8, 9, 17, 24, 25, 40, 60])
def test_sets_read_back_bit_by_bit(tmp_path, count):
    held = np.random.default_rng(count).random((count, 12, 17)) < 0.4
    held[:, 3, 4] = False  # no data
    path = write_raster(tmp_path / "sets.tif", packed(held), nodata=0)
    layer = trust_layers.sets([path], legend(count), GRID)
    pixels = np.asarray(Image.open(io.BytesIO(layer.data)).convert("RGB"))
    planes = -(-count // trust_layers.PLANE)
    assert layer.size == (17, 12 * planes)
    for k, wanted in enumerate(held):
        part = pixels[k // 24 * 12 : (k // 24 + 1) * 12, :, k // 8 % 3]
        assert ((part >> k % 8 & 1) == wanted).all()


def test_a_merged_set_is_that_of_one_pixel(tmp_path):
    held = np.random.default_rng(1).random((20, 48, 68)) < 0.3
    path = write_raster(tmp_path / "sets.tif", packed(held), nodata=0)
    display = Grid(32633, 330000, 5822040, 17, 12, 40)
    layer = trust_layers.sets([path], legend(20), display)
    pixels = np.asarray(Image.open(io.BytesIO(layer.data)).convert("RGB"))
    shown = np.stack([pixels[..., k // 8 % 3] >> k % 8 & 1 for k in range(20)]).astype(bool)
    for row, col in np.ndindex(12, 17):
        there = held[:, row * 4 : row * 4 + 4, col * 4 : col * 4 + 4].reshape(20, -1)
        assert (there == shown[:, row, col, None]).all(0).any()


@pytest.mark.parametrize("count", [2, 8, 9, 40])
def test_every_size_of_a_set_has_a_colour(count):
    key = trust_layers.set_size_key(legend(count))
    assert len({colour for colour, _ in key}) == len(key) == min(count, 8)
    assert key[0][1] == "1 class"
    assert key[-1][1] == (f"{count} classes" if count <= 8 else "8 or more classes")


@pytest.mark.parametrize("sight", [None, *BLIND])
def test_ramps_fall_in_lightness_and_their_steps_can_be_told_apart(tmp_path, sight):
    stored = np.zeros((12, 17), "uint8")
    path = write_raster(tmp_path / "layer.tif", stored, scale=0.005)
    kinds = (trust_layers.confidence, trust_layers.entropy, trust_layers.applicability)
    ramps = {one.__name__: [c for c, _ in one([path], GRID).key] for one in kinds}
    ramps["sizes"] = [c for c, _ in trust_layers.set_size_key(legend(8))]
    for name, ramp in ramps.items():
        seen = lab(ramp, sight)
        falls, apart = -np.diff(seen[:, 0]), np.linalg.norm(np.diff(seen, axis=0), axis=1)
        assert falls.min() > 0, name
        falls = np.delete(falls, 4) if name == "applicability" else falls  # without its threshold
        assert falls.max() < 3 * falls.min(), name  # no step that looks like two others
        assert apart.min() > (3 if name == "confidence" else 6), name  # 2.3 can just be told
    edge = lab(ramps["applicability"][4:6], sight)
    assert np.linalg.norm(edge[0] - edge[1]) > 60  # inside from outside, at first sight

"""A reference is what the model sees of training pixels, and its map finds strange ground."""

import numpy as np
import pandas as pd
import pytest
import rasterio
import rioxarray  # noqa: F401  (gives xarray its .rio)
import xarray as xr
from rio_cogeo import cog_validate

from landscribe.command import InputError
from landscribe.mapping.applicability import measure_applicability
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.predict import Place
from landscribe.models import forest, segment
from landscribe.training.predictor import Work
from landscribe.trust.reference import (
    features_of,
    read_reference,
    sample_reference,
    write_reference,
)
from tests.made_samples import SIGNATURE, sample


def made_cube(image: np.ndarray) -> xr.Dataset:
    """Cube of one time that shows an image (band, y, x)."""
    side = image.shape[1]
    counts = np.rint(image[None] * 1e4).astype("uint16")
    return xr.Dataset(
        {
            "dn": (
                ("time", "band", "y", "x"),
                counts,
                {"scale_factor": 1e-4, "add_offset": 0.0, "nodata": 0},
            ),
            "mask": (("time", "y", "x"), np.ones((1, side, side), "uint8")),
            "valid_count": (("y", "x"), np.ones((side, side), "uint8")),
        },
        {
            "time": np.arange(1).astype("M8[D]").astype("M8[ns]"),
            "band": np.array(SIGNATURE.bands, dtype=object),
            "x": 330000 + 10 * (np.arange(side) + 0.5),
            "y": 5822040 - 10 * (np.arange(side) + 0.5),
        },
    ).rio.write_crs(32633)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    work = Work(tmp_path_factory.mktemp("work"), 1, "cpu", 0)
    settings = {"tile_px": 64, "halo_px": 8}
    plain = forest.Settings(trees=4, context=False, boundless_polygons=0, **settings)
    net = segment.Settings(width=8, depth=1, epochs=1, tiles_per_epoch=8)
    made = [sample(seed=1)]
    return {
        "forest": forest.train(made, SIGNATURE, plain, work),
        "segment": segment.train(made, SIGNATURE, net, work),
    }


TABLE = pd.DataFrame(
    {"block": "33UUU", "polygon": range(1, 17), "square": list("aabbccddeeffgghh")}
)


@pytest.mark.parametrize("kind", ["forest", "segment"])
def test_features_are_what_the_model_tells_apart(models, kind):
    model, tiles = models[kind], sample().reflectance[None, :, :64, :64]
    features = features_of(model, tiles)
    assert np.isfinite(features).all() and features.shape[2:] == (64, 64)
    assert features.shape[1] == {"forest": 4, "segment": 8}[kind]
    if kind == "segment":
        weight, bias = model.network.head.weight, model.network.head.bias
        logits = np.einsum("kc,cyx->kyx", weight.detach()[:, :, 0, 0], features[0])
        logits += bias.detach().numpy()[:, None, None]
        shares = np.exp(logits) / np.exp(logits).sum(0)
        assert shares == pytest.approx(model.probabilities(tiles)[0], abs=1e-4)
    else:
        assert model.importance.sum() == pytest.approx(1)


def test_each_training_polygon_gives_as_many_pixels(models, tmp_path):
    made = sample(seed=1)
    tensors = sample_reference(models["forest"], [made], ["33UUU"], TABLE)
    assert len(tensors["features"]) == 12 * (2000 // 12)
    assert len(set(tensors["squares"])) == 8
    trained = made.reflectance[:, made.splits == 0].T
    known = {row.tobytes() for row in np.ascontiguousarray(trained)}
    assert all(row.tobytes() in known for row in tensors["features"])


def test_a_reference_belongs_to_its_weights(models, tmp_path):
    tensors = sample_reference(models["forest"], [sample(seed=1)], ["33UUU"], TABLE)
    write_reference(tmp_path / "r.safetensors", tensors, "abc")
    assert read_reference(tmp_path / "r.safetensors", "abc").threshold > 0
    with pytest.raises(InputError, match="belongs to other weights"):
        read_reference(tmp_path / "r.safetensors", "abd")
    (tmp_path / "r.safetensors").write_bytes(b"none")
    with pytest.raises(InputError, match="not a reference"):
        read_reference(tmp_path / "r.safetensors", "abc")


@pytest.mark.parametrize("kind", ["forest", "segment"])
def test_strange_ground_is_outside(models, kind, tmp_path):
    """A map of the training block, one corner of which looks like nothing that was learnt."""
    made, model = sample(seed=1), models[kind]
    image = np.nan_to_num(made.reflectance, nan=0.2)
    image[:, 80:110, 80:110] = 0.9
    write_reference(
        tmp_path / "r.safetensors", sample_reference(model, [made], ["33UUU"], TABLE), "x"
    )
    known = read_reference(tmp_path / "r.safetensors", "x")
    ground, found = CubeGround([made_cube(image)], SIGNATURE.bands), {}
    for window_px in (64, 128):
        out = tmp_path / f"{window_px}.tif"
        share = measure_applicability(model, known, ground, out, window_px, Place(), "mark")
        with rasterio.open(out) as raster:
            found[window_px] = raster.read(1)
            assert float(raster.tags(1)["threshold"]) == pytest.approx(known.threshold, rel=1e-4)
            assert raster.descriptions == ("dissimilarity, as a share of the threshold",)
        assert cog_validate(out, strict=True, quiet=True)[0]
    assert np.array_equal(found[64], found[128])
    inside = found[64] <= 100
    assert inside[made.splits == 0].mean() > 0.8
    assert not inside[85:105, 85:105].any()
    assert share == pytest.approx(inside.mean())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["128.tif", "64.tif", "r.safetensors"]

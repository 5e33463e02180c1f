"""A map's bits depend on the cube and the model alone: not on windows, batches, kills or luck."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
import xarray as xr
from scipy.ndimage import uniform_filter

from landscribe.cards import Model
from landscribe.command import InputError
from landscribe.formats.cubes import cube_grid
from landscribe.formats.rasters import PROBABILITY_NODATA, PROBABILITY_SCALE, raster_grid
from landscribe.grid import Grid
from landscribe.imagery import channels
from landscribe.imagery.composite import composite
from landscribe.mapping import tiled
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.predict import Place, bring, fingerprint, predict_block, predict_windows
from landscribe.mapping.windows import windows
from landscribe.models import forest
from landscribe.training.checkpoints import save_model
from landscribe.training.predictor import Sample, Signature, TileSettings, Work

BANDS = ("B02", "B08")
SIGNATURE = Signature(BANDS, (0.49, 0.83), (1, 2, 5), 10.0)
GRID = Grid(32633, 330000, 5822040, 420, 300, 10)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def made_cube(grid: Grid = GRID, times: int = 2, seed: int = 0) -> xr.Dataset:
    """Cube of noise, with cloudy patches; the upper left corner was never seen."""
    rng = np.random.default_rng(seed)
    shape = (grid.height, grid.width)
    mask = np.where(uniform_filter(rng.random((times, *shape)), (0, 9, 9)) > 0.53, 2, 1)
    mask[:, :40, :70] = 0
    return xr.Dataset(
        {
            "dn": (
                ("time", "band", "y", "x"),
                rng.integers(1, 10_000, (times, len(BANDS), *shape), dtype="uint16"),
                {"scale_factor": 1e-4, "add_offset": 0.0, "nodata": 0},
            ),
            "mask": (("time", "y", "x"), mask.astype("uint8")),
            "valid_count": (("y", "x"), (mask == 1).sum(0).astype("uint8")),
        },
        {
            "time": np.arange(times).astype("M8[D]").astype("M8[ns]"),
            "band": np.array(BANDS, dtype=object),
            "x": grid.west + grid.gsd_m * (np.arange(grid.width) + 0.5),
            "y": grid.north - grid.gsd_m * (np.arange(grid.height) + 0.5),
        },
    ).rio.write_crs(grid.crs)


@dataclass
class Fake:
    """Three classes from the mean of the first band within `radius_px`."""

    radius_px: int = 0
    settings: TileSettings = field(
        default_factory=lambda: TileSettings(tile_px=64, halo_px=12, blend=False, batch=3)
    )
    signature: Signature = SIGNATURE
    history: list = field(default_factory=list)
    batches: list = field(default_factory=list)

    def probabilities(self, tiles):
        self.batches.append(len(tiles))
        return np.stack([shares(tile[0], self.radius_px) for tile in tiles])

    def tensors(self):
        return {}


def shares(image: np.ndarray, radius_px: int) -> np.ndarray:
    """Class shares (class, y, x) of an image, mirrored at its edges."""
    mean = uniform_filter(np.nan_to_num(image), 2 * radius_px + 1, mode="mirror")
    odds = np.stack([np.exp(4 * mean), np.full_like(mean, 2), np.exp(2 - 4 * mean)])
    return (odds / odds.sum(0)).astype("float32")


class Convolved(Fake):
    """Untrained convolutions; bits differ wherever the order of their sums does."""

    def __init__(self, blend: bool):
        super().__init__(settings=TileSettings(tile_px=64, halo_px=16, blend=blend, batch=4))
        torch.manual_seed(0)
        sizes = zip((len(BANDS), 24, 24), (24, 24, 3), strict=True)
        layers = [torch.nn.Conv2d(i, o, 5, padding=2) for i, o in sizes]
        self.network = torch.nn.Sequential(*[part for x in layers for part in (x, torch.nn.Tanh())])

    def probabilities(self, tiles):
        with torch.inference_mode():
            told = self.network(torch.from_numpy(np.nan_to_num(tiles)))
            return (8 * told).softmax(1).numpy()


def predicted(model, cube, folder: Path, window_px: int = 128, batch: int = 1) -> np.ndarray:
    """Probabilities (class, y, x) uint16 of a whole cube."""
    out = folder / "block/probabilities.tif"
    predict_block(model, CubeGround((cube,), BANDS), out, window_px, Place(batch=batch), "mark")
    with rasterio.open(out) as raster:
        return raster.read()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def tiny_disk(folder: Path, size_kb: int):
    """A disk of its own, nearly full from the start."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kb}k", "tmpfs", str(folder)]
    if (
        not sys.platform.startswith("linux")
        or subprocess.run(mount, capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("blend", [True, False])
@pytest.mark.parametrize("times", [1, 3])
def test_a_model_of_single_pixels_gives_each_its_own_value(tmp_path, blend, times):
    cube = made_cube(times=times)
    model = Fake(settings=TileSettings(tile_px=64, halo_px=12, blend=blend))
    found = predicted(model, cube, tmp_path)
    image = composite(cube).values
    seen = np.isfinite(image).all(0)
    wanted = np.rint(shares(image[0], 0) / PROBABILITY_SCALE)
    assert 0 < seen.mean() < 1
    assert (found[:, ~seen] == PROBABILITY_NODATA).all()
    np.testing.assert_allclose(found[:, seen], wanted[:, seen], atol=1)
    assert abs(found[:, seen].astype(int).sum(0) - 10_000).max() <= len(SIGNATURE.classes)


@pytest.mark.parametrize("radius_px", [1, 12])
def test_a_halo_as_wide_as_the_context_leaves_no_seams(tmp_path, radius_px):
    cube = made_cube()
    image = composite(cube).values
    found = predicted(Fake(radius_px), cube, tmp_path).astype(int)
    seen = np.isfinite(image).all(0)
    wanted = np.rint(shares(image[0], radius_px) / PROBABILITY_SCALE)
    assert abs(found - wanted)[:, seen].max() <= 1


def test_blending_leaves_no_steps_where_tiles_disagree(tmp_path):
    """Tiles of a constant each: blended, neighbours differ by one step of a ramp at most."""

    class Moody(Fake):
        def probabilities(self, tiles):
            mood = np.nan_to_num(tiles[:, :1]).mean((1, 2, 3), keepdims=True) * 50 % 1
            return np.concatenate([mood, 1 - mood], 1) * np.ones((1, 1, 64, 64), "float32")

    signature = Signature(BANDS, SIGNATURE.wavelengths_um, (1, 2), 10.0)
    model = Moody(settings=TileSettings(tile_px=64, halo_px=16), signature=signature)
    cube = made_cube(times=1)
    cube.mask[:] = 1
    found = predicted(model, cube, tmp_path)[0].astype(int)
    assert found.std() > 500
    assert abs(np.diff(found, axis=1)).max() <= 10_000 / (2 * 16) + 1


@pytest.mark.parametrize("blend", [True, False])
@pytest.mark.parametrize("batch", [1, 4])
def test_bits_do_not_depend_on_windows(tmp_path, blend, batch):
    cube, model = made_cube(), Convolved(blend)
    digests = set()
    for window_px in (128, 192, 256, 1024):
        predicted(model, cube, tmp_path / str(window_px), window_px, batch)
        digests.add(digest(tmp_path / f"{window_px}/block/probabilities.tif"))
    assert len(digests) == 1


def test_bits_do_not_depend_on_the_order_of_windows():
    cube, model = made_cube(), Convolved(blend=True)
    every = windows(GRID.height, GRID.width, 128)
    forth, back = {}, {}
    for found, todo in ((forth, every), (back, every[::-1])):
        place = Place(batch=2)
        predict_windows(model, CubeGround((cube,), BANDS), every, todo, place, found.__setitem__)
    assert all((forth[window] == back[window]).all() for window in every)


def test_tiles_are_predicted_once_where_there_is_room_to_hold_them(tmp_path, monkeypatch):
    model, cube = Fake(), made_cube()
    cube.mask[:] = 1
    found = predicted(model, cube, tmp_path)
    assert len(model.batches) == -(-300 // 40) * -(-420 // 40)
    monkeypatch.setattr(tiled, "_HELD_BYTES", 0)
    tight = Fake()
    assert (found == predicted(tight, cube, tmp_path)).all()
    assert len(tight.batches) > len(model.batches)


def test_a_model_always_gets_the_same_number_of_tiles(tmp_path):
    class Crowded(Fake):
        """Its numbers depend on how many tiles it gets, as those of some devices do."""

        def probabilities(self, tiles):
            found = super().probabilities(tiles)
            return found if len(tiles) == 3 else found[:, ::-1]

    model, cube = Crowded(), made_cube()
    found = predicted(model, cube, tmp_path, batch=3)
    assert set(model.batches) == {3}
    assert (found == predicted(Fake(), cube, tmp_path, 256, batch=1)).all()


def test_ground_that_was_not_observed_never_reaches_the_model(tmp_path):
    cube, model = made_cube(), Fake()
    cube.mask[:, :, :256] = 2
    found = predicted(model, cube, tmp_path, 128)
    assert (found[:, :, :256] == PROBABILITY_NODATA).all()
    tiles_down, tiles_across = -(-300 // 40), -(-420 // 40)
    with_ground = sum((tile + 1) * 40 + 12 > 256 for tile in range(tiles_across))
    assert sum(model.batches) < tiles_down * (with_ground + 4)
    cube.mask[:] = 0
    nothing = Fake()
    assert (predicted(nothing, cube, tmp_path) == PROBABILITY_NODATA).all()
    assert nothing.batches == []


def test_the_raster_says_what_it_holds(tmp_path):
    predicted(Fake(), made_cube(), tmp_path)
    with rasterio.open(tmp_path / "block/probabilities.tif") as raster:
        assert raster_grid(raster) == GRID
        assert raster.descriptions == ("class 1", "class 2", "class 5")
        assert (raster.nodata, set(raster.dtypes)) == (PROBABILITY_NODATA, {"uint16"})
        assert set(raster.scales) == {PROBABILITY_SCALE}
    assert [p.name for p in (tmp_path / "block").iterdir()] == ["probabilities.tif"]


def test_a_stopped_run_goes_on_and_ends_with_the_same_bits(tmp_path, capsys):
    class Stopped(Fake):
        def probabilities(self, tiles):
            if len(self.batches) == 40:
                raise KeyboardInterrupt
            return super().probabilities(tiles)

    cube, model, out = made_cube(), Fake(), tmp_path / "block/probabilities.tif"
    predicted(model, cube, tmp_path / "alone")
    ground = CubeGround((cube,), BANDS)
    with pytest.raises(KeyboardInterrupt):
        predict_block(Stopped(), ground, out, 128, Place(), "mark")
    (folder,) = out.parent.iterdir()
    done = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert 0 < len(done) < 12
    again = Fake()
    predict_block(again, ground, out, 128, Place(), "mark")
    assert f"kept {len(done)} of 12 windows from an earlier run" in capsys.readouterr().out
    assert len(again.batches) < len(model.batches)
    assert digest(out) == digest(tmp_path / "alone/block/probabilities.tif")
    assert [p.name for p in out.parent.iterdir()] == ["probabilities.tif"]


def test_windows_of_another_fingerprint_are_thrown_away(tmp_path, capsys):
    block = tmp_path / "block"
    (block / "windows-other").mkdir(parents=True)
    (block / "windows-other/000000-000000.npy").touch()
    (block / ".0a1b2c3d.probabilities.tif").touch()
    (block / "notes.txt").touch()
    predicted(Fake(), made_cube(), tmp_path)
    assert "kept" not in capsys.readouterr().out
    assert sorted(p.name for p in block.iterdir()) == ["notes.txt", "probabilities.tif"]


def test_a_fingerprint_changes_with_all_that_can_change_a_bit(tmp_path):
    saved(tmp_path)
    files = [tmp_path / name for name in ("model.safetensors", "model.json", "cube.zarr")]
    named = (tuple(files[:2]), files[2:], [])
    usual = (128, Place(threads=2))
    others = [(256, usual[1]), (128, Place()), (128, Place(threads=2, dtype="bfloat16"))]
    marks = {fingerprint(*named, *settings) for settings in (usual, *others)}
    marks.add(fingerprint(named[0], files[2:] * 2, [], *usual))
    marks.add(fingerprint(named[0], files[2:], files[2:], *usual))
    for path in (files[0], files[1], files[2] / "mask/zarr.json"):
        text = path.read_bytes()
        path.write_bytes(text + b" ")
        marks.add(fingerprint(*named, *usual))
        path.write_bytes(text)
    assert len(marks) == 9
    assert fingerprint(*named, *usual) in marks


def test_a_cube_of_other_pixels_is_refused(tmp_path):
    cube = made_cube(Grid(32633, 330000, 5822040, 60, 60, 20))
    with pytest.raises(InputError, match="pixels of 20 m, but the model learnt from 10 m"):
        predicted(Fake(), cube, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_gives_no_number_is_refused(tmp_path):
    class Broken(Fake):
        def probabilities(self, tiles):
            return super().probabilities(tiles) * np.float32(np.nan)

    with pytest.raises(InputError, match="gives no number for some pixels"):
        predicted(Broken(), made_cube(), tmp_path)
    assert not (tmp_path / "block/probabilities.tif").exists()


def test_a_missing_device_is_told():
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(InputError, match="no CUDA device"):
        bring(Fake(), "cuda")
    assert bring(Fake(), "cpu") == bring(Fake(), "auto") == Place("cpu", 1)


@pytest.mark.parametrize("size_kb", [200, 1000])  # full while windows are kept, or at the raster
def test_a_full_disk_leaves_no_part_of_a_raster(tmp_path, size_kb):
    cube = made_cube()
    with tiny_disk(tmp_path / "disk", size_kb) as disk:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)) as caught:
            predicted(Fake(), cube, disk)
        assert caught.value.errno == errno.ENOSPC
        assert [p.name for p in (disk / "block").iterdir()] == ["windows-mark"]


def saved(folder: Path, grid: Grid = GRID) -> None:
    """A model and a cube on disk, as the steps before leave them."""
    rng = np.random.default_rng(0)
    classes = np.repeat(np.array(SIGNATURE.classes, "uint8"), 60).reshape(3, 60)
    image = rng.normal(classes / 10, 0.1, (len(BANDS), 3, 60)).astype("float32")
    sample = Sample(image, classes, classes.astype("uint32"), np.zeros((3, 60), "uint8"))
    settings = forest.Settings(trees=2, context=False, tile_px=128, halo_px=16, blend=True)
    model = forest.train([sample], SIGNATURE, settings, Work(folder, 1, "cpu", 0))
    card = Model(title="Forest", kind="forest")
    save_model(folder / "model.safetensors", folder / "model.json", card, model, {})
    made_cube(grid).to_zarr(folder / "cube.zarr", zarr_format=3, consolidated=False)


def command(folder: Path, out: str) -> list[str]:
    return [
        *(sys.executable, "-m", "scripts.predict_block"),
        *("--weights", str(folder / "model.safetensors")),
        *("--description", str(folder / "model.json")),
        *("--cubes", str(folder / "cube.zarr")),
        *("--out", str(folder / out / "probabilities.tif")),
        *("--window-px", "128", "--threads", "1"),
    ]


def test_a_killed_command_goes_on_and_ends_with_the_same_bits(tmp_path):
    saved(tmp_path, Grid(32633, 330000, 5822040, 1200, 800, 10))
    run = subprocess.Popen(command(tmp_path, "killed"), stderr=subprocess.DEVNULL)
    while len(list(tmp_path.glob("killed/windows-*/[0-9]*.npy"))) < 3:
        assert run.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    kept = len(list(tmp_path.glob("killed/windows-*/[0-9]*.npy")))
    assert 3 <= kept < 70
    done = {}
    for out in ("killed", "alone"):
        done[out] = subprocess.run(command(tmp_path, out), capture_output=True, text=True)
        assert done[out].returncode == 0, done[out].stderr
        assert [p.name for p in (tmp_path / out).iterdir()] == ["probabilities.tif"]
    assert f"kept {kept} of 70 windows from an earlier run" in done["killed"].stdout
    assert "predict windows" in done["alone"].stderr
    assert "3 classes, " in done["alone"].stdout
    pair = [digest(tmp_path / out / "probabilities.tif") for out in ("killed", "alone")]
    assert pair[0] == pair[1]


def test_a_cube_without_a_band_ends_in_one_message(tmp_path):
    saved(tmp_path)
    made_cube().isel(band=[0]).to_zarr(
        tmp_path / "cube.zarr", mode="w", zarr_format=3, consolidated=False
    )
    done = subprocess.run(command(tmp_path, "out"), capture_output=True, text=True)
    assert done.returncode == 1
    assert "no band B08 in the cubes of a block: " in done.stderr
    assert "cube.zarr has B02; name the cubes of all sensors" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_reading_by_strips_is_reading_at_once(monkeypatch):
    cube = made_cube(times=3)
    monkeypatch.setattr(channels, "_STRIP_VALUES", 1)
    monkeypatch.setattr(channels, "CHUNK_PX", 32)
    found = CubeGround((cube,), BANDS).read(slice(17, 111), slice(60, 222))
    wanted = composite(cube.isel(y=slice(17, 111), x=slice(60, 222)))
    np.testing.assert_array_equal(found, wanted.values)
    assert cube_grid(cube) == GRID


_MEASURE = """
import sys
from pathlib import Path
from landscribe.formats.cubes import read_cube
from landscribe.mapping import tiled
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.predict import Place, predict_block
from landscribe.training.predictor import TileSettings
from tests.test_predict import BANDS, Fake
folder = Path(sys.argv[1])
model = Fake(settings=TileSettings(tile_px=256, halo_px=16))
tiled._HELD_BYTES = 2**22  # less than the whole small raster
ground = CubeGround((read_cube(folder / "cube.zarr"),), BANDS)
predict_block(model, ground, folder / "p.tif", 256, Place(), "mark")
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) / 2**10)  # not ru_maxrss, which begins with the parent's
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_bounded_by_the_window(tmp_path):
    peaks_mb = []
    for width, height in ((1024, 512), (4096, 2048)):
        folder = tmp_path / str(width)
        cube = made_cube(Grid(32633, 330000, 5822040, width, height, 10), times=1)
        chunks = {
            "dn": {"chunks": (1, 1, 256, 256)},
            "mask": {"chunks": (1, 256, 256)},
            "valid_count": {"chunks": (256, 256)},
        }
        cube.to_zarr(folder / "cube.zarr", zarr_format=3, consolidated=False, encoding=chunks)
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(folder)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        peaks_mb.append(float(done.stdout))
    raster_mb = 4096 * 2048 * len(SIGNATURE.classes) * 4 / 2**20
    assert peaks_mb[1] - peaks_mb[0] < raster_mb / 2  # of them CACHE_BYTES that GDAL fills

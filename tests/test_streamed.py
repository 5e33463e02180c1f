"""A map that is made row by row: that of the whole image, whatever the windows, kills and gaps."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.formats.rasters import PROBABILITY_NODATA
from landscribe.grid import Grid
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.predict import Place, map_windows, predict_block, predict_windows
from landscribe.mapping.stored import stored
from landscribe.models import segment
from tests.made_network import made_network
from tests.test_predict import BANDS, SIGNATURE, digest, made_cube

GRID = Grid(32633, 330000, 5822040, 421, 307, 10)  # sides that no network can halve


@pytest.fixture(scope="module")
def model():
    return made_network()


@pytest.fixture(scope="module")
def ground():
    cube = made_cube(GRID)
    cube.mask[:, 100:190] = 0  # across the whole width, as a lost scene
    return CubeGround((cube,), BANDS)


def whole(model, ground) -> np.ndarray:
    """Probabilities (class, y, x) uint16 in one pass."""
    image = ground.read(slice(0, GRID.height), slice(0, GRID.width))
    return stored(model.probabilities(image[None])[0], np.isfinite(image).all(0))


def predicted(model, ground, window_px, place=None, every_other=False) -> np.ndarray:
    """Probabilities window by window; 0 where there is none."""
    found = np.zeros((3, GRID.height, GRID.width), "uint16")

    def keep(window, pixels):
        assert not found[:, window.rows, window.cols].any(), "a window came twice"
        found[:, window.rows, window.cols] = pixels

    place = place or Place()
    every = map_windows(model, GRID, window_px, place)
    todo = every[1::2] if every_other else every
    predict_windows(model, ground, every, todo, place, keep)
    return found


@pytest.mark.parametrize("window_px", [1024, 128, 32])
def test_the_map_is_that_of_the_whole_image(model, ground, window_px):
    found, wanted = predicted(model, ground, window_px), whole(model, ground)
    missing = wanted == PROBABILITY_NODATA
    assert missing.any() and ((found == PROBABILITY_NODATA) == missing).all()
    assert np.abs(found.astype(int) - wanted).max() <= 1  # of 10,000: sums in another order
    assert (found.argmax(0) == wanted.argmax(0)).mean() > 0.999


@pytest.mark.parametrize("window_px", [128, 32])
@pytest.mark.parametrize("threads", [1, 3])
def test_bits_do_not_depend_on_what_was_done_before_or_at_the_same_time(
    model, ground, window_px, threads, monkeypatch
):
    place = Place(threads=threads)
    monkeypatch.setattr("landscribe.mapping.predict._STEP_PIXELS", {"cpu": 2**12})
    every = map_windows(model, GRID, window_px, place)
    assert len({window.left for window in every}) > 1 or window_px == 128
    assert len(every) > 4
    found = predicted(model, ground, window_px)
    some = predicted(model, ground, window_px, place, every_other=True)
    there = some > 0
    assert 0.2 < there.mean() < 0.8
    assert (some[there] == found[there]).all()


def test_windows_cover_the_ground_once(model):
    for window_px in (16, 100, 384, 1024):
        for width in (8, 100, 1536, 10980):
            grid = Grid(32633, 0, 0, width, 700, 10)
            seen = np.zeros((grid.height, grid.width), int)
            for window in map_windows(model, grid, window_px, Place()):
                seen[window.rows, window.cols] += 1
            assert (seen == 1).all()


def test_ground_that_was_not_observed_never_reaches_the_model(ground, model):
    cube = made_cube(GRID)
    cube.mask[:] = 0

    class Deaf(segment.Predictor):
        def stream(self, image, height, dtype, features=False):
            raise AssertionError("nothing was to be seen")

    deaf = Deaf(model.network, SIGNATURE, model.settings, [])
    assert (predicted(deaf, CubeGround((cube,), BANDS), 128) == PROBABILITY_NODATA).all()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_model_that_gives_no_number_is_refused(model, ground, threads, tmp_path):
    broken = segment.UNet(len(BANDS), 3, model.settings)
    broken.head.bias.data.fill_(np.nan)
    broken = segment.Predictor(broken, SIGNATURE, model.settings, [])
    with pytest.raises(InputError, match="gives no number"):
        predict_block(broken, ground, tmp_path / "p.tif", 64, Place(threads=threads), "mark")
    assert not (tmp_path / "p.tif").exists()


def test_a_stopped_run_goes_on_and_ends_with_the_same_bits(
    model, ground, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("landscribe.mapping.predict._STEP_PIXELS", {"cpu": 2**12})

    class Stopped(segment.Predictor):
        asked = 0

        def stream(self, image, height, dtype, features=False):
            inner = super().stream(image, height, dtype)

            def stream(first, stop):
                Stopped.asked += 1
                if Stopped.asked == 20:
                    raise KeyboardInterrupt
                return inner(first, stop)

            return stream

    outs = [tmp_path / name / "p.tif" for name in ("alone", "stopped")]
    predict_block(model, ground, outs[0], 64, Place(), "mark")
    stopped = Stopped(model.network, SIGNATURE, model.settings, [])
    with pytest.raises(KeyboardInterrupt):
        predict_block(stopped, ground, outs[1], 64, Place(), "mark")
    predict_block(model, ground, outs[1], 64, Place(), "mark")
    assert "from an earlier run" in capsys.readouterr().out
    assert digest(outs[0]) == digest(outs[1])


def test_bfloat16_gives_nearly_the_same_map(model, ground):
    rough = predicted(model, ground, 1024, Place(dtype="bfloat16"))
    fine = predicted(model, ground, 1024)
    assert np.abs(rough.astype(int) - fine)[fine != PROBABILITY_NODATA].max() < 1500  # of 10,000
    assert (rough.argmax(0) == fine.argmax(0)).mean() > 0.95

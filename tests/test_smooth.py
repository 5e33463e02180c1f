"""A smoothed map is like the raw one, the same whatever the windows, and says how it was made."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rio_cogeo import cog_validate

from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.mapping import smooth
from landscribe.mapping.draw import draw_map
from landscribe.mapping.neighbours import bayes
from landscribe.mapping.smooth import RawFiles, least_pixels, smooth_map
from landscribe.mapping.smoothed import read_smoothing
from landscribe.smoothing import Smoothing
from tests.test_cog import (
    AS_IS,
    CARD,
    LEGEND,
    files_in,
    made_cube,
    made_probabilities,
    write_probabilities,
)

GRID = Grid(32633, 330000, 5822040, 170, 140, 10)
BAYES = Smoothing(method="bayes", window_px=5, mmu_ha=0.2)


def made() -> np.ndarray:
    """Probabilities with noise in them, so that there is something to smooth."""
    pixels = made_probabilities(GRID).astype("int64")
    observed = pixels[0] <= 10_000
    noise = np.random.default_rng(9).integers(0, 6000, pixels.shape)
    pixels = np.where(observed, (pixels + noise) * 10_000 // (pixels + noise).sum(0), 65535)
    pixels[:, :, :30] = 65535
    return pixels.astype("uint16")


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> RawFiles:
    folder = tmp_path_factory.mktemp("raw")
    source = write_probabilities(folder / "probabilities.tif", made(), GRID)
    draw_map(source, made_cube(GRID), LEGEND, AS_IS, files_in(folder))
    return RawFiles(folder / "classes.tif", source)


def layer(path: Path) -> np.ndarray:
    with rasterio.open(path) as raster:
        return raster.read(1)


@pytest.mark.parametrize("method", ["bayes", "majority", "none"])
def test_windows_and_strips_leave_no_trace(raw, tmp_path, monkeypatch, method):
    how = BAYES.model_copy(update={"method": method})
    smooth_map(raw, LEGEND, how, tmp_path / "whole.tif")
    monkeypatch.setattr(smooth, "STRIP_PX", 37)
    smooth_map(raw, LEGEND, how, tmp_path / "parts.tif", window_px=23)
    assert (tmp_path / "whole.tif").read_bytes() == (tmp_path / "parts.tif").read_bytes()


def test_without_a_unit_it_is_the_smoothed_whole(raw, tmp_path):
    how = Smoothing(method="bayes")
    before = layer(raw.classes)
    changed = smooth_map(raw, LEGEND, how, tmp_path / "s.tif", window_px=50)
    found = layer(tmp_path / "s.tif")
    np.testing.assert_array_equal(found, bayes(made(), before, LEGEND, how))
    assert changed == pytest.approx((found != before).sum() / (before != NODATA).sum())
    assert changed > 0.01


def test_it_says_all_that_the_raw_map_says(raw, tmp_path):
    before = raw.classes.read_bytes()
    smooth_map(raw, LEGEND, BAYES, tmp_path / "s.tif")
    assert cog_validate(tmp_path / "s.tif", strict=True, quiet=True) == (True, [], [])
    with rasterio.open(raw.classes) as one, rasterio.open(tmp_path / "s.tif") as other:
        assert one.profile == other.profile and one.overviews(1) == other.overviews(1)
        assert one.colormap(1) == other.colormap(1)
        assert (one.tags(1), one.descriptions) == (other.tags(1), other.descriptions)
    aux = raw.classes.with_name("classes.tif.aux.xml")
    assert aux.read_bytes() == (tmp_path / "s.tif.aux.xml").read_bytes()
    assert read_smoothing(tmp_path / "s.tif") == BAYES.model_dump()
    assert raw.classes.read_bytes() == before
    with pytest.raises(InputError, match="does not say how it was smoothed"):
        read_smoothing(raw.classes)


def test_nodata_stays_and_nothing_else_becomes_it(raw, tmp_path):
    smooth_map(raw, LEGEND, BAYES, tmp_path / "s.tif")
    missing = layer(raw.classes) == NODATA
    assert 0.1 < missing.mean() < 0.5
    np.testing.assert_array_equal(layer(tmp_path / "s.tif") == NODATA, missing)


def test_a_unit_in_hectares_is_whole_pixels():
    assert [least_pixels(ha, 10) for ha in (0, 0.01, 0.5, 0.501, 25)] == [0, 1, 50, 51, 2500]
    assert least_pixels(0.9, 30) == 10


def test_rasters_that_do_not_fit_are_refused(raw, tmp_path):
    out = tmp_path / "s.tif"
    with pytest.raises(InputError, match="class 8, but the legend has class 1, class 2; predict"):
        smooth_map(raw, LEGEND[:2], BAYES, out)
    with pytest.raises(InputError, match="no raster"):
        smooth_map(RawFiles(tmp_path / "none.tif", raw.probabilities), LEGEND, BAYES, out)
    other = write_probabilities(tmp_path / "p.tif", made()[:, :-1], Grid(32633, 0, 0, 170, 139, 10))
    with pytest.raises(InputError, match="lies on .* draw the map again"):
        smooth_map(RawFiles(raw.classes, other), LEGEND, BAYES, out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p.tif"]


def test_the_command_tells_how_much_changed(raw, tmp_path):
    flags = ["--task", CARD, "--classes", raw.classes, "--probabilities", raw.probabilities]
    flags += "--method majority --window-px 3 --mmu-ha 0.1 --out".split()
    command = [sys.executable, "-m", "scripts.smooth_map", *flags, tmp_path / "s.tif"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "% of the mapped pixels have another class" in done.stdout
    how = Smoothing(method="majority", window_px=3, mmu_ha=0.1)
    assert read_smoothing(tmp_path / "s.tif") == how.model_dump()

"""Models see each period of each sensor, in one order, whatever parts a block is read in."""

import dataclasses

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.formats.contract import channel_names
from landscribe.formats.cubes import cube_periods, read_cubes
from landscribe.imagery import channels as module
from landscribe.imagery.channels import read_channels
from landscribe.imagery.composite import composite
from landscribe.mapping.cube_ground import CubeGround, block_ground
from landscribe.training.data import Tiles
from landscribe.training.predictor import Sample, Signature
from tests.made_series import BANDS, EYE, GRID, PERIODS, made_cubes, write_cubes

WHOLE = slice(0, GRID.height), slice(0, GRID.width)
SIGNATURE = Signature(BANDS, (0.5,) * 4, (1, 2, 5), 10.0, PERIODS)


def brute(cubes):
    """Channels (channel, y, x) pixel by pixel."""
    found = np.full((len(PERIODS), len(BANDS), GRID.height, GRID.width), np.nan)
    for cube in cubes:
        days = cube.time.values.astype("M8[D]").astype(int)
        numbers, mask, told = cube.dn.values, cube.mask.values, cube.dn.attrs
        for row, col in np.ndindex(GRID.height, GRID.width):
            seen = mask[:, row, col] == 1
            for at, name in enumerate(cube.band.values if seen.any() else ()):
                values = numbers[:, at, row, col] * told["scale_factor"] + told["add_offset"]
                line = np.interp(days, days[seen], values[seen])
                found[:, BANDS.index(name), row, col] = line
    return found.reshape(-1, GRID.height, GRID.width)


def test_names_stand_by_period_then_band():
    found = channel_names(("B02", "VV"), ("05-01", "06-01"))
    assert found == ("05-01 B02", "05-01 VV", "06-01 B02", "06-01 VV")
    assert channel_names(("B02", "VV"), ()) == ("B02", "VV")
    assert SIGNATURE.channels[4:8] == tuple(f"06-01 {band}" for band in BANDS)
    assert SIGNATURE.radar.tolist() == [False, False, True, True] * 4


def test_channels_are_those_of_brute_force():
    cubes = made_cubes()
    found = read_channels(cubes, BANDS, PERIODS, *WHOLE)
    assert found.dtype == np.float32 and len(found) == len(SIGNATURE.channels)
    np.testing.assert_allclose(found, brute(cubes), atol=1e-4)
    gaps = (cubes[0].mask != 1).values
    assert np.isfinite(found[0][gaps[0]]).mean() > 0.5, "nothing was filled"
    assert np.isnan(found[:2, :6, :9]).all() and np.isfinite(found[:, 6:]).mean() > 0.99


def test_the_order_of_the_cubes_is_of_no_matter():
    one, two = made_cubes()
    found = read_channels([two, one], BANDS, PERIODS, *WHOLE)
    np.testing.assert_array_equal(found, read_channels([one, two], BANDS, PERIODS, *WHOLE))


def test_parts_and_strips_are_those_of_the_whole(monkeypatch):
    cubes = made_cubes()
    wanted = read_channels(cubes, BANDS, PERIODS, *WHOLE)
    monkeypatch.setattr(module, "_STRIP_VALUES", 1)
    monkeypatch.setattr(module, "CHUNK_PX", 16)
    found = CubeGround(cubes, BANDS, PERIODS).read(slice(5, 71), slice(30, 90))
    np.testing.assert_array_equal(found, wanted[:, 5:71, 30:90])


def test_without_periods_it_is_the_median_over_them():
    cubes = made_cubes()
    found = read_channels(cubes, BANDS, (), *WHOLE)
    np.testing.assert_array_equal(found, np.concatenate([composite(c).values for c in cubes]))


def test_only_composites_of_several_periods_have_periods():
    cube = made_cubes()[0]
    assert cube_periods(cube) == PERIODS
    assert cube_periods(cube.isel(time=[0])) == () == cube_periods(cube.drop_vars("gap_count"))


def test_the_year_is_of_no_matter_but_other_periods_are_told(tmp_path):
    paths = write_cubes(tmp_path, made_cubes(year=2021))
    assert len(read_cubes(paths, BANDS, PERIODS)) == 2
    with pytest.raises(InputError, match="from 05-01, .*, 08-01, but the model .* 05-01, 06-01; "):
        read_cubes(paths, BANDS, PERIODS[:2])
    raw = write_cubes(tmp_path / "raw", made_cubes(composed=False))
    for block, around in ((raw, ()), (paths, raw)):
        with pytest.raises(InputError, match="raw/eye/composites.zarr: has no periods, .*`season`"):
            block_ground(block, around, SIGNATURE)
    ground = block_ground(raw, paths, dataclasses.replace(SIGNATURE, periods=()))
    assert ground.channels == BANDS


def test_a_cube_without_wanted_bands_may_have_any_periods(tmp_path):
    _, ear = write_cubes(tmp_path / "raw", made_cubes(composed=False))
    eye, _ = write_cubes(tmp_path, made_cubes())
    (found,) = read_cubes([ear, eye], EYE, PERIODS)
    assert tuple(found.band.values) == EYE


def test_a_series_is_brightened_by_a_factor_and_a_radar_by_a_shift():
    side, image = 64, read_channels(made_cubes(), BANDS, PERIODS, slice(10, 74), slice(20, 84))
    image = np.nan_to_num(image, nan=1)
    classes, ids = np.full((side, side), 2, "uint8"), np.ones((side, side), "uint32")
    sample = Sample(image, classes, ids, np.zeros((side, side), "uint8"))
    tile = Tiles([sample], SIGNATURE, side, length=1, seed=3)[0][0].numpy()
    for before, after, radar in zip(image, tile, SIGNATURE.radar, strict=True):
        before, after = np.sort(before.ravel()), np.sort(after.ravel())  # it is turned, too
        change = after - before if radar else after / before
        assert np.ptp(change) < 1e-5 and abs(change[0] - (0 if radar else 1)) > 1e-4

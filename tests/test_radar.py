"""Radar cubes: speckle falls, edges and means stay, and no window's edge shows."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from landscribe.formats.cubes import MASK_CLEAR, MASK_MISSING, read_cube
from landscribe.imagery import stack
from landscribe.imagery.composite import composed, composite
from landscribe.imagery.masks import pixel_mask
from landscribe.imagery.radar import decibels, despeckled
from landscribe.provenance import file_digest
from landscribe.sensors import DECIBELS, Sensor
from tests.made_cube import BLOCK, scene

CARD = Sensor.read(Path("config/sensors/sentinel-1-rtc.yaml"))
LOOKS, WINDOW_PX = CARD.speckle.looks, CARD.speckle.window_px


def power_of(level):
    """Inverse of `decibels`; NaN where nodata."""
    return np.where(level == DECIBELS.nodata, np.nan, 10 ** (level * DECIBELS.scale / 10))


def speckled(power, seed):
    """Power (y, x) float32 under speckle of the card's looks: gamma, mean 1."""
    draws = np.random.default_rng(seed).gamma(LOOKS, 1 / LOOKS, power.shape)
    return (power * draws).astype("float32")


def lee_by_loops(power, looks, window_px):
    """Lee 1980 pixel by pixel, in plain words."""
    half, out = window_px // 2, np.full(power.shape, np.nan)
    for row, col in zip(*np.nonzero(np.isfinite(power)), strict=True):
        around = power[max(0, row - half) : row + half + 1, max(0, col - half) : col + half + 1]
        around = around[np.isfinite(around)].astype("float64")
        mean = around.mean()
        signal = max(0, (around.var() + mean**2) / (1 + 1 / looks) - mean**2)
        weight = signal / (mean**2 / looks + signal)
        out[row, col] = mean + weight * (power[row, col] - mean)
    return out


@pytest.mark.parametrize("window_px", [3, 7])
def test_the_filter_is_that_of_lee_whatever_is_missing(window_px):
    power = speckled(np.geomspace(0.001, 10, 400).reshape(20, 20), 0)
    power[3:9, 4:13] = np.nan
    power[15, 15] = np.nan
    power[0, :] = 0
    wanted = lee_by_loops(power[1:], LOOKS, window_px)
    np.testing.assert_allclose(despeckled(power[1:], LOOKS, window_px), wanted, rtol=1e-5)
    both = despeckled(np.stack([power, power * 2]), LOOKS, window_px)
    np.testing.assert_array_equal(both[0], despeckled(power, LOOKS, window_px))
    np.testing.assert_allclose(both[1], both[0] * 2, rtol=1e-5)
    assert both.dtype == np.float32


def test_level_ground_stays_level_beside_gaps():
    power = np.full((40, 40), 0.05, "float32")
    power[:, 20:] = np.nan
    np.testing.assert_allclose(despeckled(power, LOOKS, WINDOW_PX), power, rtol=1e-6)


def test_speckle_falls_fivefold_and_an_edge_stays_where_it_is():
    power = np.full((200, 200), 0.01)
    power[:, 100:] = 0.1  # 10 dB
    found = despeckled(speckled(power, 1), LOOKS, WINDOW_PX)
    for side in (np.s_[:, 5:95], np.s_[:, 105:195]):
        variance = np.var(speckled(power, 1)[side])
        assert np.var(found[side]) < variance / 5
        assert found[side].mean() == pytest.approx(power[side].mean(), rel=0.01)
    # The median of the rows crosses the middle between both sides within a pixel of the edge.
    across = 10 * np.log10(np.median(found, axis=0))
    assert np.flatnonzero(across > -15)[0] in (99, 100, 101)
    assert (across[:99] < -15).all() and (across[101:] > -15).all()


def test_decibels_are_hundredths_and_what_is_not_positive_is_none():
    power = np.array([1, 0.1, 0.02, 2, 0, -0.1, np.nan, np.inf, 1e-30, 1e30], "float32")
    level = decibels(power)
    none = DECIBELS.nodata
    assert level.dtype == np.int16
    assert level.tolist() == [0, -1000, -1699, 301, none, none, none, none, -6000, 6000]
    drawn = speckled(np.geomspace(1e-5, 1e5, 1000), 2)
    np.testing.assert_allclose(power_of(decibels(drawn)), drawn, rtol=10 ** (0.005 / 10) - 1 + 1e-6)


@pytest.mark.parametrize("band", [0, 1])
def test_real_speckle_falls_and_the_mean_power_stays(real_data, band):
    """TerraMesh's chips of Sentinel-1 RTC hold float32 decibels (VV, VH)."""
    paths = sorted((real_data / "dev_terramesh_s1s2" / "S1RTC").glob("*.tif"))
    if not paths:
        pytest.skip("LANDSCRIBE_DATA: no folder dev_terramesh_s1s2/S1RTC")
    for path in paths:
        with rasterio.open(path) as raster:
            level = raster.read(band + 1)
        assert level.dtype == np.float32 and -40 < np.median(level) < -5
        power = 10 ** (level / 10)
        found = despeckled(power, LOOKS, WINDOW_PX)
        assert found.mean() == pytest.approx(power.mean(), rel=0.02)
        before, after = variation(power), variation(found)
        level_ground = before < np.percentile(before, 25)
        assert np.median(after[level_ground] / before[level_ground]) < 0.5, path.name
        bright = power > np.percentile(power, 99.9)
        assert np.median(found[bright] / power[bright]) > 0.5, path.name


def variation(power):
    """Standard deviation / mean of each square of 14 px."""
    parts = power.reshape(16, 14, 16, 14)
    return parts.std((1, 3)) / parts.mean((1, 3))


def radar_scene(folder, day, seed, west_px=0, width_px=120, **properties):
    """Item of a radar scene, 12 px wider than the block on each side, and its power by band."""
    item, _ = scene(folder, day, seed)
    place = rasterio.transform.from_origin(329880 + 10 * west_px, 5821080, 10, 10)
    shape = {"height": 120, "width": width_px, "count": 1, "dtype": "float32", "nodata": -32768}
    powers, item["assets"] = {}, {}
    for name in CARD.band_names():
        power = speckled(np.full((120, width_px), 0.05 if name == "VV" else 0.01), seed)
        power[40:44, 30:50] = -32768
        path = folder / f"{day}_{seed}_{name}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", crs="EPSG:32633", transform=place, **shape
        ) as raster:
            raster.write(power, 1)
        powers[name] = np.where(power == -32768, np.nan, power)
        item["assets"][name] = {
            "href": str(path),
            "proj:epsg": 32633,
            "proj:code": "EPSG:32633",
            "proj:shape": [120, width_px],
            "proj:transform": list(place)[:6],
            "nodata": -32768,
        }
    item["id"], item["properties"] = f"radar-{day}-{seed}", item["properties"] | properties
    return item, powers


def test_a_cube_holds_filtered_decibels(tmp_path):
    (one, first), (two, second) = (radar_scene(tmp_path, day, day) for day in (1, 13))
    stack.write_cube(tmp_path / "x.zarr", [two, one], CARD, BLOCK)
    cube = read_cube(tmp_path / "x.zarr")
    assert cube.dn.dtype == np.int16
    wanted = {"scale_factor": 0.01, "add_offset": 0, "nodata": -32768, "units": "dB"}
    assert wanted.items() <= cube.dn.attrs.items()
    assert cube.band.values.tolist() == ["VV", "VH"]
    for time, powers in enumerate((first, second)):
        for band, power in powers.items():
            # The margin of the files beyond the block counts too.
            level = decibels(despeckled(power, LOOKS, WINDOW_PX))[12:-12, 12:-12]
            np.testing.assert_array_equal(cube.dn.sel(band=band).values[time], level)
    missing = np.isnan(first["VV"])[12:-12, 12:-12]
    assert missing.sum() == 80
    for mask in cube.mask.values:
        np.testing.assert_array_equal(mask, np.where(missing, MASK_MISSING, MASK_CLEAR))
    image = composite(cube)
    assert image.dtype == np.float32
    assert np.isnan(image.values[0][missing]).all()
    assert float(image.sel(band="VV").mean()) == pytest.approx(-13.01, abs=0.2)
    assert float(image.sel(band="VH").mean()) == pytest.approx(-20, abs=0.2)


@pytest.mark.parametrize("window_px", [32, 20])
def test_a_cube_does_not_depend_on_its_windows(tmp_path, monkeypatch, window_px):
    items = [radar_scene(tmp_path, day, day)[0] for day in (1, 13)]
    stack.write_cube(tmp_path / "whole.zarr", items, CARD, BLOCK)
    monkeypatch.setattr(stack, "SHARD_PX", window_px)
    stack.write_cube(tmp_path / "cut.zarr", items, CARD, BLOCK)
    assert file_digest(tmp_path / "cut.zarr") == file_digest(tmp_path / "whole.zarr")


def test_of_the_scenes_of_a_pass_the_first_counts_and_others_fill_it_up(tmp_path):
    """Each is filtered by itself: a neighbouring scene changes no pixel that the first saw."""
    one, west = radar_scene(tmp_path, 1, 1, width_px=60)
    two, east = radar_scene(tmp_path, 1, 2, west_px=50, width_px=70)
    stack.write_cube(tmp_path / "x.zarr", [two, one], CARD, BLOCK)
    cube = read_cube(tmp_path / "x.zarr")
    assert cube.sizes["time"] == 1
    level = np.full((120, 120), DECIBELS.nodata)
    level[:, 50:] = decibels(despeckled(east["VV"], LOOKS, WINDOW_PX))
    first = decibels(despeckled(west["VV"], LOOKS, WINDOW_PX))
    level[:, :60] = np.where(first == DECIBELS.nodata, level[:, :60], first)
    np.testing.assert_array_equal(cube.dn.values[0, 0], level[12:-12, 12:-12])


def test_without_a_filter_decibels_are_those_of_the_files(tmp_path):
    item, powers = radar_scene(tmp_path, 1, 1)
    plain = CARD.model_copy(update={"speckle": None})
    stack.write_cube(tmp_path / "x.zarr", [item], plain, BLOCK)
    found = read_cube(tmp_path / "x.zarr").dn.sel(band="VH").values[0]
    np.testing.assert_array_equal(found, decibels(powers["VH"])[12:-12, 12:-12])
    prints = {stack.fingerprint([item], card, BLOCK) for card in (CARD, plain)}
    wider = CARD.speckle.model_copy(update={"window_px": 9})
    prints.add(stack.fingerprint([item], CARD.model_copy(update={"speckle": wider}), BLOCK))
    assert len(prints) == 3


def test_a_pixel_that_one_polarization_lacks_is_missing():
    dn = np.array([[[-1200, DECIBELS.nodata]], [[-1900, -2000]]], "int16")
    assert pixel_mask(dn, None, CARD, gap=False).tolist() == [[MASK_CLEAR, MASK_MISSING]]


def test_medians_of_negative_numbers_round_to_the_nearest():
    dn = np.array([-1501, -1204, -32768, -1999], "int16")[:, None, None, None]
    days = np.array([5, 6, 7, 8])
    clear = (dn != DECIBELS.nodata)[:, 0]
    image, day = composed(dn, clear, days, "median", np.empty(0))
    assert (image.item(), day.item()) == (-1501, 6)
    clear[3] = False  # between -1501 and -1204: -1352.5, to the even one
    image, day = composed(dn, clear, days, "median", np.empty(0))
    assert image.dtype == np.int16
    assert image.item() == -1352

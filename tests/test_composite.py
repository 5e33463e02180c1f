"""Composites are what brute force makes of the clear observations, of a season or a period."""

from datetime import date

import numpy as np
import pytest

from landscribe.formats.cubes import (
    MASK_CLEAR,
    MASK_CLOUD,
    cube_grid,
    lay_out_cube,
    open_layers,
    read_cube,
)
from landscribe.imagery import composite as module
from landscribe.imagery.composite import Period, best_score, composite, periods, write_composites
from tests.made_cube import BLOCK, cube

DAYS = ("2020-05-30", "2020-06-02", "2020-06-12", "2020-06-19", "2020-06-25", "2020-08-03")
SUMMER = (date(2020, 5, 15), date(2020, 8, 20))


def test_it_equals_brute_force(tmp_path):
    path, _ = cube(tmp_path)
    data = read_cube(path)
    found = composite(data).values
    dn = np.where((data.mask.values == MASK_CLEAR)[:, None], data.dn.values, np.nan)
    seen = np.isfinite(dn).any(0)
    np.testing.assert_array_equal(np.isfinite(found), seen)
    middle = np.nanmedian(np.where(seen, dn, 0), axis=0)
    np.testing.assert_allclose(found[seen], middle[seen] * 1e-4, rtol=1e-5)
    assert found.dtype == np.float32


def test_a_part_equals_that_part_of_the_whole(tmp_path):
    for days in ((1,), (1, 11)):
        path, _ = cube(tmp_path / str(len(days)), days)
        data = read_cube(path)
        part = composite(data.isel(y=slice(5, 60), x=slice(0, 31))).values
        np.testing.assert_array_equal(part, composite(data).values[:, 5:60, :31])


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """Path of a cube of some days with clouds and holes."""
    path, rng = tmp_path_factory.mktemp("series") / "cube.zarr", np.random.default_rng(7)
    times = np.array(DAYS, "datetime64[s]")
    attrs = {"scale_factor": 1e-4, "add_offset": 0.0, "nodata": 0}
    grid = BLOCK.grid(10)
    lay_out_cube(path, grid, times, {"B02": 0.49, "B05": 0.7}, np.dtype("uint16"), attrs)
    size = (len(DAYS), 2, grid.height, grid.width)
    dn, masks, counts = open_layers(path, "dn", "mask", "valid_count")
    dn[:] = rng.integers(1, 9000, size)
    mask = rng.choice([1, 1, 1, 2, 0, 3], (len(DAYS), grid.height, grid.width)).astype("uint8")
    masks[:] = mask
    counts[:] = (mask == MASK_CLEAR).sum(0)
    return path


def observations(data, period):
    days = data.time.values.astype("datetime64[D]")
    inside = (days >= np.datetime64(period.first)) & (days <= np.datetime64(period.last))
    part = data.isel(time=np.flatnonzero(inside))
    return part.dn.values, part.mask.values, days[inside].astype(int)


def brute_force(dn, clear, days, method, score):
    """Image and day of one pixel, written without any trick."""
    seen = np.flatnonzero(clear)
    if not len(seen):
        return np.zeros(dn.shape[1], dn.dtype), 0
    if method == "median":
        image = np.rint(np.median(dn[seen].astype("float64"), axis=0))
        return image, sorted(days[seen])[(len(seen) - 1) // 2]
    if method == "medoid":
        away = [sum(np.linalg.norm(dn[a].astype(float) - dn[b]) for b in seen) for a in seen]
        chosen = seen[int(np.argmin(away))]
    else:
        chosen = seen[int(np.argmax(score[seen]))]
    return dn[chosen], days[chosen]


@pytest.mark.parametrize("method", module.METHODS)
@pytest.mark.parametrize("part_bytes", [module._PART_BYTES, 4000])
def test_periods_equal_brute_force(series, tmp_path, monkeypatch, method, part_bytes):
    monkeypatch.setattr(module, "_PART_BYTES", part_bytes)
    spans = periods(*SUMMER, "month")
    found = write_composites(tmp_path / "made.zarr", series, spans, method)
    data = read_cube(series)
    assert found.time.dt.month.values.tolist() == [5, 6, 7, 8]
    assert cube_grid(found) == cube_grid(data)
    when = found.day.values.astype("datetime64[D]").astype(int)
    for number, period in enumerate(spans):
        dn, mask, days = observations(data, period)
        score = best_score(mask, days, period) if len(days) else mask
        for y, x in np.random.default_rng(number).integers(0, 96, (40, 2)):
            clear = mask[:, y, x] == MASK_CLEAR
            image, day = brute_force(dn[:, :, y, x], clear, days, method, score[:, y, x])
            np.testing.assert_array_equal(found.dn.values[number, :, y, x], image)
            assert when[number, y, x] == day
            assert (found.mask.values[number, y, x] == MASK_CLEAR) == clear.any()
    empty = (found.mask.values != MASK_CLEAR).sum(0)
    np.testing.assert_array_equal(found.gap_count.values, empty)
    np.testing.assert_array_equal(found.valid_count.values, data.valid_count.values)


def test_seams_between_parts_cannot_be_seen(series, tmp_path, monkeypatch):
    spans = periods(*SUMMER, "season")
    whole = write_composites(tmp_path / "whole.zarr", series, spans, "best")
    monkeypatch.setattr(module, "_PART_BYTES", 4000)
    monkeypatch.setattr(module, "SHARD_PX", 96)
    parts = write_composites(tmp_path / "parts.zarr", series, spans, "best")
    np.testing.assert_array_equal(whole.dn.values, parts.dn.values)


def test_periods_cover_each_day_once():
    for step in ("10-day", "month", "season"):
        days = [
            ordinal
            for period in periods(*SUMMER, step)
            for ordinal in range(period.first.toordinal(), period.last.toordinal() + 1)
        ]
        assert days == list(range(SUMMER[0].toordinal(), SUMMER[1].toordinal() + 1))
    dekads = periods(date(2020, 2, 5), date(2020, 3, 1), "10-day")
    assert [p.first.day for p in dekads] == [5, 11, 21, 1]
    assert dekads[2].last == date(2020, 2, 29)


def test_the_best_observation_is_near_the_middle_and_far_from_clouds():
    period = Period(date(2020, 6, 1), date(2020, 6, 30))
    days = np.array([module._days(date(2020, 6, day)) for day in (2, 15, 29)])
    mask = np.full((3, 1, 200), MASK_CLEAR, "uint8")
    assert best_score(mask, days, period).argmax(0).tolist() == [[1] * 200]
    mask[1, 0, 0] = MASK_CLOUD
    score = best_score(mask, days, period)[1, 0]
    assert (np.diff(score) >= 0).all()
    assert score[60] == score[199] > score[30] > score[1]

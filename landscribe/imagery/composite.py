"""Composites: images of a season, or of each period of it, from a cube's clear observations."""

import calendar
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.ndimage import distance_transform_edt

from landscribe.command import written
from landscribe.formats.cubes import (
    MASK_CLEAR,
    MASK_CLOUD,
    MASK_MISSING,
    SHARD_PX,
    cube_grid,
    lay_out_cube,
    open_layers,
    read_cube,
    write_bands,
)
from landscribe.imagery.jobs import pool_or_thread, wait_for

_LAYERS = ("dn", "day", "mask", "gap_count", "valid_count")
METHODS = ("median", "medoid", "best")
STEPS = ("10-day", "month", "season")
_PART_BYTES = 2**26  # of observations that are composed at once
_FAR_PX = 50  # from a cloud: White et al. 2014, doi:10.1080/07038992.2014.945827, table 2
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Period:
    """Days that become one image, both included."""

    first: date
    last: date

    @property
    def middle(self) -> float:
        """Days since 1970-01-01."""
        return (_days(self.first) + _days(self.last)) / 2


def composite(cube: xr.Dataset) -> xr.DataArray:
    """Median reflectance (band, y, x) float32 over the clear observations, NaN where there is none.

    Of a radar it is backscatter [dB]. Works on any part of a cube (`cube.isel(y=..., x=...)`),
    whose native numbers it scales once.
    """
    clear = cube.mask == MASK_CLEAR
    if cube.sizes["time"] == 1:  # the median of one is itself: spare the copy
        middle = cube.dn.isel(time=0).where(clear.isel(time=0)).astype("float32")
    else:
        middle = cube.dn.where(clear).astype("float32").median("time", skipna=True)
    image = scaled(middle, cube.dn.attrs)
    return image.transpose("band", "y", "x").drop_vars("time", errors="ignore")


def scaled(numbers: xr.DataArray, attrs: dict) -> xr.DataArray:
    """Reflectance, of a radar decibels, float32 of native numbers with the attributes of `dn`."""
    factor, offset = np.float32(attrs["scale_factor"]), np.float32(attrs["add_offset"])
    return numbers.astype("float32", copy=False) * factor + offset


def periods(first: date, last: date, step: str) -> list[Period]:
    """Periods that cover a season: calendar months, their thirds (10-day), or all of it at once."""
    if step == "season":
        return [Period(first, last)]
    found, day = [], first
    while day <= last:
        end = _end(day, step)
        found.append(Period(day, min(end, last)))
        day = end + timedelta(days=1)
    return found


def write_composites(
    path: Path, cube: Path, spans: list[Period], method: str, pool: Executor | None = None
) -> xr.Dataset:
    """Build composites of a cube: its form is a cube's, with one image per period.

    Beside a cube's layers it has `day` (time, y, x), the day of acquisition (of a median: of the
    middle observation; 1970-01-01 where there is none), and `gap_count` (y, x) uint8, the number
    of periods without a clear observation.
    """
    data = read_cube(cube)
    windows = [
        (top, left)
        for top in range(0, data.sizes["y"], SHARD_PX)
        for left in range(0, data.sizes["x"], SHARD_PX)
    ]
    with written(path) as part, pool_or_thread(pool) as workers:
        _lay_out(part, data, spans)
        jobs = [workers.submit(_write_window, part, cube, spans, method, *at) for at in windows]
        wait_for(jobs, "compose periods", "window")
    return read_cube(path)


def _lay_out(path: Path, data: xr.Dataset, spans: list[Period]) -> None:
    times = np.array([period.first for period in spans], "datetime64[s]")
    bands = dict(zip(data.band.values.tolist(), data.wavelength_um.values.tolist(), strict=True))
    attrs = {name: value for name, value in data.dn.attrs.items() if name != "grid_mapping"}
    more = {"day": "uint16", "gap_count": "uint8"}
    lay_out_cube(path, cube_grid(data), times, bands, data.dn.dtype, attrs, more)


def composed(
    dn: np.ndarray, clear: np.ndarray, days: np.ndarray, method: str, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One image (band, y, x) of observations, in their dtype, and its day (y, x) uint16.

    Args:
        dn: (time, band, y, x) native numbers.
        clear: (time, y, x) bool; where no observation is clear the image is not defined, its day 0.
        days: (time) days since 1970-01-01.
        method: median of each band; medoid, the observation that is nearest to all others (Flood
            2013, doi:10.3390/rs5126481); best, that of the highest score.
        score: (time, y, x), for best.
    """
    if method == "median":
        return _median(dn, clear, days)
    choice = (_medoid(dn, clear) if method == "medoid" else np.where(clear, score, -1)).argmax(0)
    image = np.take_along_axis(dn, choice[None, None], 0)[0]
    return image, np.where(clear.any(0), days[choice], 0).astype("uint16")


def best_score(mask: np.ndarray, days: np.ndarray, period: Period) -> np.ndarray:
    """Score (time, y, x) of observations: near the middle of a period, and far from clouds.

    The sum of a bell over the days and an S-curve over the distance to the nearest cloud, after
    Griffiths et al. 2013, doi:10.1109/JSTARS.2012.2228167, section III.
    """
    width = max(1.0, ((period.last - period.first).days + 1) / 4)
    near = np.exp(-0.5 * ((days - period.middle) / width) ** 2)
    far = np.stack([_cloud_distance(one == MASK_CLOUD) for one in mask])
    clear_of = 1 / (1 + np.exp(-10 * (far / _FAR_PX - 0.5)))
    return near[:, None, None] + clear_of


def _cloud_distance(cloud: np.ndarray) -> np.ndarray:
    """Distance (y, x) to the nearest cloud [px], at most _FAR_PX."""
    if not cloud.any():
        return np.full(cloud.shape, float(_FAR_PX))
    return distance_transform_edt(~cloud).clip(max=_FAR_PX)


def _median(dn: np.ndarray, clear: np.ndarray, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median of each band, rounded, and the day of the middle observation (the earlier of two)."""
    count = clear.sum(0)  # (y, x)
    last = np.iinfo(dn.dtype).max
    low, high = np.maximum(count - 1, 0) // 2, count // 2
    image = np.empty(dn.shape[1:], dn.dtype)
    for band in range(dn.shape[1]):
        ordered = np.sort(np.where(clear, dn[:, band], last), axis=0)
        middle = [
            np.take_along_axis(ordered, at.clip(max=len(ordered) - 1)[None], 0)[0]
            for at in (low, high)
        ]
        image[band] = np.rint((middle[0].astype("float64") + middle[1]) / 2)
    seen = np.sort(np.where(clear, days[:, None, None], 65535), axis=0)
    day = np.take_along_axis(seen, low[None], 0)[0]
    return image, np.where(count > 0, day, 0).astype("uint16")


def _medoid(dn: np.ndarray, clear: np.ndarray) -> np.ndarray:
    """Minus the sum of distances (time, y, x) from each clear observation to all others."""
    total = np.zeros(clear.shape, "float32")
    values = dn.astype("float32")
    for one in range(len(dn)):
        for other in range(one):
            apart = np.sqrt(((values[one] - values[other]) ** 2).sum(0))
            apart *= clear[one] & clear[other]
            total[one] += apart
            total[other] += apart
    return np.where(clear, -total, -np.inf)


def _write_window(
    path: Path, cube: Path, spans: list[Period], method: str, top: int, left: int
) -> None:
    """Compose all periods in one window, in parts that fit the memory."""
    data = read_cube(cube)
    dn, days, masks, gaps, counts = open_layers(path, *_LAYERS)
    rows = slice(top, min(top + SHARD_PX, data.sizes["y"]))
    cols = slice(left, min(left + SHARD_PX, data.sizes["x"]))
    size = (rows.stop - rows.start, cols.stop - cols.start)
    empty = np.zeros(size, "uint8")
    for number, period in enumerate(spans):
        part = _during(data, period)
        image = np.full((data.sizes["band"], *size), data.dn.attrs["nodata"], data.dn.dtype)
        day, mask = np.zeros(size, "uint16"), np.full(size, MASK_MISSING, "uint8")
        if part.sizes["time"]:
            _compose_parts(part, period, method, (rows, cols), (image, day, mask))
        write_bands(dn, number, (rows, cols), image)
        days[number, rows, cols] = day
        masks[number, rows, cols] = mask
        empty += mask != MASK_CLEAR
    gaps[rows, cols] = empty
    counts[rows, cols] = data.valid_count[rows, cols].values


def _compose_parts(
    data: xr.Dataset,
    period: Period,
    method: str,
    place: tuple[slice, slice],
    out: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """Fill an image (band, y, x), its day and its mask (y, x) of one window."""
    rows, cols = place
    days = _day_numbers(data)
    row_bytes = data.dn[:, :, 0, cols].nbytes
    step = max(1, _PART_BYTES // row_bytes)
    image, day, mask = out
    for top in range(rows.start, rows.stop, step):
        strip = slice(top, min(top + step, rows.stop))
        here = slice(strip.start - rows.start, strip.stop - rows.start)
        dn = data.dn[:, :, strip, cols].values
        seen, score = _seen(data, period, days, method, strip, cols)
        clear = seen == MASK_CLEAR
        found, when = composed(dn, clear, days, method, score)
        known = clear.any(0)
        image[:, here] = np.where(known, found, image[:, here])
        day[here] = when
        mask[here] = np.where(known, MASK_CLEAR, seen.max(0))


def _seen(
    data: xr.Dataset, period: Period, days: np.ndarray, method: str, rows: slice, cols: slice
) -> tuple[np.ndarray, np.ndarray]:
    """Mask (time, y, x) of a part and, for best, its score, which looks past the part's edge."""
    if method != "best":
        return data.mask[:, rows, cols].values, np.empty(0)
    top, left = (max(0, edge.start - _FAR_PX) for edge in (rows, cols))
    wide = data.mask[:, top : rows.stop + _FAR_PX, left : cols.stop + _FAR_PX].values
    inner = (
        slice(None),
        slice(rows.start - top, rows.stop - top),
        slice(cols.start - left, cols.stop - left),
    )
    return wide[inner], best_score(wide, days, period)[inner]


def _during(data: xr.Dataset, period: Period) -> xr.Dataset:
    days = _day_numbers(data)
    inside = (days >= _days(period.first)) & (days <= _days(period.last))
    return data.isel(time=np.flatnonzero(inside))


def _day_numbers(data: xr.Dataset) -> np.ndarray:
    return data.time.values.astype("datetime64[D]").astype("int64")


def _days(day: date) -> int:
    return (day - _EPOCH).days


def _end(day: date, step: str) -> date:
    """Last day of the month, or of the third of a month, that a day is in."""
    last = calendar.monthrange(day.year, day.month)[1]
    if step == "10-day" and day.day <= 20:
        last = 10 if day.day <= 10 else 20
    return day.replace(day=last)

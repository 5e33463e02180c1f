"""Channels: the images of a pixel that a model sees, of a season or of each period of it."""

from collections.abc import Iterator, Sequence

import numpy as np
import xarray as xr

from landscribe.formats.contract import CHUNK_PX
from landscribe.formats.cubes import MASK_CLEAR
from landscribe.imagery.composite import composite, scaled
from landscribe.imagery.filled import fill

_STRIP_VALUES = 2**22  # about as many values of a band are composed at once


def read_channels(
    cubes: Sequence[xr.Dataset],
    bands: Sequence[str],
    periods: Sequence[str],
    rows: slice,
    cols: slice,
) -> np.ndarray:
    """Channels (channel, y, x) float32 of a part of a block, as `channel_names` orders them.

    Reflectance, of a radar decibels; NaN where no observation is clear. With periods, those that
    lack one are filled from others, see `fill`; without, it is the median over all times. A long
    season of many bands is large: it is composed band by band, and in strips.

    Args:
        cubes: of one block, each band in one of them, as `read_cubes` gives them.
        periods: first days, MM-DD: all those of the cubes; none: one image of the season.
    """
    size = rows.stop - rows.start, cols.stop - cols.start
    found = np.empty((max(1, len(periods)), len(bands), *size), "float32")
    for cube in cubes:
        layers = [found[:, list(bands).index(name)] for name in cube.band.values]
        for strip in _strips(cube, rows, size[1]):
            part = cube.isel(y=strip, x=cols)
            part = part.assign(mask=part.mask.load())
            here = slice(strip.start - rows.start, strip.stop - rows.start)
            compose = _compose_periods if periods else _compose_season
            compose(part, [layer[:, here] for layer in layers])
    return found.reshape(-1, *size)


def _strips(cube: xr.Dataset, rows: slice, width: int) -> Iterator[slice]:
    """Parts of the rows, of whole chunks where possible."""
    values = cube.sizes["time"] * width * CHUNK_PX
    step = max(1, _STRIP_VALUES // values) * CHUNK_PX
    for first in range(rows.start // CHUNK_PX * CHUNK_PX, rows.stop, step):
        yield slice(max(first, rows.start), min(first + step, rows.stop))


def _compose_season(part: xr.Dataset, layers: Sequence[np.ndarray]) -> None:
    """Write the composite of each band to its layer (1, y, x)."""
    for band, layer in enumerate(layers):
        layer[0] = composite(part.isel(band=[band])).values[0]


def _compose_periods(part: xr.Dataset, layers: Sequence[np.ndarray]) -> None:
    """Write the images of each band to its layer (time, y, x), and fill them."""
    clear = part.mask.values == MASK_CLEAR
    for band, layer in enumerate(layers):
        image = scaled(part.dn.isel(band=band), part.dn.attrs)
        layer[:] = np.where(clear, image.values, np.nan)
    fill(layers, clear, part.time.values.astype("datetime64[D]").astype("int64"))

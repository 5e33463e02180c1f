"""Reader: an asset's pixels on the grid of a cube. It is what stackstac reads with.

An asset whose pixels lie on the grid, or whose coarser pixels fill whole ones of it, is read as it
is; only others are warped. What cannot be read is tried again, and then told as a gap.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.enums import MaskFlags, Resampling
from rasterio.errors import RasterioError
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from stackstac.raster_spec import RasterSpec

from landscribe.command import InputError
from landscribe.imagery.signing import unsigned

WAITS_S = (0.5, 2.0, 8.0)  # before an address is read again
_NEAR_PX = 1e-3  # that corners may lie apart and still count as one
_SETTINGS = {
    # On several threads GDAL's JPEG 2000 reader only prints that a file is cut short, and gives
    # zeros.
    "GDAL_NUM_THREADS": "1",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # a server need not list its folders
    "GDAL_HTTP_MAX_RETRY": "3",
    "GDAL_HTTP_RETRY_DELAY": "0.5",
    "GDAL_HTTP_CONNECTTIMEOUT": "10",
    "GDAL_HTTP_TIMEOUT": "120",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    # GDAL remembers a HEAD that failed and does not ask again; a signed address is for GET alone.
    "CPL_VSIL_CURL_USE_HEAD": "NO",
}
_GONE = re.compile(r"HTTP response code: (404|410)\b")  # waiting is in vain: GDAL remembers it
_FAULTS = (RasterioError, CPLE_BaseError, OSError, ValueError)


def settings() -> rasterio.Env:
    """How GDAL reads; entered once for many reads, as that takes a tenth of a small one."""
    return rasterio.Env(**_SETTINGS)


@dataclass(frozen=True)
class Failure:
    """A read that failed, after all tries."""

    href: str
    reason: str


class Reader:
    """Reads windows of one asset, within `settings()`.

    It keeps nothing open, so threads and processes may share it.
    """

    def __init__(
        self,
        *,
        url: str,
        spec: RasterSpec,
        resampling: Resampling,
        dtype: np.dtype,
        fill_value: np.generic,
        opened: Callable[[str], str],
        failed: Callable[[Failure], None],
        **_unused: object,
    ) -> None:
        """What stackstac gives, and two functions.

        Args:
            opened: the address to open an asset's href at, such as a signed one.
            failed: is told of a read that failed; its pixels are `fill_value`.
        """
        self.url, self.spec, self.resampling = url, spec, resampling
        self.dtype, self.fill_value = np.dtype(dtype), fill_value
        self.opened, self.failed = opened, failed

    def read(self, window: Window) -> np.ndarray:
        """Pixels (y, x) of a window of the grid."""
        waits = list(WAITS_S) if "://" in self.url else []
        while True:
            try:
                return self._read(window)
            except InputError:
                raise  # nobody may read it: no token
            except _FAULTS as error:
                if not waits or _GONE.search(str(error)):
                    self.failed(Failure(self.url, _reason(error)))
                    return self._empty(_shape(window))
            time.sleep(waits.pop(0))

    def _read(self, window: Window) -> np.ndarray:
        with rasterio.open(self.opened(self.url), sharing=False) as raster:
            if raster.count != 1:
                raise ValueError(f"the file has {raster.count} bands, but one was wanted")
            step = _step(raster, self.spec)
            if step is None:
                return self._warped(raster, window)
            return self._as_it_is(raster, window, step)

    def _as_it_is(self, raster: rasterio.DatasetReader, window: Window, step: int) -> np.ndarray:
        """Pixels of a raster on the grid, each repeated `step` times down and across."""
        col, row = ~self.spec.transform @ (raster.transform.c, raster.transform.f)
        shape = _shape(window)
        down = _span(round(window.row_off - row), shape[0], raster.height, step)
        across = _span(round(window.col_off - col), shape[1], raster.width, step)
        if down is None or across is None:
            return self._empty(shape)
        found = self._filled(raster, window=Window.from_slices(down.native, across.native))
        if step == 1 and found.shape == shape:
            return found
        if step > 1:
            found = found.repeat(step, 0).repeat(step, 1)
        out = self._empty(shape)
        out[down.place, across.place] = found[down.cut, across.cut]
        return out

    def _empty(self, shape: tuple[int, int]) -> np.ndarray:
        return np.full(shape, self.fill_value, self.dtype)

    def _warped(self, raster: rasterio.DatasetReader, window: Window) -> np.ndarray:
        wanted = self.spec.vrt_params
        finer = raster.res[0] < abs(wanted["transform"].a) * (1 - _NEAR_PX)
        way = Resampling.average if finer else self.resampling
        alone = raster.nodata is None
        with WarpedVRT(raster, resampling=way, add_alpha=alone, **wanted) as warped:
            return self._filled(warped, window=window)

    def _filled(self, raster: rasterio.DatasetReader, **where: Window) -> np.ndarray:
        """Pixels (y, x) with the cube's fill value where the file says that there are none."""
        found = raster.read(1, out_dtype=self.dtype, **where)
        if MaskFlags.per_dataset in raster.mask_flag_enums[0]:
            return np.where(raster.dataset_mask(**where) > 0, found, self.fill_value)
        if raster.nodata is None or raster.nodata == self.fill_value:
            return found
        return np.where(found == raster.nodata, self.fill_value, found).astype(self.dtype)


def _shape(window: Window) -> tuple[int, int]:
    return int(window.height), int(window.width)


@dataclass(frozen=True)
class _Span:
    """Along one axis: which pixels of a raster are read, and what of them goes where."""

    native: slice  # of the raster
    cut: slice  # of those, repeated
    place: slice  # of the window


def _span(start: int, size: int, pixels: int, step: int) -> _Span | None:
    """Part of a window that a raster covers.

    Args:
        start: of the window, from the raster's corner [px of the grid].
        pixels: of the raster, each `step` pixels of the grid wide.
    """
    first, last = max(start, 0), min(start + size, pixels * step)
    if first >= last:
        return None
    native = slice(first // step, -(-last // step))
    begin = first - native.start * step
    cut = slice(begin, begin + last - first)
    return _Span(native, cut, slice(first - start, last - start))


def _step(raster: rasterio.DatasetReader, spec: RasterSpec) -> int | None:
    """Pixels of the grid in one of a raster, along a side; None where it does not lie on it."""
    if raster.crs is None:
        raise ValueError("the file has no CRS")
    if raster.crs.to_epsg() != spec.epsg:
        return None
    to_grid = ~spec.transform @ raster.transform
    step = round(to_grid.a)
    exact = Affine(step, 0, round(to_grid.c), 0, step, round(to_grid.f))
    near = _NEAR_PX / max(raster.width, raster.height)  # at the far corner, too
    same = max(abs(to_grid.a - step), abs(to_grid.e - step)) <= near
    return step if step and same and to_grid.almost_equals(exact, _NEAR_PX) else None


def _reason(error: Exception) -> str:
    return unsigned(" ".join(str(error.__cause__ or error).split()))

"""Ground of a raster of any origin, such as a mosaic that somebody else has made."""

import math
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from landscribe.command import InputError
from landscribe.formats.contract import CHUNK_PX
from landscribe.formats.rasters import CACHE_BYTES, raster_grid

_LOW_PX = 64


class RasterGround:
    """Bands of one raster, scaled to reflectance."""

    reaches_out = False

    def __init__(
        self,
        path: Path,
        channels: Sequence[str],
        numbers: Sequence[int] = (),
        scale: float | None = None,
        offset: float | None = None,
    ) -> None:
        """Ground of a raster in UTM, or in any other CRS in metres.

        Args:
            channels: names, in the order that a model wants.
            numbers: of these among the raster's bands, from 1; by default they are found by their
                names among its band descriptions.
            scale: of the raster's numbers to reflectance; by default what the raster says.
            offset: added after scaling; by default what the raster says.
        """
        self.path, self.channels, self._open = path, tuple(channels), threading.local()
        raster = self._raster()
        self.grid = raster_grid(raster)
        self._check_pixels(raster)
        self._numbers = list(numbers) or self._named(raster)
        if len(self._numbers) != len(channels) or not set(self._numbers) <= set(raster.indexes):
            raise InputError(
                f"{path}: bands {', '.join(map(str, self._numbers))} of its {raster.count}, but the"
                f" model wants {len(channels)}: {', '.join(channels)}; name the number of each"
            )
        at = [number - 1 for number in self._numbers]
        self._scales = [raster.scales[i] if scale is None else scale for i in at]
        self._offsets = [raster.offsets[i] if offset is None else offset for i in at]
        self._nodata = [raster.nodatavals[i] for i in at]

    def strip_px(self, width: int, readers: int) -> int:
        """Few rows, if GDAL's cache holds the blocks that they lie in until the next ones are read.

        Else more, so that a block is not unpacked again and again.
        """
        raster = self._raster()
        height, across = raster.block_shapes[0]
        size = height * (width + across) * len(self.channels) * np.dtype(raster.dtypes[0]).itemsize
        return _LOW_PX if size * readers <= CACHE_BYTES else CHUNK_PX

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Reflectance (channel, y, x) float32, NaN where the raster has nodata."""
        window = RasterWindow.from_slices(rows, cols)
        try:
            with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
                numbers = self._raster().read(self._numbers, window=window)
        except RasterioError as error:
            raise InputError(f"{self.path}: is damaged ({error}); get it again") from None
        found = numbers.astype("float32")
        ways = zip(found, numbers, self._scales, self._offsets, self._nodata, strict=True)
        for band, raw, scale, offset, nodata in ways:
            if scale != 1:
                band *= np.float32(scale)
            if offset:
                band += np.float32(offset)
            if nodata is not None and not math.isnan(nodata):
                band[raw == nodata] = np.nan
        return found

    def _raster(self) -> rasterio.DatasetReader:
        """The raster, open; each thread has its own."""
        if not hasattr(self._open, "raster"):
            try:
                self._open.raster = rasterio.open(self.path)
            except RasterioError as error:
                raise InputError(f"{self.path}: no raster that GDAL reads ({error})") from None
        return self._open.raster

    def _check_pixels(self, raster: rasterio.DatasetReader) -> None:
        place = raster.transform
        if place.b or place.d or not math.isclose(place.a, -place.e):
            raise InputError(
                f"{self.path}: pixels of {place.a:g} x {-place.e:g}, maybe turned; wanted square"
                " ones with north up: warp it with gdalwarp -tr"
            )
        if not raster.crs.is_projected:
            raise InputError(
                f"{self.path}: is in {raster.crs}, in degrees; warp it to its UTM zone with"
                " gdalwarp -t_srs"
            )

    def _named(self, raster: rasterio.DatasetReader) -> list[int]:
        names = list(raster.descriptions)
        if missing := [name for name in self.channels if name not in names]:
            raise InputError(
                f"{self.path}: no band named {', '.join(missing)}; its bands are"
                f" {', '.join(str(name) for name in names)}; give the number of each band"
            )
        return [names.index(name) + 1 for name in self.channels]

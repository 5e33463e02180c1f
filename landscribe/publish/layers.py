"""Layers of the page: imagery and maps of a region as small images on one shared grid.

Full rasters stay in their files; here they are read through their overviews and strip by strip,
so that memory is bounded by the size of the images, not of the region.
"""

import base64
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from matplotlib import colormaps
from PIL import Image
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject, transform_bounds

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.cubes import MASK_CLEAR, MASK_CLOUD, cube_grid
from landscribe.formats.rasters import NODATA, raster_grid
from landscribe.grid import Grid

STRIP_PX = 1024  # rows of a cube that are read at once
STRETCH = (2, 98)  # percentiles of the imagery that become black and white
GAMMA = 0.8  # lifts the dark half: forests and winter fields are most of what there is to see
_JPEG = {"quality": 84, "optimize": True, "progressive": True}
_EXACT = {"lossless": True, "quality": 80, "method": 5}  # of WebP: a third less than PNG
_PHOTO = {"quality": 88, "method": 4}


@dataclass(frozen=True)
class Layer:
    """One image on the display grid, as it stands in the page."""

    mime: str
    data: bytes
    size: tuple[int, int]  # width, height [px]
    key: tuple[tuple[str, str], ...] = ()  # colour #rrggbb -> what a pixel of it says

    @property
    def uri(self) -> str:
        """Data URI."""
        return f"data:{self.mime};base64,{base64.b64encode(self.data).decode()}"


def display_grid(grids: Sequence[Grid], side_px: int) -> Grid:
    """Grid of at most `side_px` pixels a side that covers all `grids`.

    It has the CRS of the largest of them and a whole multiple of its pixels. One grid that is
    small enough is given back as it is.
    """
    main = max(grids, key=lambda grid: grid.width * grid.height)
    boxes = [transform_bounds(grid.crs, main.crs, *grid.bounds) for grid in grids]
    west, south = (min(box[i] for box in boxes) for i in (0, 1))
    east, north = (max(box[i] for box in boxes) for i in (2, 3))
    factor = max(1, math.ceil(max(east - west, north - south) / main.gsd_m / side_px))
    gsd_m = main.gsd_m * factor
    width, height = (max(1, math.ceil(round(n / gsd_m, 3))) for n in (east - west, north - south))
    return Grid(main.epsg, west, north, width, height, gsd_m)


def imagery(cubes: Iterable[xr.Dataset], bands: Sequence[str], display: Grid) -> Layer:
    """Quick look of cubes, stretched from the 2nd to the 98th percentile of the clear pixels.

    The clearest day comes first, its clouds are filled from the next clearest, and what no day
    shows clearly stays cloudy. Ground without any scene is white.

    Args:
        bands: names for red, green and blue.
    """
    pixels = np.full((4, display.height, display.width), np.nan, "float32")
    for cube in cubes:
        grid = cube_grid(cube)
        means, transform = _mean_pixels(cube, bands, _factor(grid, display))
        _place(means, (grid.crs, transform), display, pixels, np.nan)
    if np.isnan(pixels).all():
        raise InputError("the cubes hold no observed pixel to show; check the season and region")
    pixels, clear = pixels[:3], pixels[3] > 0.5
    model = pixels[:, clear] if clear.any() else pixels.reshape(3, -1)
    low, high = np.nanpercentile(model, STRETCH, axis=1)
    span = np.maximum(high - low, 1e-6)[:, None, None]
    shown = np.clip((pixels - low[:, None, None]) / span, 0, 1) ** GAMMA * 255
    shown = np.where(np.isnan(shown), 255, np.round(shown)).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(np.moveaxis(shown, 0, 2)).save(file, "jpeg", **_JPEG)
    return Layer("image/jpeg", file.getvalue(), (display.width, display.height))


def classes(paths: Iterable[Path], legend: Sequence[LandClass], display: Grid) -> Layer:
    """Class maps in their colours; the most frequent class where pixels are merged."""
    pixels = displayed(paths, display, Resampling.mode)[0]
    indices = np.zeros(pixels.shape, "uint8")
    for index, land in enumerate(legend, start=1):
        indices[pixels == land.id] = index
    return paletted(indices, [(land.colour.lower(), land.title) for land in legend])


def observations(paths: Iterable[Path], display: Grid) -> Layer:
    """Counts of clear observations, in at most 16 steps; dark where there are many."""
    pixels = displayed(paths, display, Resampling.nearest)[0]
    most = int(pixels[pixels != NODATA].max(initial=0))
    width = math.ceil((most + 1) / 16)
    firsts = list(range(0, most + 1, width))
    labels = [str(n) if width == 1 else f"{n}–{n + width - 1}" for n in firsts]
    indices = np.where(pixels == NODATA, 0, pixels // width + 1).astype("uint8")
    return paletted(indices, list(zip(ramp("YlGnBu", len(firsts)), labels, strict=True)))


def displayed(paths: Iterable[Path], display: Grid, resampling: Resampling) -> np.ndarray:
    """Pixels (band, y, x) of block rasters on the display grid, their nodata elsewhere."""
    whole = None
    for path in paths:
        with rasterio.open(path) as raster:
            grid, nodata = raster_grid(raster), raster.nodata
            factor = _factor(grid, display)
            height, width = math.ceil(grid.height / factor), math.ceil(grid.width / factor)
            size = raster.count, height, width
            pixels = raster.read(out_shape=size, resampling=resampling, masked=True).filled(nodata)
            transform = raster.transform @ Affine.scale(grid.width / width, grid.height / height)
        if whole is None:
            shape = raster.count, display.height, display.width
            whole = np.full(shape, nodata, pixels.dtype)
        _place(pixels, (grid.crs, transform), display, whole, nodata)
    return whole


def ramp(name: str, steps: int, first: float = 0.12, last: float = 1) -> list[str]:
    """Colours #rrggbb of a part of a matplotlib map, in its order, all different."""
    places = np.linspace(first, last, steps) if steps > 1 else [0.6]
    rgb = (colormaps[name](places)[:, :3] * 255).round().astype(int)
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in rgb]


def paletted(indices: np.ndarray, key: list[tuple[str, str]]) -> Layer:
    """Image of `indices` (y, x): 0 is transparent, the others stand for the entries of `key`."""
    colours = [(0, 0, 0, 0), *((*bytes.fromhex(colour[1:]), 255) for colour, _ in key)]
    return exact(np.array(colours, "uint8")[indices], tuple(key))


def exact(pixels: np.ndarray, key: tuple[tuple[str, str], ...] = ()) -> Layer:
    """Image of `pixels` (y, x, channel) uint8, RGB or RGBA, that a page reads back bit by bit."""
    image = Image.fromarray(pixels)
    return Layer("image/webp", _webp(image, _EXACT), image.size, key)


def figure(path: Path) -> Layer:
    """A figure with a palette of 200 colours, or as a photograph where that is smaller."""
    with Image.open(path) as image:
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
    few = flat.quantize(200, dither=Image.Dither.NONE).convert("RGB")
    data = min(_webp(few, _EXACT), _webp(flat, _PHOTO), key=len)
    return Layer("image/webp", data, flat.size)


def lonlat_lattice(display: Grid, side: int = 17) -> list[list[list[float]]]:
    """Lon, lat [degrees] at `side` x `side` places from the upper left to the lower right corner.

    Between them a page may interpolate linearly: over 100 km that is right to about 2 m.
    """
    west, south, east, north = display.bounds
    x, y = np.meshgrid(np.linspace(west, east, side), np.linspace(north, south, side))
    lon, lat = Transformer.from_crs(display.crs, 4326, always_xy=True).transform(x, y)
    return np.stack([lon, lat], axis=2).round(7).tolist()


def _factor(grid: Grid, display: Grid) -> int:
    """How many pixels of `grid` become one, a side."""
    return max(1, round(display.gsd_m / grid.gsd_m))


def _mean_pixels(cube: xr.Dataset, bands: Sequence[str], factor: int) -> tuple[np.ndarray, Affine]:
    """Native numbers (band, y, x) float32, averaged over `factor` pixels a side, NaN = no scene.

    One band more than `bands`, the last, says which share of a pixel is clear.
    """
    clear = (cube.mask == MASK_CLEAR).sum(("y", "x")).values
    clearest_first = np.argsort(-clear, kind="stable")
    rows = max(factor, STRIP_PX // factor * factor)
    strips = []
    for top in range(0, cube.sizes["y"], rows):
        strip = cube.isel(y=slice(top, top + rows))
        strips.append(_block_means(_first_pixels(strip, bands, clearest_first), factor))
    grid = cube_grid(cube)
    return np.concatenate(strips, axis=1), grid.transform @ Affine.scale(factor)


def _first_pixels(strip: xr.Dataset, bands: Sequence[str], order: np.ndarray) -> np.ndarray:
    """Pixels (band, y, x) of the first time in `order` that is clear, else that is cloudy.

    One band more than `bands`, the last, is 1 where they are clear.
    """
    pixels = np.full((len(bands) + 1, strip.sizes["y"], strip.sizes["x"]), np.nan, "float32")
    for wanted in (MASK_CLEAR, MASK_CLOUD):
        for time in order:
            empty = np.isnan(pixels[0])
            if not empty.any():
                return pixels
            take = empty & (strip.mask.isel(time=time).values == wanted)
            if take.any():
                dn = strip.dn.isel(time=time).sel(band=list(bands)).values
                pixels[:-1, take] = dn[:, take]
                pixels[-1, take] = wanted == MASK_CLEAR
    return pixels


def _block_means(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Means (band, y, x) of the observed pixels of each square of `factor` pixels a side."""
    if factor == 1:
        return pixels
    edge = [(0, 0), *((0, -n % factor) for n in pixels.shape[1:])]
    squares = np.pad(pixels, edge, constant_values=np.nan)
    bands, height, width = squares.shape
    squares = squares.reshape(bands, height // factor, factor, width // factor, factor)
    count = np.isfinite(squares).sum(axis=(2, 4))
    total = np.nansum(squares, axis=(2, 4))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).astype("float32")


def _place(
    pixels: np.ndarray,
    where: tuple[str, Affine],
    display: Grid,
    target: np.ndarray,
    nodata: float,
) -> None:
    """Write a block's `pixels` (band, y, x) into `target`, nearest neighbour, where they hold data.

    Args:
        where: CRS and transform of `pixels`.
    """
    rows, cols = _reach(pixels.shape[-2:], where, display)
    target = target[:, rows, cols]  # blocks are many, and each lies in a corner of the page
    if not target.size:
        return
    placed = np.full_like(target, nodata)
    reproject(
        pixels,
        placed,
        src_crs=where[0],
        src_transform=where[1],
        src_nodata=nodata,
        dst_crs=display.crs,
        dst_transform=display.part(rows, cols).transform,
        dst_nodata=nodata,
        resampling=Resampling.nearest,
    )
    holds = np.isfinite(placed) if np.isnan(nodata) else placed != nodata
    target[holds] = placed[holds]


def _reach(size: tuple[int, int], where: tuple[str, Affine], display: Grid) -> tuple[slice, slice]:
    """Rows and columns of a display grid that a block of `size` (y, x) may reach."""
    crs, transform = where
    (west, north), (east, south) = transform @ (0, 0), transform @ (size[1], size[0])
    west, south, east, north = transform_bounds(crs, display.crs, west, south, east, north)
    first = np.floor([display.north - north, west - display.west]) // display.gsd_m - 1
    last = np.ceil([display.north - south, east - display.west]) // display.gsd_m + 2
    edges = (display.height, display.width)
    rows, cols = (
        slice(*np.clip([low, high], 0, edge).astype(int).tolist())
        for low, high, edge in zip(first, last, edges, strict=True)
    )
    return rows, cols


def _webp(image: Image.Image, settings: dict) -> bytes:
    file = io.BytesIO()
    image.save(file, "webp", **settings)
    return file.getvalue()

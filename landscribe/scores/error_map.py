"""Map of errors: where the map is right and wrong on the held-out polygons."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Polygon, Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image
from rasterio import DatasetReader
from rasterio.warp import reproject
from rasterio.windows import Window

from landscribe.command import InputError
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import NODATA, raster_grid
from landscribe.grid import Grid
from landscribe.publish.layers import display_grid, imagery
from landscribe.scores.figures import HEAD_IN, INK, Caption, drawn, percent, title

SIDE_PX = 1600  # of the displayed map at most
RIGHT, WRONG, EMPTY = 1, 2, 3  # states of a displayed pixel; 0: no test label
COLOURS = {RIGHT: "#12a37c", WRONG: "#c22f12", EMPTY: "#7b8794"}  # also told apart by lightness
_RED_GREEN_BLUE_UM = (0.665, 0.56, 0.49)  # of the quick look
_MOST_OUTLINES = 5000  # more would hide what they surround


def draw_errors(
    path: Path,
    caption: Caption,
    maps: dict[str, tuple[Path, Path]],
    polygons: gpd.GeoDataFrame,
    cubes: Sequence[xr.Dataset] = (),
) -> None:
    """Test polygons, green where the map is right and red where it is wrong.

    Args:
        maps: classes.tif and labels.tif of each block, by its id.
        polygons: of all blocks, with block, polygon and split, in lon, lat.
        cubes: of the blocks, for a pale picture of the ground below.
    """
    grids = _grids(maps)
    display = display_grid(grids, SIDE_PX)
    states = error_states(maps, polygons, display)
    west, south, east, north = (bound / 1000 for bound in display.bounds)
    high_in = min(9.2 * display.height / display.width, 9.0)
    wide_in = high_in * display.width / display.height
    width_in, height_in = max(wide_in, 5.6) + 0.95, HEAD_IN + 0.15 + high_in + 1.25
    with drawn(path, width_in, height_in) as figure:
        note = "Other ground has no test label."
        if display.gsd_m > min(grid.gsd_m for grid in grids):
            note += f" Shown in cells of {display.gsd_m:.0f} m, each by most of its test pixels."
        title(figure, "Map of errors", caption, note)
        left_in = 0.75 + max(0, 5.6 - wide_in) / 2
        where = (left_in / width_in, 1.25 / height_in, wide_in / width_in, high_in / height_in)
        axes = figure.add_axes(where)
        axes.imshow(
            _coloured(states, _ground(cubes, display)),
            extent=(west, east, south, north),
            interpolation="nearest",
        )
        axes.add_collection(_outlines(polygons, display))
        _label_kilometres(axes, display)
        _legend(figure, caption.scores, (0.75 / width_in, 0.14 / height_in))
        _scale_bar(figure, axes)


def error_states(
    maps: dict[str, tuple[Path, Path]], polygons: gpd.GeoDataFrame, display: Grid
) -> np.ndarray:
    """RIGHT, WRONG, EMPTY (the map has no class) or 0 (no test label), (y, x) on a display grid.

    A cell shows what most of its test pixels are, and WRONG rather than RIGHT when they are even.
    Pixels are compared on their own grid, window by window; none is lost by resampling.
    """
    states = np.zeros((display.height, display.width), "uint8")
    for block, (classes, labels) in maps.items():
        mine = polygons[(polygons.block == block) & (polygons.split == "test")]
        with rasterio.open(classes) as shown, rasterio.open(labels) as known:
            grid = raster_grid(shown)
            if raster_grid(known) != grid:
                raise InputError(f"{labels}: lies on another grid than {classes}; build it again")
            factor = max(1, round(display.gsd_m / grid.gsd_m))
            cells = _cells(shown, known, mine.polygon.to_numpy(), factor)
        placed = np.zeros_like(states)
        reproject(
            cells,
            placed,
            src_crs=grid.crs,
            src_transform=grid.transform @ Affine.scale(factor),
            dst_crs=display.crs,
            dst_transform=display.transform,
        )
        states = np.where(placed > 0, placed, states)
    return states


def _cells(
    classes: DatasetReader, labels: DatasetReader, test: np.ndarray, factor: int
) -> np.ndarray:
    """States (y, x) of squares of `factor` pixels a side; `test` are ids of polygons."""
    height, width = (-(-size // factor) for size in classes.shape)
    counts = np.zeros((4, height, width), "int32")  # none, RIGHT, WRONG, EMPTY
    step = max(factor, WINDOW_PX // factor * factor)
    for top in range(0, classes.height, step):
        for left in range(0, classes.width, step):
            window = Window(
                left, top, min(step, classes.width - left), min(step, classes.height - top)
            )
            class_id, polygon = labels.read(window=window)
            row, col = np.nonzero(np.isin(polygon, test))
            if not row.size:
                continue
            shown, known = classes.read(1, window=window)[row, col], class_id[row, col]
            state = np.where(shown == known, RIGHT, np.where(shown == NODATA, EMPTY, WRONG))
            np.add.at(counts, (state, (top + row) // factor, (left + col) // factor), 1)
    order = np.array([WRONG, RIGHT, EMPTY])
    most = order[counts[order].argmax(axis=0)]
    return np.where(counts.any(axis=0), most, 0).astype("uint8")


def _grids(maps: dict[str, tuple[Path, Path]]) -> list[Grid]:
    grids = []
    for classes, _ in maps.values():
        with rasterio.open(classes) as raster:
            grids.append(raster_grid(raster))
    return grids


def _ground(cubes: Sequence[xr.Dataset], display: Grid) -> np.ndarray:
    """Pale grey picture (y, x) 0-1 of the ground; even grey without cubes."""
    if not cubes:
        return np.full((display.height, display.width), 0.92)
    wavelengths = cubes[0].wavelength_um
    bands = [
        str(cubes[0].band.values[np.abs(wavelengths.values - um).argmin()])
        for um in _RED_GREEN_BLUE_UM
    ]
    picture = Image.open(BytesIO(imagery(cubes, bands, display).data)).convert("L")
    return 0.62 + 0.36 * np.asarray(picture) / 255


def _coloured(states: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Picture (y, x, rgb) 0-1."""
    picture = np.repeat(ground[..., None], 3, axis=2)
    for state, colour in COLOURS.items():
        picture[states == state] = to_rgb(colour)
    return picture


def _outlines(polygons: gpd.GeoDataFrame, display: Grid) -> LineCollection:
    test = polygons[polygons.split == "test"].to_crs(display.crs).geometry
    rings = test.explode().exterior if len(test) <= _MOST_OUTLINES else []
    lines = [np.array(ring.coords)[:, :2] / 1000 for ring in rings if ring is not None]
    return LineCollection(lines, colors=INK, linewidths=0.45)


def _label_kilometres(axes: Axes, display: Grid) -> None:
    west, south, east, north = (bound / 1000 for bound in display.bounds)
    axes.set(xlim=(west, east), ylim=(south, north))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda km, _: f"{km:,.10g}"))
    axes.tick_params(labelsize=8)
    axes.set_xlabel(f"Easting [km], {display.crs}", fontsize=8.5)
    axes.set_ylabel("Northing [km]", fontsize=8.5)


def _legend(figure: Figure, scores: dict, where: tuple[float, float]) -> None:
    confusion = np.array(scores["confusion"])
    right, pixels, empty = confusion.trace(), confusion.sum(), scores["unmapped_pixels"]
    told = {
        RIGHT: f"Right: {right:,} pixels ({percent(right / pixels)})",
        WRONG: f"Wrong: {pixels - right:,} pixels ({percent(1 - right / pixels)})",
        EMPTY: f"Not mapped: {empty:,} pixels",
    }
    handles = [
        Patch(facecolor=COLOURS[state], edgecolor=INK, linewidth=0.5, label=text)
        for state, text in told.items()
        if state != EMPTY or empty
    ]
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=where,
        frameon=False,
        borderaxespad=0,
        handlelength=1.4,
        labelspacing=0.35,
        fontsize=9,
    )


def _scale_bar(figure: Figure, axes: Axes) -> None:
    """Scale bar in two halves and an arrow to grid north, in the lower right corner."""
    (low, high), box = axes.get_xlim(), axes.get_position()
    width_in, height_in = figure.get_size_inches()
    km_per_in = (high - low) / (box.width * width_in)
    length_km = _round_down(1.7 * km_per_in)
    wide, right = length_km / km_per_in / width_in, 1 - 0.7 / width_in
    bottom, tall = 0.36 / height_in, 0.07 / height_in
    for half, colour in ((1, INK), (0, "white")):
        corner = (right - wide + (1 - half) * wide / 2, bottom)
        style = {"facecolor": colour, "edgecolor": INK, "linewidth": 0.7}
        figure.add_artist(Rectangle(corner, wide / 2, tall, **style))
    for share, told in ((0, "0"), (0.5, f"{length_km / 2:g}"), (1, f"{length_km:g} km")):
        where = (right - wide + share * wide, bottom - 0.05 / height_in)
        figure.text(*where, told, ha="center", va="top", fontsize=8)
    _north_arrow(figure, 1 - 0.3 / width_in, bottom)


def _north_arrow(figure: Figure, middle: float, foot: float) -> None:
    width_in, height_in = figure.get_size_inches()
    half_wide, tall, notch = 0.08 / width_in, 0.3 / height_in, 0.07 / height_in
    corners = [(middle, foot + tall), (middle + half_wide, foot), (middle, foot + notch)]
    corners.append((middle - half_wide, foot))
    figure.add_artist(Polygon(corners, facecolor=INK, edgecolor=INK, linewidth=0.5))
    where = (middle, foot - 0.05 / height_in)
    figure.text(*where, "N", ha="center", va="top", fontsize=8, fontweight="bold")


def _round_down(value: float) -> float:
    """Largest 1, 2 or 5 times a power of ten that is not above `value`."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1, 2, 5) if step * power <= value))

"""Figures of the tour: what blocks cost, and the map beside its ground."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import shapely
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.warp import reproject

from landscribe.formats.rasters import NODATA, raster_grid
from landscribe.grid import Grid, project
from tests.benchmarks.touring.cards import COLOURS
from tests.benchmarks.touring.land import EQUAL_AREA, country_blocks
from tests.benchmarks.touring.landscape import CLASSES, Landscape

_SIDE_M = 900  # of a pixel of the maps shown
_MARGIN_M = 25_000
_INK, _GREY = "#1d2733", "#66707c"
_RULES = ("#44698f", "#7fa6c9", "#c9803a", "#8a9a3b", "#5b8a72", "#b7a1c9", "#a34a4a")


def draw_costs(path: Path, costs: pd.DataFrame, jobs: pd.DataFrame, told: str) -> None:
    """Cost of each block by rule, in the order in which they were done, and memory of each job."""
    figure = Figure(figsize=(10.5, 7.6), facecolor="white")
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 2), gridspec_kw={"hspace": 0.42})
    place, base = np.arange(1, len(costs) + 1), np.zeros(len(costs))
    for rule, colour in zip(costs, _RULES, strict=False):
        upper.bar(place, costs[rule], 1.0, base, label=rule, color=colour, linewidth=0)
        base += costs[rule].to_numpy()
    third = len(costs) // 3
    for part in (slice(0, third), slice(len(costs) - third, None)):
        middle = np.median(costs.sum(axis=1)[part])
        upper.plot(place[part][[0, -1]], [middle, middle], color=_INK, linewidth=1.6)
        upper.text(place[part].mean(), middle, f"{middle:.1f} s", va="bottom", ha="center")
    upper.set(xlim=(0.5, len(costs) + 0.5), ylim=(0, 1.25 * costs.sum(axis=1).quantile(0.98)))
    upper.set(xlabel="Block, in the order in which it was done", ylabel="Processor time [s]")
    upper.set_title(told, loc="left", fontsize=11)
    upper.legend(ncols=3, fontsize=8, frameon=False, loc="upper right")
    _memory(lower, jobs, dict(zip(costs, _RULES, strict=False)))
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_GREY)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, bbox_inches="tight")


def draw_map(path: Path, maps: Sequence[Path], ground: Landscape) -> None:
    """The map of the country, its ground, and where the two differ."""
    grid = _sheet(ground)
    mapped, truth = _mosaic(maps, grid), ground.on(grid)
    x, y = np.meshgrid(*_axes(grid))
    truth = np.where(ground.inside(x, y), truth, NODATA)
    wrong = np.where(mapped == truth, 0, np.where(mapped == NODATA, 2, 1))
    figure = Figure(figsize=(19, 8.2), facecolor="white")
    left, middle, right = figure.subplots(1, 3, gridspec_kw={"wspace": 0.06})
    classes = ListedColormap(COLOURS)
    extent = [edge / 1000 for edge in (grid.bounds[0], grid.bounds[2], *grid.bounds[1::2])]
    how = {"extent": extent, "interpolation": "nearest"}
    for axes, shown, name in ((left, mapped, "Map"), (middle, truth, "Ground")):
        values = np.ma.masked_equal(shown, NODATA)
        axes.imshow(values, cmap=classes, vmin=0.5, vmax=len(CLASSES) + 0.5, **how)
        axes.set_title(name, loc="left", color=_INK)
    difference = np.ma.masked_where((truth == NODATA) & (mapped == NODATA), wrong)
    right.imshow(difference, cmap=ListedColormap(["#e9ecef", "#c22f12", "#3b4a9a"]), vmax=2, **how)
    right.set_title("Difference", loc="left", color=_INK)
    for axes in (left, middle, right):
        _lines(axes, ground, grid)
    keys = [Patch(color=c, label=n) for c, n in zip(COLOURS, CLASSES, strict=True)]
    keys += [
        Patch(color="#c22f12", label="other class"),
        Patch(color="#3b4a9a", label="not mapped"),
    ]
    figure.legend(handles=keys, ncols=len(keys), loc="lower center", frameon=False)
    figure.savefig(path, dpi=110, bbox_inches="tight")


def _memory(axes: Axes, jobs: pd.DataFrame, colours: dict[str, str]) -> None:
    minutes = (jobs.ended - jobs.ended.min()) / 60
    for rule in jobs.rule.unique():
        mine = jobs.rule == rule
        colour = colours.get(rule, _GREY)
        axes.scatter(minutes[mine], jobs.peak_mb[mine], 9, colour, linewidths=0)
    top = jobs.loc[jobs.peak_mb.idxmax()]
    axes.annotate(
        f"{top.rule}, {top.peak_mb:.0f} MB",
        (minutes[top.name], top.peak_mb),
        xytext=(0, 6),
        textcoords="offset points",
        ha="right",
        fontsize=9,
    )
    axes.set(ylim=(0, 1.2 * jobs.peak_mb.max()), xlabel="Minutes since the first job ended")
    axes.set_ylabel("Peak memory of a job [MB]")


def _sheet(ground: Landscape) -> Grid:
    west, south, east, north = shapely.buffer(ground.land, _MARGIN_M).bounds
    size = (int((east - west) / _SIDE_M), int((north - south) / _SIDE_M))
    return Grid(int(EQUAL_AREA[5:]), west, north, *size, _SIDE_M)


def _axes(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    x = grid.west + (np.arange(grid.width) + 0.5) * grid.gsd_m
    return x, grid.north - (np.arange(grid.height) + 0.5) * grid.gsd_m


def _mosaic(maps: Sequence[Path], grid: Grid) -> np.ndarray:
    """Classes (y, x) of all blocks on one sheet."""
    sheet = np.full((grid.height, grid.width), NODATA, "uint8")
    for path in maps:
        with rasterio.open(path) as raster:
            source = {"src_crs": raster.crs, "src_transform": raster.transform}
            placed, classes = np.full_like(sheet, NODATA), raster.read(1)
            assert raster_grid(raster).gsd_m <= grid.gsd_m
        reproject(
            classes,
            placed,
            src_nodata=NODATA,
            dst_nodata=NODATA,
            dst_crs=grid.crs,
            dst_transform=grid.transform,
            resampling=Resampling.nearest,
            **source,
        )
        sheet = np.where(placed == NODATA, sheet, placed)
    return sheet


def _lines(axes: Axes, ground: Landscape, grid: Grid) -> None:
    """Edges of blocks, of zones, and the outline."""
    for block in country_blocks(ground.land):
        frame = shapely.segmentize(shapely.box(*block.bounds), 10_000)
        x, y = np.array(project(frame, block.crs, EQUAL_AREA).exterior.coords).T / 1000
        axes.plot(x, y, color=_INK, linewidth=0.25, alpha=0.5)
    to_sheet = Transformer.from_crs("EPSG:4326", EQUAL_AREA, always_xy=True).transform
    for lon in range(-180, 180, 6):
        x, y = to_sheet(np.full(50, lon), np.linspace(35, 65, 50))
        axes.plot(np.array(x) / 1000, np.array(y) / 1000, color="#a01060", linewidth=1.1)
    for part in shapely.get_parts(ground.land):
        for ring in (part.exterior, *part.interiors):
            x, y = np.array(ring.coords).T / 1000
            axes.plot(x, y, color=_INK, linewidth=0.6)
    west, south, east, north = (edge / 1000 for edge in grid.bounds)
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], aspect="equal")

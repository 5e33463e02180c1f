"""A small map with labels, made in code: what the evaluate stage reads."""

from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import yaml
from scipy.ndimage import gaussian_filter
from shapely import box

from landscribe.cards import Task
from landscribe.formats.rasters import NODATA, PROBABILITY_NODATA, probability_profile, write_raster
from landscribe.grid import Grid

TASK_CARD = Path(__file__).parents[1] / "config/tasks/landuse.yaml"
GRIDS = {
    "33UUU": Grid(32633, 330000, 5822040, 150, 90, 10),
    "33UVU": Grid(32633, 400000, 5822040, 70, 110, 10),
}
SIDE_PX = 9  # of a made polygon, with one pixel of nothing around it


@dataclass
class MadeMap:
    """Where the files are, and the pixels that they hold."""

    folder: Path
    task: Path
    polygons: Path
    pixels: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)  # block -> name -> array

    def files(self, name: str) -> tuple[Path, ...]:
        """One kind of file of all blocks: classes, probabilities or labels."""
        inside = "landuse/" if name == "labels" else ""
        return tuple(self.folder / block / f"{inside}{name}.tif" for block in self.pixels)

    def joined(self, name: str) -> np.ndarray:
        """Pixels of all blocks, one after the other; the first axes of a stack stay."""
        arrays = [block[name] for block in self.pixels.values()]
        return np.concatenate([a.reshape(*a.shape[:-2], -1) for a in arrays], axis=-1)


def make_map(folder: Path, by_chance: bool = False, one_pixel: bool = False) -> MadeMap:
    """Write classes, probabilities, labels and split polygons of two blocks.

    Args:
        by_chance: whether the task card says that the labels are a probability sample.
        one_pixel: labels of one pixel each, on a raster of points.
    """
    card = yaml.safe_load(TASK_CARD.read_text())
    card["labels"]["probability_sample"] = by_chance
    made = MadeMap(folder, folder / "landuse.yaml", folder / "polygons.parquet")
    folder.mkdir(parents=True, exist_ok=True)
    made.task.write_text(yaml.safe_dump(card))
    legend = [land.id for land in Task.read(made.task).legend]
    rng, tables = np.random.default_rng(11), []
    for block, grid in GRIDS.items():
        class_id, polygon, table = made_labels(grid, legend, rng, 1 if one_pixel else SIDE_PX)
        shown, stored = made_prediction(class_id, legend, rng)
        made.pixels[block] = {
            "classes": shown,
            "probabilities": stored,
            "class_id": class_id,
            "polygon": polygon,
        }
        tables.append(table.assign(block=block))
        write_block(folder, block, grid, made.pixels[block])
    whole = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True)).to_crs(4326)
    whole["split"] = rng.choice(["train", "validation", "test"], len(whole), p=[0.4, 0.2, 0.4])
    whole.to_parquet(made.polygons)
    return made


def write_block(folder: Path, block: str, grid: Grid, pixels: dict[str, np.ndarray]) -> None:
    """Write the rasters of one block."""
    labels = np.stack([pixels["class_id"].astype("uint32"), pixels["polygon"]])
    write_raster(folder / block / "landuse/labels.tif", labels, grid, NODATA, ["class", "polygon"])
    write_raster(folder / block / "classes.tif", pixels["classes"][None], grid, NODATA, ["class"])
    stored = pixels["probabilities"]
    profile = probability_profile(grid, len(stored))
    with rasterio.open(folder / block / "probabilities.tif", "w", **profile) as raster:
        raster.write(stored)


def made_labels(
    grid: Grid, legend: list[int], rng: np.random.Generator, side_px: int
) -> tuple[np.ndarray, np.ndarray, gpd.GeoDataFrame]:
    """Class and polygon (y, x) of square polygons, and their table."""
    class_id = np.full((grid.height, grid.width), NODATA, "uint8")
    polygon, rows = np.zeros(class_id.shape, "uint32"), []
    step = side_px + 1
    for top in range(0, grid.height - side_px, step):
        for left in range(0, grid.width - side_px, step):
            at, number = np.s_[top : top + side_px, left : left + side_px], len(rows) + 1
            class_id[at], polygon[at] = rng.choice(legend[:-1]), number  # the last is never seen
            west, north = grid.west + left * grid.gsd_m, grid.north - top * grid.gsd_m
            shape = box(west, north - side_px * grid.gsd_m, west + side_px * grid.gsd_m, north)
            place = {"feature": str(number), "square": f"{top // 40}-{left // 40}"}
            place |= {"class_id": class_id[at].flat[0], "area_m2": shape.area}
            rows.append({"polygon": number, **place, "geometry": shape})
    return class_id, polygon, gpd.GeoDataFrame(rows, crs=grid.crs)


def made_prediction(
    class_id: np.ndarray, legend: list[int], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Map (y, x) that is right here and there, with its probabilities (class, y, x) uint16."""
    fields = gaussian_filter(rng.normal(size=(len(legend), *class_id.shape)), (0, 2, 2)) * 8
    fields += 1.5 * (class_id == np.array(legend)[:, None, None])
    shares = np.exp(fields - fields.max(0))
    stored = np.round(shares / shares.sum(0) * 10_000).astype("uint16")
    shown = np.array(legend, "uint8")[stored.argmax(0)]
    holes = rng.random(class_id.shape) < 0.02
    holes[:12, :31] = True
    shown[holes] = NODATA
    stored[:, holes] = PROBABILITY_NODATA
    return shown, stored

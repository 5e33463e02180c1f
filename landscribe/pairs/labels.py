"""Labels: a vector file of known classes, on the grid of a block."""

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from rasterio.features import rasterize
from shapely import box

from landscribe.cards import Labels, Task
from landscribe.command import InputError
from landscribe.formats.polygons import POLYGON_COLUMNS
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.sources import located


def block_labels(task: Task, grid: Grid) -> tuple[np.ndarray, gpd.GeoDataFrame]:
    """Label raster and polygons of a task on a grid.

    Returns:
        (2, y, x) uint32: legend id (255: unlabelled) and polygon id (0: none), by pixel centre.
        Where polygons of two classes overlap nobody knows, so the pixel is unlabelled; where
        polygons of one class overlap the smaller one has it.
        Polygons with at least one pixel, as `formats.write_polygons` has them.
    """
    found = _classified(read_labels(task.labels, grid), task)
    outline = box(*grid.bounds)
    found = found[found.intersects(outline)]
    if found.empty:
        raise InputError(
            f"{task.labels.source}: no polygon of the legend touches the block ({_told(grid)});"
            " name another label file or region"
        )
    found = gpd.clip(found, outline, keep_geom_type=True)
    found["area_m2"] = found.area
    found = found.sort_values(["area_m2", "class_id", "feature"], kind="stable", ascending=False)
    ids = np.arange(1, len(found) + 1)
    found["polygon"] = ids + (ids >= NODATA)  # the raster's nodata stands for its second band too
    raster = _rasterised(found, grid)
    kept = found[found.polygon.isin(np.unique(raster[1]))]
    return raster, kept[list(POLYGON_COLUMNS)].reset_index(drop=True)


def read_labels(labels: Labels, grid: Grid) -> gpd.GeoDataFrame:
    """Polygons of a label file in the grid's CRS: value, feature, geometry (made valid)."""
    path = located(labels.source)
    try:
        found = gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, OSError) as error:
        raise InputError(f"{path}: not a vector file that GDAL reads ({error})") from None
    missing = [c for c in (labels.column, labels.feature) if c not in found]
    if missing:
        raise InputError(
            f"{path}: no column {', '.join(missing)}, which the task's labels name; it has"
            f" {', '.join(map(str, found.columns))}"
        )
    if found.crs is None:
        raise InputError(f"{path}: has no CRS; give the file one (`ogr2ogr -a_srs EPSG:...`)")
    others = sorted(set(found.geom_type.dropna()) - {"Polygon", "MultiPolygon"})
    if others:
        raise InputError(f"{path}: holds {', '.join(others)}; labels have to be polygons")
    found = found[found.geometry.notna() & ~found.geometry.is_empty].to_crs(grid.crs)
    named = found[[labels.column, labels.feature]].convert_dtypes()  # else a gap makes 115 115.0
    return gpd.GeoDataFrame(
        {"value": named.iloc[:, 0].astype(str), "feature": named.iloc[:, 1].astype(str)},
        geometry=shapely.make_valid(found.geometry.values),
        crs=grid.crs,
    )


def _classified(found: gpd.GeoDataFrame, task: Task) -> gpd.GeoDataFrame:
    """Polygons of the legend's classes, with class_id; values nobody speaks of are refused."""
    of = {value: c.id for c in task.legend for value in c.labels}
    unknown = found.value[~found.value.isin([*of, *task.labels.ignore])].value_counts()
    if len(unknown):
        told = ", ".join(f"{value} ({count})" for value, count in unknown.head(8).items())
        raise InputError(
            f"{task.labels.source}: {len(unknown)} values of {task.labels.column} are not in the"
            f" legend (and their polygons): {told}; give each a class, or list it under"
            " labels.ignore"
        )
    found = found[found.value.isin(of)]
    return found.assign(class_id=found.value.map(of).astype("uint8"))


def _rasterised(found: gpd.GeoDataFrame, grid: Grid) -> np.ndarray:
    shape = {"out_shape": (grid.height, grid.width), "transform": grid.transform}
    # Polygons come largest first, so the smaller one is drawn over the larger.
    ids = rasterize(zip(found.geometry, found.polygon, strict=True), dtype="uint32", **shape)
    classes = np.full(ids.shape, NODATA, "uint8")
    disputed = np.zeros(ids.shape, bool)
    for class_id, group in found.groupby("class_id"):
        mine = rasterize(group.geometry, dtype="uint8", **shape) == 1
        disputed |= mine & (classes != NODATA)
        classes[mine] = class_id
    classes[disputed], ids[disputed] = NODATA, 0
    return np.stack([classes.astype("uint32"), ids])


def _told(grid: Grid) -> str:
    west, south, east, north = grid.bounds
    return f"{grid.crs}: {west:.0f}, {south:.0f}, {east:.0f}, {north:.0f}"

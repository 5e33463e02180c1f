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
from landscribe.grid import Grid, lonlat_box, project
from landscribe.sources import located


def block_labels(task: Task, grid: Grid) -> tuple[np.ndarray, gpd.GeoDataFrame]:
    """Label raster and polygons of a task on a grid.

    Returns:
        (2, y, x) uint32: legend id (255: unlabelled) and polygon id (0: none), by pixel centre.
        Where polygons of two classes overlap nobody knows, so the pixel is unlabelled; where
        polygons of one class overlap the smaller one has it.
        Polygons with at least one pixel, as `formats.write_polygons` has them. Both may be empty: a
        large region has blocks where nobody was.
    """
    found = _classified(read_labels(task.labels, grid), task)
    found = gpd.clip(found, box(*grid.bounds), keep_geom_type=True)
    found["area_m2"] = found.area
    found = found.sort_values(["area_m2", "class_id", "feature"], kind="stable", ascending=False)
    ids = np.arange(1, len(found) + 1)
    found["polygon"] = ids + (ids >= NODATA)  # the raster's nodata stands for its second band too
    raster = _rasterised(found, grid)
    kept = found[found.polygon.isin(np.unique(raster[1]))]
    return raster, kept[list(POLYGON_COLUMNS)].reset_index(drop=True)


def read_labels(labels: Labels, grid: Grid) -> gpd.GeoDataFrame:
    """Polygons of a label file near a grid, in its CRS: value, feature, geometry (made valid).

    Others are not read: a country has millions, and each of its blocks asks.
    """
    path = located(labels.source)
    try:
        told = pyogrio.read_info(path)
        missing = [c for c in (labels.column, labels.feature) if c not in told["fields"]]
        if missing:
            raise InputError(
                f"{path}: no column {', '.join(missing)}, which the task's labels name; it has"
                f" {', '.join(map(str, told['fields']))}"
            )
        if told["crs"] is None:
            raise InputError(f"{path}: has no CRS; give the file one (`ogr2ogr -a_srs EPSG:...`)")
        found = gpd.read_file(path, bbox=_box_in(told["crs"], grid))
    except (pyogrio.errors.DataSourceError, OSError) as error:
        raise InputError(f"{path}: not a vector file that GDAL reads ({error})") from None
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
    if found.empty:
        return np.stack([np.full(shape["out_shape"], value, "uint32") for value in (NODATA, 0)])
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


def _box_in(crs: str, grid: Grid) -> tuple[float, float, float, float] | None:
    """Box in another CRS around a grid; none where that CRS does not have the place."""
    west, south, east, north = grid.bounds
    side = grid.gsd_m  # more than edges bend between the points that are projected
    around = lonlat_box((west - side, south - side, east + side, north + side), grid.crs)
    found = project(around, "EPSG:4326", crs).bounds
    return found if np.isfinite(found).all() else None

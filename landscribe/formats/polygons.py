"""Polygons: labelled ones of a block."""

from pathlib import Path

import geopandas as gpd

from landscribe.command import InputError, written

POLYGON_COLUMNS = ("polygon", "feature", "class_id", "area_m2", "geometry")


def write_polygons(path: Path, polygons: gpd.GeoDataFrame) -> None:
    """GeoParquet of labelled polygons.

    Columns: polygon (id on the label raster, from 1), feature (id in the source, shared by the
    parts of a feature), class_id, area_m2, geometry (in the CRS of the block); once split also
    block, square, split.
    """
    missing = [name for name in POLYGON_COLUMNS if name not in polygons]
    if missing:
        raise InputError(f"{path}: polygons without {', '.join(missing)}; build them again")
    with written(path) as part:
        polygons.to_parquet(part)


def read_polygons(path: Path) -> gpd.GeoDataFrame:
    """What `write_polygons` wrote."""
    return gpd.read_parquet(path)

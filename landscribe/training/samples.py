"""Samples: labelled blocks as they are read from the files of a run.

They are held in memory: blocks are few where labels are few.
"""

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np

from landscribe.command import InputError
from landscribe.formats.contract import SPLITS
from landscribe.formats.cubes import cube_grid, read_cubes
from landscribe.formats.polygons import read_polygons
from landscribe.formats.rasters import NODATA, read_raster
from landscribe.imagery.channels import read_channels
from landscribe.training.predictor import Sample, Signature


def read_samples(
    cubes: Sequence[tuple[Path, ...]],
    labels: Sequence[Path],
    polygons: Path,
    signature: Signature,
) -> list[Sample]:
    """One sample per block as a model sees it, from its label raster and the split polygons.

    Args:
        cubes: of each block those of all sensors.
    """
    table = read_polygons(polygons)
    pairs = zip(cubes, labels, strict=True)
    return [_sample(each, raster, table, signature) for each, raster in pairs]


def counts(samples: list[Sample], polygons: Path, split: int) -> dict[str, int]:
    """Observed labelled pixels, their polygons, and the squares of a split."""
    pixels, seen = 0, 0
    for sample in samples:
        observed = (sample.splits == split) & np.isfinite(sample.reflectance).all(0)
        pixels += int(observed.sum())
        seen += len(np.unique(sample.polygons[observed]))
    table = read_polygons(polygons)
    squares = table.square[table.split == SPLITS[split]].nunique()
    return {"pixels": pixels, "polygons": seen, "squares": int(squares)}


def _sample(
    cubes: tuple[Path, ...], labels: Path, table: gpd.GeoDataFrame, signature: Signature
) -> Sample:
    seen = signature.bands, signature.periods
    data = read_cubes(cubes, *seen)
    grid = cube_grid(data[0])
    (classes, polygons), _ = read_raster(labels, grid)
    mine = table[table.block == labels.parents[1].name]
    if mine.empty:
        raise InputError(
            f"{labels}: the split table has no polygon of block {labels.parents[1].name}; split the"
            " labels again"
        )
    of = np.full(int(polygons.max()) + 1, NODATA, "uint8")
    of[mine.polygon] = [SPLITS.index(split) for split in mine.split]
    of[0] = NODATA
    image = read_channels(data, *seen, slice(0, grid.height), slice(0, grid.width))
    return Sample(image, classes.astype("uint8"), polygons, of[polygons])

"""Labelled blocks: which cubes show the ground of which label raster."""

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

from landscribe.command import InputError, some
from landscribe.formats.polygons import read_polygons


def cubes_by_block(
    cubes: Sequence[Path], sensors: Sequence[str], labels: Sequence[Path]
) -> list[tuple[Path, ...]]:
    """Cubes of each block, one per sensor; `InputError` unless they are named in that order.

    Args:
        cubes: in folders `<block>/<sensor>/`: those of all sensors of a block, then of the next.
        sensors: ids, in their order.
        labels: raster of each block, in folders `<block>/<task>/`.
    """
    wanted = [(raster.parents[1].name, sensor) for raster in labels for sensor in sensors]
    found = [(cube.parents[1].name, cube.parent.name) for cube in cubes]
    if found != wanted:
        pairs = list(zip_longest(found, wanted))
        at = next(i for i, (one, other) in enumerate(pairs) if one != other)
        told = f"is {cubes[at]}, but" if at < len(cubes) else "is missing;"
        here = f"that of {'/'.join(wanted[at])}" if at < len(wanted) else "none"
        raise InputError(
            f"cube {at + 1} {told} {here} was wanted there: name the cubes of all"
            " sensors of a block, in the order of the sensors, then those of the next block, in the"
            " order of the labels; they lie in folders <block>/<sensor>"
        )
    step = len(sensors)
    return [tuple(cubes[first : first + step]) for first in range(0, len(cubes), step)]


def labelled_blocks(
    cubes: Sequence[tuple[Path, ...]], labels: Sequence[Path], polygons: Path
) -> tuple[list[tuple[Path, ...]], list[Path]]:
    """Cubes and label rasters of the blocks that have a polygon; others teach nothing.

    Args:
        cubes: of each block those of all sensors.
        labels: raster of each block, in folders `<block>/<task>/`.
        polygons: of all blocks, with their splits.
    """
    named = set(read_polygons(polygons).block)
    kept = [pair for pair in zip(cubes, labels, strict=True) if pair[1].parents[1].name in named]
    if not kept:
        raise InputError(
            f"{polygons}: names the blocks {some(sorted(named))}, and none of the label rasters is"
            " of one; split the labels again"
        )
    return [cube for cube, _ in kept], [raster for _, raster in kept]

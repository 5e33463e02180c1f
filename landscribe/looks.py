"""Looks: how often a sensor sees a block in a season, and how much of it, counted or estimated."""

import math
from dataclasses import dataclass
from datetime import date

import numpy as np
from shapely import STRtree, box
from shapely.geometry import shape

from landscribe.command import InputError
from landscribe.grid import SQUARE_M, Block, lonlat_bounds
from landscribe.imagery.passes import block_scenes, passes_of
from landscribe.sensors import Sensor


@dataclass(frozen=True)
class Looks:
    """What a season shows of a block."""

    scenes: int
    times: float  # passes, times of its cube
    coverage: float  # mean share of the block that a pass shows, 0-1


def estimated_looks(blocks: list[Block], sensor: Sensor, first: date, last: date) -> list[Looks]:
    """Looks at each block from the sensor's revisit, if every scene is there.

    Swaths overlap towards the poles, as 1 / cos(latitude), and a square lies in more than one.
    """
    if sensor.revisit_days is None:
        raise InputError(
            f"sensor card {sensor.title!r}: no revisit_days, but without a list of scenes it is"
            " needed for an estimate; add it"
        )
    whole = ((last - first).days + 1) / sensor.revisit_days
    if sensor.swath_km is None:
        return [Looks(math.ceil(whole), math.ceil(whole), 1.0) for _ in blocks]
    found = []
    for block in blocks:
        _, south, _, north = lonlat_bounds(block.bounds, f"EPSG:{block.epsg}")
        full = whole / math.cos(math.radians((south + north) / 2))
        side_km = (block.bounds[2] - block.bounds[0]) / SQUARE_M * 100
        times = math.ceil(full * (1 + side_km / sensor.swath_km))
        found.append(Looks(times, times, full / times))
    return found


def counted_looks(blocks: list[Block], items: list[dict]) -> list[Looks]:
    """Looks at each block in a list of scenes; a block that none touches has none."""
    shapes = np.array([shape(item["geometry"]) for item in items])
    tree, found = STRtree(shapes), []
    for block in blocks:
        ground = box(*lonlat_bounds(block.bounds, f"EPSG:{block.epsg}"))
        near = np.sort(tree.query(ground, "intersects"))
        if not len(near):
            found.append(Looks(0, 0, 0.0))
            continue
        used = block_scenes([items[i] for i in near], block)
        times = len(passes_of(used))
        shown = sum(shape(item["geometry"]).intersection(ground).area for item in used)
        found.append(Looks(len(used), times, min(1.0, shown / ground.area / times)))
    return found

"""Layers of the page that say how far a map can be trusted, in steps that a reader can tell apart.

The darker a pixel, the more there is of what the layer is called after. Ramps fall evenly in
lightness, so that they are read right without colours, too.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import rasterio
from rasterio.enums import Resampling

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.publish.layers import Layer, displayed, exact, paletted, ramp

CONFIDENCE_STEPS, ENTROPY_STEPS = 20, 10  # between 0 and 1
AWAY_STEP = 0.2  # of dissimilarity; the threshold, 1, is the edge of one
AWAY_STEPS = 10  # half of them inside
SIZES = 8  # of sets that have a colour of their own; larger ones have the last
PLANE = 24  # classes that one image holds as bits: 8 a channel


def confidence(paths: Sequence[Path], display: Grid) -> Layer:
    """Confidence maps in steps of 5 %."""
    return _shares(paths, display, ramp("cividis_r", CONFIDENCE_STEPS))


def entropy(paths: Sequence[Path], display: Grid) -> Layer:
    """Entropy maps in steps of 10 % of the highest."""
    return _shares(paths, display, ramp("magma_r", ENTROPY_STEPS, 0.04, 0.86))


def applicability(paths: Sequence[Path], display: Grid) -> Layer:
    """Dissimilarity in steps of 0.2 of the threshold: blue inside, orange outside."""
    pixels, scale = displayed(paths, display, Resampling.average)[0], _scale(paths[0])
    # A step holds its upper end, as the threshold itself is inside.
    level = np.ceil(pixels * scale / AWAY_STEP - 1e-6).clip(1, AWAY_STEPS)
    indices = np.where(pixels == NODATA, 0, level).astype("uint8")
    half = AWAY_STEPS // 2
    colours = ramp("Blues", half, 0.04, 0.5) + ramp("Oranges", half, 0.7, 1)
    said = [
        f"{AWAY_STEP * step:.1f}–{AWAY_STEP * (step + 1):.1f}" for step in range(AWAY_STEPS - 1)
    ]
    said.append(f"{AWAY_STEP * (AWAY_STEPS - 1):.1f} or more")
    return paletted(indices, list(zip(colours, said, strict=True)))


def sets(paths: Sequence[Path], legend: Sequence[LandClass], display: Grid) -> Layer:
    """Sets of classes as bits, to be read by the page and not to be looked at.

    Class k of the legend, from 0, is bit k % 8 of channel k // 8 % 3 of image k // 24; images
    stand below each other. 0 is no data. Where pixels are merged, the set is that of one of them.
    """
    bits = displayed(paths, display, Resampling.nearest)  # (band, y, x), 16 classes a band
    channels = np.concatenate([(band & 255, band >> 8) for band in bits])
    images = math.ceil(len(legend) / PLANE)
    planes = np.zeros((3 * images, *bits.shape[1:]), "uint8")
    count = min(len(planes), len(channels))
    planes[:count] = channels[:count]
    stacked = planes.reshape(images, 3, *bits.shape[1:]).transpose(0, 2, 3, 1)
    return exact(stacked.reshape(-1, bits.shape[2], 3))


def set_size_key(legend: Sequence[LandClass]) -> tuple[tuple[str, str], ...]:
    """Colour of each size of a set, from 1 class on; the last stands for all larger ones, too."""
    most = min(len(legend), SIZES)
    said = [f"{n} class{'es' if n > 1 else ''}" for n in range(1, most + 1)]
    if len(legend) > SIZES:
        said[-1] = f"{SIZES} or more classes"
    return tuple(zip(ramp("viridis_r", most, 0.02, 0.98), said, strict=True))


def _shares(paths: Sequence[Path], display: Grid, colours: list[str]) -> Layer:
    """Numbers between 0 and 1 in as many steps as there are colours."""
    pixels, scale = displayed(paths, display, Resampling.average)[0], _scale(paths[0])
    steps = len(colours)
    level = np.floor(pixels * scale * steps + 1e-6).clip(0, steps - 1)
    width = 100 // steps
    said = [f"{width * step}–{width * (step + 1)} %" for step in range(steps)]
    indices = np.where(pixels == NODATA, 0, level + 1).astype("uint8")
    return paletted(indices, list(zip(colours, said, strict=True)))


def _scale(path: Path) -> float:
    """Scale that brings the stored numbers to what they mean."""
    with rasterio.open(path) as raster:
        if raster.scales[0] == 1:
            raise InputError(
                f"{path}: has no scale, but one from its {raster.dtypes[0]} to numbers was wanted;"
                " draw the map again"
            )
        return raster.scales[0]

"""Agreement of a smoothed map with held-out labels, beside that of the raw map."""

from collections.abc import Sequence

import pandas as pd

from landscribe.formats.contract import WINDOW_PX
from landscribe.mapping.smoothed import read_smoothing
from landscribe.scores.agreement import measures
from landscribe.scores.counts import MapFiles, count_pixels


def smoothed_scores(
    maps: Sequence[MapFiles], polygons: pd.DataFrame, legend: list[int], window_px: int = WINDOW_PX
) -> dict:
    """What `smoothed` of scores.json holds: three measures on test and validation, and settings.

    Args:
        maps: smoothed map of each block, as `classes`.
        polygons: with block, polygon, class_id, square and split, of all blocks.
        legend: class ids, in order.
        window_px: side of what is read at once.
    """
    counts = count_pixels(maps, polygons, legend, window_px)
    return measures(counts.confusion("test")) | {
        "validation": measures(counts.confusion("validation")),
        "settings": read_smoothing(maps[0].classes),
    }

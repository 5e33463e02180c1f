"""Calibration of a map: what its probabilities may promise, learnt on held-out ground.

The validation squares are used: no model learnt its weights from them (a network was stopped by
them), and none of them is scored.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.trust.conformal import class_thresholds, sets, squares_needed
from landscribe.trust.held_out import HeldOut
from landscribe.trust.rescaling import Rescaling, rescaling

POLYGON_POWER = 0.5  # weight of a polygon: its pixels to this power, as in the forest
PROMISE = (
    "Of the pixels of a held-out polygon drawn at random, at least the share `coverage` have their"
    " class in the set, on the average over draws of polygons. It is no promise for a single class,"
    " place or map, nor for ground outside the area of applicability."
)
PROMISE_EACH = PROMISE.replace("polygon drawn", "polygon of any one class, drawn").replace(
    "a single class, place", "a single place"
)
NO_PROMISE = (
    "Nothing is promised: {squares} validation squares have labels on the map, but {needed} were"
    " wanted. Sets hold all classes. Give more labels, or make `split.validation` larger."
)


@dataclass(frozen=True)
class Calibration:
    """What to do with probabilities."""

    rescaling: Rescaling
    thresholds: np.ndarray  # (class) of 1 - probability; infinite: in every set

    @classmethod
    def read(cls, path: Path, legend: list[LandClass]) -> Self:
        """From calibration.json, which has to be of that legend."""
        told = read_json(path)
        rows = told["sets"]["thresholds"]
        if [row["class_id"] for row in rows] != [land.id for land in legend]:
            raise InputError(
                f"{path}: is of classes {', '.join(str(row['class_id']) for row in rows)}, which is"
                " not the legend of the task; calibrate the map again"
            )
        limits = [np.inf if row["threshold"] is None else row["threshold"] for row in rows]
        return cls(Rescaling.of_dict(told["rescaling"]), np.array(limits))

    @classmethod
    def none(cls, classes: int) -> Self:
        """Probabilities as they are, and sets of all classes."""
        return cls(Rescaling(), np.full(classes, np.inf))

    def sets(self, shares: np.ndarray) -> np.ndarray:
        """Classes (class, ...) bool of the sets, of a model's own probabilities."""
        return sets(shares, self.thresholds)


def calibrate_map(
    held: HeldOut, legend: list[LandClass], coverage: float, each_class: bool
) -> dict:
    """What calibration.json holds.

    Args:
        held: validation pixels.
        coverage: share of pixels whose set is to hold their class.
        each_class: whether that is promised for each class, and not only over all of them.
    """
    shares, truth, square = held.shares, held.truth, held.square
    found, losses = rescaling(shares, truth, held.weights(POLYGON_POWER), square)
    limits = class_thresholds(shares, truth, held.polygon, square, coverage, each_class)
    classes, squares = held.polygons.class_id, held.polygons.square.nunique()
    needed, promise = squares_needed(coverage), PROMISE_EACH if each_class else PROMISE
    note = promise if squares >= needed else NO_PROMISE.format(squares=squares, needed=needed)
    return {
        "rescaling": found.as_dict(),
        "log_loss": losses,  # on squares that a way was not fitted on
        "sets": {
            "coverage": coverage,
            "each_class": each_class,
            "note": note,
            "score": "1 - probability of the model",
            "squares_needed": needed,
            "thresholds": [
                {"class_id": land.id, "threshold": round(float(t), 6) if np.isfinite(t) else None}
                for land, t in zip(legend, limits, strict=True)
            ],
        },
        "sample": {
            "split": "validation",
            "polygons": len(held.polygons),
            "squares": int(squares),
            "pixels": int(held.polygons.pixels.sum()),
            "pixels_read": len(truth),
            "classes": _class_counts(held.polygons, classes, legend),
        },
    }


def _class_counts(
    polygons: pd.DataFrame, classes: pd.Series, legend: list[LandClass]
) -> list[dict]:
    """Polygons and squares of each class."""
    return [
        {
            "class_id": land.id,
            "polygons": int((classes == land.id).sum()),
            "squares": int(polygons.square[classes == land.id].nunique()),
        }
        for land in legend
    ]

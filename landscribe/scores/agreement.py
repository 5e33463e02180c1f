"""Agreement of a map with held-out labels: what scores.json holds.

Measures of agreement tell of the labelled ground alone. What can be said of the whole map needs a
probability sample, see `accuracy`.
"""

import numpy as np
import pandas as pd

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.scores.accuracy import Z_95, design_based
from landscribe.scores.counts import Counts

UNMAPPED_NOTE = (
    " Labelled pixels that the map leaves empty take part in no score; their number is given apart."
)
CHANCE_NOTE = (
    "The labels are a probability sample, as their card says. The design-based estimates count each"
    " held-out polygon once, weigh the classes of the map by their area, and come with standard"
    " errors and 95 % intervals, which are too short for classes that few polygons show. The other"
    " scores describe the held-out pixels alone."
)
NO_CHANCE_NOTE = (
    "The labelled polygons ({attribution}) were drawn by volunteers or others where they chose to,"
    " not at random. The scores tell how well the map agrees with the polygons that were held out"
    " of training. They are no estimate for the whole map, and no standard error or interval of"
    " its accuracy or of its areas can be claimed from them."
)


def scores(counts: Counts, task: Task, areas_ha: np.ndarray | None = None) -> dict:
    """What scores.json holds.

    All scores are over labelled pixels that the map shows; `unmapped_pixels` counts the others.

    Args:
        areas_ha: (class) mapped areas, in the legend's order; by default those counted.
    """
    confusion, test = counts.confusion("test"), counts.split("test")
    if not confusion.sum():
        raise InputError(
            "no test pixel is on the map; check its clouds and nodata, or make split.test larger"
        )
    chosen_by_chance = task.labels.probability_sample
    told = CHANCE_NOTE if chosen_by_chance else NO_CHANCE_NOTE
    told = told.format(attribution=task.labels.attribution)
    areas_ha = counts.mapped_ha if areas_ha is None else areas_ha
    return {
        "sample": {
            "split": "test",
            "pixels": int(confusion.sum()),
            "polygons": len(test),
            "squares": int(test.square.nunique()),
            "probability_sample": chosen_by_chance,
            "note": told + UNMAPPED_NOTE,
        },
        "classes": _classes(confusion, test, task),
        "confusion": confusion.tolist(),
        "unmapped_pixels": counts.unmapped("test"),
        **{name: value for name, value in measures(confusion).items() if name != "pixels"},
        "design_based": _design_based(counts, task, areas_ha) if chosen_by_chance else None,
        "reliability": counts.calibration.as_dict(),
        "validation": measures(counts.confusion("validation")),
        "train": measures(counts.confusion("train")),
    }


def measures(confusion: np.ndarray) -> dict:
    """Overall and balanced accuracy, macro-F1 and pixels; null without pixels.

    Balanced accuracy is the mean of the producer's accuracies of the classes with labels. Macro-F1
    is the mean over the classes that the labels or the map have.

    Args:
        confusion: (map class, reference class) pixels.
    """
    pixels, rows = int(confusion.sum()), class_measures(confusion)
    return {
        "overall_accuracy": _ratio(confusion.trace(), pixels),
        "balanced_accuracy": _mean([row["producers_accuracy"] for row in rows]),
        "macro_f1": _mean([row["f1"] for row in rows]),
        "pixels": pixels,
    }


def class_measures(confusion: np.ndarray) -> list[dict]:
    """User's accuracy, producer's accuracy and F1 of each class; null where undefined."""
    hits, shown, there = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        {
            "reference_pixels": int(there[i]),
            "map_pixels": int(shown[i]),
            "users_accuracy": _ratio(hits[i], shown[i]),
            "producers_accuracy": _ratio(hits[i], there[i]),
            "f1": _ratio(2 * hits[i], shown[i] + there[i]),
        }
        for i in range(len(hits))
    ]


def _classes(confusion: np.ndarray, test: pd.DataFrame, task: Task) -> list[dict]:
    return [
        {
            **land.model_dump(include={"id", "name", "title", "colour"}),
            "polygons": int((test.class_id == land.id).sum()),
            **row,
        }
        for land, row in zip(task.legend, class_measures(confusion), strict=True)
    ]


def _design_based(counts: Counts, task: Task, areas_ha: np.ndarray) -> dict:
    """Estimates for the whole map, from held-out polygons that count once each."""
    units, titles = counts.units("test"), [land.title for land in task.legend]
    found = design_based(units, areas_ha, titles, task.labels.probability_sample)
    estimates = zip(found.users, found.producers, found.areas, strict=True)
    return {
        "method": "Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015; intervals after Zou et al."
        " 2009, doi:10.1016/j.csda.2008.09.033, `wald_interval` as Olofsson et al. have it",
        "units": int(units.sum()),
        "counts": units.tolist(),
        "standard_errors_to_each_side": Z_95,
        "overall_accuracy": found.overall.as_dict(),
        "classes": [
            {
                "id": land.id,
                "name": land.name,
                "mapped_ha": float(mapped),
                "users_accuracy": users.as_dict(),
                "producers_accuracy": producers.as_dict(),
                "area_ha": area.as_dict(),
            }
            for land, mapped, (users, producers, area) in zip(
                task.legend, areas_ha, estimates, strict=True
            )
        ],
    }


def _ratio(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None

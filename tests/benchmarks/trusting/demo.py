"""Trust of the demo's maps, over many draws of which squares calibrate and which test.

One split of 63 squares says little: validation squares may be harder than test squares. So those of
both splits, which no model learnt its weights from, are drawn anew into two halves.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from landscribe.cards import LandClass, Task
from landscribe.formats.json_file import read_json
from landscribe.formats.polygons import read_polygons
from landscribe.scores.trust import trust_scores
from landscribe.trust.calibrate import Calibration, calibrate_map
from landscribe.trust.held_out import HeldOut, read_held_out
from landscribe.trust.rescaling import Rescaling

MODELS = ("forest", "unet")
PLACE, BLOCK = "beetzsee/2017/landuse", "33UUU"
COVERAGE, DRAWS, MOST_PIXELS = 0.9, 40, 60


@dataclass(frozen=True)
class Drawn:
    """Means over the draws, and the scores of the split of the demo itself."""

    rows: pd.DataFrame  # a row per draw
    own: dict  # trust.json


def files(results: Path, model: str) -> dict[str, Path]:
    """What the benchmark reads of the demo."""
    drawn = results / "map" / PLACE / model
    return {
        "probabilities": results / "infer" / PLACE / model / BLOCK / "probabilities.tif",
        "labels": results / "fetch/beetzsee/2017" / BLOCK / "landuse/labels.tif",
        "polygons": results / "train" / PLACE / "polygons.parquet",
        "applicability": drawn / BLOCK / "applicability.tif",
        "calibration": drawn / "calibration.json",
    }


def measure(results: Path, model: str) -> Drawn:
    """Trust of one model's map."""
    found, legend = files(results, model), Task.read(Path("config/tasks/landuse.yaml")).legend
    maps = {BLOCK: (found["probabilities"], found["labels"], found["applicability"])}
    table, ids = read_polygons(found["polygons"]), [land.id for land in legend]
    test = read_held_out(maps, table, ids, "test")
    told = read_json(found["calibration"])
    own = trust_scores(test, Calibration.read(found["calibration"], legend), told, legend)
    both = table.assign(split=table.split.replace("validation", "test"))
    held = read_held_out(maps, both, ids, "test", MOST_PIXELS)
    draws = tqdm(range(DRAWS), desc=f"draw squares for {model}", unit="draw")
    return Drawn(pd.DataFrame([_draw(held, legend, draw) for draw in draws]), own)


def _draw(held: HeldOut, legend: list[LandClass], draw: int) -> dict:
    squares = np.random.default_rng(draw).permutation(held.polygons.square.unique())
    fits = held.polygons.square.isin(squares[: len(squares) // 2]).to_numpy()
    known, asked = _polygons(held, fits), _polygons(held, ~fits)
    row = {}
    for name, each_class in (("all", False), ("each", True)):
        told = calibrate_map(known, legend, COVERAGE, each_class)
        limits = [row["threshold"] for row in told["sets"]["thresholds"]]
        limits = np.array([np.inf if limit is None else limit for limit in limits])
        way = Calibration(Rescaling.of_dict(told["rescaling"]), limits)
        sets = way.sets(asked.shares)
        hit = sets[asked.truth, np.arange(len(asked.truth))]
        for unit, power in (("polygon", 0), ("pixel", 1)):
            weights = asked.weights(power)
            row[f"{name}_coverage_{unit}"] = np.average(hit, weights=weights)
            row[f"{name}_set_size_{unit}"] = np.average(sets.sum(0), weights=weights)
        row[f"{name}_least_class"] = _least_class(asked, hit)
    row["method"] = told["rescaling"]["method"]
    for unit, power in (("polygon", 0), ("pixel", 1)):
        before, after = (f(asked.shares) for f in (Rescaling(), way.rescaling))
        row[f"ece_before_{unit}"] = calibration_error(before, asked.truth, asked.weights(power))
        row[f"ece_after_{unit}"] = calibration_error(after, asked.truth, asked.weights(power))
    return row


def calibration_error(shares: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> float:
    """Expected calibration error in ten bins: Eq. 3 of Guo et al. 2017, arXiv:1706.04599."""
    confidence, right = shares.max(axis=0).astype("float64"), shares.argmax(axis=0) == truth
    into = np.clip(np.ceil(np.round(confidence * 10, 6)).astype(int) - 1, 0, 9)
    gaps = np.bincount(into, weights * (confidence - right), 10)
    return float(np.abs(gaps).sum() / weights.sum())


def _least_class(held: HeldOut, hit: np.ndarray) -> float:
    """Coverage of the class that is covered least, each polygon once."""
    weights, kinds = held.weights(0), np.unique(held.truth)
    return min(np.average(hit[held.truth == k], weights=weights[held.truth == k]) for k in kinds)


def _polygons(held: HeldOut, chosen: np.ndarray) -> HeldOut:
    """Some polygons (polygon) bool of held-out pixels."""
    mine, number = chosen[held.polygon], np.cumsum(chosen) - 1
    return replace(
        held,
        stored=held.stored[:, mine],
        truth=held.truth[mine],
        polygon=number[held.polygon[mine]],
        polygons=held.polygons[chosen].reset_index(drop=True),
        layer=held.layer[mine],
    )

"""What a forest gains by seeing each period of a season instead of their median.

`python -m tests.benchmarks.series`, some 3 minutes of one core; needs LANDSCRIBE_DATA. Fields of
three real sets (see `seasons.sets`) are told by forests that saw nothing of their squares: 5 folds
of whole squares, drawn 3 times, the same for both ways. Images are composed, filled and made
channels by the code that a run uses, and the forest is the kind `forest` on channels alone, as
fields are pixels without surroundings. Intervals (95 %) come from 2,000 draws of squares with
replacement, the same for both ways. Nothing was chosen by these numbers.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tyro
from sklearn.metrics import balanced_accuracy_score, f1_score

from landscribe.models import forest
from landscribe.pairs.groups import fold_groups
from landscribe.training.predictor import Sample, Signature, Work
from tests.benchmarks.report import Goal, report, table
from tests.benchmarks.seasons.sets import Fields, read_sets

FOLDS, SPLITS, DRAWS, SEED, GAIN = 5, 3, 2000, 0, 0.05
WAYS = ("season", "periods")
SETTINGS = forest.Settings(context=False)


def main() -> None:
    """Tell every set in both ways, and report."""
    rows, goals = [], []
    for name, fields in read_sets(Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data"))):
        told = {way: tell(fields, way) for way in WAYS}
        rows += set_rows(name, fields, told)
        goals.append(gain_goal(name, fields, told))
    print(table(rows), file=sys.stderr)
    report("series", goals, rows)


def tell(fields: Fields, way: str) -> np.ndarray:
    """Class ids (split, row) of fields, each by a forest that saw nothing of its square."""
    image, signature = fields.series, fields.signature
    if way == "season":
        image, signature = fields.season, replace(signature, periods=())
    found = np.empty((SPLITS, len(fields.truth)), "int64")
    for split in range(SPLITS):
        ones = np.ones(len(fields.truth))
        folds = fold_groups(fields.places, fields.truth, ones, FOLDS, seed=split)
        for fold in range(FOLDS):
            asked = folds == fold
            found[split, asked] = _told(image, fields.truth, asked, signature)
    return found


def set_rows(name: str, fields: Fields, told: dict[str, np.ndarray]) -> Iterator[dict]:
    """Accuracies of both ways, means over the splits."""
    for way, found in told.items():
        yield {
            "set": name,
            "sees": way,
            "fields": len(fields.truth),
            "squares": len(np.unique(fields.places)),
            "classes": len(fields.signature.classes),
            "channels": len(fields.series if way == "periods" else fields.season),
            "macro_f1": np.mean([macro_f1(fields.truth, one) for one in found]),
            "balanced": np.mean([balanced_accuracy_score(fields.truth, one) for one in found]),
            "overall": np.mean(found == fields.truth),
        }


def gain_goal(name: str, fields: Fields, told: dict[str, np.ndarray]) -> Goal:
    """Macro-F1 that periods bring over the season, mean over the splits, with its interval."""
    whole = np.arange(len(fields.truth))
    squares, square = np.unique(fields.places, return_inverse=True)
    members = [np.flatnonzero(square == number) for number in range(len(squares))]
    rng, drawn = np.random.default_rng(SEED), []
    for draw in range(DRAWS):
        chosen = rng.integers(len(squares), size=len(squares))
        rows = np.concatenate([members[number] for number in chosen])
        drawn.append(_gain(fields.truth, told, rows, draw % SPLITS))
    value = np.mean([_gain(fields.truth, told, whole, split) for split in range(SPLITS)])
    interval = [float(limit) for limit in np.quantile(drawn, (0.025, 0.975))]
    return Goal(f"M7.series.{name}", value, f">= {GAIN}", len(whole), interval)


def macro_f1(truth: np.ndarray, told: np.ndarray) -> float:
    """Mean F1 over the classes of the truth."""
    return f1_score(truth, told, labels=np.unique(truth), average="macro", zero_division=0)


def _gain(truth: np.ndarray, told: dict[str, np.ndarray], rows: np.ndarray, split: int) -> float:
    season, periods = (macro_f1(truth[rows], told[way][split, rows]) for way in WAYS)
    return periods - season


def _told(
    image: np.ndarray, truth: np.ndarray, asked: np.ndarray, signature: Signature
) -> np.ndarray:
    """Class ids (row) of those that are asked, by a forest on all others."""
    splits = np.where(asked, 2, 0).astype("uint8")[None]
    ids = np.arange(1, len(truth) + 1, dtype="uint32")[None]  # each a polygon of its own
    sample = Sample(image[:, None], truth.astype("uint8")[None], ids, splits)
    with TemporaryDirectory() as folder:
        work = Work(Path(folder), threads=1, device="cpu", seed=SEED)
        model = forest.train([sample], signature, SETTINGS, work)
    shares = model.probabilities(image[None, :, None, asked])[0, :, 0]
    return np.array(signature.classes)[shares.argmax(axis=0)]


if __name__ == "__main__":
    tyro.cli(main)

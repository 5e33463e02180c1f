"""Crops of 474 fields in Uganda and South Sudan, told from a year of Sentinel-1 and -2.

The regions are the seven H3 cells (level 3, about 120 km) in which the fields lie. A region is told
by a forest that saw none of it. What its probabilities and sets may promise is learnt from the
other regions, in two ways that differ in nothing but what is held out:

- rows: each row is told by a forest that saw others of its own region;
- regions: each row is told by a forest that saw nothing of its region.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from landscribe.pairs.groups import fold_groups
from landscribe.trust.applicability import Known
from landscribe.trust.conformal import class_thresholds, sets, threshold
from landscribe.trust.rescaling import Rescaling, rescaling

FILE = "dev_worldcereal_s1s2_series/test_public_extractions.parquet"
CROPS = {
    1101070000: "sorghum",
    1101060000: "maize",
    1106000050: "groundnuts",
    4300000000: "trees",
    1105010010: "dry pulses",
    1106000010: "sunflower",
}
MISSING = 65535
COVERAGE, FOLDS, TREES, DRAWS, SQUARES_PER_DEGREE = 0.9, 6, 150, 10, 10
WAYS = ("rows", "regions")


@dataclass(frozen=True)
class Fields:
    """Fields, a row each."""

    features: np.ndarray  # (row, feature) float32
    truth: np.ndarray  # (row) position in CROPS
    regions: np.ndarray  # (row) H3 cell
    squares: np.ndarray  # (row) square of a tenth of a degree

    def rows(self, chosen: np.ndarray) -> "Fields":
        """Some of them."""
        return Fields(*(value[chosen] for value in vars(self).values()))


@dataclass(frozen=True)
class Told:
    """What is known of rows that a forest told without having seen them."""

    shares: np.ndarray  # (class, row)
    truth: np.ndarray
    regions: np.ndarray
    inside: np.ndarray  # (row) bool: in the area of applicability
    away: np.ndarray  # (row) dissimilarity, as a share of the threshold
    rescaled: dict[str, np.ndarray]  # way -> (class, row)
    held: dict[str, np.ndarray]  # way -> (class, row) bool
    draws: list[dict]  # the promise where it holds: squares drawn at random


def read_fields(folder: Path) -> Fields:
    """Fields of the six crops that have enough of them."""
    table = pd.read_parquet(folder / FILE)
    table = table[table.ewoc_code.isin(CROPS)]
    bands = [name for name in table if "-ts" in name or name.startswith("DEM-")]
    numbers = table[bands].to_numpy("float32")
    middle = np.nanmedian(np.where(numbers == MISSING, np.nan, numbers), axis=0)
    features = np.where(numbers == MISSING, middle, numbers).astype("float32")
    cells = (table[["lat", "lon"]] * SQUARES_PER_DEGREE).astype(int).astype(str)
    truth = table.ewoc_code.map(list(CROPS).index).to_numpy()
    squares = np.unique(cells.lat + "-" + cells.lon, return_inverse=True)[1]
    return Fields(features, truth, table.h3_l3_cell.to_numpy(str), squares)


def tell_regions(fields: Fields) -> Told:
    """Each region by a forest that saw none of it."""
    n, shape = len(fields.truth), (len(CROPS), len(fields.truth))
    shares, inside, away = np.empty(shape), np.empty(n, bool), np.empty(n)
    rescaled = {way: np.empty(shape) for way in WAYS}
    held = {way: np.empty(shape, bool) for way in WAYS}
    for region in np.unique(fields.regions):
        asked = fields.regions == region
        known = fields.rows(~asked)
        forest = grown(known)
        shares[:, asked] = told(forest, fields.features[asked])
        area = Known.of(known.features, known.squares, forest.feature_importances_)
        away[asked] = area.dissimilarity(fields.features[asked]) / area.threshold
        inside[asked] = away[asked] <= 1
        for way in WAYS:
            scale, limit = _learnt(known, way)
            rescaled[way][:, asked] = scale(shares[:, asked])
            held[way][:, asked] = sets(shares[:, asked], [limit] * len(CROPS))
    return Told(
        shares, fields.truth, fields.regions, inside, away, rescaled, held, list(_drawn(fields))
    )


def grown(fields: Fields) -> RandomForestClassifier:
    """Forest on some fields; classes weigh the same."""
    forest = RandomForestClassifier(
        TREES, min_samples_leaf=2, class_weight="balanced_subsample", n_jobs=1, random_state=0
    )
    return forest.fit(fields.features, fields.truth)


def told(forest: RandomForestClassifier, features: np.ndarray) -> np.ndarray:
    """Probabilities (class, row) of a forest, which need not know all classes."""
    shares = np.zeros((len(CROPS), len(features)))
    shares[forest.classes_] = forest.predict_proba(features).T
    return shares


def _learnt(fields: Fields, way: str) -> tuple[Rescaling, float]:
    """Rescaling and threshold of sets, from rows that are told by forests that did not see them."""
    each = np.arange(len(fields.truth))
    groups = {"rows": each, "regions": fields.regions}[way]
    folds = np.unique(groups, return_inverse=True)[1]
    if way == "rows":
        folds = fold_groups(groups, fields.truth, np.ones(len(each)), FOLDS, seed=0)
    shares = np.empty((len(CROPS), len(each)))
    for fold in np.unique(folds):
        shares[:, folds == fold] = told(
            grown(fields.rows(folds != fold)), fields.features[folds == fold]
        )
    scale, _ = rescaling(shares, fields.truth, np.ones(len(each)), folds)
    limit = threshold(1 - shares[fields.truth, each], each, fields.squares, COVERAGE)
    return scale, limit


def _drawn(fields: Fields) -> Iterator[dict]:
    """Coverage and calibration where ground may be exchanged: squares drawn into three parts."""
    for draw in range(DRAWS):
        part = fold_groups(
            fields.squares, np.zeros_like(fields.truth), np.ones(len(fields.truth)), 4, draw
        )
        train, fits, test = (fields.rows(np.isin(part, p)) for p in ((0, 1), (2,), (3,)))
        forest = grown(train)
        shares, asked = told(forest, fits.features), told(forest, test.features)
        each, weights = np.arange(len(fits.truth)), np.ones(len(fits.truth))
        scale, _ = rescaling(shares, fits.truth, weights, fits.squares)
        row = {"before": asked, "after": scale(asked), "truth": test.truth}
        for name, per_class in (("all", False), ("each", True)):
            limits = class_thresholds(shares, fits.truth, each, fits.squares, COVERAGE, per_class)
            row[name] = sets(asked, limits)
        yield row

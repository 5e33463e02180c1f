"""Acceptor: the probability that a candidate is a toponym.

Gradient-boosted trees, as in Ke et al. 2017 (LightGBM), on the numbers of `span_features`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from sklearn.model_selection import GroupKFold

from landscribe.command import InputError
from landscribe.text.span_features import CATEGORIES, FEATURES

TREES = "trees.txt"
_FOLDS = 5
_GROWN = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}


@dataclass(frozen=True)
class Examples:
    """Candidates of documents: what is told about each, whether it is a toponym, what it counts."""

    numbers: np.ndarray  # (n, FEATURES)
    right: np.ndarray  # (n,) 0 or 1
    documents: np.ndarray  # (n,) number of its document
    weights: np.ndarray  # (n,)

    def of(self, taken: np.ndarray) -> "Examples":
        """Those at some indices."""
        sides = (self.numbers, self.right, self.documents, self.weights)
        return Examples(*(side[taken] for side in sides))


class Acceptor:
    """Trees that were grown."""

    def __init__(self, trees: lightgbm.Booster) -> None:
        self._trees = trees

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        try:
            trees = lightgbm.Booster(model_str=(folder / TREES).read_text())
        except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
            raise InputError(f"{folder}: not a recognizer ({error}); train it again") from None
        if trees.feature_name() != list(FEATURES):
            raise InputError(f"{folder}: made for other features; train the recognizer again")
        return cls(trees)

    def save(self, folder: Path) -> None:
        """A text file, equal for equal acceptors."""
        (folder / TREES).write_text(self.text())

    def text(self) -> str:
        """All trees, as they are saved."""
        return self._trees.model_to_string()

    def probabilities(self, numbers: np.ndarray) -> np.ndarray:
        """Probability of each candidate, 0-1.

        Args:
            numbers: (n, FEATURES).
        """
        return self._trees.predict(numbers, num_threads=1) if len(numbers) else np.zeros(0)


def train_acceptor(
    examples: Examples, trees: int, leaf: int, seed: int
) -> tuple[Acceptor, np.ndarray]:
    """Acceptor, and the probability of each candidate from trees that did not see its document.

    Args:
        leaf: fewest candidates in a leaf.
    """
    count = min(_FOLDS, len(np.unique(examples.documents)))
    if count < 2:
        raise InputError("candidates of one document; a recognizer needs two or more to learn from")
    held_out = np.zeros(len(examples.right))
    folds = GroupKFold(count).split(examples.numbers, groups=examples.documents)
    for rest, held in folds:
        grown = _grow(examples.of(rest), trees, leaf, seed)
        held_out[held] = Acceptor(grown).probabilities(examples.numbers[held])
    return Acceptor(_grow(examples, trees, leaf, seed)), held_out


def _grow(examples: Examples, trees: int, leaf: int, seed: int) -> lightgbm.Booster:
    rows = lightgbm.Dataset(
        examples.numbers,
        examples.right,
        weight=examples.weights,
        feature_name=list(FEATURES),
        categorical_feature=list(CATEGORIES),
    )
    return lightgbm.train(_GROWN | {"seed": seed, "min_data_in_leaf": leaf}, rows, trees)

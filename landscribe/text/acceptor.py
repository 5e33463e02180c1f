"""Acceptor: the probability that a candidate is a toponym.

Gradient-boosted trees (Ke et al. 2017, LightGBM) on the numbers of `span_features`; one of them is
the sum of weights of the words in its company, of a logistic regression, fitted on other documents
than those whose candidates it tells the trees about (stacking, doi:10.1016/S0893-6080(05)80023-1).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import lightgbm
import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from landscribe.command import InputError
from landscribe.text.span_features import CATEGORIES, FEATURES

_TREES, _WORDS = "trees.txt", "words.json"
_FOLDS = 5
_COLUMNS = [*FEATURES, "company"]
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
    """Candidates of documents: what is told about each, and whether it is a toponym."""

    numbers: np.ndarray  # (n, FEATURES)
    words: list[dict[str, str]]
    right: np.ndarray  # (n,) 0 or 1
    documents: np.ndarray  # (n,) number of its document

    def of(self, chosen: np.ndarray) -> "Examples":
        """Those at some indices."""
        return Examples(
            self.numbers[chosen],
            [self.words[at] for at in chosen],
            self.right[chosen],
            self.documents[chosen],
        )


class Acceptor:
    """Trees and weights of words."""

    def __init__(self, trees: lightgbm.Booster, weights: dict[str, float]) -> None:
        self._trees = trees
        self._weights = weights

    @classmethod
    def load(cls, folder: Path) -> Self:
        """What `save` wrote."""
        try:
            trees = lightgbm.Booster(model_str=(folder / _TREES).read_text())
            weights = json.loads((folder / _WORDS).read_text())
        except (OSError, ValueError, lightgbm.basic.LightGBMError) as error:
            raise InputError(f"{folder}: not a recognizer ({error}); train it again") from None
        if trees.feature_name() != _COLUMNS:
            raise InputError(f"{folder}: made for other features; train the recognizer again")
        return cls(trees, weights)

    def save(self, folder: Path) -> None:
        """Two text files, equal for equal acceptors."""
        for name, content in self.files().items():
            (folder / name).write_text(content)

    def files(self) -> dict[str, str]:
        """Content of each file of a saved acceptor."""
        words = json.dumps(self._weights, sort_keys=True, indent=0, ensure_ascii=False)
        return {_TREES: self._trees.model_to_string(), _WORDS: words + "\n"}

    def probabilities(self, numbers: np.ndarray, words: Sequence[dict[str, str]]) -> np.ndarray:
        """Probability of each candidate, 0-1."""
        if not len(numbers):
            return np.zeros(0)
        table = np.column_stack([numbers, _sums(words, self._weights)])
        return self._trees.predict(table, num_threads=1)


def train_acceptor(
    examples: Examples, trees: int, leaf: int, seed: int
) -> tuple[Acceptor, np.ndarray]:
    """Acceptor, and the probability of each candidate from trees that did not see its document.

    Args:
        leaf: fewest candidates in a leaf.
    """
    folds = _folds(examples.documents)
    company = np.zeros(len(examples.right))
    for rest, held in folds:
        company[held] = _sums(examples.of(held).words, _word_weights(examples.of(rest)))
    table = np.column_stack([examples.numbers, company])
    probabilities = np.zeros(len(company))
    for rest, held in folds:
        grown = _grow(table[rest], examples.of(rest), trees, leaf, seed)
        probabilities[held] = grown.predict(table[held], num_threads=1)
    whole = _grow(table, examples, trees, leaf, seed)
    return Acceptor(whole, _word_weights(examples)), probabilities


def _grow(
    table: np.ndarray, examples: Examples, trees: int, leaf: int, seed: int
) -> lightgbm.Booster:
    rows = lightgbm.Dataset(
        table,
        examples.right,
        feature_name=_COLUMNS,
        categorical_feature=list(CATEGORIES),
    )
    return lightgbm.train(_GROWN | {"seed": seed, "min_data_in_leaf": leaf}, rows, trees)


def _folds(documents: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    count = min(_FOLDS, len(np.unique(documents)))
    if count < 2:
        raise InputError("candidates of one document; a recognizer needs two or more to learn from")
    return list(GroupKFold(count).split(documents, groups=documents))


def _word_weights(examples: Examples) -> dict[str, float]:
    """Weight of each word in each role, and under an empty key what is always added."""
    if len(np.unique(examples.right)) < 2:
        return {"": 0.0}
    table = DictVectorizer()
    rows = table.fit_transform(examples.words)
    model = LogisticRegression(C=0.3, max_iter=500).fit(rows, examples.right)
    found = zip(table.get_feature_names_out(), model.coef_[0], strict=True)
    kept = {name: round(float(weight), 4) for name, weight in found if abs(weight) >= 0.02}
    return {"": round(float(model.intercept_[0]), 4)} | kept


def _sums(words: Sequence[dict[str, str]], weights: dict[str, float]) -> np.ndarray:
    always = weights[""]
    return np.array(
        [
            always + sum(weights.get(f"{role}={word}", 0.0) for role, word in row.items())
            for row in words
        ]
    )

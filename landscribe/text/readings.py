"""What the acceptor is told about a text, and which of its candidates are taken."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landscribe.text.fame import Fames
from landscribe.text.pipelines import Found
from landscribe.text.span_features import features
from landscribe.text.spans import SpannedText, spanned

_SURE, _PULL = 0.9, 0.3  # a name that is sure once pulls its other scores so far


@dataclass(frozen=True)
class Reading:
    """A text with its candidates, and what the acceptor is told about them."""

    text: SpannedText
    numbers: np.ndarray  # (candidates, FEATURES)


def read(text: str, entities: list[Found], fames: Fames) -> Reading:
    """Candidates of a text, from its entities and the names in it that are known."""
    marked = spanned(text, entities, fames)
    told = fames([candidate.normal for candidate in marked.candidates])
    return Reading(marked, features(marked, told))


def agreed(text: SpannedText, scores: np.ndarray) -> np.ndarray:
    """Scores, nearer to the best one that the same name has in the text, if that is sure."""
    best: defaultdict[str, float] = defaultdict(float)
    for candidate, score in zip(text.candidates, scores, strict=True):
        best[candidate.normal] = max(best[candidate.normal], score)
    sure = np.array([best[candidate.normal] for candidate in text.candidates])
    return np.where(sure >= _SURE, scores + _PULL * (sure - scores), scores)


def chosen(text: SpannedText, scores: np.ndarray, threshold: float) -> list[int]:
    """Candidates that reach the threshold, the likelier ones first where two overlap, in order."""
    free = np.ones(len(text.words), bool)
    taken = []
    for at in np.argsort(-scores, kind="stable"):
        first, last, _ = text.candidates[at]
        if scores[at] >= threshold and free[first : last + 1].all():
            free[first : last + 1] = False
            taken.append(int(at))
    return sorted(taken)


def by_reading(values: np.ndarray, readings: Sequence[Reading]) -> list[np.ndarray]:
    """Values of all candidates, cut into those of each text."""
    return np.split(values, np.cumsum([len(reading.numbers) for reading in readings])[:-1])

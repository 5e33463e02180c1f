"""Gold as examples for the acceptor."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import numpy as np
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.text.acceptor import Examples
from landscribe.text.fame import Fames
from landscribe.text.gold import GoldDocument, GoldMention
from landscribe.text.long_texts import MOST_CHARACTERS, parts
from landscribe.text.pipelines import Pipeline
from landscribe.text.readings import Reading, agreed, by_reading, chosen, read
from landscribe.text.spans import SpannedText

_THRESHOLDS = np.arange(0.2, 0.71, 0.05).round(2)
_LONGEST = 500  # characters before a mention where a candidate that overlaps it may start
_SAME = 0.3  # share of its span that a candidate has in common with a mention to stand for it


def gold_examples(
    documents: Sequence[GoldDocument], weights: Sequence[float], base: Pipeline, fames: Fames
) -> tuple[Examples, list[Reading]]:
    """Candidates of gold, told apart; and the texts that they are in, in the same order.

    Args:
        weights: of each document.
    """
    readings, right, numbers = [], [], []
    for number, start, part in _pieces(documents):
        reading = read(part, base.entities([part])[0], fames)
        readings.append(reading)
        right.append(_told_apart(reading.text, documents[number], start))
        numbers += [number] * len(reading.numbers)
    if not numbers:
        raise InputError("gold without a name in it; a recognizer has nothing to learn from")
    table = np.concatenate([reading.numbers for reading in readings])
    weight = np.array(weights, float)[numbers]
    return Examples(table, np.concatenate(right), np.array(numbers), weight), readings


def best_threshold(readings: list[Reading], scores: np.ndarray, examples: Examples) -> float:
    """Threshold with the best weighted F1 over whole spans, of held-out scores."""
    sides = (scores, examples.right, examples.weights)
    found = [
        (reading.text, agreed(reading.text, score), truth, weight)
        for reading, score, truth, weight in zip(
            readings, *(by_reading(side, readings) for side in sides), strict=True
        )
    ]
    there = (examples.right * examples.weights).sum()

    def f1(threshold: float) -> float:
        hits, taken = 0.0, 0.0
        for text, score, truth, weight in found:
            at = chosen(text, score, threshold)
            hits += (truth[at] * weight[at]).sum()
            taken += weight[at].sum()
        return 2 * hits / (taken + there)

    return float(max(_THRESHOLDS, key=f1))


def _pieces(documents: Sequence[GoldDocument]) -> Iterator[tuple[int, int, str]]:
    for number, document in enumerate(tqdm(documents, desc="reading gold")):
        for start, part in parts(document.text, MOST_CHARACTERS):
            yield number, start, part


def _told_apart(text: SpannedText, document: GoldDocument, offset: int) -> np.ndarray:
    """1 for each candidate that is a toponym, 0 for others."""
    spans = [text.span(candidate) for candidate in text.candidates]
    right = np.zeros(len(spans))
    index = {span: at for at, span in enumerate(spans)}
    for mention in (*document.mentions, *(m for m in document.others if m.located)):
        same = index.get((mention.start - offset, mention.end - offset))
        over = _over(mention, offset, spans) if same is None else [(same, 1.0)]
        at, share = max(over, key=lambda pair: pair[1], default=(0, 0.0))
        if share > _SAME:
            right[at] = 1
    return right


def _over(
    mention: GoldMention, offset: int, spans: list[tuple[int, int]]
) -> list[tuple[int, float]]:
    """Candidates that overlap a mention, with the share of the longer span that is common."""
    start, end = mention.start - offset, mention.end - offset
    found = []
    for at in range(bisect_left(spans, (start - _LONGEST,)), bisect_left(spans, (end,))):
        first, last = spans[at]
        if last > start:
            common = min(last, end) - max(first, start)
            found.append((at, common / max(last - first, end - start)))
    return found

"""Recognize toponyms: a spaCy pipeline finds entities, an acceptor says which spans are places.

The pipeline alone misses places inside other names (Kentucky State Police) and takes parties and
peoples for places. So everything that may be a toponym is a candidate - entities of any label, and
capitalized names that the gazetteer or the table of demonyms knows - and an acceptor that was
trained on gold gives each a probability. A language without gold has no acceptor: there, a toponym
is what the pipeline labels as a place.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from pydantic import Field

from landscribe.card import Card, Fraction, check
from landscribe.command import InputError, written
from landscribe.text.acceptor import Acceptor, train_acceptor
from landscribe.text.fame import Fames, Known
from landscribe.text.gold import GoldDocument
from landscribe.text.gold_spans import best_threshold, gold_examples
from landscribe.text.long_texts import MOST_CHARACTERS, parts
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import Found, Pipeline, pipeline
from landscribe.text.readings import Reading, agreed, by_reading, chosen, read
from landscribe.text.span_features import FEATURES, LABELS, PLACE_LABELS
from landscribe.text.spans import spanned

ABOUT = "recognizer.json"


class Settings(Card):
    """How a recognizer is trained."""

    trees: int = Field(250, ge=1, description="number of trees of the acceptor")
    leaf_candidates: int = Field(20, ge=1, description="fewest candidates in a leaf of a tree")
    threshold: Fraction | None = Field(
        None, description="least probability of a toponym; none: chosen on held-out documents"
    )


class _About(Card):
    """What a saved recognizer says of itself."""

    language: str
    pipeline: str
    threshold: Fraction
    gazetteer: bool = Field(description="whether it was trained with one")
    settings: Settings
    seed: int


class Recognizer:
    """Finds the toponyms of texts in one language."""

    def __init__(
        self,
        base: Pipeline,
        acceptor: Acceptor | None = None,
        about: _About | None = None,
        known: Known | None = None,
    ) -> None:
        self._base = base
        self._acceptor = acceptor
        self._about = about
        self._fames = Fames(known)
        self.language = base.language

    @classmethod
    def load(cls, source: Path | str, known: Known | None = None) -> "Recognizer":
        """Recognizer in a folder that `save` wrote, or of a language without an acceptor.

        Args:
            source: a folder, or ISO 639-1 of a language.
            known: gazetteer; the one, or one like the one, that it was trained with.
        """
        folder = Path(source)
        if not folder.is_dir():
            return cls(pipeline(str(source)))
        about = _read_about(folder)
        base = pipeline(about.language)
        if base.digest != about.pipeline:
            raise InputError(
                f"{folder}: trained with another version of the {about.language} pipeline; train it"
                " again"
            )
        if about.gazetteer and known is None:
            raise InputError(f"{folder}: trained with a gazetteer; give it one")
        return cls(base, Acceptor.load(folder), about, known)

    def save(self, folder: Path) -> None:
        """Text files, equal for equal recognizers; the pipeline stays where pip put it."""
        if self._acceptor is None or self._about is None:
            raise InputError(f"nothing was trained for {self.language}; load it by its language")
        with written(folder) as part:
            part.mkdir()
            self._acceptor.save(part)
            (part / ABOUT).write_text(self._about.model_dump_json(indent=2) + "\n")

    @property
    def trained(self) -> bool:
        """Whether it has learnt from gold; else it is its language's pipeline alone."""
        return self._acceptor is not None

    @cached_property
    def digest(self) -> str:
        """First 12 hex digits of the SHA-256 of weights and settings."""
        whole = {"pipeline": self._base.digest}
        if self._acceptor and self._about:
            whole |= {"acceptor": self._acceptor.text(), "about": self._about.model_dump_json()}
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:12]

    def find(self, texts: Iterable[str], batch: int = 32) -> Iterator[list[Toponym]]:
        """Toponyms of each text in their order; they do not overlap.

        Args:
            batch: texts that are read at once; an endless stream of texts is fine.
        """
        pieces = (
            (number, start, part)
            for number, text in enumerate(texts)
            for start, part in (*parts(text, MOST_CHARACTERS), (len(text), ""))
        )
        held: list[Toponym] = []
        while group := list(islice(pieces, 2 * batch)):
            found = self._found([part for _, _, part in group])
            for (_, start, part), toponyms in zip(group, found, strict=True):
                held += [replace(t, start=start + t.start, end=start + t.end) for t in toponyms]
                if not part:  # the empty part after each text
                    yield held
                    held = []

    def _found(self, texts: list[str]) -> Iterable[list[Toponym]]:
        entities = self._base.entities(texts)
        if self._acceptor is None or self._about is None:
            return map(_labelled, texts, entities)
        readings = [read(*pair, self._fames) for pair in zip(texts, entities, strict=True)]
        numbers = np.concatenate([reading.numbers for reading in readings])
        scores = self._acceptor.probabilities(numbers)
        pairs = zip(readings, by_reading(scores, readings), strict=True)
        return (_accepted(*pair, self._about.threshold) for pair in pairs)


def train_recognizer(
    documents: Sequence[GoldDocument],
    language: str,
    settings: Settings,
    seed: int,
    known: Known | None = None,
    weights: Sequence[float] | None = None,
) -> Recognizer:
    """Recognizer trained on gold of one language.

    What a corpus located, though it does not count as its gold, is a toponym too.

    Args:
        known: gazetteer; without it a name is a candidate only if the pipeline found it.
        weights: of each document; none: all count the same.
    """
    if foreign := {d.language for d in documents} - {language, ""}:
        raise InputError(f"gold in {', '.join(sorted(foreign))}; wanted only {language}")
    base = pipeline(language)
    weights = [1.0] * len(documents) if weights is None else weights
    examples, readings = gold_examples(documents, weights, base, Fames(known))
    acceptor, held_out = train_acceptor(examples, settings.trees, settings.leaf_candidates, seed)
    threshold = settings.threshold
    if threshold is None:
        threshold = best_threshold(readings, held_out, examples)
    about = _About(
        language=language,
        pipeline=base.digest,
        threshold=threshold,
        gazetteer=known is not None,
        settings=settings,
        seed=seed,
    )
    return Recognizer(base, acceptor, about, known)


def _accepted(reading: Reading, scores: np.ndarray, threshold: float) -> list[Toponym]:
    scores = agreed(reading.text, scores)
    taken = chosen(reading.text, scores, threshold)
    return [_toponym(reading, at, float(scores[at])) for at in taken]


def _toponym(reading: Reading, at: int, score: float) -> Toponym:
    """Toponym with the pipeline's label, if that is a place's; else with what knows the name."""
    start, end = reading.text.span(reading.text.candidates[at])
    told = dict(zip(FEATURES, reading.numbers[at], strict=True))
    label = "gazetteer"
    if told["adjective"] or told["inhabitants"]:
        label = "NORP"
    elif told["relation"] == 1 and told["label"]:
        found = LABELS[int(told["label"]) - 1]
        label = found if found in PLACE_LABELS else label
    return Toponym(start, end, reading.text.text[start:end], label, score)


def _labelled(text: str, entities: list[Found]) -> list[Toponym]:
    """Toponyms without an acceptor: what the pipeline calls a place."""
    marked = spanned(text, [found for found in entities if found[2] in PLACE_LABELS], lambda _: ())
    words = marked.words
    spans = [(words[e.first].start, words[e.last].end, e.label) for e in marked.entities]
    return [Toponym(start, end, text[start:end], label, 1.0) for start, end, label in spans]


def _read_about(folder: Path) -> _About:
    path = folder / ABOUT
    try:
        told = json.loads(path.read_text())
    except FileNotFoundError:
        raise InputError(f"{folder}: no {ABOUT}, so no recognizer; train it again") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); train the recognizer again") from None
    return check(_About, told, str(path))

"""Recognize toponyms: a spaCy pipeline finds entities, an acceptor says which spans are places.

The pipeline alone misses places inside other names (Kentucky State Police) and takes parties and
peoples for places. So everything that may be a toponym is a candidate - entities of any label, and
capitalized names that the gazetteer or the table of demonyms knows - and an acceptor that was
trained on gold gives each a probability. A language without gold has no acceptor: there, a toponym
is what the pipeline labels as a place.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from pydantic import Field
from tqdm import tqdm

from landscribe.card import Card, Fraction, check
from landscribe.command import InputError, written
from landscribe.text.acceptor import Acceptor, Examples, train_acceptor
from landscribe.text.fame import Fames, Known
from landscribe.text.gold import GoldDocument, GoldMention
from landscribe.text.long_texts import parts
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import Found, Pipeline, pipeline
from landscribe.text.span_features import FEATURES, LABELS, PLACE_LABELS, company, features
from landscribe.text.spans import SpannedText, spanned

ABOUT = "recognizer.json"
MOST_CHARACTERS = 50_000  # of a text at once: memory grows with it, context does not reach so far
_LONGEST = 500  # characters before a mention where a candidate that overlaps it may start
_THRESHOLDS = np.arange(0.2, 0.71, 0.05).round(2)
_SAME = 0.3  # share of its span that a candidate has in common with a mention to stand for it


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
            whole |= self._acceptor.files() | {ABOUT: self._about.model_dump_json()}
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
        read = [_read(*pair, self._fames) for pair in zip(texts, entities, strict=True)]
        scores = self._acceptor.probabilities(
            np.concatenate([part.numbers for part in read]),
            [row for part in read for row in part.words],
        )
        ends = np.cumsum([len(part.numbers) for part in read])[:-1]
        threshold = self._about.threshold
        return (_accepted(*p, threshold) for p in zip(read, np.split(scores, ends), strict=True))


def train_recognizer(
    documents: Sequence[GoldDocument],
    language: str,
    settings: Settings,
    seed: int,
    known: Known | None = None,
) -> Recognizer:
    """Recognizer trained on gold of one language.

    What a corpus marked, but does not count as gold, and located is neither right nor wrong.

    Args:
        known: gazetteer; without it a name is a candidate only if the pipeline found it.
    """
    if foreign := {d.language for d in documents} - {language, ""}:
        raise InputError(f"gold in {', '.join(sorted(foreign))}; wanted only {language}")
    base = pipeline(language)
    examples, read = _examples(documents, base, Fames(known))
    acceptor, held_out = train_acceptor(examples, settings.trees, settings.leaf_candidates, seed)
    threshold = settings.threshold
    if threshold is None:
        threshold = _best_threshold(read, held_out, examples.right)
    about = _About(
        language=language,
        pipeline=base.digest,
        threshold=threshold,
        gazetteer=known is not None,
        settings=settings,
        seed=seed,
    )
    return Recognizer(base, acceptor, about, known)


@dataclass(frozen=True)
class _Read:
    """A text with its candidates, and what the acceptor is told about them."""

    text: SpannedText
    numbers: np.ndarray  # (candidates, FEATURES)
    words: list[dict[str, str]]


def _read(text: str, entities: list[Found], fames: Fames) -> _Read:
    marked = spanned(text, entities, fames)
    told = fames([candidate.normal for candidate in marked.candidates])
    return _Read(marked, features(marked, told), company(marked))


def _accepted(read: _Read, scores: np.ndarray, threshold: float) -> list[Toponym]:
    return [_toponym(read, at, float(scores[at])) for at in _chosen(read.text, scores, threshold)]


def _chosen(text: SpannedText, scores: np.ndarray, threshold: float) -> list[int]:
    """Candidates that reach the threshold, the likelier ones first where two overlap, in order."""
    free = np.ones(len(text.words), bool)
    chosen = []
    for at in np.argsort(-scores, kind="stable"):
        first, last, _ = text.candidates[at]
        if scores[at] >= threshold and free[first : last + 1].all():
            free[first : last + 1] = False
            chosen.append(int(at))
    return sorted(chosen)


def _toponym(read: _Read, at: int, score: float) -> Toponym:
    """Toponym with the pipeline's label, if that is a place's; else with what knows the name."""
    start, end = read.text.span(read.text.candidates[at])
    told = dict(zip(FEATURES, read.numbers[at], strict=True))
    if told["adjective"] or told["inhabitants"]:
        label = "NORP"
    else:
        label = LABELS[int(told["label"]) - 1] if told["relation"] == 1 and told["label"] else ""
        label = label if label in PLACE_LABELS else "gazetteer"
    return Toponym(start, end, read.text.text[start:end], label, score)


def _labelled(text: str, entities: list[Found]) -> list[Toponym]:
    """Toponyms without an acceptor: what the pipeline calls a place."""
    marked = spanned(text, [found for found in entities if found[2] in PLACE_LABELS], lambda _: ())
    words = marked.words
    spans = [(words[e.first].start, words[e.last].end, e.label) for e in marked.entities]
    return [Toponym(start, end, text[start:end], label, 1.0) for start, end, label in spans]


def _examples(
    documents: Sequence[GoldDocument], base: Pipeline, fames: Fames
) -> tuple[Examples, list[_Read]]:
    """Candidates of gold, told apart; and the texts that they are in, in the same order."""
    numbers, read, right, weights = [], [], [], []
    for number, start, part in _pieces(documents):
        entities = base.entities([part])[0]
        read.append(_read(part, entities, fames))
        told = _told_apart(read[-1].text, documents[number], start)
        right.append(told[0])
        weights.append(told[1])
        numbers += [number] * len(told[0])
    if not numbers:
        raise InputError("gold without a name in it; a recognizer has nothing to learn from")
    words = [row for part in read for row in part.words]
    table = np.concatenate([part.numbers for part in read])
    examples = Examples(
        table, words, np.concatenate(right), np.concatenate(weights), np.array(numbers)
    )
    return examples, read


def _pieces(documents: Sequence[GoldDocument]) -> Iterator[tuple[int, int, str]]:
    for number, document in enumerate(tqdm(documents, desc="reading gold")):
        for start, part in parts(document.text, MOST_CHARACTERS):
            yield number, start, part


def _told_apart(
    text: SpannedText, document: GoldDocument, offset: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each candidate is a toponym, and its weight."""
    spans = [text.span(candidate) for candidate in text.candidates]
    right, weights = np.zeros(len(spans)), np.ones(len(spans))
    index = {span: at for at, span in enumerate(spans)}
    for mention in document.others:
        if mention.located:
            weights[[at for at, _ in _over(mention, offset, spans)]] = 0
    for mention in document.mentions:
        same = index.get((mention.start - offset, mention.end - offset))
        over = _over(mention, offset, spans) if same is None else [(same, 1.0)]
        at, share = max(over, key=lambda pair: pair[1], default=(0, 0.0))
        if share > _SAME:
            right[at] = weights[at] = 1
    return right, weights


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


def _best_threshold(read: list[_Read], scores: np.ndarray, right: np.ndarray) -> float:
    """Threshold with the best F1 over whole spans, of held-out scores."""
    ends = np.cumsum([len(part.numbers) for part in read])[:-1]
    shares = list(zip(read, np.split(scores, ends), np.split(right, ends), strict=True))

    def f1(threshold: float) -> float:
        hits = chosen = 0
        for part, score, truth in shares:
            at = _chosen(part.text, score, threshold)
            hits += truth[at].sum()
            chosen += len(at)
        return 2 * hits / (chosen + right.sum())

    return float(max(_THRESHOLDS, key=f1))


def _read_about(folder: Path) -> _About:
    path = folder / ABOUT
    try:
        return check(_About, json.loads(path.read_text()), str(path))
    except FileNotFoundError:
        raise InputError(f"{folder}: no {ABOUT}, so no recognizer; train it again") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); train the recognizer again") from None

"""Numbers by which a span is told to be a toponym or not.

All of them are about form, company and fame, none about single names: what is learnt from one
country's news should hold for another's.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from landscribe.text.fame import Fame
from landscribe.text.spans import KINDS, Candidate, Entity, SpannedText, Word, gap, normal

LABELS = (  # of OntoNotes 5, and those of the French pipeline; others are 0
    "GPE", "LOC", "FAC", "NORP", "ORG", "PERSON", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW",
    "LANGUAGE", "PER", "MISC",
)  # fmt: skip
PLACE_LABELS = ("GPE", "LOC", "FAC")
_PEOPLE = ("PERSON", "PER")
_GAPS = (  # what stands beside a span; the first that is there counts
    ("\n",), (",",), (".", "!", "?"), ("(",), (")",), ("'s", "'S", "\u2019s", "\u2019S"),
    ("-", "\u2013"), ("@", "#"), ("/",), ('"', "\u201c", "\u201d"), ("\u2014",),
)  # fmt: skip
_TIES = (" ", "-")
_NO_FAME = Fame()
_SHAPE = ("words", "letters", "upper", "upper_words", "acronym")
_ENTITY = ("label", "relation", "words_before", "words_after", "entity_words")
_AROUND = (
    "sentence_start", "gap_before", "gap_after", "capital_before", "capital_after", "run_words",
    "run_before", "run_after", "kind_last", "kind_first", "kind_after", "kind_before",
)  # fmt: skip
_ELSEWHERE = (
    "times", "lower_times", "entities", "places_share", "norp", "person", "org", "in_person",
    "in_other",
)  # fmt: skip
FEATURES = (*Fame._fields, *_SHAPE, *_ENTITY, *_AROUND, *_ELSEWHERE)
CATEGORIES = ("label", "relation", "gap_before", "gap_after")


def features(text: SpannedText, fames: dict[str, Fame]) -> np.ndarray:
    """Row of FEATURES for each candidate of a text."""
    holders = _holders(text.entities)
    runs = _capital_runs(text)
    document = _Document(text)
    rows = []
    for candidate in text.candidates:
        entity = holders.get(candidate.first) or holders.get(candidate.last)
        rows.append(
            (
                *fames.get(candidate.normal, _NO_FAME),
                *_shape(text, candidate),
                *_entity(candidate, entity),
                *_around(text, candidate, runs),
                *document.elsewhere(candidate, entity),
            )
        )
    return np.array(rows, np.float32).reshape(len(rows), len(FEATURES))


def _word(words: Sequence[Word], at: int) -> str:
    return words[at].text.lower() if 0 <= at < len(words) else ""


def _shape(text: SpannedText, candidate: Candidate) -> tuple[float, ...]:
    first, last, _ = candidate
    string = text.string(first, last)
    upper = sum(word.text.isupper() for word in text.words[first : last + 1])
    acronym = string.isupper() and len(string) <= 3
    return last - first + 1, len(string), string.isupper(), upper, acronym


def _entity(candidate: Candidate, entity: Entity | None) -> tuple[float, ...]:
    """How a candidate lies in the entity that holds its first or last word."""
    if entity is None:
        return 0, 0, -1, -1, 0
    first, last, label = entity
    before, after = candidate.first - first, last - candidate.last
    if before == after == 0:
        relation = 1
    elif before >= 0 and after >= 0:
        relation = 2  # inside
    else:
        relation = 3 if before <= 0 and after <= 0 else 4  # around, across
    number = LABELS.index(label) + 1 if label in LABELS else 0
    return number, relation, before, after, last - first + 1


def _around(
    text: SpannedText, candidate: Candidate, runs: dict[int, tuple[int, int]]
) -> tuple[float, ...]:
    first, last, _ = candidate
    words = text.words
    before, after = gap(text.text, words, first - 1), gap(text.text, words, last)
    start, end = runs.get(first, (first, first))
    return (
        "\n" in before or before.strip(" \"'(\u201c\u201d\u2019")[:1] in (".", "!", "?"),
        _gap_kind(before),
        _gap_kind(after),
        before in _TIES and words[first - 1].capital,
        after in _TIES and words[last + 1].capital,
        end - start + 1,
        first - start,
        end - last,
        _word(words, last) in KINDS,
        _word(words, first) in KINDS,
        _word(words, last + 1) in KINDS,
        _word(words, first - 1) in KINDS,
    )


def _gap_kind(between: str) -> int:
    if between == " ":
        return 0
    kinds = (n for n, marks in enumerate(_GAPS, 1) if any(mark in between for mark in marks))
    return next(kinds, len(_GAPS) + 1)


def _holders(entities: Sequence[Entity]) -> dict[int, Entity]:
    """Entity that holds each word."""
    return {at: entity for entity in entities for at in range(entity.first, entity.last + 1)}


def _capital_runs(text: SpannedText) -> dict[int, tuple[int, int]]:
    """First and last word of the run of capitals around each word with a capital."""
    runs: dict[int, tuple[int, int]] = {}
    start = 0
    for at, word in enumerate(text.words):
        if not word.capital:
            start = at + 1
        elif not (_word_after(text, at).capital and gap(text.text, text.words, at) in _TIES):
            runs |= dict.fromkeys(range(start, at + 1), (start, at))
            start = at + 1
    return runs


def _word_after(text: SpannedText, at: int) -> Word:
    return text.words[at + 1] if at + 1 < len(text.words) else Word(0, 1, "-")


class _Document:
    """What the rest of a text tells about a string in it."""

    def __init__(self, text: SpannedText) -> None:
        self._text = text
        self._words = Counter(word.text for word in text.words)
        self._times = Counter(candidate.normal for candidate in text.candidates)
        self._labels: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._in_person: Counter[str] = Counter()
        self._in_other: Counter[str] = Counter()
        for first, last, label in text.entities:
            self._labels[normal(text.string(first, last))][label] += 1
            if last > first:
                inside = self._in_person if label in _PEOPLE else self._in_other
                inside.update(word.text.lower() for word in text.words[first : last + 1])

    def elsewhere(self, candidate: Candidate, entity: Entity | None) -> tuple[float, ...]:
        """How often the string is there, and as what; the candidate itself does not count."""
        labels = self._labels.get(candidate.normal, Counter()).copy()
        whole = entity is not None and entity[:2] == candidate[:2]
        if whole:
            labels[entity.label] -= 1
        total = sum(labels.values())
        word = _word(self._text.words, candidate.first)
        single = candidate.first == candidate.last
        inside = entity is not None and not whole and entity.label in _PEOPLE
        return (
            self._times[candidate.normal],
            self._words[word] if single else 0,
            total,
            sum(labels[label] for label in PLACE_LABELS) / total if total else -1,
            labels["NORP"],
            sum(labels[label] for label in _PEOPLE),
            labels["ORG"],
            self._in_person[word] - inside,
            self._in_other[word],
        )

"""Spans of a text that may be a toponym: its words, and runs of them that start with a capital."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from landscribe.places.names import normal as _normal
from landscribe.text.demonyms import abbreviations

MOST_WORDS = 6  # of a candidate that no model found
_KINDS = """
    street st road rd avenue ave boulevard blvd lane drive way highway route bridge square crescent
    close court terrace place park river creek lake bay beach island islands mountain mountains
    mount valley canyon hill hills falls forest desert sea ocean gulf strait peninsula cape county
    parish district province state region territory city town village borough township ward airport
    station port harbor harbour hospital church cathedral mosque temple school university college
    museum stadium arena theatre theater hotel prison jail cemetery mall center centre hall tower
    palace castle fort plaza gate canal dam reservoir coast shore north south east west northern
    southern eastern western central
"""
KINDS = frozenset(_KINDS.split())  # of place, with which a name ends or starts
_OPENING = {"mount", "mt.", "lake", "university", "fort", "cape", "port", "saint", "st.", "gulf"}
_WITHIN = {  # words without a capital inside a name
    *("of", "the", "and", "on", "upon", "de", "la", "le", "du", "des", "sur", "en", "d", "l"),
    *("del", "al", "el", "da", "do", "di", "van", "der"),
}
_WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}(?:[^\W\d_]+\.)?"  # U.S., W.Va.
    r"|[^\W\d_]+(?:['\u2019][^\W\d_]+)*"  # Texas, Xi'an
    r"|\d+(?:[.,]\d+)*"
)
_OWNER = re.compile("['\u2019][sS]$")
_GAPS = (" ", "-", "\u2013", ". ")
_ARTICLES = ("the", "a", "an")
_ABBREVIATIONS = frozenset(abbreviations())
_POINTED = _ABBREVIATIONS | {"St.", "Mt.", "Ft.", "Ste.", "Co.", "Ave.", "Rd.", "Blvd."}

normal = lru_cache(100_000)(_normal)


class Word(NamedTuple):
    """A word with its place in the text; a possessive s is not part of it."""

    start: int
    end: int
    text: str

    @property
    def capital(self) -> bool:
        """Whether it starts with a capital."""
        return self.text[0].isupper()


class Entity(NamedTuple):
    """What the base model found: its first and last word, and its label."""

    first: int
    last: int
    label: str


class Candidate(NamedTuple):
    """Words that may be a toponym: the first and the last of them, and their normal form."""

    first: int
    last: int
    normal: str


class SpannedText(NamedTuple):
    """A text with all that may be a toponym in it."""

    text: str
    words: list[Word]
    entities: list[Entity]
    candidates: list[Candidate]

    def string(self, first: int, last: int) -> str:
        """Text from one word to another."""
        return self.text[self.words[first].start : self.words[last].end]

    def span(self, candidate: Candidate) -> tuple[int, int]:
        """Characters of a candidate."""
        return self.words[candidate.first].start, self.words[candidate.last].end


def spanned(
    text: str,
    found: Iterable[tuple[int, int, str]],
    known: Callable[[Sequence[str]], Iterable[str]],
) -> SpannedText:
    """Words, entities and candidates of a text.

    Candidates are all entities, parts of them between commas, and runs of words from capital to
    capital that are known or hold a kind of place (Froom Crescent).

    Args:
        found: start, end and label of what the base model found.
        known: which of some normal forms are names.
    """
    words = text_words(text)
    entities = list(_entities(words, found))
    runs = list(_runs(text, words))
    names = set(known(list({run.normal for run in runs})))
    spans = {run[:2]: run for run in runs if run.normal in names or _of_a_kind(words, run)}
    for first, last in _stretches(text, words, entities):
        string = text[words[first].start : words[last].end]
        spans.setdefault((first, last), Candidate(first, last, normal(string)))
    return SpannedText(text, words, entities, [spans[key] for key in sorted(spans)])


def text_words(text: str) -> list[Word]:
    """Words and numbers of a text in their order."""
    words = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        if _OWNER.search(match.group()):
            end -= 2
        if text[end : end + 1] == "." and text[start : end + 1] in _POINTED:
            end += 1
        if end > start:
            words.append(Word(start, end, text[start:end]))
    return words


def gap(text: str, words: Sequence[Word], left: int) -> str:
    """What stands between a word and the next one; the ends of the text are ends of a line."""
    if left < 0 or left + 1 >= len(words):
        return "\n"
    return text[words[left].end : words[left + 1].start]


def _runs(text: str, words: list[Word]) -> Iterable[Candidate]:
    """Words from capital to capital, at most MOST_WORDS, on one line."""
    for first, word in enumerate(words):
        if not word.capital:
            continue
        for last in range(first, min(len(words), first + MOST_WORDS)):
            if last > first and gap(text, words, last - 1) not in _GAPS:
                break
            if words[last].capital:
                string = text[word.start : words[last].end]
                yield Candidate(first, last, normal(string))
            elif words[last].text.lower() not in _WITHIN:
                break


def _of_a_kind(words: list[Word], run: Candidate) -> bool:
    if run.first == run.last:
        return words[run.first].text in _ABBREVIATIONS
    return words[run.last].text.lower() in KINDS or words[run.first].text.lower() in _OPENING


def _entities(words: list[Word], found: Iterable[tuple[int, int, str]]) -> Iterable[Entity]:
    """Entities in words, without a leading article; those without a word are left out."""
    starts = [word.start for word in words]
    ends = [word.end for word in words]
    for start, end, label in found:
        first, last = bisect_right(ends, start), bisect_left(starts, end) - 1
        while first < last and words[first].text.lower() in _ARTICLES:
            first += 1
        if first <= last:
            yield Entity(first, last, label)


def _stretches(text: str, words: list[Word], entities: list[Entity]) -> Iterable[tuple[int, int]]:
    """Words of each entity, and of what stands left and right of each comma in it."""
    for first, last, _ in entities:
        yield first, last
        for left in range(first, last):
            if "," in gap(text, words, left):
                yield first, left
                yield left + 1, last

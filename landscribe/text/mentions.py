"""A span of a text that names a place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Toponym:
    """What a recognizer found, before anybody knows which place it is."""

    start: int
    end: int
    text: str
    label: str  # GPE, LOC, FAC, NORP, ORG or gazetteer
    score: float = 1.0  # probability that it names a place, 0-1

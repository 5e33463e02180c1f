"""Directions of the compass: words of both languages and their degrees."""

import pytest

from landscribe.text.bearings import HALF_WIDTHS_DEG, bearing
from landscribe.text.plain import plain

POINTS = ["n", "nne", "ne", "ene", "e", "ese", "se", "sse"]
POINTS += ["s", "ssw", "sw", "wsw", "w", "wnw", "nw", "nnw"]
ENGLISH = {"n": "north", "e": "east", "s": "south", "w": "west"}
FRENCH = {"n": "nord", "e": "est", "s": "sud", "w": "ouest"}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(("language", "names"), [("en", ENGLISH), ("fr", FRENCH)])
def test_the_points_of_the_compass(point, language, names):
    degrees = POINTS.index(point) * 22.5, HALF_WIDTHS_DEG[len(point) - 1]
    letters = point.replace("w", "o") if language == "fr" else point
    assert bearing("-".join(names[letter] for letter in point), language) == degrees
    assert bearing(" ".join(names[letter] for letter in point), language) == degrees
    assert bearing(letters, language) == degrees
    assert bearing(" ".join(f"{letter}." for letter in letters), language) == degrees


@pytest.mark.parametrize(
    ("words", "language", "degrees"),
    [
        ("south-eastern", "en", 135),
        ("due southwest", "en", 225),
        ("northernmost", "en", 0),
        ("north by east", "en", 11.25),
        ("north by west", "en", 348.75),
        ("à l'orient", "fr", 90),
        ("au septentrion", "fr", 0),
        ("au midi", "fr", 180),
        ("au levant", "fr", 90),
        ("au couchant", "fr", 270),
        ("du côté de l'occident", "fr", 270),
        ("nord-oüest", "fr", 315),
        ("sud-occidentale", "fr", 225),
        ("à l'ouest-quart-au-sud", "fr", 258.75),
        ("à l'E.", "fr", 90),
    ],
)
def test_words_of_directions(words, language, degrees):
    assert bearing(plain(words), language)[0] == degrees


@pytest.mark.parametrize("words", ["", "of the", "north-south", "an hour's", "no", "on"])
def test_what_is_no_direction(words):
    assert bearing(words, "en") is None


def test_finer_directions_are_narrower():
    widths = [bearing(words, "en")[1] for words in ("north", "nw", "nnw", "north by west")]
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 4

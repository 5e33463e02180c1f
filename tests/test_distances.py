"""Distances in words: numbers of both languages in digits and letters, units old and new."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.text.distances import distance
from landscribe.text.number_words import number
from landscribe.text.plain import plain

ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
ONES = ["", *ONES.split(), "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
UNS = "un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
UNS = ["", *UNS.split(), "dix-sept", "dix-huit", "dix-neuf"]
DIX = ["", "", "vingt", "trente", "quarante", "cinquante", "soixante", "", "quatre-vingt", ""]
UNITS_KM = [  # of each unit the range that it may have
    ("en", "km", 1, 1),
    ("en", "kilometres", 1, 1),
    ("en", "miles", 1.609, 1.61),
    ("en", "nautical miles", 1.852, 1.852),
    ("en", "yards", 0.00091, 0.00092),
    ("en", "leagues", 3.9, 5.9),
    ("en", "m", 0.001, 0.001),
    ("fr", "kilomètres", 1, 1),
    ("fr", "lieues", 3.9, 5.9),
    ("fr", "milles", 1.48, 1.86),
    ("fr", "toises", 0.00194, 0.00196),
    ("fr", "stades", 0.157, 0.21),
]


def english(value):
    if value < 20:
        return ONES[value]
    if value < 100:
        return f"{TENS[value // 10]}-{ONES[value % 10]}".strip("-")
    rest = f" and {english(value % 100)}" if value % 100 else ""
    return f"{ONES[value // 100]} hundred{rest}"


def french(value):
    if value < 20:
        return UNS[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        if tens in (7, 9):
            tens, ones = tens - 1, ones + 10
        joined = " et " if ones in (1, 11) and tens < 8 else "-"
        return f"{DIX[tens]}{joined}{UNS[ones]}" if ones else DIX[tens] + "s" * (tens == 8)
    hundreds = "cent" if value < 200 else f"{UNS[value // 100]} cent"
    return f"{hundreds} {french(value % 100)}".strip()


@given(st.integers(1, 999))
def test_numbers_in_words(value):
    assert number(english(value), "en") == (value,) * 3
    assert number(french(value), "fr") == (value,) * 3


@given(st.integers(1, 999), st.sampled_from(UNITS_KM), st.booleans())
def test_a_number_and_a_unit_are_kilometres(value, unit, in_words):
    language, name, low, high = unit
    spell = english if language == "en" else french
    told = distance(plain(f"{spell(value) if in_words else value} {name}"), language)
    assert value * low <= told.low_km <= told.about_km <= told.high_km <= value * high


@given(st.integers(1, 99), st.integers(1, 99))
def test_a_range_spans_both_numbers(one, more):
    for words, language in (
        (f"{one} to {one + more} km", "en"),
        (f"{one} ou {one + more} km", "fr"),
    ):
        told = distance(words, language)
        assert (told.low_km, told.high_km) == (one, one + more)
        assert one < told.about_km < one + more


@pytest.mark.parametrize(
    ("words", "language", "km"),
    [
        ("1,200 km", "en", (1200, 1200, 1200)),
        ("2.5 km", "en", (2.5, 2.5, 2.5)),
        ("2½ km", "en", (2.5, 2.5, 2.5)),
        ("2 1/2 km", "en", (2.5, 2.5, 2.5)),
        ("two and a half km", "en", (2.5, 2.5, 2.5)),
        ("a kilometre and a half", "en", (1.5, 1.5, 1.5)),
        ("half a kilometre", "en", (0.5, 0.5, 0.5)),
        ("three quarters of a kilometre", "en", (0.75, 0.75, 0.75)),
        ("a dozen km", "en", (12, 12, 12)),
        ("a few km", "en", (2, 3, 6)),
        ("about 10 km", "en", (8, 10, 12.5)),
        ("less than 10 km", "en", (0, 7, 10)),
        ("more than 10 km", "en", (10, 12, 15)),
        ("1 500 km", "fr", (1500, 1500, 1500)),
        ("1.500 km", "fr", (1500, 1500, 1500)),
        ("3,5 km", "fr", (3.5, 3.5, 3.5)),
        ("un kilomètre & demi", "fr", (1.5, 1.5, 1.5)),
        ("une demi-lieue", "fr", (1.95, 2.225, 2.95)),
        ("trois quarts de lieue", "fr", (2.925, 3.3375, 4.425)),
        ("une lieue & un quart", "fr", (4.875, 5.5625, 7.375)),
        ("quatre-vingt-dix-neuf km", "fr", (99, 99, 99)),
        ("septante-deux km", "fr", (72, 72, 72)),
        ("deux mille toises", "fr", (3.898, 3.898, 3.898)),
        ("deux mille", "fr", (2.96, 3.704, 3.72)),  # miles
        ("une vingtaine de kilomètres", "fr", (16, 20, 25)),
        ("environ 10 km", "fr", (8, 10, 12.5)),
    ],
)
def test_known_distances(words, language, km):
    told = distance(plain(words), language)
    assert (told.low_km, told.about_km, told.high_km) == pytest.approx(km)


@pytest.mark.parametrize(
    ("slower", "faster", "language"),
    [
        ("an hour's walk", "an hour's drive", "en"),
        ("two hours' ride", "a two-hour flight", "en"),
        ("20 minutes on foot", "20 minutes by car", "en"),
        ("three days' march", "three days' sail", "en"),
        ("une heure de marche", "une heure de train", "fr"),
        ("une journée de marche", "une journée de cheval", "fr"),
    ],
)
def test_time_on_the_way_is_a_wide_distance(slower, faster, language):
    one, other = distance(plain(slower), language), distance(plain(faster), language)
    assert one.about_km < other.about_km
    assert one.high_km > one.low_km and other.high_km > other.low_km


def test_a_number_takes_the_unit_it_is_given():
    assert distance("a 22 de", "fr") is None
    assert distance("a 22 de", "fr", unit="lieues").about_km == pytest.approx(22 * 4.45)

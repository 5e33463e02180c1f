"""Names: spellings of one place are equal, those of two are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.places.names import normal


@pytest.mark.parametrize(
    "spellings",
    [
        ["U.S.", "US", "u.s", "U. S."[:2] + "S."],
        ["W.Va.", "WVa"],
        ["Washington, D.C.", "Washington DC"],
        ["St. Louis", "Saint Louis", "ST LOUIS"],
        ["The Hague", "Hague", "the Hague"],
        ["Île-de-France", "Ile de France"],
        ["Xi’an", "Xi'an", "Xian"],
        ["Łódź", "Lodz"],
        ["Trinidad & Tobago", "Trinidad and Tobago"],
        ["القاهِرة", "القاهرة"],
        ["Großbeeren", "Grossbeeren", "GROSSBEEREN"],
    ],
    ids=lambda spellings: spellings[0],
)
def test_spellings_of_a_name_are_equal(spellings):
    assert len({normal(spelling) for spelling in spellings}) == 1
    assert normal(spellings[0])


def test_names_of_two_places_differ():
    names = ["Москва", "東京", "東亰", "Paris", "Le Paris", "La Paz", "Paz", "The", "Thé", "A the"]
    assert len({normal(name) for name in names}) == len(names) - 1  # The = Thé


@given(st.text())
def test_the_normal_form_is_its_own_normal_form(name):
    once = normal(name)
    assert once == once.strip() and "  " not in once
    assert normal(once) == once or once.startswith("the ")

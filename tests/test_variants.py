"""Other forms of names: what is dropped, in which order, and that nothing breaks on odd names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.places.names import normal
from landscribe.text.variants import parts, variants

ODD = ["", " ", "'", "'s", "-based", "...", "(", "[a-z]+*", "'; DROP TABLE places; --", "\ud800"]


@pytest.mark.parametrize(
    "text, form",
    [
        ("Dallas's", "dallas"),
        ("Dallas\u2019s", "dallas"),
        ("Dallas-based", "dallas"),
        ("London born", "london"),
        ("Paris, Texas", "paris"),
        ("Springfield (Illinois)", "springfield"),
        ("northern Mali", "mali"),
        ("the State of Texas", "texas"),
        ("Lamar County", "lamar"),
        ("Upper Nile state", "nile"),
        ("Texans", "texan"),
        ("U.S.-led", "us"),
    ],
)
def test_endings_and_generic_words_are_dropped(text, form):
    assert form in variants(text)


def test_the_longest_form_comes_first_and_the_whole_is_not_among_them():
    assert variants("Greater London border region") == (
        *("london border region", "london border", "london"),
    )
    assert variants("Lyon") == ()


def test_a_name_of_generic_words_alone_keeps_one():
    assert variants("North Island") == ("island",)
    assert variants("Lake District") == ("district",)


def test_parts_are_runs_of_words_with_their_share_the_longest_first():
    assert parts("University of Paris") == (
        *(("university of", 2 / 3), ("of paris", 2 / 3)),
        *(("university", 1 / 3), ("paris", 1 / 3)),  # `of` is too short
    )
    assert parts("Paris") == ()


def test_a_long_name_has_few_parts():
    assert len(parts(" ".join(f"word{n}" for n in range(1000)))) == 9 * 10 / 2 + 9


@pytest.mark.parametrize("text", ODD)
def test_odd_names_have_no_empty_form(text):
    assert "" not in variants(text)
    assert all(name and share < 1 for name, share in parts(text))


@given(st.text(max_size=40))
def test_forms_are_normal_and_never_the_name_itself(text):
    for name in variants(text):
        assert name and name != normal(text)
    assert len({*variants(text)}) == len(variants(text))
    shares = [share for _, share in parts(text)]
    assert shares == sorted(shares, reverse=True)

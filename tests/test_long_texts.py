"""Parts of a text: they are the text, and short enough."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.text.long_texts import parts


@given(st.text("ab .\n!", max_size=200), st.integers(1, 50))
def test_parts_are_the_text_and_short(text, most):
    found = list(parts(text, most))
    assert "".join(part for _, part in found) == text
    assert all(0 < len(part) <= most for _, part in found)
    assert all(text[start : start + len(part)] == part for start, part in found)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("aaa bbb. ccc\n\nddd eee fff", "aaa bbb. ccc\n\n"),
        ("aaa bbbbb. ccc ddd eee fff", "aaa bbbbb. "),
        ("aaa bbb ccc ddd eee fff ggg", "aaa bbb ccc ddd "),
        ("a" * 30, "a" * 18),
    ],
)
def test_the_cut_is_where_it_hurts_least(text, first):
    assert next(parts(text, 18)) == (0, first)

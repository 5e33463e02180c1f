import json

import pytest

from landscribe.command import InputError
from landscribe.publish.numbers import Numbers, text


@pytest.fixture
def numbers(tmp_path):
    (tmp_path / "scores.json").write_text(
        json.dumps({"a/b": [1, {"c": 0.25}], "empty": None, "word": "x"})
    )
    (tmp_path / "areas.csv").write_text("name,pixels,share\nfarm,3,0.25\nforest,4,\n")
    (tmp_path / "page").mkdir()
    return Numbers(tmp_path / "page")


@pytest.mark.parametrize(
    ("file", "place", "value"),
    [
        ("scores.json", "/a~1b/1/c", 0.25),
        ("scores.json", "/empty", None),
        ("scores.json", "count:/a~1b", 2),
        ("areas.csv", "0/share", 0.25),
        ("areas.csv", "1/share", None),
        ("areas.csv", "1/pixels", 4),
        ("areas.csv", "sum:0-1/pixels", 7),
        ("areas.csv", "sum:0-1/share", 0.25),
    ],
)
def test_a_place_in_a_file_gives_its_number(numbers, tmp_path, file, place, value):
    assert numbers.value(tmp_path / file, place) == value


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("scores.json", "/none"),
        ("scores.json", "/word"),
        ("scores.json", "/a~1b"),
        ("areas.csv", "9/share"),
    ],
)
def test_a_missing_number_is_told_with_file_and_place(numbers, tmp_path, file, place):
    with pytest.raises(InputError, match=rf"{file}: no number at {place}"):
        numbers.value(tmp_path / file, place)


def test_a_cited_number_names_its_source_and_exact_value(numbers, tmp_path):
    cited = numbers.cite(tmp_path / "scores.json", "/a~1b/1/c", "percent")
    assert 'data-source="../scores.json#/a~1b/1/c"' in cited
    assert 'data-value="0.25"' in cited
    assert cited.endswith(">25.0\N{NARROW NO-BREAK SPACE}%</span>")


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (1234567, "count", "1,234,567"),
        (0.0005, "percent", "0.1\u202f%"),
        (999.94, "area_ha", "999.9\u202fha"),
        (12345.6, "area_ha", "12,346\u202fha"),
        (-999.94, "bare_ha", "\u2212999.9"),
        (0.29, "whole_percent", "29\u202f%"),
        (0.925, "whole_percent", "92.5\u202f%"),
        (0.8871, "bare_percent", "88.7"),
        (3.25, "tenth", "3.2"),
        (-0.5, "decimal", "\u22120.500"),
        (10.0, "plain", "10"),
        (None, "percent", "–"),
    ],
)
def test_numbers_for_people(value, form, shown):
    assert text(value, form) == shown

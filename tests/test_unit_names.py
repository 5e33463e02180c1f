"""Names of units without the word for what they are."""

import pytest

from landscribe.places.names import normal
from landscribe.places.unit_names import bare_unit


@pytest.mark.parametrize(
    "names",
    [
        ("Lublin", "Lublin Voivodeship", "Województwo Lublin"),
        ("Utrecht", "Provincie Utrecht", "Utrecht Province", "Province of Utrecht"),
        ("La Paz", "Departamento de La Paz", "La Paz Department"),
        ("Tak", "Changwat Tak"),
        ("Ariana", "Gouvernorat d'Ariana".replace("'", " "), "Ariana Governorate"),
        ("Moscow", "Moscow Oblast"),
    ],
)
def test_names_of_a_unit_are_one(names):
    assert len({bare_unit(normal(name)) for name in names}) == 1


@pytest.mark.parametrize("name", ["Berlin", "La Paz", "Province", "Of", "County Province", ""])
def test_a_name_without_such_a_word_or_of_nothing_else_stays(name):
    assert bare_unit(normal(name)) == normal(name)


def test_other_words_stay():
    assert bare_unit("north brabant") == "north brabant"
    assert bare_unit("distrito federal") == "federal"
    assert bare_unit("isle of wight") == "isle of wight"

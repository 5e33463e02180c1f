"""Names with small words in them: they are whole where the gazetteer knows them."""

import pytest

from landscribe.places.lookup import Places
from landscribe.text.long_names import whole_names
from landscribe.text.mentions import Toponym
from tests.made_gazetteer import a_name, make_places

KNOWN = ("Brandenburg an der Havel", "Trinidad and Tobago", "Châlons-sur-Marne", "Paris", "Avon")


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    made = make_places(tmp_path_factory.mktemp("world"), len(KNOWN) + 1)
    made.names += [a_name(row, name) for row, name in enumerate(KNOWN)]
    made.names.append(a_name(len(KNOWN), "Lyon and Paris", "code"))
    return Places(made.write().index())


def toponyms(text, *names):
    starts, at = [], 0
    for name in names:
        at = text.index(name, at)
        starts.append(at)
    return [Toponym(s, s + len(n), n, "GPE", 0.9) for s, n in zip(starts, names, strict=True)]


@pytest.mark.parametrize(
    "text, found, expected",
    [
        ("in Brandenburg an der Havel.", ["Brandenburg", "Havel"], ["Brandenburg an der Havel"]),
        ("in Brandenburg an der Havel.", ["Brandenburg"], ["Brandenburg an der Havel"]),
        ("in Brandenburg an der Oder.", ["Brandenburg", "Oder"], ["Brandenburg", "Oder"]),
        ("Trinidad and Tobago, Paris", ["Trinidad", "Tobago", "Paris"], [KNOWN[1], "Paris"]),
        ("Châlons sur Marne", ["Châlons", "Marne"], ["Châlons sur Marne"]),
        ("Lyon and Paris", ["Lyon", "Paris"], ["Lyon", "Paris"]),  # that name is only a code
        ("Paris and Avon", ["Paris", "Avon"], ["Paris", "Avon"]),
        ("Paris, and Tobago", ["Paris"], ["Paris"]),
        ("", [], []),
    ],
)
def test_what_the_gazetteer_knows_as_one_name_is_one(places, text, found, expected):
    whole = [*whole_names(text, toponyms(text, *found), places)]
    assert [toponym.text for toponym in whole] == expected
    assert all(text[t.start : t.end] == t.text and t.score == 0.9 for t in whole)

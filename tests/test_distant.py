"""Names that explain themselves are judged, and no others."""

import pytest

from landscribe.text.distant import distant_example
from tests.made_geoparser import a_document
from tests.made_world import marked


def explained(places, text):
    """Names of a text and the places that they are taken to mean; none: not judged."""
    plain, toponyms = marked(text)
    found = distant_example(a_document(1, plain), toponyms, places, 0.1)
    if found is None:
        return None
    for mention, id_, point, judged in zip(
        found.mentions, found.ids, found.points, found.judged, strict=True
    ):
        assert plain[mention.start : mention.end] == mention.text
        assert judged == (id_ is not None) == (point is not None)
        if id_:
            place = places.by_id([id_])[id_]
            assert point == (place.lon, place.lat)
    assert found.weight == 0.1
    return [id_ and id_.removeprefix("made:") for id_ in found.ids]


@pytest.mark.parametrize(
    "text, wanted",
    [
        ("[Lyon] is far.", ["Lyon"]),  # there is one
        ("[Paris] is near.", None),  # there are two
        ("[Paris], [Texas], is a town.", ["Paris TX", "Texas"]),
        ("[Paris] in [France] or [Paris] in [Texas].", ["Paris", "France", "Paris TX", "Texas"]),
        ("[Paris], [Texas]. Later, [Paris] won.", ["Paris TX", "Texas", "Paris TX"]),
        ("Later, [Paris] won. It is [Paris], [Texas].", ["Paris TX", "Paris TX", "Texas"]),
        (  # of a name that means two places, only what stands with its unit is clear
            "[Paris], [Texas], and [Paris], [France]. [Paris] won.",
            ["Paris TX", "Texas", "Paris", "France", None],
        ),
        ("[Springfield], [Illinois]", ["Springfield IL", "Illinois"]),
        ("[Springfield], [Texas]", [None, "Texas"]),  # there is none
        ("[Texan] and [US]", None),  # neither word is a place's name
        ("[Atlantis], [Lyon]", [None, "Lyon"]),
        ("[Atlantis]", None),
        ("", None),
        ("[...] and [Lyon]", [None, "Lyon"]),  # no letters
    ],
)
def test_what_is_judged(places, text, wanted):
    assert explained(places, text) == wanted

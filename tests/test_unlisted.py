"""Documents whose places are hidden: which are, what is left, and what is learnt from them."""

import numpy as np
import pytest

from landscribe.text.evidence import case_of
from landscribe.text.examples import Example
from landscribe.text.unlisted import unlisted
from tests.made_world import a_place, marked

TEXT = "[Paris], [Texas], is far from [Lyon]. [Springfield] in [Illinois] is not far."


class Always:
    """Draws that take every name, or none."""

    def __init__(self, drawn):
        self.drawn = drawn

    def random(self):
        return self.drawn


@pytest.fixture
def example(places):
    text, mentions = marked(TEXT)
    ids = ("Paris TX", "Texas", "Lyon", "Springfield IL", None)
    found = [id_ and a_place(places, id_) for id_ in ids]
    points = tuple(place and (place.lon, place.lat) for place in found)
    told = tuple(place and place.id for place in found)
    return Example(text, "", tuple(mentions), points, told, tuple(p is not None for p in found))


def hidden(example, candidates, rng):
    case = case_of(example.text, example.mentions, "", candidates)
    return unlisted(example, case, candidates, rng)


def names(case, text):
    mention = next(n for n, m in enumerate(case.mentions) if m.text == text)
    return [p.id for n, p in zip(case.mention, case.places, strict=True) if n == mention and p]


def test_the_right_place_of_a_name_whose_unit_is_told_is_hidden(example, candidates):
    copy, case = hidden(example, candidates, Always(0.0))
    assert names(case, "Paris") == ["made:Paris"]  # that of France stays
    assert names(case, "Springfield") == ["made:Springfield MO"]
    assert "made:Lyon" in names(case, "Lyon")  # of which no unit is told
    assert copy.judged == (True, False, False, True, False)
    assert copy.mentions == example.mentions and copy.points == example.points


def test_what_is_asked_later_is_not_hidden(example, candidates):
    before = [c.place.id for c in candidates.of("Paris")]
    hidden(example, candidates, Always(0.0))
    assert [c.place.id for c in candidates.of("Paris")] == before
    assert "made:Paris TX" in before


def test_nothing_drawn_and_nothing_judged_give_no_copy(example, candidates):
    assert hidden(example, candidates, Always(1.0)) is None
    unjudged = Example(example.text, "", example.mentions, (None,) * 5, (None,) * 5, (False,) * 5)
    assert hidden(unjudged, candidates, Always(0.0)) is None


def test_draws_are_those_of_the_seed(example, candidates):
    told = [
        hidden(example, candidates, np.random.default_rng(seed)) for seed in [*range(9), *range(9)]
    ]
    judged = [copy and copy[0].judged for copy in told]
    assert judged[:9] == judged[9:]
    assert len(set(judged)) > 1

"""Evidence equals what is counted by hand on a small made world."""

import math

import numpy as np
import pytest

from landscribe.scores.places import great_circle_km
from landscribe.text import shared_evidence
from landscribe.text.candidates import AROUND, NONE
from landscribe.text.evidence import OWN, case_of, joined_units
from landscribe.text.shared_evidence import SHARED, shared
from tests.made_world import a_place, marked

TEXT = (
    "In [Paris], [Texas] and [Dallas] it rained. The mayor of [Lyon] flew to [Orly] near [Paris],"
    " over the [Marne] river. [Atlantis] sank. [Springfield] in [Illinois] is not [Springfield]."
)


@pytest.fixture
def case(candidates):
    return case_of(*marked(TEXT), "news.co.fr", candidates)


def even(case):
    """First chances: equal for all candidates of a mention, none left out."""
    return 1 / np.bincount(case.mention)[case.mention]


def chances_of(case, told, rest=0.0):
    """First chances by the text of a mention and the id of a place."""
    return np.array(
        [
            told.get((case.mentions[m].text, p and p.id.removeprefix("made:")), rest)
            for m, p in zip(case.mention, case.places, strict=True)
        ]
    )


class Seen:
    """Shared evidence that can be asked by words."""

    def __init__(self, case, first):
        self.case = case
        self.rows, self.table = shared(case, first)

    def row(self, text, id_, nth=0):
        found = [
            n
            for n, (m, s) in enumerate(zip(self.rows.mention, self.rows.source, strict=True))
            if self.case.mentions[m].text == text
            and (p := self.case.places[s])
            and p.id == f"made:{id_}"
        ]
        return found[nth]

    def get(self, name, text, id_, nth=0):
        return float(self.table[self.row(text, id_, nth), [*OWN, *SHARED].index(name)])


def test_rows_of_a_mention_stand_together_and_end_with_none(case):
    assert (np.diff(case.mention) >= 0).all()
    last = np.flatnonzero(np.diff(case.mention, append=len(case.mentions)))
    assert [n for n, place in enumerate(case.places) if place is None] == last.tolist()
    assert case.own[last, OWN.index("how")].tolist() == [NONE] * len(case.mentions)
    assert len(case.places) == len(case.own) == len(case.point) == len(case.ties.place)


def test_mentions_are_one_if_words_and_neighbours_are_alike(candidates):
    text, mentions = marked(
        "[Lyon] fell. [Lyon] rose. The mayor of [Lyon]. [Lyon], [France]. [LYON]"
    )
    case = case_of(text, mentions, "", candidates)
    assert case.keys == [0, 0, 1, 2, 3, 4]
    assert [case.own[n, OWN.index("times")] for n in (0, -1)] == [4, 1]
    assert len(set(case.names.tolist())) == 2


def test_own_evidence_of_mentions(case):
    first = {text: n for n, text in reversed([*enumerate(m.text for m in case.mentions)])}
    row = {text: np.flatnonzero(case.mention == n)[0] for text, n in first.items()}
    told = {name: case.own[:, OWN.index(name)] for name in OWN}
    assert told["candidates"][row["Paris"]] == 2 and told["candidates"][row["Atlantis"]] == 0
    assert told["cue_after"][row["Marne"]] == told["cue_before"][row["Marne"]] + 3 == 3
    assert told["cue_before"][row["Lyon"]] > 0  # mayor of
    assert told["outlet_country"][row["Lyon"]] == 1 and told["outlet_country"][row["Dallas"]] == 0
    assert told["letters"][row["Dallas"]] == 6 and told["words"][row["Dallas"]] == 1


@pytest.mark.parametrize(
    "text, expected",
    [
        ("[Paris], [Texas]", True),
        ("[Paris] in [Texas]", True),
        ("[Paris] ([Texas])", True),
        ("[Paris] and [Texas]", False),
        ("[Paris]. [Texas]", False),
        ("[Paris],            [Texas]", False),
    ],
)
def test_units_are_joined_by_what_stands_between(text, expected):
    assert [*joined_units(*marked(text))] == ([(0, 1)] if expected else [])


def test_an_explained_place_is_told_by_its_unit(case):
    seen = Seen(case, even(case))
    assert seen.get("unit_after", "Paris", "Paris TX") == 0.5
    assert seen.get("unit_after", "Paris", "Paris") == 0
    assert seen.get("unit_said", "Paris", "Paris TX") == 0.5
    assert seen.get("unit_said", "Lyon", "Lyon") == 0
    assert seen.get("units_share", "Paris", "Paris TX") == 1
    assert seen.get("units_share", "Paris", "Paris") == 0
    assert seen.get("unit_before", "Texas", "Texas") == pytest.approx(1 / 3)
    assert seen.get("unit_after", "Springfield", "Springfield IL") == 0.5
    assert seen.get("unit_after", "Springfield", "Springfield MO") == 0


def test_what_is_said_of_a_name_holds_where_it_stands_again(case):
    seen = Seen(case, even(case))
    assert [seen.get("unit_after", "Paris", "Paris TX", nth) for nth in (0, 1)] == [0.5, 0.5]
    assert [seen.get("unit_echoed", "Paris", "Paris TX", nth) for nth in (0, 1)] == [0, 1]
    assert seen.get("unit_echoed", "Lyon", "Lyon") == 0


def test_a_unit_that_is_named_is_told_where_it_is_a_candidate_itself(candidates):
    case = case_of(*marked("[Atlantis], [Texas]"), "", candidates)
    seen = Seen(case, chances_of(case, {("Texas", "Texas"): 0.9}))
    assert seen.get("how", "Atlantis", "Texas") == AROUND
    assert seen.get("is_unit", "Atlantis", "Texas") == pytest.approx(0.9)
    assert seen.get("unit_after", "Atlantis", "Texas") == 0


def test_of_several_units_each_counts_the_same(candidates):
    case = case_of(*marked("[Paris] is a town in [Texas], [France]."), "", candidates)
    assert case.joined[:2] == [(0, 1), (0, 2)]
    seen = Seen(case, chances_of(case, {("Texas", "Texas"): 0.2, ("France", "France"): 0.9}))
    assert seen.get("units_share", "Paris", "Paris TX") == pytest.approx(0.5)
    assert seen.get("units_share", "Paris", "Paris") == pytest.approx(0.5)


@pytest.mark.parametrize(
    "text, units",
    [
        ("[Paris] is a city in [Lamar County], [Texas], [United States].", [1, 2, 3]),
        ("The [Paris] (pop. 9) was the seat of the [U.S.] state of [Texas].", [1, 2]),
        ("He was born there. [Paris] est une ville du [Texas].", [1]),
        ("[Paris] is a city. It lies in [Texas].", []),
        ("[Paris] is in [Texas].", []),  # it may be, but nothing says what it is
        ("They say that [Paris] is a city in [Texas].", []),
    ],
)
def test_a_definition_names_units(text, units):
    found = joined_units(*marked(text))
    assert [unit for place, unit in found if place == 0] == units


def test_elsewhere_is_what_the_same_name_is_likely_in_another_mention(case):
    first = even(case)
    of_paris = [m for m, mention in enumerate(case.mentions) if mention.text == "Paris"]
    for mention, chances in zip(of_paris, ([0.1, 0.8, 0.1], [0.6, 0.3, 0.1]), strict=True):
        first[case.mention == mention] = chances  # Paris, Paris TX, none
    seen = Seen(case, first)
    told = [[seen.get("elsewhere", "Paris", p, n) for p in ("Paris", "Paris TX")] for n in (0, 1)]
    assert np.allclose(told, [[0.6, 0.3], [0.1, 0.8]])
    assert seen.get("elsewhere", "Lyon", "Lyon") == 0


def test_containment_by_hand(case):
    told = {("Texas", "Texas"): 0.8, ("Dallas", "Dallas"): 0.6, ("Lyon", "Lyon"): 0.5}
    seen = Seen(case, chances_of(case, told | {("Orly", "Orly"): 0.005}))
    count = len(case.mentions)
    paris = ("Paris", "Paris TX")
    assert seen.get("of_country", *paris) == pytest.approx((0.8 + 0.6) / count)
    assert seen.get("of_country", "Paris", "Paris") == pytest.approx(0.5 / count)  # Orly: unheard
    assert seen.get("of_unit", *paris) == pytest.approx(0.6 / count)  # Dallas is in Texas, too
    assert seen.get("of_unit", "Lyon", "Lyon") == 0  # it has no unit but its country
    assert seen.get("around_it", *paris) == pytest.approx(0.8)
    assert seen.get("inside_it", "Texas", "Texas") == pytest.approx(0.6)
    assert seen.get("of_country", "Texas", "Texas") == pytest.approx(0.6 / count)  # not itself
    assert seen.get("around_it", "Dallas", "Dallas") == pytest.approx(0.8)
    assert seen.get("named_again", "Dallas", "Dallas") == 0


def test_places_without_a_country_are_not_of_one_country(candidates):
    case = case_of(*marked("From the [North Sea] to the [Baltic]."), "", candidates)
    seen = Seen(case, even(case))
    assert seen.get("of_country", "North Sea", "North Sea") == 0
    assert seen.get("outlet_country", "North Sea", "North Sea") == 0


def test_what_a_name_says_does_not_count_for_itself(candidates):
    case = case_of(*marked("[Lyon] is [LYON]: the mayor of [Lyon]"), "", candidates)
    seen = Seen(case, np.where(case.own[:, 0] == NONE, 0.1, 0.9))
    silent = ("of_country", "of_unit", "around_it", "inside_it", "named_again", "within_161")
    for name in (*silent, "company_50", "company_200"):
        assert not seen.table[:, [*OWN, *SHARED].index(name)].any(), name


def test_distances_are_those_on_the_sphere(case, places):
    first = even(case)
    seen = Seen(case, first)
    likely = [n for n in np.flatnonzero(first > 0.05) if case.places[n]]
    for text, id_ in (("Lyon", "Lyon"), ("Dallas", "Dallas"), ("Marne", "Marne")):
        here, far, near = a_place(places, id_), [], {161: 0.0, 500: 0.0}
        others = [n for n in likely if case.mentions[case.mention[n]].text != text]
        for n in others:
            there = case.places[n]
            km = great_circle_km(here.lon, here.lat, there.lon, there.lat)
            far.append(math.log1p(km) + 3 * (1 - first[n]))
            for most in near:
                near[most] += first[n] * (km <= most) / first[others].sum()
        assert seen.get("nearest", text, id_) == pytest.approx(min(far), abs=1e-4)
        for most, share in near.items():
            assert seen.get(f"within_{most}", text, id_) == pytest.approx(share, abs=1e-5)


def test_before_and_after_look_at_the_next_two_mentions(case):
    seen = Seen(case, chances_of(case, {("Texas", "Texas"): 1.0}))
    assert seen.get("nearest_after", "Paris", "Paris TX") < 13
    assert seen.get("nearest_before", "Paris", "Paris TX") == 13
    assert seen.get("nearest_before", "Dallas", "Dallas") < 13
    assert seen.get("nearest_before", "Orly", "Orly") == 13
    assert seen.get("nearest", "Orly", "Orly") < 13


def test_what_must_rise_does(case):
    seen = Seen(case, even(case))
    column = {name: seen.table[:, n] for n, name in enumerate([*OWN, *SHARED])}
    assert (column["within_161"] <= column["within_500"]).all()
    assert (column["company_50"] <= column["company_200"]).all()
    assert (column["nearest"] <= column["nearest_before"]).all()
    assert (column["inside_it"] >= 0).all() and (column["within_500"] <= 1 + 1e-6).all()
    told = [
        Seen(case, chances_of(case, {("Texas", "Texas"): chance})) for chance in (0.1, 0.5, 0.9)
    ]
    for name in ("unit_after", "around_it", "of_country"):
        values = [s.get(name, "Paris", "Paris TX") for s in told]
        assert values[0] < values[1] < values[2], name


def test_company_counts_names_with_a_candidate_near(case):
    seen = Seen(case, chances_of(case, {}))  # nothing is likely: nothing is added
    assert seen.rows.is_own.all()
    rare = 1 / math.log2(1 + 1)
    assert seen.get("company_50", "Paris", "Paris") == pytest.approx(2 * rare)  # Marne, Orly
    assert seen.get("company_50", "Paris", "Paris TX") == 0
    assert seen.get("company_200", "Paris", "Paris TX") == pytest.approx(rare)  # Dallas, 151 km
    paris = 1 / math.log2(1 + 4)  # two mentions with two places each: a name that says less
    assert seen.get("company_200", "Orly", "Orly") == pytest.approx(rare + paris)


def test_company_is_the_same_however_few_rows_are_compared_at_once(case, monkeypatch):
    _, whole = shared(case, even(case))
    monkeypatch.setattr(shared_evidence, "_PAIRS", 1)
    _, parts = shared(case, even(case))
    assert np.allclose(whole, parts, atol=1e-6)


def test_places_of_the_nearest_mentions_are_candidates_too(case):
    seen = Seen(case, chances_of(case, {("Lyon", "Lyon"): 0.9, ("Texas", "Texas"): 0.9}))
    how = seen.table[:, OWN.index("how")]
    assert (how == AROUND).tolist() == (~seen.rows.is_own).tolist()
    assert seen.get("how", "Atlantis", "Lyon") == AROUND
    assert seen.get("log_population", "Atlantis", "Lyon") == pytest.approx(math.log1p(500_000))
    assert seen.get("letters", "Atlantis", "Lyon") == len("Atlantis")
    assert len(seen.rows.mention) == len(case.mention) + 2 * len(case.mentions) - 2
    assert (seen.rows.source[seen.rows.is_own] == np.arange(len(case.mention))).all()
    assert (np.diff(seen.rows.mention) >= 0).all()


def test_what_is_unlikely_or_a_part_is_no_candidate_of_others(candidates):
    case = case_of(*marked("[University of Lyon], [Atlantis] and [Dallas]"), "", candidates)
    told = {("University of Lyon", "Lyon"): 0.9, ("Dallas", "Dallas"): 0.2}
    rows, _ = shared(case, chances_of(case, told))
    assert rows.is_own.all()


@pytest.mark.parametrize("text", ["", "nothing here", "[Atlantis] and [Xanadu]", "[']", "[%]"])
def test_without_any_candidate_all_is_finite(candidates, text):
    case = case_of(*marked(text), "", candidates)
    assert case.places == [None] * len(case.mentions)
    rows, table = shared(case, np.ones(len(case.mentions)))
    assert table.shape == (len(case.mentions), len(OWN) + len(SHARED))
    assert np.isfinite(table).all() and rows.is_own.all()

"""Candidates: the surest way to a place comes first, and a name is never a command."""

import math

import numpy as np
import pytest

from landscribe.places.classes import CLASSES
from landscribe.text.candidates import (
    EDIT,
    EXACT,
    NONE,
    OF_CANDIDATE,
    PART,
    VARIANT,
    Candidates,
)
from tests.made_world import a_place


def told(candidates, text):
    return [(c.place.id.removeprefix("made:"), c.how) for c in candidates.of(text)]


def column(candidates, text, name):
    return candidates.found(text).numbers[:, OF_CANDIDATE.index(name)].tolist()


def test_all_places_of_a_name_the_largest_first(candidates):
    assert told(candidates, "PARIS") == [("Paris", EXACT), ("Paris TX", EXACT)]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Paris", EXACT),
        ("Paris's", VARIANT),
        ("Paris-based", VARIANT),
        ("northern Paris", VARIANT),
        ("University of Paris", PART),
        ("Parris", EDIT),
    ],
)
def test_how_a_name_leads_to_its_places(candidates, text, expected):
    found = told(candidates, text)
    assert [id_ for id_, _ in found] == ["Paris", "Paris TX"]
    assert {how for _, how in found} == {expected}


def test_the_surest_way_hides_the_others(candidates):
    assert told(candidates, "Lamar County") == [("Lamar", EXACT)]  # Lamar is no name of it
    assert told(candidates, "Illinois state") == [("Illinois", VARIANT)]


def test_a_code_alone_does_not_hide_variants(candidates):
    assert told(candidates, "US") == [("US", EXACT)]
    assert candidates.of("US")[0].place.kind == "code"


@pytest.mark.parametrize("text, id_", [("French", "France"), ("Texan", "Texas")])
def test_demonyms_lead_to_their_place(candidates, text, id_):
    (found,) = candidates.of(text)
    assert (found.place.id, found.place.kind, found.how) == (f"made:{id_}", "demonym", EXACT)


def test_parts_of_a_part_that_is_a_name_are_left_out(candidates):
    found = candidates.of("Greater Lamar County Hospital of Lyon")
    assert {(c.place.id, round(c.share, 2)) for c in found} == {
        *(("made:Lamar", 0.33), ("made:Lyon", 0.17)),
    }


def test_short_names_are_not_edited(candidates):
    assert told(candidates, "Lyom") == []
    assert told(candidates, "Dallaz") == [("Dallas", EDIT)]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE names; --", "%", "_", "Par%", "P.*s", '"', "", "\ud800", "NEAR(a, b)"]
)
def test_a_name_is_never_a_command(places, candidates, text):
    assert candidates.of(text) == ()
    assert candidates.found(text).places == (None,)
    assert told(Candidates(places), "Paris") == [("Paris", EXACT), ("Paris TX", EXACT)]


def test_numbers_of_candidates_and_of_none(candidates):
    found = candidates.found("paris")
    assert [p and p.id for p in found.places] == ["made:Paris", "made:Paris TX", None]
    assert column(candidates, "paris", "how") == [EXACT, EXACT, NONE]
    people = np.array([2_100_000, 25_000])
    logs = column(candidates, "paris", "log_population")
    assert np.allclose(logs, [*np.log1p(people), 0])
    shares = column(candidates, "paris", "population_share")
    assert np.allclose(shares, [*(people + 1) / (people.sum() + 1), 0])
    assert column(candidates, "paris", "population_rank") == [0, 1, 0]
    assert column(candidates, "paris", "class")[:2] == [[*CLASSES].index("city")] * 2
    assert np.allclose(column(candidates, "paris", "log_extent")[:2], math.log(3))
    assert column(candidates, "paris", "is_main_name") == [1, 1, 0]
    assert column(candidates, "lugdunum", "is_main_name") == [0, 0]


def test_points_are_on_the_unit_sphere(places, candidates):
    found = candidates.found("Paris")
    assert np.allclose(np.linalg.norm(found.point, axis=1), 1)
    place = a_place(places, "Paris")
    x, y, z = found.point[0]
    assert math.degrees(math.atan2(y, x)) == pytest.approx(place.lon)
    assert math.degrees(math.asin(z)) == pytest.approx(place.lat)

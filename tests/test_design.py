"""Strata and units of a campaign."""

import numpy as np
import pytest

from landscribe.campaigns import Campaign
from landscribe.card import check
from tests.made_campaign import CARD, make_campaign


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_campaign(tmp_path_factory.mktemp("maps"))


def design(made, **changed):
    return made.design(check(Campaign, CARD | changed, "card"))


def test_equal_cards_and_maps_give_equal_designs(made):
    one = design(made)
    assert one.digest == design(made).digest
    assert one.digest != design(made, seed=6).digest
    assert one.map_digest == design(made, seed=6).map_digest


def test_units_are_dealt_out_and_their_chances_told(made):
    found = design(made)
    strata = found.strata
    assert strata.name.tolist() == ["forest", "farm", "town", "water"]
    assert strata.units.sum() == len(found.units) == 400
    np.testing.assert_allclose(strata.inclusion_probability, strata.units / strata.pixels)
    assert strata.share.sum() == pytest.approx(1)
    assert found.population.area_ha.sum() == pytest.approx(strata.area_ha.sum())


def test_ids_and_order_tell_nothing_of_the_map(made):
    units = design(made).units
    assert units.id.tolist() == list(range(1, 401))
    assert abs(np.corrcoef(units.id, units.code)[0, 1]) < 0.15
    assert abs(np.corrcoef(units.id, units.lat)[0, 1]) < 0.15


def test_outlines_hold_their_centres(made):
    found = design(made)
    assert found.outlines.contains_properly(
        found.outlines.from_xy(found.units.lon, found.units.lat, crs=4326)
    ).all()


def test_rare_strata_are_joined(made):
    found = design(made, strata="change", before=2018, least_share=0.01, units=600)
    rare = found.strata[found.strata.name == "rare"].iloc[0]
    assert len(rare.codes.split()) > 2
    assert found.strata.share[found.strata.name != "rare"].min() >= 0.01
    assert "stable-forest" in set(found.strata.name)


def test_a_target_gives_the_units_that_reach_it(made):
    how = {"minimum": 2, "rule": "neyman", "expected_users": 0.85}
    target = {"standard_error": 0.02}
    found = design(made, units=None, target=target, allocation=how).strata
    error = np.sqrt((found.share**2 * 0.85 * 0.15 / found.units).sum())
    assert error == pytest.approx(0.02, rel=0.05)
    area = {"standard_error": 0.005, "area_of": "water", "omitted": 0.01}
    found = design(made, units=None, target=area, allocation=how).strata
    shares = np.where(found.name == "water", 0.85, 0.01)
    error = np.sqrt((found.share**2 * shares * (1 - shares) / found.units).sum())
    assert error == pytest.approx(0.005, rel=0.05)


def test_some_units_are_read_twice(made):
    assert design(made, second_readings=0.1).units.second.sum() == 40


def test_a_simple_random_sample_has_one_stratum(made):
    found = design(made, strata="none")
    assert found.strata.name.tolist() == ["all"]
    assert found.strata.units.tolist() == [400]

"""Cards of campaigns: one line for each fault, also of what does not fit the run."""

import pytest
import yaml

from landscribe.campaigns import Campaign
from landscribe.card import check
from landscribe.cards import CONFIG, Run
from landscribe.command import InputError
from landscribe.run_cards import check_cards
from tests.made_campaign import CARD

DEMO = yaml.safe_load((CONFIG / "demo.yaml").read_text())


@pytest.fixture(autouse=True)
def models_are_not_asked(monkeypatch):
    monkeypatch.setattr("landscribe.run_cards.check_settings", lambda name, card: None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"units": None}, "units, target: one of the two"),
        ({"target": {"standard_error": 0.01}}, "units, target: one of the two"),
        ({"strata": "change"}, "before: belongs to strata `change`"),
        ({"before": 2018}, "before: belongs to strata `change`"),
        ({"strata": "change", "before": 2020}, "before: 2020 is not before 2020"),
        ({"regions": ["north", "north"]}, "regions: north stands twice"),
        ({"allocation": {"minimum": 1}}, "allocation.minimum"),
        ({"second_readings": 1.5}, "second_readings"),
        (
            {
                "units": None,
                "strata": "none",
                "target": {"standard_error": 0.01, "area_of": "town"},
            },
            "target.area_of: needs strata `classes`",
        ),
    ],
)
def test_faults_are_told(changed, told):
    with pytest.raises(InputError, match=told):
        check(Campaign, CARD | changed, "card")


def test_the_demos_campaign_fits_the_demo():
    check_cards(check(Run, DEMO | {"campaigns": ["beetzsee-landuse"]}, "the config"))


def test_a_campaign_of_maps_that_the_run_does_not_make_is_refused():
    run = check(Run, DEMO | {"campaigns": ["beetzsee-landuse"], "years": [2018]}, "the config")
    with pytest.raises(InputError, match="samples maps of years 2017, but the config has 2018"):
        check_cards(run)


def test_classes_that_the_legend_lacks_are_named(monkeypatch):
    card = yaml.safe_load((CONFIG / "campaigns/beetzsee-landuse.yaml").read_text())
    card["allocation"]["expected_users_of"] = {"moon": 0.9}
    monkeypatch.setattr(Campaign, "read", lambda path: check(Campaign, card, str(path)))
    run = check(Run, DEMO | {"campaigns": ["beetzsee-landuse"]}, "the config")
    with pytest.raises(InputError, match="class moon is not in the legend of landuse"):
        check_cards(run)

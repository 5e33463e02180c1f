"""Cards of campaigns: one line for each fault, also of what does not fit the run."""

from types import SimpleNamespace

import pytest
import yaml

from landscribe.campaigns import Campaign
from landscribe.card import check
from landscribe.cards import CONFIG, Run
from landscribe.command import InputError
from landscribe.run_cards import check_cards
from landscribe.runs import Plan, campaign_card
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


def test_a_page_and_a_product_are_given_the_campaigns_of_their_maps(monkeypatch):
    plan = Plan.read(DEMO | {"campaigns": ["beetzsee-landuse"]})
    page = SimpleNamespace(region="beetzsee", year="2017", task="landuse")
    sampled, other = (SimpleNamespace(**vars(page), model=name) for name in ("forest", "unet"))
    sample = ["results/evaluate/campaigns/beetzsee-landuse/sample.gpkg"]
    assert plan.campaign_samples(page) == plan.campaign_samples(sampled) == sample
    assert plan.campaign_cards(page) == [CONFIG / "campaigns/beetzsee-landuse.yaml"]
    assert plan.campaign_cards(other) == plan.campaign_samples(other) == []
    assert plan.campaign_cards(SimpleNamespace(**vars(page) | {"year": "2018"})) == []
    assert plan.campaign_cards(SimpleNamespace(**vars(page) | {"region": "elsewhere"})) == []
    assert plan.campaign_accuracies(page) == []  # nobody has read it yet
    read = campaign_card("beetzsee-landuse").model_copy(update={"interpreted": "read.gpkg"})
    monkeypatch.setattr("landscribe.runs.campaign_card", lambda name: read)
    accuracy = ["results/evaluate/campaigns/beetzsee-landuse/accuracy.json"]
    assert plan.campaign_accuracies(page) == plan.campaign_accuracies(sampled) == accuracy
    assert plan.campaign_accuracies(other) == []


def test_dissimilarity_is_of_one_model_or_of_all():
    plan = Plan.read(DEMO)
    page = SimpleNamespace(region="beetzsee", year="2017", task="landuse")
    one = SimpleNamespace(**vars(page), model="unet")
    assert [path.split("/")[-3] for path in plan.applicability(page)] == ["forest", "unet"]
    assert [path.split("/")[-3] for path in plan.applicability(one)] == ["unet"]
    without = Plan.read(DEMO | {"trust": {"applicability": False}})
    assert without.applicability(page) == []

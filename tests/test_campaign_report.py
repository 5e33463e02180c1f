"""Reports of campaigns: numbers that can be redone, change, regions, readers, unread units."""

import json

import numpy as np
import pyogrio
import pytest

from landscribe.campaigns import Campaign
from landscribe.card import check
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.grid import pixel_area_m2
from landscribe.mapping.areas import in_own_zone
from landscribe.scores.accuracy import design_based
from landscribe.scores.accuracy_figures import (
    SurveyCaption,
    draw_accuracies,
    draw_areas,
    draw_proportions,
)
from landscribe.scores.campaign_report import campaign_report, report_table
from landscribe.scores.interpretation import read_interpreted
from tests.made_campaign import CARD, LEGEND, PLACES, edit_units, interpret, make_campaign


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_campaign(tmp_path_factory.mktemp("maps"))


def report(made, edit=None, **changed):
    card = check(Campaign, CARD | changed, "card")
    sample, back = made.folder / "sample.gpkg", made.folder / "back.gpkg"
    design = made.sample(card, sample)
    years = {"reference": 2020} | ({"reference_before": 2018} if card.before else {})
    interpret(made, sample, back, years)
    if edit:
        edit_units(sample, back, edit(pyogrio.read_dataframe(back, layer="units")))
    readings = read_interpreted(back, sample, card, LEGEND)
    told = campaign_report("made", readings, card, LEGEND)
    json.dumps(told, allow_nan=False)
    return told, readings, design


def true_ha(made, of):
    """Ground for which something of the truths of 2018 and 2020 holds, where there is a map."""
    total = 0.0
    for (region, block), grid in PLACES.items():
        there = (made.shown[2018, region, block] != NODATA) & (
            region == "south" or in_own_zone(grid)
        )
        then, now = made.truth[2018, region, block], made.truth[2020, region, block]
        total += (pixel_area_m2(grid) * (of(then, now) & there)).sum() / 1e4
    return total


def test_numbers_are_those_of_the_papers_formulas(made):
    told, readings, design = report(made)
    ids = [land.id for land in LEGEND]
    reference = readings.units.reference.map({land.name: land.id for land in LEGEND})
    counts = np.array(
        [[((design.units.code == i) & (reference == j)).sum() for j in ids] for i in ids]
    )
    found = design_based(counts, design.strata.area_ha.to_numpy(), [str(i) for i in ids], True)
    assert told["counts"] == counts.tolist()
    assert told["overall_accuracy"]["value"] == pytest.approx(found.overall.value)
    for row, users, producers, area in zip(
        told["classes"], found.users, found.producers, found.areas, strict=True
    ):
        assert row["users_accuracy"]["value"] == pytest.approx(users.value)
        assert row["producers_accuracy"]["value"] == pytest.approx(producers.value)
        assert row["area_ha"]["interval"] == pytest.approx(list(area.interval))
    assert told["change"] is None
    assert told["campaign"]["non_response"] == "All units were read."


@pytest.mark.parametrize("strata", ["classes", "none"])
def test_true_areas_are_within_what_may_be(made, strata):
    told, _, _ = report(made, strata=strata)
    for row, land in zip(told["classes"], LEGEND, strict=True):
        true = true_ha(made, lambda _, now, i=land.id: now == i)
        area = row["area_ha"]
        assert abs(area["value"] - true) < 3.5 * area["standard_error"], land.name
    mapped = sum(row["mapped_ha"] for row in told["classes"])
    assert mapped == pytest.approx(true_ha(made, lambda _, now: now > 0), rel=1e-4)


def test_change_is_told_for_each_class(made):
    told, _, _ = report(made, strata="change", before=2018, least_share=0.01, units=600)
    assert [row["name"] for row in told["change"]] == [land.name for land in LEGEND]
    for row, land in zip(told["change"], LEGEND, strict=True):
        gain, loss, net = (row[f"{kind}_ha"] for kind in ("gain", "loss", "net"))
        assert net["value"] == pytest.approx(gain["value"] - loss["value"])
        true = true_ha(made, lambda then, now, i=land.id: (now == i) & (then != i))
        assert abs(gain["value"] - true) < 3.5 * max(gain["standard_error"], 5), land.name
    gains = sum(row["gain_ha"]["value"] for row in told["change"])
    assert gains == pytest.approx(sum(row["loss_ha"]["value"] for row in told["change"]))


def test_regions_have_estimates_of_their_own(made):
    told, _, _ = report(made)
    parts = told["regions"]
    assert set(parts) == {"north", "south"}
    mapped = sum(row["mapped_ha"] for part in parts.values() for row in part["classes"])
    assert mapped == pytest.approx(sum(row["mapped_ha"] for row in told["classes"]))
    assert parts["north"]["read"] + parts["south"]["read"] == 400
    for part in parts.values():
        areas = sum(row["area_ha"]["value"] for row in part["classes"])
        assert areas == pytest.approx(sum(row["mapped_ha"] for row in part["classes"]))


def _unread(units):
    units.loc[units.id <= 8, "reference"] = None
    return units


def test_unread_units_are_refused_unless_the_card_allows_them(made):
    with pytest.raises(InputError, match=r"units without a class: \d of the \d+ of forest.*most_"):
        report(made, _unread)
    told, _, _ = report(made, _unread, most_unread=0.2)
    assert told["campaign"]["read"] == 392
    assert "assumes that they are like the other units" in told["campaign"]["non_response"]
    assert sum(row["units"] - row["read"] for row in told["strata"]) == 8


def test_nothing_read_yet_is_told(made):
    with pytest.raises(InputError, match="no unit has a class yet"):
        report(made, lambda units: units.assign(reference=None))


def _second(units):
    twice = units.second == "yes"
    units.loc[twice, "second_reference"] = units.reference[twice]
    units.loc[units.id == units.id[twice].iloc[0], "second_reference"] = "water"
    return units


def test_readers_are_compared(made):
    told, readings, _ = report(made, _second, second_readings=0.1)
    first = readings.units[readings.units.second_reference.notna()]
    differ = (first.reference != first.second_reference).sum()
    readers = told["readers"]
    assert (readers["wanted"], readers["read_twice"], len(readers["differ"])) == (40, 40, differ)
    assert readers["agreement"] == pytest.approx(1 - differ / 40)


def test_the_table_has_every_estimate(made):
    told, _, _ = report(made)
    table = report_table(told)
    assert table.quantity.value_counts()["area"] == 3 * len(LEGEND)
    row = table[(table.region == "all") & (table.quantity == "area")].iloc[1]
    assert row.estimate == told["classes"][1]["area_ha"]["value"]
    assert row["class"] == "Farmland"


def test_figures_are_drawn_and_equal_for_equal_numbers(made, tmp_path):
    told, _, _ = report(made)
    caption = SurveyCaption("Made map, 2020", told)
    draw_accuracies(tmp_path / "accuracies.png", caption)
    draw_proportions(tmp_path / "matrix.png", caption)
    for name in ("one", "other"):
        draw_areas(tmp_path / f"{name}.png", caption)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()

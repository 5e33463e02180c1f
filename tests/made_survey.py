"""Campaigns on a made run: drawn from its maps, and read by people who find pixels wrong."""

from pathlib import Path

import numpy as np
import pyogrio
import yaml

from landscribe.campaigns import Campaign
from landscribe.cards import Task
from landscribe.formats.json_file import write_json
from landscribe.scores.accuracy_figures import SurveyCaption, draw_accuracies, draw_areas
from landscribe.scores.campaign_report import campaign_report, report_table
from landscribe.scores.design import draw_design
from landscribe.scores.interpretation import read_interpreted, read_sample, write_sample
from landscribe.scores.population import map_parts, population
from tests.made_product import REGION, TASK, TASK_CARD, YEAR, MadeRun

LEGEND = Task.read(TASK_CARD).legend


def add_campaign(run: MadeRun, name: str, model: str, read: bool = True) -> None:
    """Draw a sample of a model's map; with `read`, interpret it and write what it says."""
    told = {"title": f"Sample {name}, {YEAR}", "regions": [REGION], "year": YEAR, "task": TASK}
    told |= {"model": model, "units": 300, "allocation": {"minimum": 20}, "second_readings": 0.1}
    card_path = run.results.parent / f"campaigns/{name}.yaml"
    card_path.parent.mkdir(exist_ok=True)
    card_path.write_text(yaml.safe_dump(told))
    run.campaigns[name] = card_path
    card, folder = Campaign.read(card_path), run.results / f"evaluate/campaigns/{name}"
    folder.mkdir(parents=True)
    maps = [run.file("map", model, block, "classes.tif") for block in run.blocks]
    design = draw_design(population(map_parts(maps, [], [REGION])), card, LEGEND)
    write_sample(folder / "sample.gpkg", name, design, card, LEGEND)
    if read:
        interpret(folder / "sample.gpkg", folder.parent / f"{name}-read.gpkg")
        report(folder, card, name)


def interpret(sample: Path, path: Path) -> None:
    """Fill in the class on the map, or any class one time in six; the second reader agrees."""
    random, names = np.random.default_rng(2), {land.id: land.name for land in LEGEND}
    design = read_sample(sample).units
    units = pyogrio.read_dataframe(sample, layer="units").sort_values("id", ignore_index=True)
    wrong = random.random(len(units)) < 1 / 6
    codes = np.where(wrong, random.choice(list(names), len(units)), design.code)
    units["reference"] = [names[code] for code in codes]
    units["second_reference"] = units.reference.where(units.second == "yes")
    path.write_bytes(sample.read_bytes())
    pyogrio.write_dataframe(units, path, layer="units", driver="GPKG")


def report(folder: Path, card: Campaign, name: str) -> None:
    """Write accuracy.json, accuracy.csv and the figures that the page shows."""
    back = folder.parent / f"{name}-read.gpkg"
    readings = read_interpreted(back, folder / "sample.gpkg", card, LEGEND)
    told = campaign_report(name, readings, card, LEGEND)
    write_json(folder / "accuracy.json", told)
    report_table(told).to_csv(folder / "accuracy.csv", index=False)
    draw_areas(folder / "areas.png", SurveyCaption(card.title, told))
    draw_accuracies(folder / "accuracies.png", SurveyCaption(card.title, told))

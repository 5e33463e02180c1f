"""The page of a region, year and task: one HTML file that needs nothing else to be read.

All models of the run are on it. The one that is shown first is chosen by its validation scores;
test scores are only ever reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from os.path import relpath
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from landscribe.cards import LandClass, Region, Task
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.grid import Grid
from landscribe.publish import layers
from landscribe.publish.campaign_view import CampaignView, campaign_views
from landscribe.publish.layers import Layer
from landscribe.publish.model_view import ModelView, best_first, model_views
from landscribe.publish.numbers import Numbers
from landscribe.publish.page_files import PageFiles
from landscribe.publish.page_layers import Layers, page_layers
from landscribe.publish.product import STEPS
from landscribe.publish.templates import environment, script_json, verbatim
from landscribe.publish.trust_layers import set_size_key
from landscribe.sensors import Sensor

PAGE_BYTES = 5_000_000  # what mail servers and colleagues take
TEXT_BYTES = 400_000  # of a page, without images
FEW = 12  # blocks that a page names one by one
MOST_SCENES = 100  # that a page lists with their checksums; of others it names the lock
FIGURES = {  # file -> title, and what it shows for those who do not see it
    "confusion": ("Confusion matrix", "Test pixels by class on the map and class on the ground."),
    "accuracy": ("Accuracy by class", "User's and producer's accuracy of each class as bars."),
    "reliability": ("Reliability", "Accuracy of the test pixels against the confidence."),
    "errors": ("Where it errs", "Map of the test polygons: right and wrong pixels."),
    "rescaled": ("Calibration", "Accuracy against confidence, before and after calibration."),
    "applicability": ("Applicability", "Accuracy by dissimilarity from the training pixels."),
    "areas": ("Areas", "Estimated areas with their intervals, beside the mapped ones."),
    "accuracies": ("Accuracies", "User's and producer's accuracy with their intervals."),
}


@dataclass(frozen=True)
class Figure:
    """A figure on the page."""

    title: str
    what: str  # it shows
    image: Layer


@dataclass(frozen=True)
class SceneSource:
    """A sensor with its scenes on the page: where their number is, and what loops run over."""

    sensor: Sensor
    lock: Path
    told: dict  # scenes.lock.json

    @property
    def days(self) -> tuple[str, str]:
        """Times of the first and the last scene."""
        times = sorted(scene["datetime"] for scene in self.told["scenes"])
        return times[0], times[-1]


def page(files: PageFiles, year: int, folder: Path) -> str:
    """HTML of the page that will stand in `folder`."""
    task, sources = Task.read(files.task), scene_sources(files)
    models, campaigns = best_first(model_views(files)), campaign_views(files)
    figures = _figures(models, campaigns)
    budget = PAGE_BYTES - TEXT_BYTES - sum(len(figure.image.uri) for figure in figures.values())
    display, images = page_layers(files.cubes, models, task.legend, sources[0].sensor, budget)
    template = _environment(folder, Numbers(folder)).get_template("page.html.j2")
    return template.render(
        blocks=sorted(cube.parents[1].name for cube in files.cubes),
        campaigns=campaigns,
        cards={path: card for m in models for path, card in m.provenance["cards"].items()},
        display=display,
        few=FEW,
        figures=figures,
        imagery=_imagery_sources(models[0], task),
        images=images,
        legend=task.legend,
        merged=_merged(display, models[0]),
        models=models,
        most_scenes=MOST_SCENES,
        region=Region.read(files.region),
        sizes=set_size_key(task.legend),
        sources=sources,
        steps=[step for step in STEPS if step in models[0].provenance["code"]],
        task=task,
        viewer=_viewer_data(display, images, models, task.legend),
        year=year,
    )


def scene_sources(files: PageFiles) -> list[SceneSource]:
    """Sensors of the run with their locks, in their order."""
    if len(files.sensors) != len(files.locks):
        raise InputError(
            f"{len(files.sensors)} sensors, but {len(files.locks)} locks; name one lock per sensor,"
            " in the order of the sensors"
        )
    pairs = zip(files.sensors, files.locks, strict=True)
    return [SceneSource(Sensor.read(card), lock, read_json(lock)) for card, lock in pairs]


def _imagery_sources(model: ModelView, task: Task) -> list[str]:
    """Who has to be named for the imagery, from the map's STAC document."""
    document = read_json(model.products["map"])
    providers = document.get("properties", document)["providers"]
    return [p["name"] for p in providers if p["name"] != task.labels.attribution]


def _figures(
    models: Sequence[ModelView], campaigns: Sequence[CampaignView]
) -> dict[tuple[str, str], Figure]:
    """Figures by whose they are and their name; none of campaigns that are of several regions."""
    paths = {(m.id, name): path for m in models for name, path in m.figures.items()}
    for one in campaigns:
        if one.told and not one.place:
            paths |= {(one.id, name): path for name, path in one.figures.items()}
    return {
        place: Figure(*FIGURES[place[1]], layers.figure(path))
        for place, path in paths.items()
        if place[1] in FIGURES
    }


def _merged(display: Grid, model: ModelView) -> int:
    """How many pixels of the map, a side, are one of the page."""
    return round(display.gsd_m / model.told["signature"]["gsd_m"])


def _viewer_data(
    display: Grid, images: Layers, models: Sequence[ModelView], legend: Sequence[LandClass]
) -> Markup:
    """What viewer.js has to know, as JSON that may stand inside a script element."""
    west, south, east, north = display.bounds
    data = {
        "crs": display.crs,
        "bounds": [west, south, east, north],
        "size": [display.width, display.height],
        "lonlat": layers.lonlat_lattice(display),
        "keys": {"/".join(name).rstrip("/"): image.key for name, image in images.items()},
        "legend": [(land.colour.lower(), land.title) for land in legend],
        "sizes": set_size_key(legend),
        "merged": _merged(display, models[0]),
        "promised": {model.id: model.promised for model in models},
    }
    return script_json(data)


def _environment(folder: Path, numbers: Numbers) -> Environment:
    templates = environment()
    templates.filters["day"] = _day
    templates.globals |= {
        "number": numbers.cite,
        "link": lambda path: relpath(path, folder),
        "style": verbatim("style.css"),
        "script": verbatim("moving.js", "reading.js", "viewer.js"),
    }
    return templates


def _day(moment: str) -> str:
    """Such as 16 February 2017."""
    when = datetime.fromisoformat(moment)
    return f"{when.day} {when:%B %Y}"

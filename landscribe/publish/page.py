"""The page of a region, year and task: one HTML file that needs nothing else to be read.

All models of the run are on it. The one that is shown first is chosen by its validation scores;
test scores are only ever reported.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from os.path import relpath
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from landscribe.cards import LandClass, Region, Task
from landscribe.command import InputError
from landscribe.formats import NODATA, cube_grid, read_cube, read_json
from landscribe.grid import Grid
from landscribe.publish import layers
from landscribe.publish.layers import Layer
from landscribe.publish.numbers import Numbers
from landscribe.publish.product import STEPS
from landscribe.publish.templates import environment, script_json, verbatim
from landscribe.sensors import Sensor

SIDES_PX = (2000, 1600, 1250, 1000, 800, 600)  # of the layers, tried until the page is small enough
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
    "coverage": ("Sets", "How often the set of a pixel holds its class, by class."),
    "applicability": ("Applicability", "Accuracy by dissimilarity from the training pixels."),
}


@dataclass(frozen=True)
class PageFiles:
    """Files that a page shows.

    Those of a model or block are matched by their folders, as in `<model>/scores.json` and
    `<model>/<block>/classes.tif`.

    Args:
        region: card in config/regions.
        task: card in config/tasks.
        sensors: cards in config/sensors; the first one gives the picture.
        locks: scenes.lock.json of each sensor, in their order.
        cubes: cube of each block of the first sensor, in folders named `<block>/<sensor>/`.
        descriptions: model.json of each model; their order is kept.
        scores: scores.json of each model.
        areas: areas.csv of each model.
        classes: classes.tif of each model and block.
        confidence: confidence.tif of each model and block.
        observations: observations.tif of each model and block.
        figures: figures of the scores, PNG, of each model.
        products: map.json, model.json and provenance.json of each model.
        smoothed: smoothed.tif of each model and block, if the run has them.
    """

    region: Path
    task: Path
    sensors: tuple[Path, ...]
    locks: tuple[Path, ...]
    cubes: tuple[Path, ...]
    descriptions: tuple[Path, ...]
    scores: tuple[Path, ...]
    areas: tuple[Path, ...]
    classes: tuple[Path, ...]
    confidence: tuple[Path, ...]
    observations: tuple[Path, ...]
    figures: tuple[Path, ...]
    products: tuple[Path, ...]
    smoothed: tuple[Path, ...] = ()


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


@dataclass(frozen=True)
class ModelView:
    """One model on the page: where its numbers are, and what loops run over."""

    id: str
    description: Path
    scores: Path
    areas: Path
    classes: tuple[Path, ...]
    confidence: tuple[Path, ...]
    observations: tuple[Path, ...]
    figures: tuple[Path, ...]
    products: dict[str, Path]  # map, model, provenance
    told: dict  # model.json
    judged: dict  # scores.json
    provenance: dict
    area_rows: list[dict]  # areas.csv, with `row`, their place in the file
    smoothed: tuple[Path, ...] = ()

    @property
    def by_area(self) -> list[dict]:
        """Classes of the map, the largest first; without nodata."""
        rows = [row for row in self.area_rows if int(row["class_id"]) != NODATA]
        return sorted(rows, key=lambda row: -float(row["area_ha"]))

    @property
    def mapped(self) -> str:
        """Place of the total over the classes in areas.csv: they come first, nodata last."""
        return f"sum:0-{len(self.by_area) - 1}"

    @property
    def unmapped_row(self) -> int | None:
        """Row of nodata in areas.csv, if it has one."""
        return next((r["row"] for r in self.area_rows if int(r["class_id"]) == NODATA), None)


def page(files: PageFiles, year: int, folder: Path) -> str:
    """HTML of the page that will stand in `folder`."""
    task, sources = Task.read(files.task), scene_sources(files)
    models = best_first(model_views(files))
    figures = {m.id: _figures(m) for m in models}
    spent = sum(len(f.uri) for shown in figures.values() for _, _, f in shown) + TEXT_BYTES
    display, images = _images(files, models, task.legend, sources[0].sensor, PAGE_BYTES - spent)
    template = _environment(folder, Numbers(folder)).get_template("page.html.j2")
    return template.render(
        blocks=sorted(cube.parents[1].name for cube in files.cubes),
        cards={path: card for m in models for path, card in m.provenance["cards"].items()},
        display=display,
        few=FEW,
        figures=figures,
        imagery=_imagery_sources(models[0], task),
        images=images,
        legend=task.legend,
        models=models,
        most_scenes=MOST_SCENES,
        region=Region.read(files.region),
        sources=sources,
        steps=[step for step in STEPS if step in models[0].provenance["code"]],
        task=task,
        viewer=_viewer_data(display, images),
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


def model_views(files: PageFiles) -> list[ModelView]:
    """Models of the run, in the order of `files.descriptions`, each with all of its files."""
    views = []
    for description in files.descriptions:
        name = description.parent.name
        products = {p.stem: p for p in _of(name, files.products, 0, "products")}
        scores = _of(name, files.scores, 0, "scores")[0]
        areas = _of(name, files.areas, 0, "areas")[0]
        views.append(
            ModelView(
                id=name,
                description=description,
                scores=scores,
                areas=areas,
                classes=_of(name, files.classes, 1, "classes"),
                confidence=_of(name, files.confidence, 1, "confidence"),
                observations=_of(name, files.observations, 1, "observations"),
                figures=_of(name, files.figures, 0, "figures"),
                products=products,
                told=read_json(description),
                judged=read_json(scores),
                provenance=read_json(products["provenance"]),
                area_rows=_rows(areas),
                smoothed=_of(name, files.smoothed, 1, "smoothed") if files.smoothed else (),
            )
        )
    return views


def best_first(models: Sequence[ModelView]) -> list[ModelView]:
    """Models by balanced accuracy on the validation squares, the best first; ties keep order."""

    def quality(model: ModelView) -> float:
        accuracy = model.judged["validation"]["balanced_accuracy"]
        return -1.0 if accuracy is None else accuracy

    return sorted(models, key=quality, reverse=True)


def _of(model: str, paths: Iterable[Path], depth: int, kind: str) -> tuple[Path, ...]:
    """Paths of a model, which is the name of their folder (`depth` 0) or of the one above it."""
    found = tuple(path for path in paths if path.parents[depth].name == model)
    if not found:
        raise InputError(
            f"no --{kind} of model {model}: their folder should be called {model}; name them"
        )
    return found


def _imagery_sources(model: ModelView, task: Task) -> list[str]:
    """Who has to be named for the imagery, from the map's STAC document."""
    document = read_json(model.products["map"])
    providers = document.get("properties", document)["providers"]
    return [p["name"] for p in providers if p["name"] != task.labels.attribution]


def _rows(areas: Path) -> list[dict]:
    with areas.open(newline="") as file:
        return [{**row, "row": place} for place, row in enumerate(csv.DictReader(file))]


def _figures(model: ModelView) -> list[tuple[str, str, Layer]]:
    """Title, description and image of the figures of a model."""
    named = {path.stem: path for path in model.figures}
    return [(*FIGURES[name], layers.figure(named[name])) for name in FIGURES if name in named]


def _images(
    files: PageFiles,
    models: Sequence[ModelView],
    legend: Sequence[LandClass],
    sensor: Sensor,
    budget: int,
) -> tuple[Grid, dict[tuple[str, str], Layer]]:
    """Display grid and layers by (kind, model), as large as `budget` bytes of text allow."""
    cubes = [read_cube(path) for path in files.cubes]
    names = {band.common_name: band.name for band in sensor.bands}
    colours = [names.get(colour, sensor.bands[0].name) for colour in ("red", "green", "blue")]
    most_px = SIDES_PX[0]
    for side_px in SIDES_PX:
        if side_px > most_px and side_px != SIDES_PX[-1]:
            continue
        display = layers.display_grid([cube_grid(cube) for cube in cubes], side_px)
        images = {("imagery", ""): layers.imagery(cubes, colours, display)}
        for model in models:
            images["map", model.id] = layers.classes(model.classes, legend, display)
            if model.smoothed:
                images["smoothed", model.id] = layers.classes(model.smoothed, legend, display)
            images["confidence", model.id] = layers.confidence(model.confidence, display)
        images["observations", ""] = layers.observations(models[0].observations, display)
        size = sum(len(image.uri) for image in images.values())
        if size <= budget:
            break
        most_px = side_px * math.sqrt(max(budget, 0) / size)
    return display, images


def _viewer_data(display: Grid, images: dict[tuple[str, str], Layer]) -> Markup:
    """What viewer.js has to know, as JSON that may stand inside a script element."""
    west, south, east, north = display.bounds
    data = {
        "crs": display.crs,
        "bounds": [west, south, east, north],
        "size": [display.width, display.height],
        "lonlat": layers.lonlat_lattice(display),
        "keys": {"/".join(name).rstrip("/"): image.key for name, image in images.items()},
    }
    return script_json(data)


def _environment(folder: Path, numbers: Numbers) -> Environment:
    templates = environment()
    templates.filters["day"] = _day
    templates.globals |= {
        "number": numbers.cite,
        "link": lambda path: relpath(path, folder),
        "style": verbatim("style.css"),
        "script": verbatim("moving.js", "viewer.js"),
    }
    return templates


def _day(moment: str) -> str:
    """Such as 16 February 2017."""
    when = datetime.fromisoformat(moment)
    return f"{when.day} {when:%B %Y}"

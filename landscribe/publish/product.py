"""A product: one model's map of a region, year and task, with the files that it came from."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from landscribe.cards import Region, Task
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.grid import Block
from landscribe.imagery.gaps import read_gaps
from landscribe.imagery.passes import block_scenes
from landscribe.imagery.search import read_scenes
from landscribe.provenance import code_version, git_commit, project_version
from landscribe.sensors import Sensor

STEPS = (  # that a product goes through, in order; `step_versions` says which some go without
    *("import_scenes", "search_scenes", "stack_scenes", "compose_periods", "fetch_labels"),
    *("split_labels", "train_model", "sample_reference", "predict_block", "calibrate_map"),
    *("draw_map", "measure_applicability", "smooth_map", "sum_areas", "score_map", "score_trust"),
    *("draw_sample", "estimate_accuracy", "describe_product"),
)
_STEPS_WITH_MODEL = ("train_model", "predict_block", "sample_reference", "measure_applicability")


@dataclass(frozen=True)
class ProductFiles:
    """Files of a product.

    Rasters are matched by the folder of their block, as in `<block>/classes.tif`; scenes and locks
    stand in the order of the sensors.

    Args:
        region: card in config/regions.
        task: card in config/tasks.
        sensors: cards in config/sensors; the first one gives the counts of observations.
        model: card in config/models.
        scenes: scenes.parquet of each sensor.
        locks: scenes.lock.json of each sensor.
        weights: model.safetensors.
        description: model.json.
        classes: classes.tif of each block.
        confidence: confidence.tif of each block.
        observations: observations.tif of each block.
        gaps: gaps.parquet of each block and sensor, in folders named `<block>/<sensor>/`.
        areas: areas.csv.
        scores: scores.json.
        calibration: calibration.json.
        trust_scores: trust.json.
        page: the page that will show the product, for a link.
        archives: cards in config/archives, for the record, of scenes that came from one.
        trust: entropy.tif, set_sizes.tif and sets.tif of each block, and applicability.tif if that
            was measured.
        smoothed: smoothed.tif of each block, if the run has them.
        campaigns: cards in config/campaigns of samples of the map.
        accuracies: accuracy.json of those that were interpreted, in folders named `<campaign>/`,
            with accuracy.csv beside it.
    """

    region: Path
    task: Path
    sensors: tuple[Path, ...]
    model: Path
    scenes: tuple[Path, ...]
    locks: tuple[Path, ...]
    weights: Path
    description: Path
    classes: tuple[Path, ...]
    confidence: tuple[Path, ...]
    observations: tuple[Path, ...]
    gaps: tuple[Path, ...]
    areas: Path
    scores: Path
    calibration: Path
    trust_scores: Path
    page: Path
    archives: tuple[Path, ...] = ()
    trust: tuple[Path, ...] = ()
    smoothed: tuple[Path, ...] = ()
    campaigns: tuple[Path, ...] = ()
    accuracies: tuple[Path, ...] = ()

    @property
    def taken(self) -> dict[str, bool]:
        """Steps that not every product goes through -> whether this one did."""
        measured = any(path.stem == "applicability" for path in self.trust)
        return {
            "import_scenes": bool(self.archives),
            "sample_reference": measured,
            "measure_applicability": measured,
            "smooth_map": bool(self.smoothed),
            "draw_sample": bool(self.accuracies),
            "estimate_accuracy": bool(self.accuracies),
        }

    @property
    def tables(self) -> dict[str, Path]:
        """Asset of the product that is no raster -> file."""
        found = {"areas": self.areas, "scores": self.scores, "page": self.page}
        found |= {"calibration": self.calibration, "trust": self.trust_scores}
        for path in self.accuracies:
            campaign = path.parent.name
            found[f"accuracy-{campaign}"] = path
            found[f"accuracy_table-{campaign}"] = path.with_suffix(".csv")
        return found

    @property
    def cards(self) -> list[Path]:
        """Cards that the product depends on."""
        told = {path.parent.name for path in self.accuracies}
        campaigns = [card for card in self.campaigns if card.stem in told]
        return [self.region, self.task, *self.sensors, self.model, *self.archives, *campaigns]

    @property
    def locks_by_sensor(self) -> dict[str, Path]:
        """Id of each sensor -> lock of its scenes."""
        if not len(self.sensors) == len(self.locks) == len(self.scenes):
            raise InputError(
                f"{len(self.sensors)} sensors, {len(self.scenes)} lists of scenes and"
                f" {len(self.locks)} locks, but one of each per sensor was wanted; name them all,"
                " in the order of the sensors"
            )
        return {card.stem: lock for card, lock in zip(self.sensors, self.locks, strict=True)}

    @property
    def blocks(self) -> dict[str, dict[str, Path]]:
        """Block -> `classes`, `confidence`, `observations`, and what else there is -> raster."""
        found: dict[str, dict[str, Path]] = {}
        kinds = {"classes": self.classes, "confidence": self.confidence}
        kinds |= {"observations": self.observations, "smoothed": self.smoothed}
        wanted = list(kinds) if self.smoothed else list(kinds)[:3]
        for kind, paths in kinds.items():
            for path in paths:
                found.setdefault(path.parent.name, {})[kind] = path
        for path in self.trust:
            found.setdefault(path.parent.name, {})[path.stem] = path
        for block, rasters in found.items():
            if len(set(rasters) & set(wanted)) < len(wanted):
                raise InputError(
                    f"block {block}: only {', '.join(rasters)} are there; {', '.join(wanted[:-1])}"
                    f" and {wanted[-1]} were wanted, all in a folder of that name; name all of them"
                )
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class Origin:
    """What a product was made for, and from."""

    region_id: str
    region: Region
    year: int
    task_id: str
    task: Task
    sensors: tuple[Sensor, ...]
    model_id: str
    model: dict  # model.json
    scores: dict  # scores.json
    promised: float | None  # share of pixels whose set is to hold their class; None: nothing is
    scenes_by_sensor: tuple[list[dict], ...]  # STAC items, in the order of the sensors
    gaps: dict[str, list[dict]]  # block -> what could not be read, by any sensor
    version: str  # of Landscribe
    commit: str

    @property
    def id(self) -> str:
        """Id of the product."""
        return f"{self.region_id}-{self.year}-{self.task_id}-{self.model_id}"

    @property
    def title(self) -> str:
        """Title of the product."""
        return f"{self.task.title}, {self.region.title}, {self.year} ({self.model['title']})"

    @property
    def scenes(self) -> list[dict]:
        """STAC items of all sensors."""
        return [scene for scenes in self.scenes_by_sensor for scene in scenes]

    def shown(self, block: Block) -> Self:
        """The same of one block: with the scenes that its cubes were made of, and no others."""
        scenes = tuple(block_scenes(every, block) for every in self.scenes_by_sensor)
        return replace(self, scenes_by_sensor=scenes)

    @property
    def imagery(self) -> dict[str, str]:
        """Who made the scenes -> their licence (SPDX id, or other), as the scenes tell it."""
        told = [scene["properties"] for scene in self.scenes]
        return {
            provider["name"]: one.get("license") or "other"
            for one in told
            for provider in one.get("providers") or []
        }

    @property
    def attributions(self) -> list[str]:
        """Who has to be named beside the map: imagery first, then labels."""
        return [*self.imagery, self.task.labels.attribution]


def read_origin(files: ProductFiles, year: int) -> Origin:
    """Origin of a product, from its files; ids are the names of the cards."""
    return Origin(
        region_id=files.region.stem,
        region=Region.read(files.region),
        year=year,
        task_id=files.task.stem,
        task=Task.read(files.task),
        sensors=tuple(Sensor.read(path) for path in files.sensors),
        model_id=files.model.stem,
        model=read_json(files.description),
        scores=read_json(files.scores),
        promised=promised_coverage(read_json(files.calibration)),
        scenes_by_sensor=tuple(read_scenes(path) for path in files.scenes),
        gaps=_gaps_by_block(files.gaps),
        version=project_version(),
        commit=git_commit(),
    )


def promised_coverage(calibration: dict) -> float | None:
    """Share of pixels whose set is to hold their class; None where squares were too few for any.

    Args:
        calibration: calibration.json.
    """
    enough = calibration["sample"]["squares"] >= calibration["sets"]["squares_needed"]
    return calibration["sets"]["coverage"] if enough else None


def step_versions(kind: str, taken: dict[str, bool]) -> dict[str, str]:
    """Code version of each step of a product, in order.

    Args:
        kind: of the model, whose file belongs to the steps that run it.
        taken: steps that not every product goes through -> whether this one did.
    """
    model = (f"landscribe/models/{kind}.py",)
    return {
        step: code_version(f"scripts/{step}.py", *(model if step in _STEPS_WITH_MODEL else ()))
        for step in STEPS
        if taken.get(step, True)
    }


def _gaps_by_block(paths: tuple[Path, ...]) -> dict[str, list[dict]]:
    """Rows of the gaps of all sensors, by the block of their folder."""
    found: dict[str, list[dict]] = {}
    for path in paths:
        found.setdefault(path.parents[1].name, []).extend(read_gaps(path).to_dict("records"))
    return found

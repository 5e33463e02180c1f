"""A product: one model's map of a region, year and task, with the files that it came from."""

from dataclasses import dataclass
from pathlib import Path

from landscribe.cards import Region, Task
from landscribe.command import InputError
from landscribe.formats import read_json
from landscribe.imagery.gaps import read_gaps
from landscribe.imagery.search import read_scenes
from landscribe.provenance import code_version, git_commit, project_version
from landscribe.sensors import Sensor

STEPS = (  # that a product goes through, in order; the first only if its scenes are an archive's
    *(
        "import_scenes",
        "search_scenes",
        "stack_scenes",
        "fetch_labels",
        "split_labels",
        "train_model",
    ),
    *("predict_block", "draw_map", "sum_areas", "score_map", "describe_product"),
)
_STEPS_WITH_MODEL = ("train_model", "predict_block")


@dataclass(frozen=True)
class ProductFiles:
    """Files of a product.

    Rasters are matched by the folder of their block, as in `<block>/classes.tif`.

    Args:
        region: card in config/regions.
        task: card in config/tasks.
        sensor: card in config/sensors.
        model: card in config/models.
        scenes: scenes.parquet.
        lock: scenes.lock.json.
        weights: model.safetensors.
        description: model.json.
        classes: classes.tif of each block.
        confidence: confidence.tif of each block.
        observations: observations.tif of each block.
        gaps: gaps.parquet of each block.
        areas: areas.csv.
        scores: scores.json.
        page: the page that will show the product, for a link.
        archive: card in config/archives, for the record, if the scenes came from one.
    """

    region: Path
    task: Path
    sensor: Path
    model: Path
    scenes: Path
    lock: Path
    weights: Path
    description: Path
    classes: tuple[Path, ...]
    confidence: tuple[Path, ...]
    observations: tuple[Path, ...]
    gaps: tuple[Path, ...]
    areas: Path
    scores: Path
    page: Path
    archive: Path | None = None

    @property
    def cards(self) -> list[Path]:
        """Cards that the product depends on."""
        cards = [self.region, self.task, self.sensor, self.model]
        return [*cards, self.archive] if self.archive else cards

    @property
    def blocks(self) -> dict[str, dict[str, Path]]:
        """Block -> `classes`, `confidence`, `observations` -> raster."""
        found: dict[str, dict[str, Path]] = {}
        kinds = {"classes": self.classes, "confidence": self.confidence}
        for kind, paths in (kinds | {"observations": self.observations}).items():
            for path in paths:
                found.setdefault(path.parent.name, {})[kind] = path
        for block, rasters in found.items():
            if len(rasters) < 3:
                raise InputError(
                    f"block {block}: only {', '.join(rasters)} are there; classes, confidence and"
                    " observations were wanted, all in a folder of that name; name all three"
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
    sensor: Sensor
    model_id: str
    model: dict  # model.json
    scores: dict  # scores.json
    scenes: list[dict]  # STAC items
    gaps: dict[str, list[dict]]  # block -> what could not be read: rows of its gaps.parquet
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
        sensor=Sensor.read(files.sensor),
        model_id=files.model.stem,
        model=read_json(files.description),
        scores=read_json(files.scores),
        scenes=read_scenes(files.scenes),
        gaps={path.parent.name: read_gaps(path).to_dict("records") for path in files.gaps},
        version=project_version(),
        commit=git_commit(),
    )


def step_versions(kind: str, from_archive: bool) -> dict[str, str]:
    """Code version of each step of a product, in order.

    Args:
        kind: of the model, whose file belongs to the steps that run it.
        from_archive: whether `import_scenes` came first.
    """
    steps = STEPS if from_archive else STEPS[1:]
    model = (f"landscribe/models/{kind}.py",)
    return {
        step: code_version(f"scripts/{step}.py", *(model if step in _STEPS_WITH_MODEL else ()))
        for step in steps
    }

"""Models on the page: where the files of each are, and what they say."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import NODATA
from landscribe.publish.page_files import PageFiles
from landscribe.publish.product import promised_coverage


@dataclass(frozen=True)
class ModelView:
    """One model on the page: where its numbers are, and what loops run over."""

    id: str
    description: Path
    scores: Path
    trust_scores: Path
    calibration: Path
    areas: Path
    rasters: dict[str, tuple[Path, ...]]  # classes, confidence, ..., those that there are -> blocks
    figures: dict[str, Path]
    products: dict[str, Path]  # map, model, provenance
    told: dict  # model.json
    judged: dict  # scores.json
    trusted: dict  # trust.json
    calibrated: dict  # calibration.json
    provenance: dict
    area_rows: list[dict]  # areas.csv, with `row`, their place in the file

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

    @property
    def smoothed(self) -> bool:
        """Whether there is a smoothed map."""
        return "smoothed" in self.rasters

    @property
    def promised(self) -> float | None:
        """Share of pixels whose set is to hold their class; None: nothing is promised."""
        return promised_coverage(self.calibrated)


def model_views(files: PageFiles) -> list[ModelView]:
    """Models of the run, in the order of `files.descriptions`, each with all of its files."""
    return [_view(files, description) for description in files.descriptions]


def best_first(models: Sequence[ModelView]) -> list[ModelView]:
    """Models by balanced accuracy on the validation squares, the best first; ties keep order."""

    def quality(model: ModelView) -> float:
        accuracy = model.judged["validation"]["balanced_accuracy"]
        return -1.0 if accuracy is None else accuracy

    return sorted(models, key=quality, reverse=True)


def _view(files: PageFiles, description: Path) -> ModelView:
    name = description.parent.name
    products = {p.stem: p for p in _of(name, files.products, 0, "products")}
    scores, trust_scores, calibration, areas = (
        _of(name, getattr(files, kind), 0, kind)[0]
        for kind in ("scores", "trusts", "calibrations", "areas")
    )
    return ModelView(
        id=name,
        description=description,
        scores=scores,
        trust_scores=trust_scores,
        calibration=calibration,
        areas=areas,
        rasters=_rasters(files, name),
        figures={path.stem: path for path in _of(name, files.figures, 0, "figures")},
        products=products,
        told=read_json(description),
        judged=read_json(scores),
        trusted=read_json(trust_scores),
        calibrated=read_json(calibration),
        provenance=read_json(products["provenance"]),
        area_rows=_rows(areas),
    )


def _rasters(files: PageFiles, model: str) -> dict[str, tuple[Path, ...]]:
    """Rasters of a model by kind, each of all blocks; those of trust by their file names."""
    kinds = ("classes", "smoothed", "confidence", "observations")
    found = {kind: _of(model, paths, 1, kind) for kind in kinds if (paths := getattr(files, kind))}
    for path in _of(model, files.trust, 1, "trust"):
        found[path.stem] = (*found.get(path.stem, ()), path)
    if missing := [kind for kind in ("entropy", "sets") if kind not in found]:
        raise InputError(
            f"--trust of model {model}: no {' and no '.join(missing)}, but the page shows them;"
            f" name {missing[0]}.tif of each block"
        )
    return found


def _of(model: str, paths: Iterable[Path], depth: int, kind: str) -> tuple[Path, ...]:
    """Paths of a model, which is the name of their folder (`depth` 0) or of the one above it."""
    found = tuple(path for path in paths if path.parents[depth].name == model)
    if not found:
        raise InputError(
            f"no --{kind} of model {model}: their folder should be called {model}; name them"
        )
    return found


def _rows(areas: Path) -> list[dict]:
    with areas.open(newline="") as file:
        return [{**row, "row": place} for place, row in enumerate(csv.DictReader(file))]

"""Files that the page of a region, year and task shows."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PageFiles:
    """Files that a page shows.

    Those of a model or block are matched by their folders, as in `<model>/scores.json` and
    `<model>/<block>/classes.tif`; those of a campaign by `<campaign>/accuracy.json`.

    Args:
        region: card in config/regions.
        task: card in config/tasks.
        sensors: cards in config/sensors; the first one gives the picture.
        locks: scenes.lock.json of each sensor, in their order.
        cubes: cube of each block of the first sensor, in folders named `<block>/<sensor>/`.
        descriptions: model.json of each model; their order is kept.
        scores: scores.json of each model.
        trusts: trust.json of each model.
        calibrations: calibration.json of each model.
        areas: areas.csv of each model.
        classes: classes.tif of each model and block.
        confidence: confidence.tif of each model and block.
        observations: observations.tif of each model and block.
        trust: entropy.tif, set_sizes.tif and sets.tif of each model and block, and
            applicability.tif if that was measured.
        figures: figures of the scores, PNG, of each model.
        products: map.json, model.json and provenance.json of each model.
        smoothed: smoothed.tif of each model and block, if the run has them.
        campaigns: cards in config/campaigns of samples of these maps.
        samples: sample.gpkg of each of them.
        accuracies: accuracy.json of those that were interpreted, with accuracy.csv, areas.png and
            accuracies.png beside it.
    """

    region: Path
    task: Path
    sensors: tuple[Path, ...]
    locks: tuple[Path, ...]
    cubes: tuple[Path, ...]
    descriptions: tuple[Path, ...]
    scores: tuple[Path, ...]
    trusts: tuple[Path, ...]
    calibrations: tuple[Path, ...]
    areas: tuple[Path, ...]
    classes: tuple[Path, ...]
    confidence: tuple[Path, ...]
    observations: tuple[Path, ...]
    trust: tuple[Path, ...]
    figures: tuple[Path, ...]
    products: tuple[Path, ...]
    smoothed: tuple[Path, ...] = ()
    campaigns: tuple[Path, ...] = ()
    samples: tuple[Path, ...] = ()
    accuracies: tuple[Path, ...] = ()

"""Probabilities, calibration, applicability and test labels -> scores and figures of trust."""

from pathlib import Path

from landscribe.cards import Model, Region, Task
from landscribe.command import command
from landscribe.formats.json_file import read_json, write_json
from landscribe.formats.polygons import read_polygons
from landscribe.scores.applicable_area import applicable_areas
from landscribe.scores.counts import match_blocks
from landscribe.scores.figures import Caption
from landscribe.scores.trust import trust_scores
from landscribe.scores.trust_figures import draw_applicability, draw_coverage, draw_rescaled
from landscribe.trust.calibrate import Calibration
from landscribe.trust.held_out import read_held_out


def main(
    task: Path,
    model: Path,
    region: Path,
    year: int,
    probabilities: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    calibration: Path,
    classes: tuple[Path, ...],
    out: Path,
    rescaled: Path,
    coverage: Path,
    accuracy: Path,
    applicability: tuple[Path, ...] = (),
) -> None:
    """Score on the test polygons how far a map can be trusted, and draw it.

    Args:
        task: card in config/tasks: the legend.
        model: card in config/models, for its title.
        region: card in config/regions, for its title.
        year: of the map.
        probabilities: class probabilities of each block, in folders named `<block>/`.
        labels: label raster of each block, in folders named `<block>/<task>/`.
        polygons: polygons of all blocks, with their splits.
        calibration: calibration.json.
        classes: class map of each block, whose areas are told inside and outside.
        out: trust.json to write.
        rescaled: PNG to write: reliability before and after.
        coverage: PNG to write: coverage of the sets by class.
        accuracy: PNG to write: accuracy by dissimilarity.
        applicability: dissimilarity of each block, in folders named `<block>/`, if measured.
    """
    legend = Task.read(task).legend
    maps = match_blocks(probabilities, labels, *([applicability] if applicability else []))
    held = read_held_out(maps, read_polygons(polygons), [land.id for land in legend], "test")
    trusted, told = Calibration.read(calibration, legend), read_json(calibration)
    areas = applicable_areas(classes, applicability, legend) if applicability else None
    write_json(out, found := trust_scores(held, trusted, told, legend) | {"areas": areas})
    caption = Caption(f"{Model.read(model).title}, {Region.read(region).title}, {year}", found)
    draw_rescaled(rescaled, caption)
    draw_coverage(coverage, caption)
    draw_applicability(accuracy, caption)
    kept, promised = found["coverage"]["per_polygon"]["value"], found["coverage"]["target"]
    print(f"{out}: sets hold the class of {kept:.1%} (promised {promised:.0%})")


if __name__ == "__main__":
    command(main)

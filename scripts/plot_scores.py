"""Scores, map and held-out labels -> figures."""

from pathlib import Path

from landscribe.cards import Model, Region
from landscribe.command import command
from landscribe.formats.cubes import read_cube
from landscribe.formats.json_file import read_json
from landscribe.formats.polygons import read_polygons
from landscribe.scores.counts import match_blocks
from landscribe.scores.error_map import draw_errors
from landscribe.scores.figures import Caption, draw_accuracy, draw_confusion, draw_reliability


def main(
    scores: Path,
    model: Path,
    region: Path,
    year: int,
    classes: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    confusion: Path,
    accuracy: Path,
    reliability: Path,
    errors: Path,
    cubes: tuple[Path, ...] = (),
) -> None:
    """Draw the scores of a map, and where it is right and wrong.

    Args:
        scores: scores.json.
        model: card in config/models, for its title.
        region: card in config/regions, for its title.
        year: of the map.
        classes: class map of each block, in folders named `<block>/`.
        labels: label raster of each block, in folders named `<block>/<task>/`.
        polygons: polygons of all blocks, with their splits.
        confusion: PNG to write: error matrix.
        accuracy: PNG to write: bars of each class.
        reliability: PNG to write: confidence against the share of right pixels.
        errors: PNG to write: map of right and wrong pixels.
        cubes: cubes of the blocks, for a pale picture below the map of errors.
    """
    product = f"{Model.read(model).title}, {Region.read(region).title}, {year}"
    caption = Caption(product, read_json(scores))
    draw_confusion(confusion, caption)
    draw_accuracy(accuracy, caption)
    draw_reliability(reliability, caption)
    maps, ground = match_blocks(classes, labels), [read_cube(cube) for cube in cubes]
    draw_errors(errors, caption, maps, read_polygons(polygons), ground)
    print(f"{confusion.parent}: 4 figures of {product}")


if __name__ == "__main__":
    command(main)

"""Probabilities and validation labels of all blocks -> what the probabilities may promise."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.json_file import write_json
from landscribe.formats.polygons import read_polygons
from landscribe.scores.counts import match_blocks
from landscribe.trust.calibrate import calibrate_map
from landscribe.trust.held_out import read_held_out


def main(
    task: Path,
    probabilities: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    out: Path,
    coverage: float = 0.9,
    each_class: bool = False,
) -> None:
    """Calibrate a map on the validation polygons: rescale its probabilities, size its sets.

    Args:
        task: card in config/tasks: the legend.
        probabilities: class probabilities of each block, in folders named `<block>/`.
        labels: label raster of each block, in folders named `<block>/<task>/`.
        polygons: polygons of all blocks, with their splits.
        out: calibration.json to write.
        coverage: share of the pixels whose set is to hold their class, between 0 and 1.
        each_class: promise that for each class, not only over all of them.
    """
    legend = Task.read(task).legend
    maps, ids = match_blocks(probabilities, labels), [land.id for land in legend]
    held = read_held_out(maps, read_polygons(polygons), ids, "validation")
    found = calibrate_map(held, legend, coverage, each_class)
    write_json(out, found)
    sample, way = found["sample"], found["rescaling"]
    how = f"{way['method']} (temperature {way['temperature']:g})"
    print(f"{out}: {how}, on {sample['polygons']} polygons in {sample['squares']} squares")


if __name__ == "__main__":
    command(main)

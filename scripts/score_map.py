"""Map, probabilities and held-out labels of all blocks -> scores."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.json_file import write_json
from landscribe.formats.polygons import read_polygons
from landscribe.scores.agreement import scores
from landscribe.scores.counts import count_pixels, map_files, read_areas
from landscribe.scores.smoothed import smoothed_scores
from landscribe.trust.calibrate import Calibration
from landscribe.trust.rescaling import Rescaling


def main(
    task: Path,
    classes: tuple[Path, ...],
    probabilities: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    out: Path,
    areas: Path | None = None,
    calibration: Path | None = None,
    smoothed: tuple[Path, ...] = (),
    window_px: int = WINDOW_PX,
) -> None:
    """Score a map on the polygons that were held out of its training.

    Args:
        task: card in config/tasks: the legend, and whether its labels are a probability sample.
        classes: class map of each block, in folders named `<block>/`.
        probabilities: class probabilities of each block, in folders named `<block>/`.
        labels: label raster of each block, in folders named `<block>/<task>/`.
        polygons: polygons of all blocks, with their splits.
        out: JSON to write.
        areas: mapped areas (areas.csv) for design-based estimates; by default counted in pixels.
        calibration: calibration.json, for the reliability of the map's confidence; by default that
            of the model's own.
        smoothed: smoothed class map of each block, to be scored beside the raw one.
        window_px: side of what is read at once [px].
    """
    card = Task.read(task)
    legend = [land.id for land in card.legend]
    maps = map_files(classes, probabilities, labels)
    trusted = calibration and Calibration.read(calibration, card.legend)
    rescaling = trusted.rescaling if trusted else Rescaling()
    known = read_polygons(polygons)
    counts = count_pixels(maps, known, legend, window_px, rescaling)
    found = scores(counts, card, None if areas is None else read_areas(areas, legend))
    if smoothed:
        maps = map_files(smoothed, probabilities, labels)
        found["smoothed"] = smoothed_scores(maps, known, legend, window_px)
    write_json(out, found)
    sample, shares = found["sample"], ("overall_accuracy", "balanced_accuracy", "macro_f1")
    told = ", ".join(f"{name.replace('_', ' ')} {found[name]:.3f}" for name in shares)
    print(f"{out}: {told}, on {sample['pixels']} test pixels in {sample['polygons']} polygons")


if __name__ == "__main__":
    command(main)

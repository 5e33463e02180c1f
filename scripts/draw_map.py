"""Class probabilities of a block -> its map: classes, confidence, clear observations."""

from pathlib import Path

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats import read_cube
from landscribe.mapping.cog import MapFiles, draw_map


def main(
    task: Path,
    cube: Path,
    probabilities: Path,
    classes: Path,
    confidence: Path,
    observations: Path,
) -> None:
    """Draw the map of a block, as cloud-optimised GeoTIFFs on the grid of its cube.

    Args:
        task: card in config/tasks: the legend.
        cube: cube of the block, with the counts of clear observations.
        probabilities: raster of the block by predict_block.
        classes: raster to write: legend id of the most probable class, nodata 255, in the legend's
            colours; classes.tif.aux.xml beside it names the classes.
        confidence: raster to write: probability of that class in steps of 0.005, nodata 255.
        observations: raster to write: clear observations, up to 254.
    """
    files = MapFiles(classes, confidence, observations)
    share = draw_map(probabilities, read_cube(cube), Task.read(task).legend, files)
    print(f"{classes}: {share:.1%} of the pixels have a class")


if __name__ == "__main__":
    command(main)

"""Class probabilities of a block -> its map: classes, how far to trust them, observations."""

from pathlib import Path

import tyro

from landscribe.cards import Region, Task
from landscribe.command import command
from landscribe.formats.cubes import read_cube
from landscribe.mapping.draw import MapFiles, draw_map
from landscribe.regions import region_ground
from landscribe.trust.calibrate import Calibration


def main(
    region: Path,
    task: Path,
    cube: Path,
    probabilities: Path,
    calibration: Path,
    files: tyro.conf.OmitArgPrefixes[MapFiles],
) -> None:
    """Draw the map of a block, as cloud-optimised GeoTIFFs on the grid of its cube.

    Args:
        region: card in config/regions; what the block holds of other ground stays empty.
        task: card in config/tasks: the legend.
        cube: cube of the block, with the counts of clear observations.
        probabilities: raster of the block by predict_block.
        calibration: calibration.json of the map by calibrate_map.
        files: rasters to write.
    """
    legend = Task.read(task).legend
    trusted = Calibration.read(calibration, legend)
    ground = region_ground(Region.read(region))
    share = draw_map(probabilities, read_cube(cube), legend, trusted, files, ground)
    print(f"{files.classes}: {share:.1%} of the pixels have a class")


if __name__ == "__main__":
    command(main)

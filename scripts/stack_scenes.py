"""Scene list -> the cube of a block."""

from pathlib import Path

from landscribe.cards import Region, Sensor
from landscribe.command import command, written
from landscribe.formats import MASK_CLEAR, read_cube
from landscribe.grid import region_block
from landscribe.imagery.integrity import verify_lock
from landscribe.imagery.search import read_scenes
from landscribe.imagery.stack import write_cube


def main(region: Path, sensor: Path, scenes: Path, lock: Path, block: str, cube: Path) -> None:
    """Stack the scenes of a block to its cube (time, band, y, x), with cloud mask and counts.

    Numbers stay as delivered, on the native grid: bands that lie on it are not resampled, pixels of
    coarser bands are repeated.

    Args:
        region: card in config/regions.
        sensor: card in config/sensors.
        scenes: scene list of the region.
        lock: its lock; local files are held against its checksums.
        block: id of the block, such as 33UUU.
        cube: Zarr folder to write.
    """
    area, card = Region.read(region), Sensor.read(sensor)
    listed = read_scenes(scenes)
    verify_lock(lock, listed)
    with written(cube) as part:
        write_cube(part, listed, card, region_block(area.bounds, area.crs, block))
    made = read_cube(cube)
    clear = float((made.mask == MASK_CLEAR).mean())
    print(f"{cube}: {dict(made.sizes)}, {clear:.1%} of the observations are clear")


if __name__ == "__main__":
    command(main)

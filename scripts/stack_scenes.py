"""Scene list -> the cube of a block."""

from pathlib import Path

from landscribe.cards import Region
from landscribe.command import command, resumed
from landscribe.formats.cubes import read_cube
from landscribe.grid import ground_block
from landscribe.imagery.cluster import workers
from landscribe.imagery.gaps import write_gaps
from landscribe.imagery.integrity import verify_lock
from landscribe.imagery.search import read_scenes
from landscribe.imagery.stack import fingerprint, write_cube
from landscribe.regions import region_ground
from landscribe.sensors import Sensor


def main(
    region: Path,
    sensor: Path,
    scenes: Path,
    lock: Path,
    block: str,
    cube: Path,
    gaps: Path,
    max_gap_fraction: float = 0,
    cluster: str = "local",
    threads: int = 2,
) -> None:
    """Stack the scenes of a block to its cube (time, band, y, x), with cloud mask and counts.

    Numbers stay as delivered, on the native grid: bands that lie on it are not resampled, pixels of
    coarser bands are repeated. Of a radar they are decibels, its speckle filtered. A run that was
    killed goes on where it stopped.

    Args:
        region: card in config/regions.
        sensor: card in config/sensors.
        scenes: scene list of the region.
        lock: its lock; local files are held against its checksums.
        block: id of the block, such as 33UUU.
        cube: Zarr folder to write.
        gaps: table to write, Parquet: what could not be read.
        max_gap_fraction: share of reads that may fail, 0-1; more end the run.
        cluster: where it is read: local, slurm, or the address of a dask scheduler.
        threads: readers at once; of slurm, its jobs.
    """
    area, card = Region.read(region), Sensor.read(sensor)
    listed, place = read_scenes(scenes), ground_block(region_ground(area), block)
    verify_lock(lock, listed)
    mark = fingerprint(listed, card, place)
    with resumed(cube, mark) as part, workers(cluster, threads) as pool:
        failed = write_cube(part, listed, card, place, max_gap_fraction, pool)
        write_gaps(gaps, failed)
    made = read_cube(cube)
    seen = float((made.valid_count > 0).mean())
    print(f"{cube}: {dict(made.sizes)}, {seen:.1%} of it seen clear, {len(failed)} gaps")


if __name__ == "__main__":
    command(main)

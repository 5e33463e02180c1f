"""Cube of a block -> its composites, one per period of the season."""

from pathlib import Path

from landscribe.cards import Composites, Season, check
from landscribe.command import command
from landscribe.imagery.cluster import workers
from landscribe.imagery.composite import periods, write_composites
from landscribe.imagery.search import season_days


def main(
    cube: Path,
    year: int,
    composites: Path,
    season: str = "01-01/12-31",
    step: str = "month",
    method: str = "median",
    cluster: str = "local",
    threads: int = 2,
) -> None:
    """Compose the observations of each period of a season to one image, with its days.

    Args:
        cube: Zarr folder of the block's observations.
        year: calendar year, UTC.
        composites: Zarr folder to write, a cube with one time per period.
        season: first and last day, themselves included: MM-DD/MM-DD.
        step: 10-day, month or season.
        method: median, medoid or best.
        cluster: where it is made: local, slurm, or the address of a dask scheduler.
        threads: workers at once; of slurm, its jobs.
    """
    how = check(Composites, {"step": step, "method": method}, "the composites")
    first, _, last = season.partition("/")
    days = season_days(check(Season, {"first": first, "last": last}, "the season"), year)
    spans = periods(*days, how.step)
    with workers(cluster, threads) as pool:
        made = write_composites(composites, cube, spans, how.method, pool)
    empty = float((made.gap_count.astype("float64") / len(spans)).mean())
    print(f"{composites}: {dict(made.sizes)}, {empty:.1%} of the periods' pixels lack a clear look")


if __name__ == "__main__":
    command(main)

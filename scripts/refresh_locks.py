"""Regions, years and sensor -> their shared locks, renewed, and what changed in them."""

from pathlib import Path

from landscribe.cards import Region, Season, check
from landscribe.command import command, written
from landscribe.imagery.locks import refreshed
from landscribe.imagery.providers import asked
from landscribe.imagery.search import Query
from landscribe.runs import shared_lock_name
from landscribe.sensors import Sensor


def main(
    regions: list[Path],
    sensor: Path,
    years: list[int],
    locks: Path,
    told: Path,
    catalogue: str | None = None,
    season: str = "01-01/12-31",
) -> None:
    """Search the scenes of regions and years anew, and renew their shared locks.

    A lock is written only where something changed; where a search fails, it stays as it is.

    Args:
        regions: cards in config/regions.
        sensor: card in config/sensors.
        years: calendar years, UTC.
        locks: folder of the locks, to be committed: <region>.<year>.<sensor>.lock.json.
        told: text to write: what came, went and changed.
        catalogue: address of a STAC API or catalogue; without it the provider of the lock is asked,
            or those of the sensor card where there is no lock yet.
        season: first and last day of the season, itself included: MM-DD/MM-DD.
    """
    card = Sensor.read(sensor)
    first, _, last = season.partition("/")
    days = check(Season, {"first": first, "last": last}, "the season")
    lines = []
    for region in regions:
        area = Region.read(region)
        for year in years:
            path = locks / shared_lock_name(region.stem, year, sensor.stem)
            lines += refreshed(path, asked(card, catalogue), Query.of(area, card, year, days), card)
    print("\n".join(lines))
    with written(told) as part:
        part.write_text("\n".join([*lines, ""]))


if __name__ == "__main__":
    command(main)

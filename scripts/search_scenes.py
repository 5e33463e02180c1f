"""Region, season and sensor -> the scene list of a year and its lock."""

from pathlib import Path

from landscribe.cards import Region, Season, check
from landscribe.command import command
from landscribe.formats.json_file import write_json
from landscribe.imagery.locks import lock, locked
from landscribe.imagery.providers import asked, search_providers, told_reason
from landscribe.imagery.search import Query, write_scenes
from landscribe.sensors import Sensor


def main(
    region: Path,
    sensor: Path,
    year: int,
    scenes: Path,
    lock_file: Path,
    catalogue: str | None = None,
    shared: Path | None = None,
    season: str = "01-01/12-31",
) -> None:
    """List the scenes that show a region in a season, and lock them.

    Args:
        region: card in config/regions.
        sensor: card in config/sensors.
        year: calendar year, UTC.
        scenes: scene list to write, stac-geoparquet.
        lock_file: lock to write, JSON: every scene's files with checksums and sizes.
        catalogue: static STAC catalogue (folder, file or address) or STAC API (address); without it
            the providers of the sensor card are asked in their order.
        shared: lock in the folder locks; its scenes are taken, and nobody is asked.
        season: first and last day of the season, itself included: MM-DD/MM-DD.
    """
    area, card = Region.read(region), Sensor.read(sensor)
    query = Query.of(area, card, year, check(Season, _days(season), "the season"))
    providers = asked(card, catalogue)
    if shared:
        found = locked(shared, providers, query, card)
    else:
        found = search_providers(providers, query, card)
    write_scenes(scenes, found.items)
    write_json(lock_file, lock(found))
    for told in [] if shared else found.passed_over:
        print(f"passed over {told_reason(told)}")
    where = f"from {shared}" if shared else f"at {found.provider.name}"
    print(f"{scenes}: {len(found.items)} scenes of {found.query} {where}")


def _days(season: str) -> dict:
    first, _, last = season.partition("/")
    return {"first": first, "last": last}


if __name__ == "__main__":
    command(main)

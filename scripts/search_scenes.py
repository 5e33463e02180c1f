"""Region, season and catalogue -> the scene list of a year and its lock."""

from pathlib import Path

from landscribe.cards import Region, Season, Sensor, check
from landscribe.command import command
from landscribe.formats import write_json
from landscribe.imagery.search import Query, lock, search_catalogue, write_scenes


def main(
    region: Path,
    sensor: Path,
    catalogue: str,
    year: int,
    scenes: Path,
    lock_file: Path,
    season: str = "01-01/12-31",
) -> None:
    """List the scenes that show a region in a season, and lock them.

    Args:
        region: card in config/regions.
        sensor: card in config/sensors.
        catalogue: static STAC catalogue (folder, file or address) or STAC API (address).
        year: calendar year, UTC.
        scenes: scene list to write, stac-geoparquet.
        lock_file: lock to write, JSON: every scene's files with checksums and sizes.
        season: first and last day of the season, itself included: MM-DD/MM-DD.
    """
    area, card = Region.read(region), Sensor.read(sensor)
    first, _, last = season.partition("/")
    days = check(Season, {"first": first, "last": last}, "the season")
    query = Query.of(area, card, year, days)
    found = search_catalogue(catalogue, query, card)
    write_scenes(scenes, found)
    write_json(lock_file, lock(catalogue, query.as_dict(), found))
    print(f"{scenes}: {len(found)} scenes of {query}")


if __name__ == "__main__":
    command(main)

"""Region, season and catalogue -> the scene list of a year and its lock."""

from pathlib import Path

from landscribe.cards import Region, Season, Sensor, check
from landscribe.command import command
from landscribe.formats import write_json
from landscribe.grid import lonlat_bounds
from landscribe.imagery.search import lock, search_catalogue, write_scenes


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
        lock_file: lock to write, JSON: every scene's files with checksums.
        season: first and last day of the season, itself included: MM-DD/MM-DD.
    """
    area = Region.read(region)
    first, _, last = season.partition("/")
    part = check(Season, {"first": first, "last": last}, "the season")
    found = search_catalogue(catalogue, area, Sensor.read(sensor), year, part)
    days = [f"{year}-{part.first}", f"{year}-{part.last}"]
    query = {"bounds_lonlat": lonlat_bounds(area.bounds, area.crs), "days": days}
    write_scenes(scenes, found)
    write_json(lock_file, lock(catalogue, query, found))
    print(f"{scenes}: {len(found)} scenes of {area.title}, {days[0]} to {days[1]}")


if __name__ == "__main__":
    command(main)

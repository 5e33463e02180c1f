"""Search: the scenes that show a region in a season, from a catalogue, and their lock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from shapely.geometry import box
from stac_geoparquet.arrow import parse_stac_items_to_arrow, stac_table_to_items, to_parquet
from tqdm import tqdm

from landscribe.cards import Region, Season, Sensor
from landscribe.command import InputError, written
from landscribe.grid import lonlat_bounds
from landscribe.imagery.catalogues import opened, reading
from landscribe.imagery.duplicates import newest
from landscribe.imagery.items import item_times, normalised, outline
from landscribe.imagery.times import TIMES, parsed_time, told_time


@dataclass(frozen=True)
class Query:
    """What is searched."""

    collection: str
    bounds: tuple[float, float, float, float]  # west, south, east, north [degrees]
    first: datetime  # UTC
    last: datetime  # UTC, itself included; whole seconds

    @classmethod
    def of(cls, region: Region, sensor: Sensor, year: int, season: Season) -> Self:
        """Query for the lon-lat box that holds a region, in one year's season."""
        first, last = _day(year, season.first), _day(year, season.last)
        if first > last:
            raise InputError(
                f"the season is {season.first} to {season.last}, but it has to begin before it ends"
                ", within one year; correct the config's `season`"
            )
        bounds = tuple(round(value, 7) for value in lonlat_bounds(region.bounds, region.crs))
        end = datetime.combine(last, time(23, 59, 59), UTC)
        return cls(sensor.collection, bounds, datetime.combine(first, time(), UTC), end)

    @property
    def interval(self) -> str:
        """First and last moment, as STAC has it."""
        return f"{told_time(self.first)}/{told_time(self.last)}"

    def as_dict(self) -> dict:
        """For the lock."""
        told = {"bounds_lonlat": list(self.bounds), "datetime": self.interval}
        return {"collection": self.collection} | told

    def finds(self, item: dict) -> bool:
        """Whether an item is of the collection, in the season, and touches the bounds."""
        if item.get("collection") != self.collection:
            return False
        first, last = item_times(item)
        if first.replace(microsecond=0) > self.last or last < self.first:
            return False
        return outline(item).intersects(box(*self.bounds))

    def __str__(self) -> str:
        west, south, east, north = self.bounds
        return (
            f"{self.collection} from {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d} in lon"
            f" {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"
        )


def search_catalogue(catalogue: str, query: Query, sensor: Sensor) -> list[dict]:
    """Normalised items that a query finds, the newest processing of each, by time and id.

    What a server answers is tested again, as some leave out a part of the question.

    Args:
        catalogue: folder or catalog.json of a static catalogue, or the address of one or of an API.
    """
    with reading(catalogue):
        source = opened(catalogue)
        items = source.items(query.collection, query.bounds, query.interval)
        bar = tqdm(items, desc="read items", unit="item", mininterval=1)
        found = [item for item in bar if query.finds(item)]
        if not found:
            raise InputError(
                f"{catalogue}: no scene of {query}; it has {source.holds(query.collection)}; change"
                " the region, the years, the season, the sensor card's collection or the catalogue"
            )
    return newest([normalised(item, sensor) for item in found])


def lock(catalogue: str, query: dict, items: list[dict]) -> dict:
    """What makes a rebuild repeatable: the query, and each scene's files with their checksums.

    Holds no time of its own, so equal searches give equal bytes. Scenes are sorted by id; checksum
    (multihash) and size [bytes] are None where the catalogue does not give them.
    """
    scenes = [
        {
            "id": item["id"],
            "collection": item["collection"],
            "datetime": item["properties"]["datetime"],
            "assets": {name: _locked(asset) for name, asset in item["assets"].items()},
        }
        for item in sorted(items, key=lambda item: item["id"])
    ]
    return {"catalogue": catalogue, "query": query, "scenes": scenes}


def write_scenes(path: Path, items: list[dict]) -> None:
    """Scene list as stac-geoparquet, one row per item, in the order given."""
    try:
        table = parse_stac_items_to_arrow(items).read_all()
    except pa.ArrowException as error:
        raise InputError(
            f"{path}: the items do not fit one table ({' '.join(str(error).split())}): a field is"
            " a number in some and a text in others; mend the catalogue's items"
        ) from None
    with written(path) as part:
        to_parquet(table, part)


def read_scenes(path: Path) -> list[dict]:
    """Items just as `write_scenes` got them: dicts that stackstac takes."""
    items = [_filled(item) for item in stac_table_to_items(pq.read_table(path))]
    for item in items:
        for name in TIMES & item["properties"].keys():
            item["properties"][name] = told_time(parsed_time(item["properties"][name]))
    return items


def _day(year: int, month_day: str) -> date:
    try:
        return date.fromisoformat(f"{year}-{month_day}")
    except ValueError:
        if month_day == "02-29":
            return date(year, 2, 28)
        raise InputError(
            f"{month_day} is no day of {year}, but a season's days are MM-DD; correct the config's"
            " `season`"
        ) from None


def _locked(asset: dict) -> dict:
    checksum, size = asset.get("file:checksum"), asset.get("file:size")
    return {"href": asset["href"], "checksum": checksum, "size": size}


def _filled(value: object) -> object:
    """The value without nulls: those of a table's cells, which the item did not have."""
    if isinstance(value, dict):
        return {name: _filled(v) for name, v in value.items() if v is not None}
    return [_filled(v) for v in value] if isinstance(value, list) else value

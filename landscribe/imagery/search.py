"""Search: the scenes that show a region in a season, from a catalogue, and the list of them."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq
from shapely import to_wkb
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry
from stac_geoparquet.arrow import parse_stac_items_to_arrow, stac_table_to_items, to_parquet
from tqdm import tqdm

from landscribe.cards import Region, Season
from landscribe.command import InputError, written
from landscribe.imagery import filters
from landscribe.imagery.catalogues import NoAnswer, opened, reading
from landscribe.imagery.duplicates import newest
from landscribe.imagery.filters import both
from landscribe.imagery.items import item_times, normalised, outline
from landscribe.imagery.times import TIMES, parsed_time, told_time
from landscribe.regions import region_ground
from landscribe.sensors import Provider, Sensor


@dataclass(frozen=True)
class Query:
    """What is searched."""

    collection: str
    bounds: tuple[float, float, float, float]  # west, south, east, north [degrees]
    first: datetime  # UTC
    last: datetime  # UTC, itself included; whole seconds
    condition: dict | None = None  # CQL2-JSON
    ground: BaseGeometry | None = None  # of a region with an outline; lon, lat

    @classmethod
    def of(cls, region: Region, sensor: Sensor, year: int, season: Season) -> Self:
        """Query for the lon-lat box that holds a region, in one year's season.

        Of what a catalogue has in the box of an outline, scenes that touch the outline are found.
        """
        first, last = season_days(season, year)
        ground = region_ground(region)
        bounds = tuple(round(value, 7) for value in ground.bounds)
        end = datetime.combine(last, time(23, 59, 59), UTC)
        start = datetime.combine(first, time(), UTC)
        outlined = ground if region.outline else None
        return cls(sensor.collection, bounds, start, end, _of_orbit(sensor), outlined)

    def at(self, provider: Provider) -> Self:
        """The query as a provider is asked, with its name of the collection and its filter."""
        return replace(
            self,
            collection=provider.collection or self.collection,
            condition=both(provider.filter, self.condition),
        )

    @property
    def interval(self) -> str:
        """First and last moment, as STAC has it."""
        return f"{told_time(self.first)}/{told_time(self.last)}"

    def as_dict(self) -> dict:
        """For the lock."""
        told = {"collection": self.collection, "bounds_lonlat": list(self.bounds)}
        told["datetime"] = self.interval
        told |= {"filter": self.condition} if self.condition else {}
        return told | ({"outline": _digest(self.ground)} if self.ground else {})

    def finds(self, item: dict) -> bool:
        """Whether an item is of the collection, season and bounds, and fulfils the condition."""
        if item.get("collection") != self.collection:
            return False
        first, last = item_times(item)
        if first.replace(microsecond=0) > self.last or last < self.first:
            return False
        if self.condition and not filters.finds(self.condition, item):
            return False
        return outline(item).intersects(self.ground or box(*self.bounds))

    def __str__(self) -> str:
        west, south, east, north = self.bounds
        return (
            f"{self.collection} from {self.first:%Y-%m-%d} to {self.last:%Y-%m-%d} in lon"
            f" {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"
            + (f" where {json.dumps(self.condition)}" if self.condition else "")
        )


def search_provider(provider: Provider, query: Query, sensor: Sensor) -> list[dict]:
    """Normalised items that a query finds, the newest processing of each, by time and id.

    What a server answers is tested again, as some leave out a part of the question. `NoAnswer` if
    it cannot be read or has no such scene; `InputError` where an item of it is broken.
    """
    here = query.at(provider)
    label = "" if provider.name == provider.catalogue else f" of {provider.name}"
    with (
        tqdm(desc=f"read items{label}", unit="item", mininterval=1) as bar,
        _told_by(provider),
        reading(provider.catalogue),
    ):
        source = opened(provider.catalogue)
        items = source.items(here.collection, here.bounds, here.interval, here.condition)
        found = []
        for item in items:
            bar.update()
            found += [item] if here.finds(item) else []
        if not found:
            raise _no_scene(provider, f"no scene of {here}; it has {source.holds(here.collection)}")
    with _told_by(provider):
        return newest([_in_one_form(item, sensor, provider) for item in found])


def season_days(season: Season, year: int) -> tuple[date, date]:
    """First and last day of a year's season."""
    first, last = _day(year, season.first), _day(year, season.last)
    if first > last:
        raise InputError(
            f"the season is {season.first} to {season.last}, but it has to begin before it ends"
            ", within one year; correct the config's `season`"
        )
    return first, last


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


def _no_scene(provider: Provider, reason: str) -> NoAnswer:
    return NoAnswer(
        f"{provider.catalogue}: {reason}; change the region, the years, the season, the sensor"
        " card's collection or the catalogue",
        reason,
    )


def _in_one_form(item: dict, sensor: Sensor, provider: Provider) -> dict:
    try:
        return normalised(item, sensor, provider)
    except InputError:
        raise
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(
            f"scene {item['id']}: a field of it is not as STAC has it ({type(error).__name__}:"
            f" {' '.join(str(error).split())}); mend the catalogue's item"
        ) from None


@contextmanager
def _told_by(provider: Provider) -> Iterator[None]:
    """Let messages about an item name whose it is."""
    try:
        yield
    except NoAnswer:
        raise
    except InputError as error:
        told = str(error)
        raise InputError(told if provider.name in told else f"{provider.name}: {told}") from None


def _of_orbit(sensor: Sensor) -> dict | None:
    if sensor.orbit_direction is None:
        return None
    return {"op": "=", "args": [{"property": "sat:orbit_state"}, sensor.orbit_direction]}


def _digest(ground: BaseGeometry) -> str:
    """12 hex digits of an outline."""
    return hashlib.sha256(to_wkb(ground)).hexdigest()[:12]


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


def _filled(value: object) -> object:
    """The value without nulls: those of a table's cells, which the item did not have."""
    if isinstance(value, dict):
        return {name: _filled(v) for name, v in value.items() if v is not None}
    return [_filled(v) for v in value] if isinstance(value, list) else value

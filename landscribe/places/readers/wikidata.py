"""Wikidata's JSON dump -> places: entities with coordinates on the earth.

An entity stands in a line, https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html.
The units around a place (P131) are named by their ids: `admin` is NL, wd:Q9899, its country's code
and the units right above it. Those above them are to be found by climbing, once all are read.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.codes.wikidata import country, place_class
from landscribe.places.dumps import Faults, lines
from landscribe.places.rows import (
    Name,
    bare_title,
    further_names,
    iso_language,
    lonlat,
    people,
    place_batches,
    wikipedia_id,
)
from landscribe.sources import located

_EARTH = "Q2"
_ELSEWHERE = {"P1566": "gn:", "P402": "osm:r", "P10689": "osm:w", "P11693": "osm:n"}
_TEXTS = {"P1448": "alternate", "P1813": "short", "P1549": "demonym"}  # texts with a language
_CODES = ("P298", "P238", "P239")  # ISO 3166-1 alpha-3, IATA, ICAO
_MAIN = ("en", "mul", "fr", "de", "es")  # languages of the main name, the first that is there
_TITLES = ("enwiki", "frwiki")  # whose titles are names, too
_NO_WIKIPEDIAS = {"commonswiki", "specieswiki", "metawiki", "wikidatawiki", "sourceswiki"}


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of a dump (.json, .json.gz, .json.bz2) in its order, as batches of SOURCE_PLACES.

    Entities without any label are left out. Read .gz: Python unpacks it over ten times as fast as
    .bz2.
    """
    yield from place_batches(_rows(located(source.path)), source)


def _rows(path: Path) -> Iterator[dict]:
    faults, opened, line = Faults(path), False, ""
    for number, line in lines(path):
        opened = opened or (number == 1 and line.strip() == "[")
        if line.strip() in ("[", "]", ""):
            continue
        faults.read += 1
        if '"P625"' not in line:  # quicker than to parse it
            continue
        try:
            row = _row(json.loads(line.strip().rstrip(",")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            faults.add(f"line {number}", f"{type(error).__name__} {error}")
            continue
        if row:
            yield row
    if opened and line.strip() != "]":
        raise InputError(f"{path}: ends early, without the last line ]; download it again, whole")
    faults.tell()


def _row(entity: dict) -> dict | None:
    """None of what has no name, or no coordinates on the earth."""
    # PHP writes what is empty as a list.
    labels, aliases, claims, pages = (
        entity.get(part) or {} for part in ("labels", "aliases", "claims", "sitelinks")
    )
    points = [p for p in _values(claims, "P625") if p["globe"].rpartition("/")[2] == _EARTH]
    if not points or not labels:
        return None
    lon, lat = lonlat(points[0]["longitude"], points[0]["latitude"])
    name = next(labels[tag]["value"] for tag in (*_MAIN, *labels) if tag in labels)
    names = [*_labels(labels, aliases), *_said(claims), *_titles(pages)]
    own = next(iter(_values(claims, "P297")), "")
    where = own or country(_items(claims, "P17"))
    above = [f"wd:{item}" for item in _items(claims, "P131")]
    return {
        "id": f"wd:{entity['id']}",
        "same": _same(claims, pages),
        "name": name,
        "names": further_names(name, names),
        "class": "country" if own else place_class(_items(claims, "P31")),
        "lon": lon,
        "lat": lat,
        "country": where,
        "admin": [] if own else [code for code in (where, *above) if code],
        "code": own or next(iter(_values(claims, "P300")), ""),
        "population": _population(claims),
    }


def _claims(claims: dict, wanted: str) -> list[dict]:
    """Claims of a property with a value: of preferred rank, else normal; never deprecated ones."""
    told = [claim for claim in claims.get(wanted, []) if claim["mainsnak"]["snaktype"] == "value"]
    best = [claim for claim in told if claim["rank"] == "preferred"]
    return best or [claim for claim in told if claim["rank"] == "normal"]


def _values(claims: dict, wanted: str) -> list:
    return [claim["mainsnak"]["datavalue"]["value"] for claim in _claims(claims, wanted)]


def _items(claims: dict, wanted: str) -> list[str]:
    return [value["id"] for value in _values(claims, wanted)]


def _labels(labels: dict, aliases: dict) -> Iterator[Name]:
    """Those in languages with a code first, of the others only what is new counts."""
    for tag, label in sorted(labels.items(), key=lambda told: not iso_language(told[0])):
        yield label["value"], iso_language(tag), "main" if iso_language(tag) else "alternate"
    for tag, told in aliases.items():
        for alias in told:
            yield alias["value"], iso_language(tag), "alternate"


def _said(claims: dict) -> Iterator[Name]:
    for wanted, kind in _TEXTS.items():
        for text in _values(claims, wanted):
            yield text["text"], iso_language(text["language"]), kind
    for wanted in _CODES:
        for code in _values(claims, wanted):
            yield code, "", "code"


def _titles(pages: dict) -> Iterator[Name]:
    for wiki in _TITLES:
        if title := pages.get(wiki, {}).get("title", ""):
            yield bare_title(title) or title, wiki[:2], "alternate"


def _same(claims: dict, pages: dict) -> list[str]:
    found = [f"{prefix}{v}" for prop, prefix in _ELSEWHERE.items() for v in _values(claims, prop)]
    for wiki, page in pages.items():
        if wiki.endswith("wiki") and wiki not in _NO_WIKIPEDIAS:
            language = wiki.removesuffix("wiki").replace("_", "-")
            found.append(wikipedia_id(language, page["title"]))
    return found


def _population(claims: dict) -> int | None:
    """The latest of the best rank."""
    latest = max(_claims(claims, "P1082"), key=_time, default=None)
    return people(latest["mainsnak"]["datavalue"]["value"]["amount"]) if latest else None


def _time(claim: dict) -> str:
    """Point in time (P585) of a claim, so that the latest is the largest; empty without one."""
    for snak in claim.get("qualifiers", {}).get("P585", []):
        if snak["snaktype"] == "value":
            return snak["datavalue"]["value"]["time"]
    return ""

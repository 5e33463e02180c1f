"""Wikipedia's SQL dumps -> places: pages with coordinates, their titles and redirects.

`<language>wiki-<date>-geo_tags.sql.gz` and `-page.sql.gz` are needed, `-redirect.sql.gz` gives
further names. The three are joined on disk. A page is a place if its own coordinates
(gt_primary) are on the earth.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from landscribe.command import InputError, some
from landscribe.gazetteers import PlaceSource
from landscribe.places.dumps import Faults
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
from landscribe.places.sql_dump import sql_rows
from landscribe.sources import located

_CLASSES = {  # https://en.wikipedia.org/wiki/Template:Coord#type:T
    "country": "country",
    "state": "admin1",
    "adm1st": "admin1",
    "adm2nd": "admin2",
    "adm3rd": "admin3",
    "city": "city",
    "airport": "airport",
    "isle": "island",
    "mountain": "mountain",
    "pass": "mountain",
    "river": "river",
    "waterbody": "lake",
    "forest": "wood",
    "glacier": "wood",
}  # all others, and those without a type: site
_GEO_TAGS = re.compile(r"(?P<wiki>\w+)wiki-(?P<date>\w+)-geo_tags\.sql(\.gz)?")
_TYPE = re.compile(r"\s*(\w*)\s*(?:\(([\d.,\s]*)\))?.*", re.S)
_COUNTRY = re.compile(r"[A-Z]{2}")
_OWN = {"country": 1, "admin1": 2}  # class -> length of the path of units that ends in itself
_MEMORY = "1GB"  # of DuckDB; the rest is on disk
_ROWS = 100_000  # added at once
_GEO = ["gt_page_id", "gt_globe", "gt_primary", "gt_lat", "gt_lon"]
_GEO += ["gt_type", "gt_country", "gt_region"]
_PAGE = ["page_id", "page_namespace", "page_title", "page_is_redirect"]
_REDIRECT = ["rd_from", "rd_namespace", "rd_title", "rd_interwiki", "rd_fragment"]
_JOIN = """
    SELECT geo.page, lat, lon, type, country, region, pages.title, redirects.title
    FROM geo JOIN pages USING (page)
    LEFT JOIN redirects ON redirects.target = pages.title
    ORDER BY geo.page, geo.rowid, redirects.page
"""


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Places of one Wikipedia, or of all whose dumps a folder has, by page id.

    Ids are titles, wp:de:Bad_Belzig: Wikidata and OpenStreetMap name pages so.
    """
    path = located(source.path)
    found = sorted(path.iterdir()) if path.is_dir() else [path]
    dumps = [p for p in found if _GEO_TAGS.fullmatch(p.name)]
    if not dumps:
        raise InputError(
            f"{path}: no <language>wiki-<date>-geo_tags.sql.gz, but"
            f" {some([p.name for p in found]) or 'nothing'}; bring one, with the page dump beside"
        )
    yield from place_batches((row for dump in dumps for row in _rows(dump)), source)


def _rows(geo_tags: Path) -> Iterator[dict]:
    language = _GEO_TAGS.fullmatch(geo_tags.name)["wiki"].replace("_", "-")
    with TemporaryDirectory() as folder, duckdb.connect(f"{folder}/pages.duckdb") as base:
        base.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = 1")
        _load(base, geo_tags)
        joined = base.execute(_JOIN)
        told = (row for held in iter(lambda: joined.fetchmany(_ROWS), []) for row in held)
        for _, rows in groupby(told, key=itemgetter(0)):
            rows = list(rows)
            yield _row(language, rows[0], [row[-1] for row in rows if row[-1]])


def _load(base: duckdb.DuckDBPyConnection, geo_tags: Path) -> None:
    text = dict.fromkeys(("type", "country", "region"), "VARCHAR")
    numbers = {"page": "BIGINT", "lat": "DOUBLE", "lon": "DOUBLE"}
    _fill(base, "geo", numbers | text, _coordinates(geo_tags))
    columns = {"page": "BIGINT", "title": "VARCHAR", "redirect": "BOOLEAN"}
    _fill(base, "all_pages", columns, _pages(_beside(geo_tags, "page")))
    base.execute(
        "CREATE TABLE pages AS SELECT page, title FROM all_pages SEMI JOIN geo USING (page)"
    )
    columns = {"page": "BIGINT", "target": "VARCHAR"}
    redirect = _beside(geo_tags, "redirect", needed=False)
    _fill(base, "targets", columns, _targets(redirect) if redirect else [])
    base.execute(
        "CREATE TABLE redirects AS SELECT page, title, target FROM targets JOIN all_pages"
        " USING (page) SEMI JOIN pages ON pages.title = target WHERE redirect"
    )


def _fill(
    base: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str], rows: Iterable[tuple]
) -> None:
    rows = iter(rows)
    base.execute(f"CREATE TABLE {table} ({', '.join(f'{n} {k}' for n, k in columns.items())})")
    while held := list(islice(rows, _ROWS)):
        base.register("held", pa.table(list(zip(*held, strict=True)), names=list(columns)))
        base.execute(f"INSERT INTO {table} SELECT * FROM held")
        base.unregister("held")


def _coordinates(path: Path) -> Iterator[tuple]:
    """Coordinates of pages on the earth; a few pages have several of their own."""
    faults = Faults(path)
    for page, globe, primary, lat, lon, *rest in sql_rows(path, _GEO):
        if primary != "1" or globe not in ("earth", ""):
            continue
        faults.read += 1
        try:
            lon, lat = lonlat(lon or "none", lat or "none")
        except ValueError as error:
            faults.add(f"page {page}", error)
            continue
        yield int(page), lat, lon, *(text or "" for text in rest)
    faults.tell()


def _pages(path: Path) -> Iterator[tuple]:
    for page, namespace, title, redirect in sql_rows(path, _PAGE):
        if namespace == "0":
            yield int(page), title, redirect == "1"


def _targets(path: Path) -> Iterator[tuple]:
    """Redirects to whole pages: those to a section mean something in the place."""
    for page, namespace, title, wiki, fragment in sql_rows(path, _REDIRECT):
        if namespace == "0" and not wiki and not fragment:
            yield int(page), title


def _beside(geo_tags: Path, table: str, needed: bool = True) -> Path | None:
    stem = geo_tags.name.partition("geo_tags.")[0] + table
    found = [geo_tags.with_name(f"{stem}{suffix}") for suffix in (".sql", ".sql.gz")]
    path = next((p for p in found if p.exists()), None)
    if needed and path is None:
        raise InputError(
            f"{geo_tags}: no {stem}.sql.gz beside it, which has the titles; download it, too"
        )
    return path


def _row(language: str, told: tuple, redirects: list[str]) -> dict:
    _, lat, lon, kind, country, region, title, _ = told
    kind, population = _TYPE.fullmatch(kind).groups()
    place_class = _CLASSES.get(kind.lower(), "site")
    units = _units(country, region)
    code = units[-1] if len(units) == _OWN.get(place_class) else ""
    name = title.replace("_", " ")
    return {
        "id": wikipedia_id(language, title),
        "same": [],
        "name": name,
        "names": further_names(name, _names(name, iso_language(language), redirects)),
        "class": place_class,
        "lon": lon,
        "lat": lat,
        "country": units[0] if units else "",
        "admin": [unit for unit in units if unit != code],
        "code": code,
        "population": people(population),
    }


def _names(name: str, language: str, redirects: list[str]) -> Iterator[Name]:
    yield name, language, "main"
    yield bare_title(name), language, "alternate"
    for other in redirects:
        yield other.replace("_", " "), language, "alternate"


def _units(country: str, region: str) -> list[str]:
    """US and US-CA, as ISO 3166 has them."""
    if not _COUNTRY.fullmatch(country):
        return []
    return [country, f"{country}-{region}"] if region else [country]

"""GeoNames' table of alternate names, joined to places on disk: it does not fit in memory.

Columns: id of the name, id of the place, language or what else it is, name, then 1 or nothing for
preferred, short, colloquial and historic.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from landscribe.places.dumps import Faults, lines
from landscribe.places.rows import Name, further_names, iso_language, wikidata_id, wikipedia_id

_PLACES = 50_000  # whose names are looked up at once: each look-up reads the column of ids once
_LINES = 100_000  # of the table, added at once
_SAME = "same"  # kind of what is an id elsewhere, not a name
_PAGE = re.compile(r"https?://([a-z]{2,3})\.wikipedia\.org/wiki/(.+)")
_CODES = ("iata", "icao", "faac", "unlc", "tcid")
_NO_NAMES = ("post", "phon")  # postal codes, sounds
_LANGUAGES = {"piny": "zh", "fr_1793": "fr"}  # Chinese in Latin letters, of the Revolution
_MEMORY = "1GB"  # of DuckDB; the rest is on disk


def with_names(rows: Iterable[dict], path: Path) -> Iterator[dict]:
    """Rows of GeoNames, in their order, with the names and ids that the table has of them."""
    rows = iter(rows)
    with TemporaryDirectory() as folder, duckdb.connect(f"{folder}/names.duckdb") as base:
        base.execute(f"SET memory_limit = '{_MEMORY}'; SET threads = 1")
        _load(base, path)
        while held := list(islice(rows, _PLACES)):
            found = _found(base, [int(row["id"].removeprefix("gn:")) for row in held])
            for row, told in zip(held, found, strict=True):
                names = [(name, language, kind) for name, language, kind in told if kind != _SAME]
                row["same"] += [name for name, _, kind in told if kind == _SAME]
                row["names"] = further_names(row["name"], names + row["names"])
                yield row


def _load(base: duckdb.DuckDBPyConnection, path: Path) -> None:
    base.execute("CREATE TABLE names (place BIGINT, name VARCHAR, language VARCHAR, kind VARCHAR)")
    told = _told(path)
    while held := list(islice(told, _LINES)):
        columns = [pa.array(column) for column in zip(*held, strict=True)]
        base.register("batch", pa.table(columns, names=["place", "name", "language", "kind"]))
        base.execute("INSERT INTO names SELECT * FROM batch")
        base.unregister("batch")


def _told(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Place, name, language and kind of each line that has one."""
    faults = Faults(path)
    for number, line in lines(path):
        if not line:
            continue
        faults.read += 1
        fields = line.split("\t")
        if len(fields) < 4 or not fields[1].isdecimal():
            faults.add(f"line {number}", "no number in column 2, or fewer than 4 columns")
        elif name := _name(*(fields + [""] * 4)[2:8]):
            yield int(fields[1]), *name
    faults.tell()


def _name(tag: str, text: str, preferred: str, short: str, _: str, historic: str) -> Name | None:
    if tag == "wkdt":
        return (wikidata_id(text), "", _SAME) if wikidata_id(text) else None
    if tag == "link":
        page = _PAGE.fullmatch(text)
        return (wikipedia_id(page[1], unquote(page[2])), "", _SAME) if page else None
    if tag in _NO_NAMES:
        return None
    language = _LANGUAGES.get(tag) or iso_language(tag)
    if tag in _CODES:
        kind = "code"
    elif tag == "abbr":
        kind = "abbreviation"
    elif historic == "1" or tag == "fr_1793":
        kind = "historic"
    elif short == "1":
        kind = "short"
    else:
        kind = "main" if preferred == "1" and language else "alternate"
    return text, language, kind


def _found(base: duckdb.DuckDBPyConnection, places: list[int]) -> list[list[Name]]:
    """Names of each place, in the order of the table."""
    base.register("wanted", pa.table({"place": pa.array(places, pa.int64())}))
    told = base.execute(
        "SELECT place, name, language, kind FROM names SEMI JOIN wanted USING (place)"
        " ORDER BY names.rowid"
    ).fetchall()
    base.unregister("wanted")
    by_place = defaultdict(list)
    for place, *name in told:
        by_place[place].append(tuple(name))
    return [by_place[place] for place in places]

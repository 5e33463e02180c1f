"""The store of a gazetteer: its tables as files that answer in microseconds, without a server.

A store is a folder: `places.sqlite` holds places, their names and an R-tree of their points;
`gazetteer.json` says what is in it. DuckDB sorts the names, on disk where memory does not suffice,
and SQLite is filled in the order of its B-trees: memory does not grow with the gazetteer, and equal
tables give equal bytes.
"""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tqdm import tqdm

from landscribe.command import InputError, some, written
from landscribe.places.row_digest import RowDigest
from landscribe.tables import NAME_KINDS, PLACE_NAMES, PLACES, read_batches

LAYOUT = 1  # rises when what reads a store cannot read those of before
DATABASE = "places.sqlite"
ABOUT = "gazetteer.json"
APART = "\x1f"  # between the ids of parents: ASCII's separator of units, which is in no id
_MEMORY = "1GB"  # of DuckDB; what is more goes to disk
_BATCH = 50_000  # rows
_SCHEMA = """
CREATE TABLE kinds (kind INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE classes (class INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE parents (parents INTEGER PRIMARY KEY, ids TEXT);
CREATE TABLE places (
    row INTEGER PRIMARY KEY, id TEXT, name TEXT, class INTEGER, lon REAL, lat REAL, country TEXT,
    parents INTEGER, population INTEGER, extent_km REAL
);
CREATE TABLE names (
    normal TEXT, row INTEGER, kind INTEGER, language TEXT, PRIMARY KEY (normal, row)
) WITHOUT ROWID;
CREATE TABLE spellings (row INTEGER PRIMARY KEY, names TEXT);
CREATE VIRTUAL TABLE points USING rtree (row, west, east, south, north);
"""
_KIND = f"(list_position({list(NAME_KINDS)}, kind) - 1)"
_BY_ROW = f"""
SELECT "row", name, normal, language, kind, source FROM names
ORDER BY "row", {_KIND}, language, name, normal, source
"""
_BY_NORMAL = f"""
SELECT normal, "row", {_KIND} AS kind, language FROM names
WHERE normal <> '' ORDER BY normal, "row", {_KIND}, language
"""
_POINTS = """
INSERT INTO points SELECT row, lon, lon, lat, lat FROM places
ORDER BY CAST(lat * 4 AS INTEGER), lon, row
"""  # neighbours follow each other, in strips of a quarter of a degree


def build_store(places: Path, names: Path, folder: Path) -> dict:
    """Write the store of a gazetteer to `folder`, which it replaces; what `gazetteer.json` says.

    Args:
        places: table as PLACES.
        names: table as PLACE_NAMES, in any order.
    """
    with written(folder) as part:
        part.mkdir()
        about = {"version": "", "layout": LAYOUT, **_database(part / DATABASE, places, names)}
        about["version"] = hashlib.sha256(json.dumps(about["digests"]).encode()).hexdigest()[:12]
        about["bytes"] = {file.name: file.stat().st_size for file in sorted(part.iterdir())}
        (part / ABOUT).write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    return about


def _database(path: Path, places: Path, names: Path) -> dict:
    """Write the database; digests of the tables and counts of what is in them."""
    with (
        TemporaryDirectory(dir=path.parent) as scratch,
        closing(sqlite3.connect(Path(scratch) / "loose.sqlite", isolation_level=None)) as database,
    ):
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        database.execute("BEGIN")
        _insert(database, "kinds", enumerate(NAME_KINDS))
        told = _add_places(database, places)
        told_names = _add_names(database, names, told["places"], Path(scratch))
        database.execute(_POINTS)
        database.execute("COMMIT")
        database.execute("VACUUM INTO ?", [str(path)])  # packs the pages
    digests = {"places": told.pop("digest"), "names": told_names.pop("digest")}
    return {"digests": digests, **told, **told_names}


def _add_places(database: sqlite3.Connection, path: Path) -> dict:
    digest, classes, sources = RowDigest(), Counter(), Counter()
    class_numbers, parent_numbers = _numbers(), _numbers()
    rows = 0
    with _progress("places", None) as bar:
        for batch in read_batches(path, PLACES, _BATCH):
            _check_places(path, batch, rows)
            digest.add(batch)
            classes.update(batch.column("class").to_pylist())
            sources.update(_sources(batch.column("facts")))
            _insert(database, "places", _place_rows(batch, class_numbers, parent_numbers))
            rows += batch.num_rows
            bar.update(batch.num_rows)
    _insert(database, "classes", ((number, name) for name, number in class_numbers.items()))
    _insert(database, "parents", ((number, ids) for ids, number in parent_numbers.items()))
    try:
        database.execute("CREATE UNIQUE INDEX place_ids ON places (id)")
    except sqlite3.IntegrityError:
        raise InputError(f"{path}: an id stands twice; merge the sources again") from None
    counts = {"classes": _largest_first(classes), "sources": _largest_first(sources)}
    return {"digest": digest.hexdigest(), "places": rows, **counts}


def _check_places(path: Path, batch: pa.RecordBatch, first: int) -> None:
    """Rows must be numbered from 0 on and have a point."""
    if batch.column("row").to_pylist() != list(range(first, first + batch.num_rows)):
        raise InputError(
            f"{path}: rows from {first} on are not numbered one by one; merge the sources again"
        )
    for name, most in (("lon", 180), ("lat", 90)):
        inside = pc.less_equal(pc.abs(batch.column(name)), most).fill_null(False)
        if not pc.all(inside, min_count=0).as_py():
            row = first + pc.index(inside, False).as_py()
            raise InputError(
                f"{path}: row {row} has {name} {batch.column(name)[row - first]}, wanted"
                f" -{most} to {most}; mend the source that says so"
            )


def _sources(facts: pa.ListArray) -> list[str]:
    """Names of the sources of each place, one after the other."""
    names = facts.flatten().field("source").to_pylist()
    places = pc.list_parent_indices(facts).to_pylist()
    return [name for _, name in set(zip(places, names, strict=True))]


def _place_rows(
    batch: pa.RecordBatch, classes: dict[str, int], parents: dict[str, int]
) -> Iterator[tuple]:
    """Rows of `places`; a class, and what a place lies in, are numbers."""
    columns = {name: batch.column(name).to_pylist() for name in PLACES.names if name != "facts"}
    columns["class"] = [classes[name] for name in columns["class"]]
    columns["parents"] = [parents[APART.join(ids or ())] for ids in columns["parents"]]
    return zip(*columns.values(), strict=True)


def _add_names(database: sqlite3.Connection, path: Path, places: int, scratch: Path) -> dict:
    next(read_batches(path, PLACE_NAMES, 1), None)  # tells a fault before DuckDB meets it
    digest, rows = RowDigest(), pq.read_metadata(path).num_rows
    settings = {"threads": 1, "memory_limit": _MEMORY, "temp_directory": str(scratch / "sorted")}
    with closing(duckdb.connect(config=settings)) as tables:
        tables.read_parquet(str(path)).create_view("names")
        _check_names(path, tables, places)
        by_row = _batches(tables, _BY_ROW, "spellings", rows)
        _insert(database, "spellings", _spellings(by_row, digest))
        by_normal = _batches(tables, _BY_NORMAL, "names", rows)
        _insert(database, "names", _once(by_normal))
    return {"digest": digest.hexdigest(), "names": rows}


def _check_names(path: Path, tables: duckdb.DuckDBPyConnection, places: int) -> None:
    """Each name must belong to a place, and be of a kind that is known."""
    kinds = tables.execute("SELECT DISTINCT kind FROM names ORDER BY kind").fetchall()
    if strange := [repr(kind) for (kind,) in kinds if kind not in NAME_KINDS]:
        raise InputError(
            f"{path}: names of kind {some(strange)}, wanted {', '.join(NAME_KINDS)}; merge the"
            " sources again"
        )
    outside = f'"row" IS NULL OR "row" < 0 OR "row" >= {places}'
    if found := tables.execute(f'SELECT "row" FROM names WHERE {outside} LIMIT 1').fetchone():
        raise InputError(
            f"{path}: a name of row {found[0]}, but there are {places} places; both tables must"
            " come from one merge: run it again"
        )


def _spellings(batches: Iterable[pa.RecordBatch], digest: RowDigest) -> Iterator[tuple[int, str]]:
    """All names of each place as JSON: name, language, kind."""
    kinds = {kind: number for number, kind in enumerate(NAME_KINDS)}
    for row, names in groupby(_rows(batches, digest), itemgetter(0)):
        told = [(name, language, kinds[kind]) for _, name, _, language, kind, _ in names]
        yield row, json.dumps(list(dict.fromkeys(told)), ensure_ascii=False, separators=(",", ":"))


def _once(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple]:
    """Each name of a place once, as the kind that comes first."""
    for _, same in groupby(_rows(batches), itemgetter(0, 1)):
        yield next(same)


def _batches(
    tables: duckdb.DuckDBPyConnection, query: str, what: str, rows: int
) -> Iterator[pa.RecordBatch]:
    with _progress(what, rows) as bar:
        for batch in tables.execute(query).to_arrow_reader(_BATCH):
            yield batch
            bar.update(batch.num_rows)


def _rows(batches: Iterable[pa.RecordBatch], digest: RowDigest | None = None) -> Iterator[tuple]:
    for batch in batches:
        if digest:
            digest.add(batch)
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[tuple]) -> None:
    width = len(database.execute(f"PRAGMA table_info({table})").fetchall())
    database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)


def _numbers() -> dict[str, int]:
    """Numbers its keys as they are asked for."""
    numbers = defaultdict()
    numbers.default_factory = numbers.__len__
    return numbers


def _largest_first(counts: Counter) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _progress(what: str, rows: int | None) -> tqdm:
    return tqdm(total=rows, desc=what, unit="row", unit_scale=True)

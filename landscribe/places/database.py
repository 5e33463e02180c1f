"""The SQLite file of a gazetteer: places, their names, an R-tree of their points.

DuckDB sorts the names, on disk where memory does not suffice, and SQLite is filled in the order of
its B-trees: only the points, some 60 bytes each, are in memory at once. Equal tables give equal
bytes.
"""

import glob
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

from landscribe.command import InputError, some
from landscribe.places.classes import NAME_KINDS
from landscribe.places.point_tree import write_point_tree
from landscribe.places.polygon_file import polygon_spots
from landscribe.places.row_digest import RowDigest
from landscribe.places.store_layout import APART
from landscribe.tables import PLACE_NAMES, PLACES, read_batches, read_table

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
    normal TEXT, row INTEGER, kind INTEGER, language TEXT,
    PRIMARY KEY (normal, row) ON CONFLICT IGNORE  -- the kind that comes first stays
) WITHOUT ROWID;
CREATE TABLE spellings (row INTEGER PRIMARY KEY, names TEXT);
CREATE TABLE polygons (id TEXT PRIMARY KEY, piece INTEGER, spot INTEGER) WITHOUT ROWID;
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


def write_database(path: Path, places: Path, names: Path, polygons: Path | None) -> dict:
    """Write the database of a gazetteer's tables; their digests, and counts of what is in them."""
    with (
        TemporaryDirectory(dir=path.parent) as scratch,
        closing(sqlite3.connect(Path(scratch) / "loose.sqlite", isolation_level=None)) as database,
    ):
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        database.execute("BEGIN")
        _insert(database, "kinds", enumerate(NAME_KINDS))
        told = _add_places(database, places)
        told |= _add_names(database, names, told["places"], Path(scratch))
        told |= _add_polygons(database, polygons)
        points = read_table(places, PLACES, ["lon", "lat"])
        write_point_tree(database, points["lon"].to_numpy(), points["lat"].to_numpy())
        database.execute("COMMIT")
        database.execute("VACUUM INTO ?", [str(path)])  # packs the pages
    return told


def distinct_names(path: Path) -> Iterator[str]:
    """Each normal name of a database once, in alphabetic order."""
    with closing(sqlite3.connect(path)) as database:
        for (name,) in database.execute("SELECT DISTINCT normal FROM names ORDER BY normal"):
            yield name


def _add_places(database: sqlite3.Connection, path: Path) -> dict:
    digest, classes, sources = RowDigest(), Counter(), Counter()
    class_numbers, parent_numbers = _numbers(), _numbers()
    rows = 0
    for batch in _told(read_batches(path, PLACES, _BATCH), "places"):
        _check_places(path, batch, rows)
        digest.add(batch)
        classes.update(batch.column("class").to_pylist())
        sources.update(_sources(batch.column("facts")))
        _insert(database, "places", _place_rows(batch, class_numbers, parent_numbers))
        rows += batch.num_rows
    if not rows:
        raise InputError(f"{path}: no places; see which sources the gazetteer's card names")
    _insert(database, "classes", ((number, name) for name, number in class_numbers.items()))
    _insert(database, "parents", ((number, ids) for ids, number in parent_numbers.items()))
    try:
        database.execute("CREATE UNIQUE INDEX place_ids ON places (id)")
    except sqlite3.IntegrityError:
        raise InputError(f"{path}: an id stands twice; merge the sources again") from None
    counts = {"classes": _largest_first(classes), "sources": _largest_first(sources)}
    return {"places": rows, **counts, "places_digest": digest.hexdigest()}


def _check_places(path: Path, batch: pa.RecordBatch, first: int) -> None:
    """Rows must be numbered from 0 on and have a point."""
    if batch.column("row").to_pylist() != list(range(first, first + batch.num_rows)):
        raise InputError(
            f"{path}: rows from {first} on are not numbered one by one; merge the sources again"
        )
    for name, most in (("lon", 180), ("lat", 90)):
        inside = pc.fill_null(pc.less_equal(pc.abs(batch.column(name)), most), False)
        outside = pc.index(inside, False).as_py()
        if outside >= 0:
            raise InputError(
                f"{path}: row {first + outside} has {name} {batch.column(name)[outside]}, wanted"
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
        tables.read_parquet(glob.escape(str(path))).create_view("names")
        _check_names(path, tables, places)
        by_row = tables.execute(_BY_ROW).to_arrow_reader(_BATCH)
        mains = database.execute("SELECT row, name FROM places ORDER BY row")
        told = _rows(_told(by_row, "spellings", rows), digest)
        _insert(database, "spellings", _spellings(told, mains))
        by_normal = tables.execute(_BY_NORMAL).to_arrow_reader(_BATCH)
        _insert(database, "names", _rows(_told(by_normal, "names", rows)))
    return {"names": rows, "names_digest": digest.hexdigest()}


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


def _add_polygons(database: sqlite3.Connection, path: Path | None) -> dict:
    if path is None:
        return {"polygons": 0}
    digest = RowDigest()
    try:
        _insert(database, "polygons", polygon_spots(path, digest))
    except sqlite3.IntegrityError:
        raise InputError(f"{path}: an id stands twice; merge the sources again") from None
    (count,) = database.execute("SELECT count(*) FROM polygons").fetchone()
    return {"polygons": count, "polygons_digest": digest.hexdigest()}


def _spellings(rows: Iterable[tuple], mains: Iterable[tuple]) -> Iterator[tuple[int, str]]:
    """All names of each place, as JSON: [kind, language, name, name, ...], ...; 0: as in places."""
    kinds = {kind: number for number, kind in enumerate(NAME_KINDS)}
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for row, of_row in groupby(rows, itemgetter(0)):
        main = next(name for place, name in mains if place == row)
        alike = defaultdict(dict)
        for _, name, _, language, kind, _ in of_row:  # of which two sources may say the same
            alike[kinds[kind], language][0 if name == main else name] = None
        yield row, encode([[*group, *names] for group, names in alike.items()])


def _told(
    batches: Iterable[pa.RecordBatch], what: str, rows: int | None = None
) -> Iterator[pa.RecordBatch]:
    """The batches, while a bar shows how many rows went by."""
    with tqdm(total=rows, desc=what, unit="row", unit_scale=True, mininterval=1) as bar:
        for batch in batches:
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

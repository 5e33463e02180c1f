"""The tables of a gazetteer, from the database in which its sources were joined.

Each step works on a range of places at a time: DuckDB holds the groups of an aggregation in memory.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from tqdm import tqdm

from landscribe.places.units import units_around
from landscribe.tables import PLACE_NAMES, PLACES, POLYGONS, write_table

RANGE = 500_000  # places
_BATCH = 50_000  # rows
_OUTLINES = 64  # in a row group, which is read whole where one of them is looked up
_LARGER = 5  # times the radius of a unit that something in it may be large, as extents are rough
_MERGED = """
CREATE TABLE merged (place BIGINT, id TEXT, name TEXT, class TEXT, lon DOUBLE, lat DOUBLE,
    country TEXT, population BIGINT, extent_km FLOAT,
    facts STRUCT(source TEXT, id TEXT, version TEXT)[])
"""
_MERGE = """
INSERT INTO merged
SELECT place, id, name, class, lon, lat, country, population,
    coalesce(radius_km, extent_km, typical_km(class, population)), facts
FROM (
    SELECT place, min_by(id, (source, n)) AS id, min_by(told.name, (source, n)) AS name,
        min_by(class, (source, n)) FILTER (class <> '') AS class,
        min_by(lon, (source, n)) FILTER (lon IS NOT NULL) AS lon,
        min_by(lat, (source, n)) FILTER (lat IS NOT NULL) AS lat,
        coalesce(min_by(country, (source, n)) FILTER (country <> ''), '') AS country,
        min_by(population, (source, n)) FILTER (population > 0) AS population,
        min_by(extent_km, (source, n)) FILTER (extent_km > 0) AS extent_km,
        min_by(radius_km, (source, n)) FILTER (radius_km > 0) AS radius_km,
        list({'source': source.name, 'id': id, 'version': version} ORDER BY source, n) AS facts
    FROM told JOIN source USING (source) WHERE place >= ? AND place < ? GROUP BY place)
WHERE lon IS NOT NULL
"""
_RANK = """
CREATE TABLE ranked AS
SELECT (row_number() OVER () - 1)::INT AS row, *
FROM (FROM merged ORDER BY population DESC NULLS LAST, id);
DROP TABLE merged;
CREATE TABLE unit AS
SELECT row, place, ranked.id, level, country, extent_km
FROM ranked JOIN class ON class.id = ranked.class
WHERE level BETWEEN 0 AND 4;
"""
_CODED = """
CREATE TABLE parent AS
WITH coded AS (
    SELECT alias.id[6:] AS code, row AS parent FROM alias JOIN unit USING (place)
    WHERE alias.id[:5] = 'code:'),
inside AS (SELECT place, unnest(admin) AS code FROM told)
SELECT row, parent FROM inside JOIN coded USING (code) JOIN ranked USING (place)
"""
# Where a source draws a border roughly, a place is not in the country beyond it; and what is much
# larger than a unit does not lie in it, as London does not in the borough where its point is.
_INSIDE = f"""
INSERT INTO parent
SELECT around.row, parent FROM around JOIN ranked USING (row) JOIN unit ON unit.row = parent
WHERE (ranked.country = unit.country OR ranked.country = '' OR unit.country = '')
    AND ranked.extent_km <= {_LARGER} * unit.extent_km;
DROP TABLE around;
"""
_OUTLINED = """
SELECT row, ranked.id, s.geometry FROM told t JOIN ranked USING (place)
    JOIN read_parquet($path, file_row_number = true) s ON s.file_row_number = t.n
WHERE t.source = $source AND outlined
    AND NOT EXISTS (FROM told o WHERE o.place = t.place AND o.outlined
                    AND (o.source, o.n) < (t.source, t.n))
"""
_NAMES = """
SELECT row, arg_min(called.name, (rank, called.source, called.name)) AS name, normal,
    coalesce(min(language) FILTER (language <> ''), '') AS language,
    arg_min(kind, rank) AS kind, arg_min(source.name, (rank, called.source)) AS source
FROM called JOIN (SELECT row, place FROM ranked WHERE row >= $first AND row < $last)
        USING (place)
    JOIN kind USING (kind) JOIN source USING (source)
GROUP BY row, normal ORDER BY row, min(rank), normal
"""
_WHOLE = """
WITH part AS (FROM ranked WHERE row >= $first AND row < $last),
above AS (
    SELECT part.row, list(DISTINCT {'level': unit.level, 'row': unit.row, 'id': unit.id}) AS units
    FROM parent JOIN part USING (row) JOIN class ON class.id = part.class
        JOIN unit ON unit.row = parent
    WHERE parent.row >= $first AND parent.row < $last AND unit.level < class.level
    GROUP BY part.row)
SELECT part.* EXCLUDE (place), [u.id FOR u IN list_sort(coalesce(units, []))] AS parents
FROM part LEFT JOIN above USING (row) ORDER BY row
"""


def write_merged(
    database: duckdb.DuckDBPyConnection,
    sources: list[Path],
    places: Path,
    names: Path,
    polygons: Path,
) -> int:
    """Write the tables PLACES, PLACE_NAMES and POLYGONS of what was joined; the places.

    Args:
        sources: tables SOURCE_PLACES, in the order of trust.
    """
    database.execute(_MERGED)
    (most,) = database.execute("SELECT max(place) + 1 FROM told").fetchone()
    for first, last in _ranges(most, "merge"):
        database.execute(_MERGE, [first, last])
    database.execute(_RANK)
    database.execute(_CODED)
    write_table(polygons, _polygons(database, sources), POLYGONS)
    _find_units(database, polygons)
    write_table(names, _in_ranges(database, _NAMES, PLACE_NAMES, "names"), PLACE_NAMES)
    return write_table(places, _in_ranges(database, _WHOLE, PLACES, "places"), PLACES)


def _ranges(most: int, what: str) -> Iterator[tuple[int, int]]:
    for first in tqdm(range(0, most, RANGE), what, unit=" ranges"):
        yield first, first + RANGE


def _in_ranges(
    database: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, what: str
) -> Iterator[pa.RecordBatch]:
    """What a query gives of each range of rows, with the columns of a table."""
    (most,) = database.execute("SELECT count(*) FROM ranked").fetchone()
    for first, last in _ranges(most, what):
        found = database.execute(query, {"first": first, "last": last})
        for batch in found.to_arrow_reader(_BATCH):
            yield batch.select(schema.names).cast(schema)


def _polygons(database: duckdb.DuckDBPyConnection, sources: list[Path]) -> Iterator[pa.RecordBatch]:
    """The outline of each place that has one, from the first source that brings it."""
    with tqdm(desc="outlines", unit=" outlines") as bar:
        for number, path in enumerate(sources):
            told = {"path": str(path), "source": number}
            (name,) = database.execute(
                "SELECT name FROM source WHERE source = ?", [number]
            ).fetchone()
            for batch in database.execute(_OUTLINED, told).to_arrow_reader(_OUTLINES):
                columns = {"row": batch["row"], "id": batch["id"], "source": [name] * len(batch)}
                columns["geometry"] = batch["geometry"]
                yield pa.RecordBatch.from_pydict(columns, POLYGONS)
                bar.update(len(batch))


def _find_units(database: duckdb.DuckDBPyConnection, polygons: Path) -> None:
    """Add to the table `parent` the units whose polygons hold a place."""
    points = database.execute("SELECT lon, lat FROM ranked ORDER BY row").fetchnumpy()
    query = "SELECT row, geometry FROM read_parquet(?) JOIN (SELECT row FROM unit) USING (row)"
    units = database.cursor().execute(query, [str(polygons)]).to_arrow_reader(1_000)
    database.execute("CREATE TABLE around (row INT, parent INT)")
    for pairs in units_around(points["lon"], points["lat"], units):
        database.register("pairs", pairs)
        database.execute("INSERT INTO around FROM pairs")
    database.execute(_INSIDE)

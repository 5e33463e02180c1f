"""The gazetteer from its sources: what means the same place becomes one place.

The sources come in the order of trust. Each row joins a place that is there already if they share
an id, or else a name, the group of their class and the ground; all else is a new place. The work
is SQL on disk, so that memory does not grow with the 13 million places of GeoNames.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer
from landscribe.places.classes import CLASSES, UNITS
from landscribe.places.extents import extent_km, ground_radius_km
from landscribe.places.names import normal
from landscribe.places.units import units_around
from landscribe.tables import NAME_KINDS, PLACE_NAMES, PLACES, POLYGONS, write_table

MEMORY = "2GB"  # of DuckDB; more goes to disk
_BATCH = 20_000
_SCHEMA = """
CREATE TABLE class (id TEXT, grp TEXT, reach_km DOUBLE);
CREATE TABLE alias (id TEXT, place BIGINT);
CREATE TABLE place (place BIGINT, grp TEXT, lon DOUBLE, lat DOUBLE, country TEXT);
CREATE TABLE told (place BIGINT, source INT, n BIGINT, id TEXT, name TEXT, class TEXT,
    lon DOUBLE, lat DOUBLE, country TEXT, admin TEXT[], population BIGINT, extent_km FLOAT,
    outlined BOOLEAN);
CREATE TABLE called (place BIGINT, source INT, name TEXT, normal TEXT, language TEXT, kind TEXT);
CREATE MACRO km(lon, lat, lon2, lat2) AS 12742 * asin(sqrt(least(1,
    pow(sin(radians(lat2 - lat) / 2), 2)
    + cos(radians(lat)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon) / 2), 2))));
"""
_READ = """
CREATE OR REPLACE TABLE fact AS
SELECT file_row_number AS n, s.id, name, s.class, class.grp, lon, lat, class.reach_km,
    coalesce(country, '') AS country, admin, population, extent_km,
    geometry IS NOT NULL AS outlined,
    [s.id] || same || CASE WHEN code <> '' THEN ['code:' || code] ELSE [] END AS ids
FROM read_parquet($path, file_row_number = true) s LEFT JOIN class ON class.id = s.class
WHERE name <> ''
"""
_READ_NAMES = """
CREATE OR REPLACE TABLE named AS
SELECT * FROM (
    SELECT n, name, normal(name) AS normal, language, kind FROM (
        SELECT n, name, '' AS language, 'main' AS kind FROM fact
        UNION ALL
        SELECT n, v.name, v.language, v.kind FROM (
            SELECT file_row_number AS n, unnest(names) AS v
            FROM read_parquet($path, file_row_number = true) WHERE name <> '')))
WHERE normal <> ''
"""
_BY_ID = """
CREATE OR REPLACE TABLE found AS
SELECT n, min(alias.place) AS place
FROM (SELECT n, unnest(ids) AS id FROM fact) f JOIN alias USING (id) GROUP BY n
"""
# The nearest of each row; and of several rows for one place the nearest of them.
_BY_NAME = """
INSERT INTO found
WITH loose AS (
    SELECT fact.*, named.normal FROM fact JOIN named USING (n)
    WHERE lon IS NOT NULL AND grp IS NOT NULL AND kind IN ('main', 'alternate', 'short')
        AND NOT EXISTS (FROM found WHERE found.n = fact.n)),
near AS (
    SELECT loose.n, place.place, min(km(loose.lon, loose.lat, place.lon, place.lat)) AS away
    FROM loose JOIN called ON called.normal = loose.normal
        JOIN place ON place.place = called.place AND place.grp = loose.grp
    WHERE called.kind IN ('main', 'alternate', 'short')
        AND (loose.country = place.country OR loose.country = '' OR place.country = '')
        AND abs(loose.lat - place.lat) * 111 <= loose.reach_km
        AND km(loose.lon, loose.lat, place.lon, place.lat) <= loose.reach_km
    GROUP BY ALL),
first AS (SELECT n, arg_min(place, (away, place)) AS place, min(away) AS away FROM near GROUP BY n)
SELECT arg_min(n, (away, n)) AS n, place FROM first
WHERE NOT EXISTS (FROM found WHERE found.place = first.place) GROUP BY place
"""
_NEW = """
INSERT INTO found
SELECT n, (SELECT count(*) FROM place) + row_number() OVER (ORDER BY n)
FROM fact WHERE grp IS NOT NULL AND NOT EXISTS (FROM found WHERE found.n = fact.n)
"""
_TAKE = """
INSERT INTO place SELECT found.place, grp, lon, lat, country FROM found JOIN fact USING (n)
    WHERE found.place > (SELECT count(*) FROM place);
INSERT INTO alias SELECT DISTINCT id, place
    FROM (SELECT place, unnest(ids) AS id FROM found JOIN fact USING (n)) f
    WHERE NOT EXISTS (FROM alias WHERE alias.id = f.id);
INSERT INTO called SELECT place, {source}, name, normal, language,
        CASE WHEN kind = 'main' AND place IN (SELECT place FROM told) THEN 'alternate' ELSE kind END
    FROM found JOIN named USING (n);
INSERT INTO told SELECT place, {source}, n, id, name, class, lon, lat, country, admin, population,
        extent_km, outlined
    FROM found JOIN fact USING (n);
UPDATE place SET lon = f.lon, lat = f.lat
    FROM (SELECT place, min_by(fact.lon, n) AS lon, min_by(fact.lat, n) AS lat
          FROM found JOIN fact USING (n) WHERE fact.lon IS NOT NULL GROUP BY place) f
    WHERE f.place = place.place AND place.lon IS NULL;
"""
_RANK = """
CREATE TABLE ranked AS
SELECT (row_number() OVER (ORDER BY population DESC NULLS LAST, id) - 1)::INT AS row, * FROM (
    SELECT place, min_by(id, (source, n)) AS id, min_by(name, (source, n)) AS name,
        min_by(class, (source, n)) FILTER (class <> '') AS class,
        min_by(lon, (source, n)) FILTER (lon IS NOT NULL) AS lon,
        min_by(lat, (source, n)) FILTER (lat IS NOT NULL) AS lat,
        coalesce(min_by(country, (source, n)) FILTER (country <> ''), '') AS country,
        min_by(population, (source, n)) FILTER (population > 0) AS population,
        min_by(extent_km, (source, n)) FILTER (extent_km > 0) AS extent_km,
        list({'source': source, 'id': id} ORDER BY source, n) AS facts
    FROM told GROUP BY place)
WHERE lon IS NOT NULL
"""
_CODED = """
CREATE TABLE parent AS
WITH coded AS (
    SELECT alias.id[6:] AS code, p.row AS parent
    FROM alias JOIN ranked p USING (place) WHERE alias.id[:5] = 'code:'),
inside AS (SELECT place, unnest(admin) AS code FROM told)
SELECT DISTINCT r.row, parent
FROM inside JOIN coded USING (code) JOIN ranked r USING (place) WHERE r.row <> parent
"""
_POLYGONS = """
SELECT r.row, r.id, r.class, t.n FROM ranked r JOIN told t USING (place)
WHERE t.source = {source} AND outlined
    AND NOT EXISTS (FROM told o WHERE o.place = t.place AND o.outlined
                    AND (o.source, o.n) < (t.source, t.n))
"""
_NAMES = """
SELECT row, arg_min(c.name, (rank, c.source)) AS name, normal,
    coalesce(min(language) FILTER (language <> ''), '') AS language,
    arg_min(kind, (rank, c.source)) AS kind, arg_min(c.source, (rank, c.source)) AS source
FROM called c JOIN ranked USING (place) JOIN kind USING (kind) GROUP BY row, normal
ORDER BY row, min(rank), normal
"""
_WHOLE = """
SELECT r.*, radius_km,
    (SELECT list(p.id ORDER BY u.level, p.row) FROM parent JOIN ranked p ON p.row = parent.parent
        JOIN unit u ON u.class = p.class WHERE parent.row = r.row) AS parents
FROM ranked r LEFT JOIN outline o ON o.row = r.row ORDER BY r.row
"""


def merge_places(
    gazetteer: Gazetteer, sources: dict[str, Path], places: Path, names: Path, polygons: Path
) -> int:
    """Write the tables PLACES, PLACE_NAMES and POLYGONS of a gazetteer; its places.

    Args:
        sources: name -> table SOURCE_PLACES, of each source of the card.
        places, names, polygons: tables to write.
    """
    order = [source.name for source in gazetteer.sources]
    with _database(places.parent) as database:
        for number, name in enumerate(tqdm(order, "merge", unit=" sources")):
            _join(database, number, sources[name])
        if not database.execute("SELECT count(*) FROM told WHERE lon IS NOT NULL").fetchone()[0]:
            raise InputError(f"no place with a point in {', '.join(order)}; look at the sources")
        database.execute(_RANK)
        database.execute(_CODED)
        _write_polygons(database, order, sources, polygons)
        _find_units(database, polygons)
        write_table(names, _named_sources(database, order), PLACE_NAMES)
        versions = [source.version for source in gazetteer.sources]
        return write_table(places, _whole(database, order, versions), PLACES)


@contextmanager
def _database(beside: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database on disk, beside what is written, that ends with the block."""
    with TemporaryDirectory(dir=beside, prefix=".merge-") as folder:
        database = duckdb.connect(f"{folder}/merge.duckdb")
        database.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{folder}'")
        database.execute("SET enable_progress_bar = false")
        database.create_function("normal", _normal, ["VARCHAR"], "VARCHAR", type="arrow")
        database.execute(_SCHEMA)
        classes = [(c.id, c.group, c.reach_km) for c in CLASSES.values()]
        database.executemany("INSERT INTO class VALUES (?, ?, ?)", classes)
        database.execute(
            "CREATE TABLE kind AS SELECT unnest(?) AS kind, unnest(?) AS rank",
            [list(NAME_KINDS), list(range(len(NAME_KINDS)))],
        )
        database.execute(
            "CREATE TABLE unit AS SELECT unnest(?) AS class, unnest(?) AS level",
            [list(UNITS), list(range(len(UNITS)))],
        )
        yield database
        database.close()


def _normal(names: pa.ChunkedArray) -> pa.Array:
    return pa.array([normal(name) for name in names.to_pylist()], pa.string())


def _join(database: duckdb.DuckDBPyConnection, number: int, path: Path) -> None:
    for query in (_READ, _READ_NAMES):
        database.execute(query, {"path": str(path)})
    database.execute(_BY_ID)
    if number:
        database.execute(_BY_NAME)
    database.execute(_NEW)
    database.execute(_TAKE.format(source=number))


def _write_polygons(
    database: duckdb.DuckDBPyConnection, order: list[str], sources: dict[str, Path], path: Path
) -> None:
    """Write the table POLYGONS; leaves the table `outline` (row, class, radius_km)."""
    database.execute("CREATE TABLE outline (row INT, class TEXT, radius_km DOUBLE)")
    with tqdm(desc="outlines", unit=" polygons") as bar:

        def batches() -> Iterator[pa.RecordBatch]:
            for number, name in enumerate(order):
                for batch in _outlined(database, number, sources[name]):
                    yield pa.RecordBatch.from_pydict(
                        {
                            **{"row": batch["row"], "id": batch["id"]},
                            **{"source": [name] * len(batch), "geometry": batch["geometry"]},
                        },
                        POLYGONS,
                    )
                    bar.update(len(batch))

        write_table(path, batches(), POLYGONS)


def _outlined(
    database: duckdb.DuckDBPyConnection, number: int, path: Path
) -> Iterator[pa.RecordBatch]:
    """Batches row, id, class, geometry of the places that this source outlines first."""
    query = f"""SELECT row, p.id, p.class, s.geometry FROM ({_POLYGONS.format(source=number)}) p
        JOIN read_parquet(?, file_row_number = true) s ON s.file_row_number = p.n"""
    reader = database.cursor().execute(query, [str(path)]).to_arrow_reader(1_000)
    for batch in reader:
        geometries = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
        radii = pa.table(
            {"row": batch["row"], "class": batch["class"], "km": ground_radius_km(geometries)}
        )
        database.register("radii", radii)
        database.execute("INSERT INTO outline FROM radii")
        yield batch


def _find_units(database: duckdb.DuckDBPyConnection, polygons: Path) -> None:
    """Add to the table `parent` the units whose polygons hold a place."""
    columns = database.execute("SELECT row, lon, lat FROM ranked ORDER BY row").fetchnumpy()
    points = np.column_stack([columns["lon"], columns["lat"]])
    query = """SELECT row, geometry FROM read_parquet(?) p JOIN outline USING (row)
        WHERE class IN (SELECT class FROM unit)"""
    units = database.cursor().execute(query, [str(polygons)]).to_arrow_reader(1_000)
    for pairs in units_around(points, columns["row"], units):
        database.register("pairs", pairs)
        database.execute(
            "INSERT INTO parent SELECT * FROM pairs ANTI JOIN parent USING (row, parent)"
        )


def _named_sources(
    database: duckdb.DuckDBPyConnection, order: list[str]
) -> Iterator[pa.RecordBatch]:
    for batch in database.execute(_NAMES).to_arrow_reader(_BATCH):
        table = batch.to_pydict()
        table["source"] = [order[number] for number in table["source"]]
        yield pa.RecordBatch.from_pydict(table, PLACE_NAMES)


def _whole(
    database: duckdb.DuckDBPyConnection, order: list[str], versions: list[str]
) -> Iterator[pa.RecordBatch]:
    for batch in database.execute(_WHOLE).to_arrow_reader(_BATCH):
        rows = batch.to_pylist()
        for row in rows:
            known = row.pop("radius_km") or row["extent_km"]
            row["extent_km"] = known or extent_km(row["class"], row["population"])
            row["parents"] = row["parents"] or []
            row.pop("place")
            row["facts"] = [
                {"source": order[f["source"]], "id": f["id"], "version": versions[f["source"]]}
                for f in row["facts"]
            ]
        yield pa.RecordBatch.from_pylist(rows, PLACES)

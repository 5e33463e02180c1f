"""The gazetteer from its sources: what means the same place becomes one place.

The sources come in the order of trust. Each row joins a place that is there already if they share
an id, or else a name, the group of their class and the ground; all else is a new place. The work
is SQL on disk, so that memory does not grow with the 13 million places of GeoNames.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import shapely
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer
from landscribe.places.classes import CLASSES, NAME_KINDS, UNITS
from landscribe.places.extents import extent_km, ground_radius_km
from landscribe.places.merged import write_merged
from landscribe.places.names import normal
from landscribe.places.unit_names import bare_unit

MEMORY = "2GB"  # of DuckDB; more goes to disk
_BATCH = 1_000  # outlines
_SCHEMA = """
CREATE TABLE class (id TEXT, grp TEXT, level INT, reach_km DOUBLE);
CREATE TABLE kind (kind TEXT, rank INT);
CREATE TABLE source (source INT, name TEXT, version TEXT);
CREATE TABLE alias (id TEXT, place BIGINT);
CREATE TABLE place (place BIGINT, grp TEXT, class TEXT, lon DOUBLE, lat DOUBLE, country TEXT,
    reach_km DOUBLE, ground_km DOUBLE);
CREATE TABLE told (place BIGINT, source INT, n BIGINT, id TEXT, name TEXT, class TEXT,
    lon DOUBLE, lat DOUBLE, country TEXT, admin TEXT[], population BIGINT, extent_km FLOAT,
    outlined BOOLEAN, radius_km DOUBLE);
CREATE TABLE called (place BIGINT, source INT, name TEXT, normal TEXT, language TEXT, kind TEXT);
CREATE MACRO km(lon, lat, lon2, lat2) AS 12742 * asin(sqrt(least(1,
    pow(sin(radians(lat2 - lat) / 2), 2)
    + cos(radians(lat)) * cos(radians(lat2)) * pow(sin(radians(lon2 - lon) / 2), 2))));
CREATE MACRO key(grp, normal) AS CASE WHEN grp = 'unit' THEN bare_unit(normal) ELSE normal END;
"""
# Of several rows with one code, as France and its Clipperton Island have, the largest is the unit.
_READ = """
CREATE OR REPLACE TABLE fact AS
WITH said AS (
    SELECT file_row_number AS n, s.* EXCLUDE (names, geometry), geometry IS NOT NULL AS outlined
    FROM read_parquet($path, file_row_number = true) s WHERE name <> ''),
coded AS (
    SELECT arg_max(n, (coalesce(radius_km, 0), coalesce(population, 0), -n)) AS n
    FROM said LEFT JOIN ground USING (n) WHERE code <> '' GROUP BY code)
SELECT n, said.id, name, said.class, class.grp, lon, lat, class.reach_km, admin, population,
    coalesce(country, '') AS country, extent_km, outlined, radius_km,
    [said.id] || same || CASE WHEN coded.n IS NULL THEN [] ELSE ['code:' || code] END AS ids
FROM said LEFT JOIN ground USING (n) LEFT JOIN coded USING (n)
    LEFT JOIN class ON class.id = said.class
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
SELECT n, min(alias.place) AS place, false AS fresh
FROM (SELECT n, unnest(ids) AS id FROM fact) f JOIN alias USING (id) GROUP BY n
"""
# Units are named with and without the word for what they are, so their names are compared without
# it. The outline of a unit is exact: its point elsewhere is within 1.5 of its radius (99.6 % of
# those units of geoBoundaries that hold the point of GeoNames' unit of that name).
_MEASURED = """
SELECT l.n, t.place, l.normal <> t.normal AS unlike, l.class <> t.class AS other,
    km(l.lon, l.lat, t.lon, t.lat) AS away,
    CASE WHEN l.grp <> 'unit' THEN greatest(l.reach_km, t.reach_km, l.ground_km, t.ground_km)
        ELSE coalesce(greatest(l.ground_km, t.ground_km), least(l.reach_km, t.reach_km))
    END AS reach
FROM loose l JOIN there t ON l.key = t.key AND l.grp = t.grp
"""
_NEAR = f"""
CREATE OR REPLACE TABLE near AS
WITH loose AS MATERIALIZED (
    SELECT DISTINCT n, grp, class, lon, lat, country, reach_km, 1.5 * radius_km AS ground_km,
        normal, key(grp, normal) AS key
    FROM fact JOIN named USING (n)
    WHERE lon IS NOT NULL AND grp IS NOT NULL AND kind IN ('main', 'alternate', 'short')
        AND NOT EXISTS (FROM found WHERE found.n = fact.n)),
there AS MATERIALIZED (
    SELECT place.*, normal, key(grp, normal) AS key FROM called JOIN place USING (place)
    WHERE kind IN ('main', 'alternate', 'short') AND lon IS NOT NULL
        AND NOT EXISTS (FROM found WHERE found.place = place.place)),
measured AS (
    {_MEASURED} AND l.country = t.country
    UNION ALL
    {_MEASURED} AND l.country <> t.country AND (l.country = '' OR t.country = ''))
SELECT n, place, min(unlike) AS unlike, min(other) AS other, min(away) AS away
FROM measured WHERE away <= reach GROUP BY n, place
"""
# Both take the best that is left: the same name first, then the same class, then the nearest.
_PAIR = """
INSERT INTO found
SELECT arg_min(n, rank) AS n, place, false FROM (
    SELECT n, arg_min(place, (unlike, other, away, place)) AS place,
        min((unlike, other, away, n)) AS rank
    FROM near GROUP BY n)
GROUP BY place
"""
_TAKEN = """
DELETE FROM near
WHERE n IN (SELECT n FROM found) OR place IN (SELECT place FROM found)
"""
_NEW = """
INSERT INTO found
SELECT n, (SELECT coalesce(max(place) + 1, 0) FROM told) + n, true
FROM fact WHERE grp IS NOT NULL AND NOT EXISTS (FROM found WHERE found.n = fact.n)
"""
_TAKE = """
INSERT INTO place
    SELECT found.place, grp, class, lon, lat, country, reach_km, 1.5 * radius_km
    FROM found JOIN fact USING (n) WHERE fresh;
INSERT INTO alias SELECT DISTINCT id, place
    FROM (SELECT place, unnest(ids) AS id FROM found JOIN fact USING (n)) f
    WHERE NOT EXISTS (FROM alias WHERE alias.id = f.id);
INSERT INTO called SELECT place, {source}, name, normal, language,
        CASE WHEN kind = 'main' AND NOT fresh THEN 'alternate' ELSE kind END
    FROM found JOIN named USING (n);
INSERT INTO told SELECT place, {source}, n, id, name, class, lon, lat, country, admin, population,
        extent_km, outlined, radius_km
    FROM found JOIN fact USING (n);
UPDATE place SET lon = f.lon, lat = f.lat
    FROM (SELECT place, min_by(fact.lon, n) AS lon, min_by(fact.lat, n) AS lat
          FROM found JOIN fact USING (n) WHERE NOT fresh AND fact.lon IS NOT NULL GROUP BY place) f
    WHERE f.place = place.place AND place.lon IS NULL;
UPDATE place SET ground_km = 1.5 * f.radius_km
    FROM (SELECT place, min_by(radius_km, n) AS radius_km
          FROM found JOIN fact USING (n) WHERE NOT fresh AND radius_km > 0 GROUP BY place) f
    WHERE f.place = place.place AND place.ground_km IS NULL;
"""
# A unit that no source locates, such as Svalbard, is where its largest place is.
_LOCATE = """
UPDATE told SET lon = f.lon, lat = f.lat FROM (
    WITH lost AS (
        SELECT place, alias.id[6:] AS code FROM place JOIN alias USING (place)
        WHERE lon IS NULL AND alias.id[:5] = 'code:'),
    inside AS (
        SELECT unnest(admin) AS code, id, lon, lat, population FROM told WHERE lon IS NOT NULL)
    SELECT place, arg_max(lon, (coalesce(population, 0), id)) AS lon,
        arg_max(lat, (coalesce(population, 0), id)) AS lat
    FROM lost JOIN inside USING (code) GROUP BY place) f
WHERE told.place = f.place
"""


def merge_places(
    gazetteer: Gazetteer, sources: dict[str, Path], places: Path, names: Path, polygons: Path
) -> int:
    """Write the tables PLACES, PLACE_NAMES and POLYGONS of a gazetteer; its places.

    Args:
        sources: name -> table SOURCE_PLACES, of each source of the card.
        places, names, polygons: tables to write.
    """
    order = [sources[source.name] for source in gazetteer.sources]
    with _database(places.parent) as database:
        for number, source in enumerate(tqdm(gazetteer.sources, "merge", unit=" sources")):
            told = (number, source.name, source.version)
            database.execute("INSERT INTO source VALUES (?, ?, ?)", told)
            _join(database, number, order[number])
        database.execute(_LOCATE)
        if not database.execute("SELECT count(*) FROM told WHERE lon IS NOT NULL").fetchone()[0]:
            told = ", ".join(source.name for source in gazetteer.sources)
            raise InputError(f"no place with a point in {told}; look at the sources")
        return write_merged(database, order, places, names, polygons)


@contextmanager
def _database(beside: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty database on disk, beside what is written, that ends with the block."""
    with (
        TemporaryDirectory(dir=beside, prefix=".merge-") as folder,
        duckdb.connect(f"{folder}/merge.duckdb") as database,
    ):
        database.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = '{folder}'")
        database.execute("SET enable_progress_bar = false")
        for function in (normal, bare_unit):
            database.create_function(
                function.__name__, _each(function), ["VARCHAR"], "VARCHAR", type="arrow"
            )
        database.create_function(
            "typical_km",
            _typical_km,
            ["VARCHAR", "BIGINT"],
            "DOUBLE",
            type="arrow",
            null_handling="special",
        )
        database.execute(_SCHEMA)
        classes = [(c.id, c.group, _level(c.id), c.reach_km) for c in CLASSES.values()]
        database.executemany("INSERT INTO class VALUES (?, ?, ?, ?)", classes)
        kinds = [(kind, rank) for rank, kind in enumerate(NAME_KINDS)]
        database.executemany("INSERT INTO kind VALUES (?, ?)", kinds)
        yield database


def _each(function: Callable[[str], str]) -> Callable[[pa.ChunkedArray], pa.Array]:
    def of_array(names: pa.ChunkedArray) -> pa.Array:
        return pa.array([function(name) for name in names.to_pylist()], pa.string())

    return of_array


def _typical_km(classes: pa.ChunkedArray, people: pa.ChunkedArray) -> pa.Array:
    pairs = zip(classes.to_pylist(), people.to_pylist(), strict=True)
    return pa.array([extent_km(class_, count) if class_ else None for class_, count in pairs])


def _level(class_: str) -> int:
    """0 of countries, the largest units, to 4; 9 of what is no unit, -1 of what units lie in."""
    if class_ == "continent":
        return -1
    return UNITS.index(class_) if class_ in UNITS else 9


def _join(database: duckdb.DuckDBPyConnection, number: int, path: Path) -> None:
    _measure_ground(database, path)
    for query in (_READ, _READ_NAMES):
        database.execute(query, {"path": str(path)})
    database.execute(_BY_ID)
    if number:
        database.execute(_NEAR)
        while database.execute(_PAIR).fetchone()[0]:
            database.execute(_TAKEN)
    database.execute(_NEW)
    database.execute(_TAKE.format(source=number))


def _measure_ground(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Leave the table `ground`: rows of a source with an area, and its radius."""
    database.execute("CREATE OR REPLACE TABLE ground (n BIGINT, radius_km DOUBLE)")
    query = """SELECT file_row_number AS n, geometry FROM read_parquet(?, file_row_number = true)
        WHERE geometry IS NOT NULL"""
    for batch in database.cursor().execute(query, [str(path)]).to_arrow_reader(_BATCH):
        shapes = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
        database.register("radii", pa.table({"n": batch["n"], "km": ground_radius_km(shapes)}))
        database.execute("INSERT INTO ground FROM radii WHERE km > 0 AND NOT isnan(km)")

"""The contract of every table between stages: columns, types, units; how it is written and read.

Rasters, cubes and JSON are in `landscribe.formats`. Coordinates are lon, lat in EPSG:4326, times
are UTC. A table is written in batches, so that memory does not grow with it.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from landscribe.command import InputError, written

_NAME = pa.struct([("name", pa.string()), ("language", pa.string()), ("kind", pa.string())])
_FACT = pa.struct([("source", pa.string()), ("id", pa.string()), ("version", pa.string())])
_CHANCE = pa.struct([("place", pa.string()), ("probability", pa.float32())])

SOURCE_PLACES = pa.schema(  # what one source says, a row per place
    [
        ("id", pa.string()),  # <prefix>:<id in the source>: gn:2950159, osm:r62422, wd:Q64
        ("same", pa.list_(pa.string())),  # ids, with prefix, that mean the same place elsewhere
        ("name", pa.string()),
        ("names", pa.list_(_NAME)),  # further ones; language ISO 639-1 or empty
        ("class", pa.string()),  # id in landscribe.places.classes
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("country", pa.string()),  # ISO 3166-1 alpha-2 or empty
        ("admin", pa.list_(pa.string())),  # codes of the units around, country first: US, US.CA
        ("code", pa.string()),  # of an administrative unit its own: US.CA; else empty
        ("population", pa.int64()),  # null: unknown
        ("extent_km", pa.float32()),  # radius of the ground [km]; null: unknown
        ("geometry", pa.binary()),  # WKB of polygons or lines; null: only the point is known
    ]
)
PLACES = pa.schema(  # the gazetteer, a row per place, in the order of `row`
    [
        ("row", pa.int32()),  # 0, 1, 2, ...; the larger population first
        ("id", pa.string()),  # of the first source that knows the place
        ("name", pa.string()),
        ("class", pa.string()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("country", pa.string()),  # ISO 3166-1 alpha-2 or empty
        ("parents", pa.list_(pa.string())),  # ids of the units around, country first
        ("population", pa.int64()),  # null: unknown
        ("extent_km", pa.float32()),  # radius of the ground that is meant by the point [km]
        ("facts", pa.list_(_FACT)),  # who says so, by which id, in which version
    ]
)
PLACE_NAMES = pa.schema(  # a row per name of a place
    [
        ("row", pa.int32()),  # of PLACES
        ("name", pa.string()),
        ("normal", pa.string()),  # landscribe.places.names.normal(name)
        ("language", pa.string()),  # ISO 639-1 or empty
        ("kind", pa.string()),  # one of NAME_KINDS
        ("source", pa.string()),
    ]
)
_GEO = (  # what makes Parquet GeoParquet; without a CRS it is lon, lat
    '{"version": "1.1.0", "primary_column": "%s",'
    ' "columns": {"%s": {"encoding": "WKB", "geometry_types": []}}}'
)
POLYGONS = pa.schema(  # GeoParquet: the ground of the places that any source outlines
    [
        ("row", pa.int32()),  # of PLACES
        ("id", pa.string()),
        ("source", pa.string()),
        ("geometry", pa.binary()),  # WKB of polygons or lines
    ],
    {"geo": _GEO % ("geometry", "geometry")},
)
DOCUMENTS = pa.schema(
    [
        ("document", pa.string()),  # <corpus>:<id in the corpus>
        ("title", pa.string()),
        ("text", pa.string()),
        ("language", pa.string()),  # ISO 639-1 or empty
        ("licence", pa.string()),  # SPDX id, or other
        ("source", pa.string()),  # address or file, and where in it
        ("outlet", pa.string()),  # who published it: a host name or empty
        ("time", pa.timestamp("us", tz="UTC")),  # of publication; null: unknown
    ]
)
REJECTS = pa.schema(  # documents, or records, that could not be used
    [
        ("corpus", pa.string()),
        ("source", pa.string()),  # address or file, and where in it
        ("reason", pa.string()),  # what was found, what was wanted
    ]
)
MENTIONS = pa.schema(  # GeoParquet: a row per toponym of a document, in its order
    [
        ("document", pa.string()),
        ("start", pa.int32()),  # characters from the start of the text
        ("end", pa.int32()),
        ("text", pa.string()),
        ("label", pa.string()),  # what recognized it: GPE, LOC, FAC, NORP, gazetteer, relation
        ("place", pa.string()),  # id in the gazetteer; null: none of the candidates
        ("probability", pa.float32()),  # calibrated, of `place`, or of there being none
        ("candidates", pa.list_(_CHANCE)),  # the likeliest first
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        ("footprint", pa.binary()),  # WKB of the ground that is meant; null without a place
        ("gazetteer", pa.string()),  # version
        ("recognizer", pa.string()),  # digest of the model
        ("resolver", pa.string()),  # digest of the model
    ],
    {"geo": _GEO % ("footprint", "footprint")},
)
GROUNDS = pa.schema(  # GeoParquet: a row per document that has a mention with a place
    [
        ("document", pa.string()),
        ("mentions", pa.int32()),  # that have a place
        ("footprint", pa.binary()),  # WKB of the ground that the document is about
    ],
    {"geo": _GEO % ("footprint", "footprint")},
)


def write_table(path: Path, batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> int:
    """Parquet of `batches`, one after the other, under `path` only once it is whole; its rows."""
    rows = 0
    with (
        written(path) as part,
        pq.ParquetWriter(part, schema, compression="zstd") as file,
    ):
        for batch in batches:
            table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
            file.write_table(table.cast(schema))
            rows += table.num_rows
    return rows


def read_table(path: Path, schema: pa.Schema, columns: list[str] | None = None) -> pa.Table:
    """Columns of a table; all of the contract without `columns`."""
    _check(path, schema)
    return pq.read_table(path, columns=columns or schema.names)


def read_batches(path: Path, schema: pa.Schema, rows: int = 10_000) -> Iterator[pa.RecordBatch]:
    """A table in batches of at most `rows` rows."""
    _check(path, schema)
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(rows, columns=schema.names)


def batches_of(
    rows: Iterable[dict], schema: pa.Schema, size: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """Rows as batches of at most `size`; keys that a row lacks are null."""
    held = []
    for row in rows:
        held.append(row)
        if len(held) == size:
            yield pa.RecordBatch.from_pylist(held, schema)
            held = []
    if held:
        yield pa.RecordBatch.from_pylist(held, schema)


def _check(path: Path, schema: pa.Schema) -> None:
    try:
        found = pq.read_schema(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such table; run the rule that makes it") from None
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a Parquet file ({error}); build it again") from None
    if missing := [name for name in schema.names if name not in found.names]:
        raise InputError(f"{path}: a table without {', '.join(missing)}; build it again")

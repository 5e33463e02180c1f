"""The polygons of a gazetteer, read one by one from the GeoParquet that holds them.

They stay where they are: a copy in SQLite would double some 100 MB. The store remembers in which
row group, and where in it, each stands; a row group is read whole, so it should be small.
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from landscribe.command import InputError
from landscribe.places.row_digest import RowDigest

COLUMNS = ["id", "source", "geometry"]
_HELD = 32  # row groups in memory
_BATCH = 1000  # rows


def polygon_spots(path: Path, digest: RowDigest) -> Iterator[tuple[str, int, int]]:
    """Id, row group, and number in it, of each polygon; `digest` gets all rows."""
    with _opened(path) as file:
        for group in range(file.num_row_groups):
            spot = 0
            for batch in file.iter_batches(_BATCH, row_groups=[group], columns=COLUMNS):
                digest.add(batch)
                for id_ in batch.column("id").to_pylist():
                    yield id_, group, spot
                    spot += 1


class PolygonFile:
    """A GeoParquet of polygons, open for reading; a process that was forked needs its own."""

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._file = _opened(path)
        if path.stat().st_size != size_bytes:
            raise InputError(
                f"{path}: was written after its index; run the rule index_places again"
            )
        self._group = lru_cache(_HELD)(self._read)

    def polygon(self, group: int, spot: int) -> shapely.Geometry:
        """Geometry [EPSG:4326] at a spot of a row group."""
        return shapely.from_wkb(self._group(group)["geometry"][spot].as_py())

    def _read(self, group: int) -> pa.Table:
        return self._file.read_row_group(group, columns=["geometry"])


def _opened(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; run the rule that writes the polygons") from None
    except pa.ArrowInvalid as error:
        raise InputError(f"{path}: not a Parquet file ({error}); write it again") from None
    if missing := [name for name in COLUMNS if name not in file.schema_arrow.names]:
        raise InputError(f"{path}: no column {', '.join(missing)}; write it again")
    crs = _crs(file)
    if crs is None or not crs.equals("EPSG:4326", ignore_axis_order=True):  # nor OGC:CRS84
        raise InputError(f"{path}: no GeoParquet in EPSG:4326; write it again")
    return file


def _crs(file: pq.ParquetFile) -> pyproj.CRS | None:
    """CRS of the geometries; none if the file does not say that it is GeoParquet."""
    told = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    geometry = told.get("columns", {}).get("geometry")
    if geometry is None:
        return None
    return pyproj.CRS.from_user_input(geometry.get("crs") or "OGC:CRS84")

"""Features of a vector file, batch by batch: columns, and shapes in lon, lat (EPSG:4326)."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyogrio import list_layers, read_info
from pyogrio.errors import DataLayerError, DataSourceError, FieldError
from pyogrio.raw import open_arrow
from pyproj import CRS
from pyproj.exceptions import CRSError

from landscribe.command import InputError, some
from landscribe.grid import project

_BATCH = 500  # features; outlines of countries have megabytes
_IN_ZIPS = (".gpkg", ".fgb", ".geojson", ".json", ".shp")  # the first of one name is read
_NO_CRS = "has no CRS; give the file one (`ogr2ogr -a_srs EPSG:...`)"


def features(
    path: Path, columns: Sequence[str], layer: str | None = None, encoding: str | None = None
) -> Iterator[tuple[list[dict], np.ndarray]]:
    """Values of the columns, a dict per feature, and the shapes, None where a feature has none.

    Args:
        path: what GDAL reads, plain or zipped, or GeoParquet.
        layer: of a file that has several; of a zip, the name of the file in it.
        encoding: of text, where the file names a wrong one.
    """
    read = _parquet if path.suffix in (".parquet", ".geoparquet") else _gdal
    try:
        for batch, shapes, crs in read(path, sorted(set(columns)), layer, encoding):
            shapes = shapely.force_2d(shapely.from_wkb(shapes, on_invalid="ignore"))
            yield batch.to_pylist(), project(shapes, crs, "EPSG:4326")
    except (DataSourceError, DataLayerError, FieldError, pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's fault, not the file's
        raise InputError(
            f"{path}: not a whole vector file ({error}); bring it again, or correct the card"
        ) from None


def _gdal(
    path: Path, columns: list[str], layer: str | None, encoding: str | None
) -> Iterator[tuple[pa.RecordBatch, np.ndarray, str]]:
    opened, layer = _layer(path, layer)
    told = read_info(opened, layer=layer, encoding=encoding, force_feature_count=True)
    _check_columns(path, columns, told["fields"])
    crs, count = _crs(path, told["crs"]), 0
    with open_arrow(
        opened,
        layer=layer,
        encoding=encoding,
        columns=columns,
        batch_size=_BATCH,
        use_pyarrow=True,
    ) as (meta, reader):
        for batch in reader:
            name = meta["geometry_name"] or "wkb_geometry"
            yield batch.select(columns), _bytes(batch.column(name)), crs
            count += batch.num_rows
    if count != told["features"]:
        raise InputError(f"{path}: {told['features']} features are announced, {count} are there")


def _layer(path: Path, layer: str | None) -> tuple[str, str]:
    """What GDAL opens, and the layer in it."""
    opened = str(path)
    if path.suffix == ".zip":
        inner, layer = _inner(path, layer), None
        opened = f"/vsizip/{path.absolute()}/{inner}"
    layers = [str(name) for name, _ in list_layers(opened)]
    if layer is None and len(layers) == 1:
        return opened, layers[0]
    if layer not in layers:
        wrong = f"no layer {layer}" if layer else f"{len(layers)} layers"
        raise InputError(f"{path}: {wrong}; name one of {some(layers)} as `layer` in the card")
    return opened, layer


def _inner(path: Path, layer: str | None) -> str:
    try:
        with zipfile.ZipFile(path) as packed:
            files = [n for n in packed.namelist() if Path(n).suffix in _IN_ZIPS]
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: not a whole zip ({error}); download it again") from None
    stems = sorted({Path(name).stem for name in files})
    wanted = layer or (stems[0] if len(stems) == 1 else None)
    named = [name for name in files if Path(name).stem == wanted]
    if not named:
        raise InputError(
            f"{path}: holds {some(stems) or 'no vector file'}; name one of them as `layer` in the"
            " card"
        )
    return min(named, key=lambda name: _IN_ZIPS.index(Path(name).suffix))


def _parquet(
    path: Path, columns: list[str], *_: str | None
) -> Iterator[tuple[pa.RecordBatch, np.ndarray, str]]:
    with pq.ParquetFile(path) as file:
        told = (file.schema_arrow.metadata or {}).get(b"geo")
        if told is None:
            raise InputError(f"{path}: Parquet, but not GeoParquet: without `geo` metadata")
        geometry = json.loads(told)["primary_column"]
        about = json.loads(told)["columns"][geometry]
        if about["encoding"] != "WKB":
            raise InputError(f"{path}: shapes in {about['encoding']}, but WKB is read; convert it")
        _check_columns(path, columns, file.schema_arrow.names)
        crs = _crs(path, about.get("crs", "OGC:CRS84"))  # the default of GeoParquet 1.1
        for batch in file.iter_batches(_BATCH, columns=[*columns, geometry]):
            yield batch.select(columns), _bytes(batch.column(geometry)), crs


def _bytes(column: pa.Array) -> np.ndarray:
    return np.array(column.to_pylist(), object)


def _crs(path: Path, told: object) -> str:
    if told is None:
        raise InputError(f"{path}: {_NO_CRS}")
    try:
        crs = CRS.from_user_input(told)
    except CRSError as error:
        raise InputError(f"{path}: CRS that PROJ does not know ({error})") from None
    return "EPSG:4326" if crs.to_epsg() == 4326 else crs.to_wkt()


def _check_columns(path: Path, columns: list[str], have: Sequence[str]) -> None:
    if missing := [name for name in columns if name not in have]:
        raise InputError(
            f"{path}: no column {', '.join(missing)}, which the card's `columns` name; it has"
            f" {some([str(name) for name in have], 40)}"
        )

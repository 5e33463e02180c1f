"""Which administrative units a place lies in."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import shapely

PAIRS = pa.schema([("row", pa.int32()), ("parent", pa.int32())])
_NONE = np.empty(0, np.int32)


def units_around(
    lon: np.ndarray, lat: np.ndarray, units: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Pairs of a place and a unit whose polygon holds its point, but for the unit itself.

    The points, 20 bytes each, are all in memory, of the polygons those of a batch.

    Args:
        lon: of the place of each row [degrees].
        lat: likewise.
        units: batches with row and geometry (WKB).
    """
    northwards = np.argsort(lat, kind="stable").astype(np.int32)
    lats = lat[northwards]
    for batch in units:
        polygons = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
        shapely.prepare(polygons)
        rows, parents = [_NONE], [_NONE]
        for unit, polygon in zip(batch["row"].to_pylist(), polygons, strict=True):
            inside = _inside(polygon, lon, lat, _between(polygon, northwards, lats))
            rows.append(inside[inside != unit])
            parents.append(np.full(len(rows[-1]), unit, np.int32))
        pairs = [np.concatenate(side) for side in (rows, parents)]
        yield pa.RecordBatch.from_arrays(pairs, schema=PAIRS)


def _between(polygon: shapely.Geometry, northwards: np.ndarray, lats: np.ndarray) -> np.ndarray:
    """Rows of the points between the southern and the northern end of a polygon."""
    _, south, _, north = polygon.bounds
    first, last = np.searchsorted(lats, south, "left"), np.searchsorted(lats, north, "right")
    return northwards[first:last]


def _inside(
    polygon: shapely.Geometry, lon: np.ndarray, lat: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    west, _, east, _ = polygon.bounds
    rows = rows[(lon[rows] >= west) & (lon[rows] <= east)]
    return np.sort(rows[shapely.contains_xy(polygon, lon[rows], lat[rows])])

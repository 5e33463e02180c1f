"""Which administrative units a place lies in."""

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
import shapely

PAIRS = pa.schema([("row", pa.int32()), ("parent", pa.int32())])


def units_around(
    points: np.ndarray, rows: np.ndarray, units: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Pairs of a place and a unit whose polygon holds its point.

    Args:
        points: (place, 2) lon, lat.
        rows: (place) row of each.
        units: batches with row and geometry (WKB).
    """
    tree = shapely.STRtree(shapely.points(points))
    for batch in units:
        polygons = shapely.from_wkb(batch["geometry"].to_numpy(zero_copy_only=False))
        unit, point = tree.query(polygons, predicate="contains")
        pairs = rows[point], batch["row"].to_numpy()[unit]
        inside = pairs[0] != pairs[1]
        yield pa.RecordBatch.from_arrays([pa.array(side[inside]) for side in pairs], schema=PAIRS)

"""An R-tree of points in SQLite, packed: its nodes are full, and each is written once.

SQLite itself puts points into an R-tree one by one, which takes many times as long and leaves a
third of the nodes empty. So the tables behind the virtual table are written here, in the form that
sqlite.org/rtree.html, "Shadow tables", gives; SQLite's `rtreecheck` finds no fault in them.
"""

import sqlite3
import struct
from collections.abc import Iterator

import numpy as np

_CELLS = 51  # of a node, the most that SQLite has in one
_CELL = np.dtype([("number", ">i8"), ("box", ">f4", (4,))])  # box: west, east, south, north
_NODE_BYTES = 4 + _CELLS * _CELL.itemsize
_ROOT = 1
_PIECE = 50_000  # rows


def write_point_tree(database: sqlite3.Connection, lons: np.ndarray, lats: np.ndarray) -> None:
    """Make the R-tree `points` (row, west, east, south, north) of points, numbered as they come.

    Sort-tile-recursive packing of Leutenegger et al. 1997, doi:10.1109/ICDE.1997.582015: the points
    are cut in slabs by longitude, and each slab in nodes by latitude; then so are the nodes.
    """
    database.execute("CREATE VIRTUAL TABLE points USING rtree (row, west, east, south, north)")
    database.execute("DELETE FROM points_node")  # its empty root
    cells, depth, first = _points(lons, lats), 0, _ROOT + 1
    while len(cells) > _CELLS:
        nodes = np.arange(first, first + _nodes(len(cells)))
        cells = _tiled(cells)
        _write_level(database, cells, nodes, depth)
        cells, depth, first = _around(cells, nodes), depth + 1, first + len(nodes)
    _write_level(database, cells, np.array([_ROOT]), depth)


def _points(lons: np.ndarray, lats: np.ndarray) -> np.ndarray:
    cells = np.empty(len(lons), _CELL)
    cells["number"] = np.arange(len(lons))
    for side, values in ((0, lons), (2, lats)):
        cells["box"][:, side], cells["box"][:, side + 1] = _as_float32(values)
    return cells


def _tiled(cells: np.ndarray) -> np.ndarray:
    """The cells in such an order that those of a node lie together."""
    lons, lats = (cells["box"][:, side] + cells["box"][:, side + 1] for side in (0, 2))
    slabs = int(np.ceil(np.sqrt(_nodes(len(cells)))))
    in_slab = _nodes(len(cells), slabs * _CELLS) * _CELLS
    slab = np.empty(len(cells), np.int32)
    slab[np.argsort(lons, kind="stable")] = np.arange(len(cells)) // in_slab
    return cells[np.lexsort((lats, slab))]


def _as_float32(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest 32-bit numbers that are not greater, and not less."""
    near = values.astype(np.float32)
    low = np.where(near > values, np.nextafter(near, np.float32(-np.inf)), near)
    return low, np.where(near < values, np.nextafter(near, np.float32(np.inf)), near)


def _around(cells: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Cells of the nodes that hold `cells`, for the level above."""
    above = np.empty(len(nodes), _CELL)
    above["number"] = nodes
    starts = np.arange(0, len(cells), _CELLS)
    for side in range(4):
        outer = np.maximum if side % 2 else np.minimum
        above["box"][:, side] = outer.reduceat(cells["box"][:, side], starts)
    return above


def _write_level(
    database: sqlite3.Connection, cells: np.ndarray, nodes: np.ndarray, depth: int
) -> None:
    """Write the nodes that hold `cells`, and which node each of these is in."""
    database.executemany("INSERT INTO points_node VALUES (?, ?)", _blobs(cells, nodes, depth))
    inside = np.repeat(nodes, _CELLS)[: len(cells)]
    order = np.argsort(cells["number"], kind="stable")
    pairs = np.stack([cells["number"][order], inside[order]], axis=1)
    table = "points_parent" if depth else "points_rowid"
    for start in range(0, len(pairs), _PIECE):
        piece = pairs[start : start + _PIECE].tolist()
        database.executemany(f"INSERT INTO {table} VALUES (?, ?)", piece)


def _blobs(cells: np.ndarray, nodes: np.ndarray, depth: int) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each node: depth of the tree if it is the root, count, cells."""
    for at, node in enumerate(nodes.tolist()):
        held = cells[at * _CELLS : (at + 1) * _CELLS]
        head = struct.pack(">HH", depth if node == _ROOT else 0, len(held))
        yield node, (head + held.tobytes()).ljust(_NODE_BYTES, b"\0")


def _nodes(count: int, cells: int = _CELLS) -> int:
    return -(-count // cells)

"""The packed R-tree: SQLite finds no fault in it, and by it what a filter of all points finds."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from landscribe.places.point_tree import write_point_tree

INSIDE = "SELECT row FROM points WHERE east >= ? AND west <= ? AND north >= ? AND south <= ?"


@pytest.mark.parametrize("count", [1, 51, 52, 51 * 51, 51 * 51 + 1, 4000])
@pytest.mark.parametrize("spread", [90.0, 1e-4, 0.0])
def test_it_is_sound_and_finds_every_point(count, spread):
    rng = np.random.default_rng(count)
    lons, lats = 2 * spread * rng.uniform(-1, 1, count), spread * rng.uniform(-1, 1, count)
    with closing(sqlite3.connect(":memory:")) as database:
        write_point_tree(database, lons, lats)
        assert database.execute("SELECT rtreecheck('points')").fetchone() == ("ok",)
        for _ in range(50):
            west, east = np.sort(rng.choice(lons, 2))  # edges on points, which rounding must keep
            south, north = np.sort(rng.choice(lats, 2))
            inside = (lons >= west) & (lons <= east) & (lats >= south) & (lats <= north)
            found = {row for (row,) in database.execute(INSIDE, (west, east, south, north))}
            assert found >= set(np.flatnonzero(inside).tolist())
            assert len(found) <= inside.sum() + 4 or spread < 1  # few more, by rounding


def test_its_nodes_are_full():
    rng = np.random.default_rng(0)
    with closing(sqlite3.connect(":memory:")) as database:
        write_point_tree(database, rng.uniform(-180, 180, 51**2), rng.uniform(-90, 90, 51**2))
        assert database.execute("SELECT count(*) FROM points_node").fetchone() == (52,)
        assert database.execute("SELECT count(*) FROM points").fetchone() == (51**2,)


def test_sqlite_can_go_on_writing_it():
    with closing(sqlite3.connect(":memory:")) as database:
        write_point_tree(database, np.arange(100.0), np.zeros(100))
        database.execute("DELETE FROM points WHERE row < 90")
        database.execute("INSERT INTO points VALUES (500, 1, 1, 1, 1)")
        assert database.execute("SELECT rtreecheck('points')").fetchone() == ("ok",)
        rows = [row for (row,) in database.execute("SELECT row FROM points ORDER BY row")]
        assert rows == [*range(90, 100), 500]

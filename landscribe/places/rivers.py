"""Rivers of an OpenStreetMap extract: ways that are one river, their lines kept on disk.

A river is a relation of type waterway; where none has a way, it is the ways of one name that hang
together at their ends.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

import shapely
from shapely.geometry.base import BaseGeometry


class Rivers:
    """Which river each way is part of, and the lines read so far."""

    def __init__(self, folder: str) -> None:
        self._rivers: dict[int, list[str]] = defaultdict(list)  # way -> ids of rivers
        self._above: dict[int, int] = {}  # way -> another of its river, or itself
        self._ends: dict[tuple[str, int], int] = {}  # name, node -> way that ends there
        self._base = sqlite3.connect(f"{folder}/rivers.sqlite")
        self._base.execute("PRAGMA journal_mode = OFF")
        self._base.execute("PRAGMA synchronous = OFF")
        self._base.execute("CREATE TABLE rivers (river TEXT PRIMARY KEY, row TEXT)")
        self._base.execute("CREATE TABLE lines (river TEXT, line BLOB)")

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def add_relation(self, river: str, ways: Iterable[int]) -> None:
        """Note the ways of a relation; a way may flow in several."""
        for way in ways:
            self._rivers[way].append(river)

    def add_way(self, way: int, name: str, ends: tuple[int, int]) -> None:
        """Note a way by its end nodes, after all relations."""
        if way in self._rivers:
            return
        self._above.setdefault(way, way)
        for end in ends:
            other = self._ends.setdefault((name, end), way)
            self._above[self._first(other)] = self._first(way)

    def add_line(self, way: int, line: BaseGeometry, row: dict) -> None:
        """Keep the line of a way; a river of ways has the row of the first of them."""
        rivers = self._rivers.get(way)
        if not rivers:
            rivers = [f"w{self._first(way)}"]
            self.add_row(rivers[0], row)
        wkb = shapely.to_wkb(line)
        self._base.executemany("INSERT INTO lines VALUES (?, ?)", [(r, wkb) for r in rivers])

    def add_row(self, river: str, row: dict) -> None:
        """Keep what is known of a river but its lines."""
        told = (river, json.dumps(row))
        self._base.execute("INSERT OR IGNORE INTO rivers VALUES (?, ?)", told)

    def rivers(self) -> Iterator[tuple[str, dict, BaseGeometry]]:
        """Id of each river that has lines, its row, and the lines, joined where they meet."""
        self._base.execute("CREATE INDEX by_river ON lines (river)")
        told = self._base.execute(
            "SELECT river, row, line FROM lines JOIN rivers USING (river)"
            " ORDER BY river, lines.rowid"
        )
        for river, parts in groupby(told, key=itemgetter(0)):
            _, rows, lines = zip(*parts, strict=True)
            whole = shapely.multilinestrings(shapely.from_wkb(lines))
            yield river, json.loads(rows[0]), shapely.line_merge(whole)

    def _first(self, way: int) -> int:
        """The way that stands for the river of a way."""
        while (above := self._above.get(way, way)) != way:
            self._above[way] = self._above.get(above, above)
            way = above
        return way

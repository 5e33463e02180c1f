"""Look up places by name, box and id in the store that `landscribe.places.store` writes."""

import json
import os
import sqlite3
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import shapely

from landscribe.command import InputError
from landscribe.places.classes import NAME_KINDS
from landscribe.places.near_names import NearNames
from landscribe.places.polygon_file import PolygonFile
from landscribe.places.store_layout import APART, CURE, DATABASE, NEAR, read_about

_REMEMBERED = 20_000  # names
_MAPPED = 2**31 - 2**16  # bytes of the database, the most that SQLite maps
_LARGE = 1  # square degrees of a box in which places may be so many
_MANY = 5000  # that it is quicker to go through all of them, the largest first
_PLACE = """
    p.row, p.id, p.name, p.class, p.lon, p.lat, p.country, p.parents, p.population, p.extent_km
"""
_UNASKED = f"SELECT {_PLACE}, -1, '' FROM"  # no name led to it
_EXACT = f"""
SELECT {_PLACE}, n.kind, n.language FROM names n CROSS JOIN places p ON p.row = n.row
WHERE n.normal = ? ORDER BY n.row LIMIT ?
"""
_BY_ID = f"{_UNASKED} places p WHERE p.id = ?"
_NAMES = "SELECT p.name, s.names FROM spellings s JOIN places p ON p.row = s.row WHERE s.row = ?"
_ABOUT_THERE = "b.east >= ?1 AND b.west <= ?2 AND b.north >= ?3 AND b.south <= ?4"  # rounded
_COUNT = f"SELECT count(*) FROM (SELECT 1 FROM points b WHERE {_ABOUT_THERE} LIMIT {_MANY})"
_FEW = f"points b CROSS JOIN places p ON p.row = b.row WHERE {_ABOUT_THERE}"
_ALL = "places p WHERE TRUE"
_THERE = "p.lon BETWEEN ?1 AND ?2 AND p.lat BETWEEN ?3 AND ?4"
_Span = tuple[float, float, float, float]  # west, east, south, north


class Place(NamedTuple):
    """One entry of the gazetteer; of a match also which of its names was meant."""

    row: int  # the larger population first
    id: str
    name: str
    class_: str
    lon: float
    lat: float
    country: str  # ISO 3166-1 alpha-2 or empty
    parents: tuple[str, ...]  # ids, country first
    population: int | None
    extent_km: float
    kind: str = ""  # of the name that matched
    language: str = ""  # of the name that matched


class PlaceName(NamedTuple):
    """One name of a place."""

    name: str
    language: str
    kind: str


class Places:
    """A gazetteer that is open for reading.

    Several processes may read one store. An object that was pickled, or that a process got when it
    was forked, opens the store anew when it is asked.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.about = read_about(self.folder)
        self._process = None

    @property
    def version(self) -> str:
        """First 12 hex digits of the digest of all rows of the gazetteer."""
        return self.about["version"]

    def exact(self, normals: Iterable[str], most: int = 64) -> dict[str, list[Place]]:
        """Places of each name, the larger population first; an empty list where there is none.

        Args:
            normals: names as `landscribe.places.names.normal` gives them.
            most: places of a name. Each stands once: of its equal names the main one counts.
        """
        self._open()
        return {normal: list(self._having(normal, most)) for normal in normals}

    def near(self, normal: str, most: int = 10) -> list[tuple[Place, int]]:
        """Places with a name that is one edit away, and that distance, the larger population first.

        The name itself does not count, nor does a name of less than 4 letters.
        """
        self._open()
        return list(self._near_to(normal, most))

    def box(
        self,
        west: float,
        south: float,
        east: float,
        north: float,
        classes: Iterable[str] | None = None,
        most: int = 1000,
    ) -> list[Place]:
        """Places whose point is in a box, its edges included, the larger population first.

        Args:
            west: of the box [degrees]; where it is greater than `east`, the box crosses 180.
            classes: those to keep; none: all.
        """
        self._open()
        among, found = self._among(classes), []
        for left, right in _spans(west, east):
            found += self._inside((left, right, south, north), *among, most)
        return [self._place(row) for row in sorted(set(found))[:most]]

    def by_id(self, ids: Iterable[str]) -> dict[str, Place]:
        """Places of ids; those that are not in the gazetteer are left out."""
        self._open()
        rows = (self._row(_BY_ID, id_) for id_ in dict.fromkeys(ids))
        return {row[1]: self._place(row) for row in rows if row}

    def names(self, row: int) -> list[PlaceName]:
        """All names of a place, the main ones first."""
        self._open()
        main, told = self._row(_NAMES, row) or ("", "[]")
        return [
            PlaceName(main if name == 0 else name, language, self._kinds[kind])
            for kind, language, *names in json.loads(told)
            for name in names
        ]

    def polygon(self, id_: str) -> shapely.Geometry | None:
        """Ground of a place [EPSG:4326]; none if only its point is known."""
        self._open()
        spot = self._row("SELECT piece, spot FROM polygons WHERE id = ?", id_)
        if not spot:
            return None
        if self._polygons is None:
            path = self.folder / self.about["polygons_file"]
            self._polygons = PolygonFile(path, self.about["polygons_bytes"])
        return self._polygons.polygon(*spot)

    def __getstate__(self) -> dict:
        return {"folder": self.folder, "about": self.about, "_process": None}

    def _open(self) -> None:
        """Have the files open in this process: a connection must not cross a fork."""
        if self._process == os.getpid():
            return
        if read_about(self.folder)["version"] != self.version:
            raise InputError(f"{self.folder}: was written anew while it was in use; start again")
        self._polygons = None
        self._near_names = NearNames(self.folder / NEAR)
        self._database = _connect(self.folder / DATABASE)
        self._kinds = {-1: "", **dict(self._database.execute("SELECT kind, id FROM kinds"))}
        self._classes = dict(self._database.execute("SELECT class, id FROM classes"))
        self._around = lru_cache(None)(self._parents)
        self._having = lru_cache(_REMEMBERED)(self._find)
        self._near_to = lru_cache(_REMEMBERED)(self._find_near)
        self._process = os.getpid()

    def _find(self, normal: str, most: int) -> tuple[Place, ...]:
        try:
            rows = self._database.execute(_EXACT, (normal, most)).fetchall()
        except UnicodeEncodeError:  # half a character: no name has one
            return ()
        return tuple(self._place(row) for row in rows)

    def _find_near(self, normal: str, most: int) -> tuple[tuple[Place, int], ...]:
        found = [
            place for name in self._near_names.near(normal) for place in self._having(name, most)
        ]
        found.sort(key=lambda place: (place.row, NAME_KINDS.index(place.kind)), reverse=True)
        best = {place.row: (place, 1) for place in found}  # of a place's names the first in order
        return tuple(best[row] for row in sorted(best)[:most])

    def _inside(self, span: _Span, among: str, classes: list[int], most: int) -> list[tuple]:
        """Rows of places in a box that does not cross 180."""
        where = f"{_ALL if self._many(span) else _FEW} AND {_THERE} {among}"
        sql = f"{_UNASKED} {where} ORDER BY p.row LIMIT {most:d}"
        return self._database.execute(sql, (*span, *classes)).fetchall()

    def _many(self, span: _Span) -> bool:
        west, east, south, north = span
        large = (east - west) * (north - south) > _LARGE
        return large and self._row(_COUNT, *span) == (_MANY,)

    def _among(self, classes: Iterable[str] | None) -> tuple[str, list[int]]:
        """Condition of a query for classes, and its values."""
        if classes is None:
            return "", []
        wanted = set(classes)
        numbers = [number for number, name in self._classes.items() if name in wanted]
        return f"AND p.class IN ({', '.join('?' * len(numbers))})", numbers

    def _place(self, columns: tuple) -> Place:
        """Place of a row of SQLite, in which class, parents and kind are numbers."""
        row, id_, name, class_, lon, lat, country, parents, people, extent, kind, language = columns
        class_, parents, kind = self._classes[class_], self._around(parents), self._kinds[kind]
        told = (row, id_, name, class_, lon, lat, country, parents, people, extent, kind, language)
        return tuple.__new__(Place, told)  # as Place(*told), in half the time

    def _parents(self, number: int) -> tuple[str, ...]:
        (ids,) = self._row("SELECT ids FROM parents WHERE parents = ?", number)
        return tuple(ids.split(APART)) if ids else ()

    def _row(self, sql: str, *values: object) -> tuple | None:
        try:
            return self._database.execute(sql, values).fetchone()
        except UnicodeEncodeError:  # half a character: no id has one
            return None


def _spans(west: float, east: float) -> list[tuple[float, float]]:
    """Longitudes from `west` eastwards to `east`, as spans within -180 to 180."""
    parts = [(west, east)] if west <= east else [(west, 180), (-180, east)]
    turned = (
        (max(left + turn, -180), min(right + turn, 180))
        for left, right in parts
        for turn in (-360, 0, 360)
    )
    return [(left, right) for left, right in turned if left <= right]


def _connect(path: Path) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        database.execute(f"PRAGMA mmap_size = {_MAPPED}")
        database.execute("SELECT 1 FROM sqlite_schema").fetchone()
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path}: no SQLite database ({error}); {CURE}") from None
    return database

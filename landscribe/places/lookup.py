"""Look up places by name, box and id in the store that `landscribe.places.store` writes."""

import json
import os
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from landscribe.command import InputError
from landscribe.places.store import ABOUT, APART, DATABASE, LAYOUT

_ASKED = 50_000  # names whose places are remembered
_PLACE = """
    p.row, p.id, p.name, p.class, p.lon, p.lat, p.country, p.parents, p.population, p.extent_km
"""
_EXACT = f"""
SELECT {_PLACE}, n.kind, n.language FROM names n CROSS JOIN places p ON p.row = n.row
WHERE n.normal = ? ORDER BY n.row LIMIT ?
"""
_BOX = f"""
SELECT {_PLACE} FROM points b CROSS JOIN places p ON p.row = b.row
WHERE b.east >= ?1 AND b.west <= ?2 AND b.north >= ?3 AND b.south <= ?4
    AND p.lon BETWEEN ?1 AND ?2 AND p.lat BETWEEN ?3 AND ?4
"""  # the R-tree rounds outwards


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
        self.about = _about(self.folder)
        self._start()

    @property
    def version(self) -> str:
        """First 12 digits of the digest of all rows of the gazetteer."""
        return self.about["version"]

    def exact(self, normals: Sequence[str], most: int = 64) -> dict[str, list[Place]]:
        """Places of each name, each once, the larger population first; at most `most` of a name.

        Args:
            normals: names as `landscribe.places.names.normal` gives them.
            most: of two names of one place that are equal, the main one counts.
        """
        self._here()
        return {normal: list(self._asked(normal, most)) for normal in normals}

    def box(
        self,
        west: float,
        south: float,
        east: float,
        north: float,
        classes: Sequence[str] | None = None,
        most: int = 1000,
    ) -> list[Place]:
        """Places whose point is in a box, its edges included, the larger population first.

        Args:
            west: of the box [degrees]; where it is greater than `east`, the box crosses 180.
            classes: those to keep; none: all.
        """
        self._here()
        among, numbers = self._among(classes)
        found = []
        for left, right in _spans(west, east):
            sql = f"{_BOX} {among} ORDER BY p.row LIMIT {most:d}"
            found += self._database.execute(sql, [left, right, south, north, *numbers])
        return [self._place(row) for row in sorted(set(found))[:most]]

    def by_id(self, ids: Iterable[str]) -> dict[str, Place]:
        """Places of ids; those that are not in the gazetteer are left out."""
        self._here()
        sql = f"SELECT {_PLACE} FROM places p WHERE p.id = ?"
        rows = (self._database.execute(sql, [id_]).fetchone() for id_ in dict.fromkeys(ids))
        return {row[1]: self._place(row) for row in rows if row}

    def names(self, row: int) -> list[PlaceName]:
        """All names of a place, the main ones first."""
        self._here()
        sql = "SELECT names FROM spellings WHERE row = ?"
        told = self._database.execute(sql, [row]).fetchone()
        names = json.loads(told[0]) if told else []
        return [PlaceName(name, language, self._kinds[kind]) for name, language, kind in names]

    def __getstate__(self) -> dict:
        return {"folder": self.folder, "about": self.about}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._start()

    def _start(self) -> None:
        """Be ready to open the store, in the process that asks first."""
        self._process = None
        self._parents = {}
        self._asked = lru_cache(_ASKED)(self._ask)

    def _here(self) -> None:
        """Have the database open in this process: a connection must not cross a fork."""
        if self._process == os.getpid():
            return
        path = self.folder / DATABASE
        self._database = _opened(path)
        self._kinds = dict(self._database.execute("SELECT kind, id FROM kinds"))
        self._classes = dict(self._database.execute("SELECT class, id FROM classes"))
        self._process = os.getpid()

    def _ask(self, normal: str, most: int) -> tuple[Place, ...]:
        try:
            rows = self._database.execute(_EXACT, [normal, most]).fetchall()
        except UnicodeEncodeError:  # half a character: no name has one
            return ()
        return tuple(self._place(row) for row in rows)

    def _place(self, row: tuple) -> Place:
        """Place of a row of SQLite, in which class, parents and kind are numbers."""
        start, class_, spot, parents, size = row[:3], row[3], row[4:7], row[7], row[8:10]
        within = self._parents.get(parents)
        if within is None:
            within = self._parents[parents] = self._within(parents)
        match = (self._kinds[row[10]], row[11]) if len(row) > 10 else ()
        return Place(*start, self._classes[class_], *spot, within, *size, *match)

    def _within(self, parents: int) -> tuple[str, ...]:
        sql = "SELECT ids FROM parents WHERE parents = ?"
        (ids,) = self._database.execute(sql, [parents]).fetchone()
        return tuple(ids.split(APART)) if ids else ()

    def _among(self, classes: Sequence[str] | None) -> tuple[str, list[int]]:
        """Condition of a query for classes, and its values."""
        if classes is None:
            return "", []
        numbers = [number for number, name in self._classes.items() if name in classes]
        return f"AND p.class IN ({', '.join('?' * len(numbers))})", numbers


def _spans(west: float, east: float) -> list[tuple[float, float]]:
    """Longitudes from `west` eastwards to `east` as spans within -180 to 180."""
    if east < west:
        east += 360
    if east - west >= 360:
        return [(-180, 180)]
    spans = ((max(west + turn, -180), min(east + turn, 180)) for turn in (-360, 0, 360))
    return [(left, right) for left, right in spans if left <= right]


def _about(folder: Path) -> dict:
    """What the store says of itself; raises if a file of it is not as it was written."""
    cure = "run the rule index_places again"
    try:
        about = json.loads((folder / ABOUT).read_text())
    except FileNotFoundError:
        raise InputError(f"{folder}: no {ABOUT}, so no gazetteer's store; {cure}") from None
    except ValueError:
        raise InputError(f"{folder / ABOUT}: not JSON; {cure}") from None
    if about.get("layout") != LAYOUT:
        raise InputError(
            f"{folder}: a store of layout {about.get('layout')}, wanted {LAYOUT}; {cure}"
        )
    for name, size in about["bytes"].items():
        path = folder / name
        if not path.is_file():
            raise InputError(f"{path}: is missing; {cure}")
        if path.stat().st_size != size:
            raise InputError(f"{path}: {path.stat().st_size} bytes, wanted {size}; {cure}")
    return about


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
    database.execute("PRAGMA mmap_size = 2147418112")  # its pages are then shared by processes
    return database

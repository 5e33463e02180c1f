"""A small made gazetteer with names that several places have."""

from pathlib import Path

import geopandas as gpd
import shapely

from landscribe.places.classes import CLASSES
from landscribe.places.lookup import Place, Places
from landscribe.text.mentions import Toponym
from tests.made_gazetteer import MadePlaces, a_name

_PLACES = [  # id, class, lon, lat, country, parents, population; the larger population first
    ("US", "country", -98.5, 39.8, "US", "", 330_000_000),
    ("France", "country", 2.0, 46.0, "FR", "", 67_000_000),
    ("Texas", "admin1", -99.0, 31.5, "US", "US", 29_000_000),
    ("Illinois", "admin1", -89.2, 40.0, "US", "US", 12_000_000),
    ("Paris", "city", 2.35, 48.86, "FR", "France", 2_100_000),
    ("Dallas", "city", -96.8, 32.78, "US", "US Texas", 1_300_000),
    ("Lyon", "city", 4.84, 45.76, "FR", "France", 500_000),
    ("Springfield MO", "city", -93.29, 37.21, "US", "US", 169_000),
    ("Springfield IL", "city", -89.65, 39.8, "US", "US Illinois", 114_000),
    ("Paris TX", "city", -95.56, 33.66, "US", "US Texas Lamar", 25_000),
    ("Lamar", "admin2", -95.57, 33.67, "US", "US Texas", 50_000),
    ("Marne", "river", 2.41, 48.82, "FR", "France", None),
    ("Orly", "airport", 2.36, 48.72, "FR", "France", None),
    ("North Sea", "sea", 3.0, 56.0, "", "", None),
    ("Baltic", "sea", 20.0, 58.0, "", "", None),
    ("New York", "city", -74.0, 40.71, "US", "US", 8_000_000),
]
_NAMES = {
    "US": [("United States", "main"), ("US", "code"), ("American", "demonym")],
    "France": [("France", "main"), ("French", "demonym")],
    "Lamar": [("Lamar County", "main")],
    "Texas": [("Texas", "main"), ("Texan", "demonym")],
    "Lyon": [("Lyon", "main"), ("Lugdunum", "historic")],
}


_OUTLINES = {  # outlines of some places, as bounds
    "France": (-4.8, 42.3, 8.2, 51.1),
    "Texas": (-106.6, 25.8, -93.5, 36.5),
    "Lamar": (-95.9, 33.4, -95.3, 33.9),
}


def make_world(folder: Path, drop: int = 0) -> Places:
    """The gazetteer, open; without its last `drop` places it has another version."""
    kept = sorted(_PLACES, key=lambda told: -(told[-1] or 0))[: len(_PLACES) - drop]
    places = [_place(row, *told) for row, told in enumerate(kept)]
    names = []
    for row, (id_, *_) in enumerate(kept):
        names += [a_name(row, *name) for name in _NAMES.get(id_, [(_plain(id_), "main")])]
    outlines = gpd.GeoDataFrame(
        {"id": [f"made:{id_}" for id_ in _OUTLINES], "source": "made"},
        geometry=[shapely.box(*bounds) for bounds in _OUTLINES.values()],
        crs="EPSG:4326",
    )
    return Places(MadePlaces(folder, places, names, outlines).write().index())


def a_place(places: Places, id_: str) -> Place:
    """Place of an id of the made gazetteer."""
    return places.by_id([f"made:{id_}"])[f"made:{id_}"]


def marked(text: str) -> tuple[str, list[Toponym]]:
    """A text without its [brackets], and the toponyms that stood in them."""
    plain, toponyms = "", []
    for number, part in enumerate(text.replace("]", "[").split("[")):
        if number % 2:
            toponyms.append(Toponym(len(plain), len(plain) + len(part), part, "GPE"))
        plain += part
    return plain, toponyms


def _plain(id_: str) -> str:
    """Name of a place: its id without the state that tells it from others."""
    return id_.removesuffix(" TX").removesuffix(" IL").removesuffix(" MO")


def _place(row: int, id_: str, class_: str, *rest: object) -> dict:
    lon, lat, country, parents, people = rest
    name = _NAMES.get(id_, [(_plain(id_), "main")])[0][0]
    return {
        **{"row": row, "id": f"made:{id_}", "name": name, "class": class_, "lon": lon, "lat": lat},
        **{"country": country, "parents": [f"made:{p}" for p in parents.split()]},
        **{"population": people, "extent_km": float(CLASSES[class_].extent_km)},
        "facts": [{"source": "made", "id": id_, "version": "1"}],
    }

"""Made gazetteers: seeded tables of places, names and polygons, and their store."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from landscribe.places.classes import CLASSES, NAME_KINDS
from landscribe.places.names import normal
from landscribe.places.store import write_store
from landscribe.tables import PLACE_NAMES, PLACES, batches_of, write_table

SYLLABLES = [
    "ber",
    "lin",
    "par",
    "is",
    "an",
    "do",
    "ra",
    "ó",
    "ß",
    "mün",
    "ster",
    "東",
    "京",
    " ",
    "-",
]


@dataclass
class MadePlaces:
    """Tables of a made gazetteer, as rows and as files."""

    folder: Path
    places: list[dict]
    names: list[dict]
    polygons: gpd.GeoDataFrame

    def write(self, **how: object) -> "MadePlaces":
        """Write the tables."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_table(self.folder / "places.parquet", batches_of(self.places, PLACES), PLACES)
        write_table(self.folder / "names.parquet", batches_of(self.names, PLACE_NAMES), PLACE_NAMES)
        self.polygons.to_parquet(self.folder / "polygons.parquet", row_group_size=3)
        return self

    def index(self, store: Path | None = None) -> Path:
        """Write their store; its folder."""
        store = store or self.folder / "store"
        tables = (self.folder / f"{name}.parquet" for name in ("places", "names", "polygons"))
        write_store(*tables, store)
        return store


def make_places(folder: Path, count: int = 60, seed: int = 0) -> MadePlaces:
    """A made gazetteer of `count` places in `folder`, not yet written."""
    rng = np.random.default_rng(seed)
    people = np.sort(rng.integers(0, 10_000, count))[::-1]
    places = [_place(row, int(people[row]), rng) for row in range(count)]
    names = [name for place in places for name in _names(place, rng)]
    spots = rng.permutation(count)[: count // 4]
    squares = [shapely.box(*_around(places[row])) for row in spots]
    polygons = gpd.GeoDataFrame(
        {"id": [places[row]["id"] for row in spots], "source": "made"},
        geometry=squares,
        crs="EPSG:4326",
    )
    return MadePlaces(folder, places, names, polygons)


def a_name(row: int, name: str, kind: str = "main", language: str = "") -> dict:
    """Row of PLACE_NAMES."""
    told = {"row": row, "name": name, "normal": normal(name), "kind": kind}
    return told | {"language": language, "source": "made"}


def _place(row: int, people: int, rng: np.random.Generator) -> dict:
    lon, lat = rng.uniform(-180, 180), rng.uniform(-90, 90)
    if rng.random() < 0.2:  # on whole degrees, where edges of boxes are too
        lon, lat = float(rng.integers(-180, 181)), float(rng.integers(-90, 91))
    return {
        "row": row,
        "id": f"made:{row * 7}",
        "name": _word(rng),
        "class": str(rng.choice(list(CLASSES))),
        "lon": lon,
        "lat": lat,
        "country": str(rng.choice(["DE", "FR", ""])),
        "parents": [f"made:{number}" for number in range(rng.integers(0, 4))],
        "population": people or None,
        "extent_km": float(rng.integers(1, 9)),
        "facts": [
            {"source": source, "id": str(row), "version": "1"}
            for source in rng.permutation(["a", "b", "b"])[: rng.integers(1, 4)]
        ],
    }


def _names(place: dict, rng: np.random.Generator) -> list[dict]:
    """The main name, and others that may be equal to it in their normal form."""
    others = [
        a_name(place["row"], word, str(rng.choice(NAME_KINDS)), str(rng.choice(["", "en", "fr"])))
        for word in [_word(rng) for _ in range(rng.integers(0, 4))] + [place["name"].upper()]
    ]
    return [*others, a_name(place["row"], place["name"])]


def _word(rng: np.random.Generator) -> str:
    return "".join(rng.choice(SYLLABLES, rng.integers(1, 4))).strip()


def _around(place: dict) -> tuple[float, float, float, float]:
    return place["lon"] - 1, place["lat"] - 1, place["lon"] + 1, place["lat"] + 1

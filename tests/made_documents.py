"""Geoparsed documents, made in code: texts, mentions, and the gazetteer that they mean."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import shapely

from landscribe.places.lookup import Places
from landscribe.tables import (
    DOCUMENTS,
    GROUNDS,
    MENTIONS,
    REJECTS,
    batches_of,
    write_table,
)
from landscribe.text.footprints import document_ground
from tests.made_gazetteer import MadePlaces, a_name

HOSTILE = (
    "<script>window.bad = 1</script></script> {{ 7 * 7 }} {% raw %} <b>Potsdam</b> & \"'\u2028"
    " <img src=x onerror='window.bad = 2'> ${bad} \\u003c"
)
PLACES = {  # id -> name, class, lon, lat, country, units around, people, extent [km]
    "gn:1": ("Germany", "country", 10.5, 51.0, "DE", ["gn:4"], 83_000_000, 330),
    "gn:2": ("Brandenburg", "admin1", 13.2, 52.4, "DE", ["gn:1"], 2_500_000, 90),
    "gn:3": ("Potsdam", "city", 13.06, 52.4, "DE", ["gn:1", "gn:2"], 180_000, 8),
    "gn:4": ("Middle District", "admin2", 10.5, 51.0, "DE", ["gn:1"], 50_000, 20),
    "gn:5": ("Potsdam", "city", -74.98, 44.67, "US", [], 9_000, 4),
    "osm:r6": ("<b>Havel</b>", "river", 12.9, 52.5, "DE", ["gn:1", "gn:2"], None, 60),
    "wd:Q7": ("Fiji", "country", 178.0, -17.8, "FJ", [], 900_000, 150),
    "x:8": ("القاهرة", "city", 31.25, 30.06, "EG", [], 9_000_000, 20),
}
GROUNDS_OF = {  # outlines of places; others are a square about their point
    "wd:Q7": shapely.union_all([shapely.box(177, -19, 180, -16), shapely.box(-180, -19, -178, -16)])
}
NORTH = shapely.box(12.9, 52.6, 13.3, 52.8)  # what is 30 km north of Potsdam


@dataclass(frozen=True)
class MadeDocuments:
    """Folders as the rules write them."""

    documents: Path
    mentions: Path
    store: Path
    texts: dict[str, str]  # document -> its text

    @property
    def places(self) -> Places:
        """The gazetteer."""
        return Places(self.store)


def make_store(folder: Path) -> Path:
    """Store of PLACES."""
    rows = [
        {
            **{"row": row, "id": id_, "name": name, "class": kind, "lon": lon, "lat": lat},
            **{"country": country, "parents": parents, "population": people},
            **{"extent_km": float(extent), "facts": []},
        }
        for row, (id_, (name, kind, lon, lat, country, parents, people, extent)) in enumerate(
            PLACES.items()
        )
    ]
    names = [a_name(row["row"], row["name"]) for row in rows]
    polygons = gpd.GeoDataFrame(
        {"id": list(GROUNDS_OF), "source": "made"},
        geometry=list(GROUNDS_OF.values()),
        crs="EPSG:4326",
    )
    return MadePlaces(folder, rows, names, polygons).write().index()


def mention(text: str, words: str, place: str | None, version: str, **more: object) -> dict:
    """Row of MENTIONS of the first `words` in a text, or of those from `start` on."""
    start = text.index(words, more.pop("start", 0))
    row = {"start": start, "end": start + len(words), "text": words, "label": "GPE"}
    row |= {"place": place, "probability": 0.9, "lon": None, "lat": None, "footprint": None}
    row |= {"candidates": [{"place": place, "probability": 0.8}] if place else []}
    row |= {"gazetteer": version, "recognizer": "abc123", "resolver": "def456"}
    if place:
        _, _, lon, lat, *_ = PLACES[place]
        square = shapely.box(lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)
        row |= {"lon": lon, "lat": lat}
        row |= {"footprint": shapely.to_wkb(GROUNDS_OF.get(place, square))}
    return row | more


def make_documents(folder: Path) -> MadeDocuments:
    """Four documents with mentions, one without any, and one that was not read, in two shards."""
    store = make_store(folder / "gazetteer")
    version = Places(store).version
    ferry = (
        "🗺 A ferry left Potsdam on the Havel.\n30 km north of Potsdam lies a village, and Narnia"
        " does not. From Potsdam on, Germany was flooded."
    )
    again, third = ferry.index("north"), ferry.index("From")
    found = [
        mention(ferry, "Potsdam", "gn:3", version, candidates=_chances("gn:3", "gn:5")),
        mention(ferry, "Havel", "osm:r6", version, probability=0.6, label="LOC"),
        mention(
            *(ferry, "30 km north of Potsdam", "gn:3", version),
            **{"label": "relation", "candidates": [], "probability": 0.9},
            **{"footprint": shapely.to_wkb(NORTH), "lon": 13.1, "lat": 52.7},
        ),
        mention(ferry, "Potsdam", "gn:3", version, start=again),
        mention(ferry, "Narnia", None, version, candidates=_chances("gn:5")),
        mention(ferry, "Potsdam", "gn:3", version, start=third),
        mention(ferry, "Germany", "gn:1", version, probability=0.999),
    ]
    told = {
        "made:ferry": ("A ferry", ferry, "en", found),
        "made:hostile": (
            "</script><img src=x onerror='window.bad = 3'>",
            HOSTILE,
            "en",
            [mention(HOSTILE, "Potsdam", "gn:3", version)],
        ),
        "made:arabic": (
            "القاهرة",
            "سافر المسافرون إلى القاهرة في الصباح.\nThen they rested.",
            "ar",
            [],
        ),
        "made:fiji": ("Fiji", "A storm reached Fiji.", "en", []),
        "made:nothing": ("", "Nothing is named here.", "en", []),
        "made:french": ("Un bac", "Le bac part de Potsdam.", "fr", []),
    }
    told["made:arabic"][3].append(mention(told["made:arabic"][1], "القاهرة", "x:8", version))
    told["made:fiji"][3].append(mention(told["made:fiji"][1], "Fiji", "wd:Q7", version))
    for number, names in enumerate((list(told)[:3], list(told)[3:])):
        _write(folder, f"shard-{number:05}.parquet", {name: told[name] for name in names})
    texts = {name: text for name, (_, text, _, _) in told.items()}
    return MadeDocuments(folder / "documents", folder / "mentions", store, texts)


def _chances(*ids: str) -> list[dict]:
    return [
        {"place": id_, "probability": chance} for id_, chance in zip(ids, (0.8, 0.15), strict=False)
    ]


def _write(folder: Path, shard: str, told: dict) -> None:
    documents, mentions, grounds, rejects = [], [], [], []
    for name, (title, text, language, rows) in told.items():
        source = "javascript:window.bad = 4" if name == "made:hostile" else f"https://a.org/{name}"
        row = {"document": name, "title": title, "text": text, "language": language}
        row |= {"licence": "CC0-1.0", "source": source, "outlet": "<i>a.org</i>"}
        documents.append(row | {"time": datetime(2024, 5, 3, tzinfo=UTC)})
        mentions += [{"document": name} | found for found in rows]
        ground = document_ground(rows)
        if ground is not None:
            wkb = shapely.to_wkb(ground)
            grounds.append({"document": name, "mentions": len(rows), "footprint": wkb})
        if language == "fr":
            reason = "in fr; the geoparser reads en"
            rejects.append({"corpus": "made", "source": source, "reason": reason})
    for path, rows, schema in (
        ("documents", documents, DOCUMENTS),
        ("mentions/mentions", mentions, MENTIONS),
        ("mentions/grounds", grounds, GROUNDS),
        ("mentions/rejects", rejects, REJECTS),
    ):
        write_table(folder / path / shard, batches_of(rows, schema), schema)

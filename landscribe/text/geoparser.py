"""The geoparser: documents in, mentions with places, probabilities and footprints out."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError, written
from landscribe.places.ground import document_footprint, footprint
from landscribe.places.lookup import Place, Places
from landscribe.places.relative import RelativePlace, relative_footprint
from landscribe.text.mentions import Toponym
from landscribe.text.relations import Relation, relations
from landscribe.text.resolver import Resolved, Resolver
from landscribe.text.toponyms import Recognizer

ABOUT = "geoparser.json"
_RESOLVER, _RECOGNIZERS = "resolver", "recognizers"
_TOLD = 5  # candidates of a mention that its row keeps
_BATCH = 64  # documents that are resolved at once
_ROUGH = 0.03  # of a footprint's size, that its outline in a row may be off
_REMEMBERED = 20_000  # footprints


class Geoparser:
    """Recognizers of some languages, and a resolver, over an open gazetteer."""

    def __init__(
        self, places: Places, recognizers: dict[str, Recognizer], resolver: Resolver
    ) -> None:
        self.places, self.recognizers, self.resolver = places, recognizers, resolver
        self._ground = lru_cache(_REMEMBERED)(self._footprint)
        self._relative = lru_cache(_REMEMBERED)(self._relative_place)

    @classmethod
    def load(cls, folder: Path, places: Places) -> Self:
        """Geoparser of a folder; its resolver has to know this very gazetteer."""
        try:
            about = json.loads((folder / ABOUT).read_text())
        except (OSError, ValueError) as error:
            raise InputError(f"{folder}: no geoparser there ({error}); train it") from None
        recognizers = {
            language: Recognizer.load(
                folder / _RECOGNIZERS / language if trained else language, places
            )
            for language, trained in about["languages"].items()
        }
        return cls(places, recognizers, Resolver.load(folder / _RESOLVER, places))

    def save(self, folder: Path) -> None:
        """Write the geoparser to a folder, which it replaces; the gazetteer stays where it is."""
        trained = {language: r.trained for language, r in self.recognizers.items()}
        with written(folder) as part:
            part.mkdir()
            (part / ABOUT).write_text(json.dumps({"languages": trained}, indent=1) + "\n")
            self.resolver.save(part / _RESOLVER)
            for language, recognizer in self.recognizers.items():
                if recognizer.trained:
                    recognizer.save(part / _RECOGNIZERS / language)

    def mentions(self, documents: Sequence[dict]) -> Iterator[list[dict]]:
        """Rows as MENTIONS of each document, given as rows of DOCUMENTS; in their order.

        A document in another language than those of the recognizers has no mentions.
        """
        for start in range(0, len(documents), _BATCH):
            batch = documents[start : start + _BATCH]
            found = self.toponyms([(row["text"], row["language"]) for row in batch])
            asked = [
                (row["text"], row["outlet"] or "", toponyms)
                for row, toponyms in zip(batch, found, strict=True)
            ]
            resolved = self.resolver.resolve(asked)
            for row, toponyms, places in zip(batch, found, resolved, strict=True):
                yield self._rows(row, toponyms, places)

    def toponyms(self, texts: Sequence[tuple[str, str]]) -> list[list[Toponym]]:
        """Toponyms of texts, each given with its language."""
        found: list[list[Toponym]] = [[] for _ in texts]
        for language, recognizer in self.recognizers.items():
            own = [n for n, (_, spoken) in enumerate(texts) if spoken == language]
            for n, toponyms in zip(
                own, recognizer.find([texts[n][0] for n in own], _BATCH), strict=True
            ):
                found[n] = toponyms
        return found

    def ground(self, place: Place) -> BaseGeometry:
        """Ground of a place [EPSG:4326], its outline simplified to what a page can show."""
        return self._ground(place.row, place.id, place.lon, place.lat, place.extent_km)

    def _rows(
        self, document: dict, toponyms: list[Toponym], resolved: list[Resolved]
    ) -> list[dict]:
        language = document["language"]
        versions = {
            "gazetteer": self.places.version,
            "recognizer": self.recognizers[language].digest if toponyms else None,
            "resolver": self.resolver.digest,
        }
        shared = {"document": document["document"], **versions}
        rows = [{**shared, **self._row(t, r)} for t, r in zip(toponyms, resolved, strict=True)]
        spans = [(t.start, t.end) for t in toponyms]
        for relation in relations(document["text"], spans, language) if spans else ():
            if row := self._relation_row(document["text"], relation, resolved):
                rows.append({**shared, **row})
        return sorted(rows, key=lambda row: (row["start"], row["end"]))

    def _row(self, toponym: Toponym, resolved: Resolved) -> dict:
        place = resolved.place
        return {
            **{"start": toponym.start, "end": toponym.end, "text": toponym.text},
            **{"label": toponym.label, "place": place and place.id},
            "probability": resolved.probability,
            "candidates": [
                {"place": p.id, "probability": chance} for p, chance in resolved.candidates[:_TOLD]
            ],
            **{"lon": place and place.lon, "lat": place and place.lat},
            "footprint": place and shapely.to_wkb(self.ground(place)),
        }

    def _relation_row(self, text: str, relation: Relation, resolved: list[Resolved]) -> dict | None:
        """Row of words that place something by its mentions; none if these have no place."""
        anchors = [resolved[n] for n in relation.mentions]
        if relation.kind == "inside" or not all(anchor.place for anchor in anchors):
            return None
        alike = replace(relation, start=0, end=0, words_start=0, mentions=(*range(len(anchors)),))
        ground = self._relative(alike, *(anchor.place for anchor in anchors))
        chance = float(np.prod([anchor.probability for anchor in anchors]))
        return {
            **{"start": relation.start, "end": relation.end, "label": "relation"},
            **{"text": text[relation.start : relation.end], "place": anchors[0].place.id},
            **{"probability": chance, "candidates": []},
            **{"lon": ground.lon, "lat": ground.lat},
            "footprint": shapely.to_wkb(ground.polygon),
        }

    def _footprint(
        self, _row: int, id_: str, lon: float, lat: float, extent_km: float
    ) -> BaseGeometry:
        whole = footprint(lon, lat, extent_km, self.places.polygon(id_))
        west, south, east, north = whole.bounds
        return shapely.simplify(whole, _ROUGH * min(east - west, north - south))

    def _relative_place(self, relation: Relation, *places: Place) -> RelativePlace:
        return relative_footprint(relation, [self.ground(place) for place in places])


def document_ground(mentions: Sequence[dict]) -> BaseGeometry | None:
    """Ground that a document is about, from its rows as MENTIONS; none without a place."""
    placed = [row for row in mentions if row["place"]]
    grounds = [shapely.from_wkb(row["footprint"]) for row in placed]
    return document_footprint(grounds, [row["probability"] for row in placed])

"""The geoparser: documents in, mentions with places, probabilities and footprints out."""

import json
from collections.abc import Iterable, Iterator, Sequence
from math import prod
from pathlib import Path
from typing import Self

from pydantic import Field

from landscribe.card import Card, check
from landscribe.command import InputError, written
from landscribe.places.lookup import Places
from landscribe.text.footprints import Footprints
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.long_names import whole_names
from landscribe.text.mentions import Toponym
from landscribe.text.relations import Relation, relations
from landscribe.text.resolver import Resolved, Resolver
from landscribe.text.second_opinion import SecondOpinion
from landscribe.text.toponyms import Recognizer

ABOUT = "geoparser.json"
_RESOLVER, _RECOGNIZERS = "resolver", "recognizers"
_TOLD = 5  # candidates of a mention that its row keeps
_BATCH = 64  # documents that are parsed at once
_CHARACTERS = 200_000  # of them: memory grows with these
_PIECES = 2  # of a longer document that are read at once


class _About(Card):
    """What a saved geoparser says of itself."""

    languages: dict[str, bool] = Field(min_length=1, description="whether each learnt from gold")
    llm: LlmSettings | None = Field(None, description="language model that is asked as well")


class Geoparser:
    """Recognizers of some languages, and a resolver, over an open gazetteer.

    With settings of a language model it asks nobody by itself: see `SecondOpinion`.
    """

    def __init__(
        self,
        places: Places,
        recognizers: dict[str, Recognizer],
        resolver: Resolver,
        llm: LlmSettings | None = None,
    ) -> None:
        self.places, self.recognizers, self.resolver = places, recognizers, resolver
        self.llm = llm
        self._footprints = Footprints(places)

    @classmethod
    def load(cls, folder: Path, places: Places) -> Self:
        """Geoparser of a folder; its resolver has to know this very gazetteer."""
        about = _read_about(folder)
        recognizers = {
            language: Recognizer.load(_trained(folder, language) if trained else language, places)
            for language, trained in about.languages.items()
        }
        resolver = Resolver.load(folder / _RESOLVER, places)
        return cls(places, recognizers, resolver, about.llm)

    def save(self, folder: Path) -> None:
        """Write the geoparser to a folder, which it replaces; the gazetteer stays where it is."""
        trained = {language: r.trained for language, r in self.recognizers.items()}
        about = _About(languages=trained, llm=self.llm)
        with written(folder) as part:
            part.mkdir(parents=True)
            (part / ABOUT).write_text(about.model_dump_json(indent=1) + "\n")
            self.resolver.save(part / _RESOLVER)
            for language, recognizer in self.recognizers.items():
                if recognizer.trained:
                    recognizer.save(part / _RECOGNIZERS / language)

    def mentions(
        self, documents: Sequence[dict], opinion: SecondOpinion | None = None
    ) -> Iterator[list[dict]]:
        """Rows as MENTIONS of each document, given as rows of DOCUMENTS; in their order.

        A document in another language than those of the recognizers has no mentions.

        Args:
            opinion: asked about the places of which the resolver is not sure.
        """
        for group in groups(documents):
            found = self.toponyms([(row["text"], row["language"]) for row in group])
            asked = [
                (document["text"], document["outlet"] or "", toponyms)
                for document, toponyms in zip(group, found, strict=True)
            ]
            places = self.resolver.resolve(asked)
            for document, toponyms, resolved in zip(group, found, places, strict=True):
                joined = opinion.joined(document, toponyms, resolved) if opinion else resolved
                yield self._rows(document, toponyms, joined)

    def toponyms(self, texts: Sequence[tuple[str, str]]) -> list[list[Toponym]]:
        """Toponyms of texts, each given with its language."""
        found: list[list[Toponym]] = [[] for _ in texts]
        for language, recognizer in self.recognizers.items():
            own = [n for n, (_, spoken) in enumerate(texts) if spoken == language]
            long = sum(len(texts[n][0]) for n in own) > _CHARACTERS
            told = recognizer.find([texts[n][0] for n in own], _PIECES if long else _BATCH)
            for n, toponyms in zip(own, told, strict=True):
                found[n] = [*whole_names(texts[n][0], toponyms, self.places)]
        return found

    def _rows(
        self, document: dict, toponyms: list[Toponym], resolved: list[Resolved]
    ) -> list[dict]:
        if not toponyms:
            return []
        language = document["language"]
        shared = {
            "document": document["document"],
            "gazetteer": self.places.version,
            "recognizer": self.recognizers[language].digest,
            "resolver": self.resolver.digest,
        }
        rows = [self._row(t, r) for t, r in zip(toponyms, resolved, strict=True)]
        spans = [(toponym.start, toponym.end) for toponym in toponyms]
        for relation in relations(document["text"], spans, language):
            if row := self._relation_row(document["text"], relation, resolved):
                rows.append(row)
        return sorted((shared | row for row in rows), key=lambda row: (row["start"], row["end"]))

    def _row(self, toponym: Toponym, resolved: Resolved) -> dict:
        place = resolved.place
        footprint = place and self._footprints.place(place)
        likeliest = resolved.candidates[:_TOLD]
        return {
            **{"start": toponym.start, "end": toponym.end, "text": toponym.text},
            **{"label": toponym.label, "place": place and place.id},
            "probability": min(
                resolved.probability, 1.0
            ),  # a sum, which may be off by its last bit
            "candidates": [{"place": p.id, "probability": chance} for p, chance in likeliest],
            **{"lon": place and place.lon, "lat": place and place.lat},
            "footprint": footprint and footprint.wkb,
        }

    def _relation_row(self, text: str, relation: Relation, resolved: list[Resolved]) -> dict | None:
        """Row of words that place something by its mentions; none if these have no place."""
        anchors = [resolved[n] for n in relation.mentions]
        places = [anchor.place for anchor in anchors if anchor.place]
        if relation.kind == "inside" or len(places) < len(anchors):
            return None
        footprint = self._footprints.relation(relation, places)
        return {
            **{"start": relation.start, "end": relation.end, "label": "relation"},
            **{"text": text[relation.start : relation.end], "place": places[0].id},
            "probability": min(prod(anchor.probability for anchor in anchors), 1.0),
            **{"candidates": [], "lon": footprint.lon, "lat": footprint.lat},
            "footprint": footprint.wkb,
        }


def groups(documents: Iterable[dict]) -> Iterator[list[dict]]:
    """Documents in groups whose texts are short enough to be parsed at once."""
    group: list[dict] = []
    characters = 0
    for document in documents:
        length = len(document["text"])
        if group and (len(group) == _BATCH or characters + length > _CHARACTERS):
            yield group
            group, characters = [], 0
        group.append(document)
        characters += length
    if group:
        yield group


def _trained(folder: Path, language: str) -> Path:
    path = folder / _RECOGNIZERS / language
    if not path.is_dir():
        raise InputError(f"{path}: no such folder, but {ABOUT} names it; train the geoparser again")
    return path


def _read_about(folder: Path) -> _About:
    path = folder / ABOUT
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        told = error.strerror or error
        raise InputError(f"{path}: {told}, so no geoparser; run the rule train_geoparser") from None
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); train the geoparser again") from None
    return check(_About, told, str(path))

"""Documents through a geoparser: one that stops it becomes a reject, and the rest goes on."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import shapely

from landscribe.command import InputError
from landscribe.text.documents import kind_of
from landscribe.text.footprints import document_ground
from landscribe.text.geoparser import Geoparser, groups
from landscribe.text.second_opinion import OpinionError, SecondOpinion

OTHER, FAILED = "other language", "parser failed"  # kinds of reasons
COUNTS = ("documents", "parsed", "mentions", "with_place", "relations", "grounds")
_LONGEST_REASON = 300  # characters; libraries quote whole texts
_MOST_FAILED = 100  # documents in a row: then it is no fault of theirs
_FAULTS_OF_RUN = (OpinionError, OSError, sqlite3.Error)  # no other document would fare better


def summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Counts of several parts together, in the order of their names."""
    return dict(sorted(sum(map(Counter, counts), Counter()).items()))


def sentence(told: dict) -> str:
    """What was found in a corpus, in words."""
    return (
        f"{told['mentions']} mentions, {told['with_place']} with a place, and"
        f" {told['relations']} relations in {told['parsed']} of {told['documents']} documents"
    )


class _Found(NamedTuple):
    """What is found in a document."""

    mentions: list[dict]  # as MENTIONS
    ground: dict | None  # as GROUNDS


class Parsing:
    """The mentions of some documents; grounds, rejects and counts are there once they are drawn."""

    def __init__(self, geoparser: Geoparser, opinion: SecondOpinion | None = None) -> None:
        self._geoparser, self._opinion = geoparser, opinion
        self.grounds: list[dict] = []  # rows as GROUNDS
        self.rejects: list[dict] = []  # rows as REJECTS
        self._counts, self._languages = Counter[str](), Counter[str]()
        self._failed = 0  # documents in a row

    def mentions(self, documents: Iterable[dict]) -> Iterator[dict]:
        """Rows as MENTIONS of rows as DOCUMENTS."""
        for group in groups(self._readable(documents)):
            for found in self._found(group):
                self._note(found)
                yield from found.mentions

    def told(self) -> dict[str, dict[str, int]]:
        """Numbers so far, by kind."""
        return {
            "counts": dict(self._counts),
            "languages": dict(self._languages),
            "rejects": dict(Counter(kind_of(reject["reason"]) for reject in self.rejects)),
            "llm": dict(self._opinion.new_counts()) if self._opinion else {},
        }

    def _readable(self, documents: Iterable[dict]) -> Iterator[dict]:
        for document in documents:
            language = document["language"] or ""
            self._counts["documents"] += 1
            self._languages[language] += 1
            if document["text"] is None:
                self._reject(document, "no text: found null, wanted a text")
            elif language not in self._geoparser.recognizers:
                wanted = ", ".join(self._geoparser.recognizers)
                self._reject(
                    document, f"{OTHER}: found {language or 'an unknown one'}, wanted {wanted}"
                )
            else:
                yield document

    def _found(self, documents: list[dict]) -> list[_Found]:
        """What is found in documents; those that cannot be parsed are left out, and rejected."""
        try:
            found = [*self._parsed(documents)]
        except _FAULTS_OF_RUN:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a text does to a library, others go on
            if len(documents) > 1:
                return [found for document in documents for found in self._found([document])]
            self._fail(documents[0], error)
            return []
        self._failed = 0
        return found

    def _fail(self, document: dict, error: Exception) -> None:
        reason = f"{FAILED}: {type(error).__name__}: {error}"[:_LONGEST_REASON]
        self._reject(document, reason)
        self._failed += 1
        if self._failed == _MOST_FAILED:
            raise InputError(
                f"{document['document']}: the last of {self._failed} documents in a row that could"
                f" not be parsed ({reason}); look whether model and gazetteer are whole"
            ) from error

    def _parsed(self, documents: list[dict]) -> Iterator[_Found]:
        mentions = self._geoparser.mentions(documents, self._opinion)
        for document, rows in zip(documents, mentions, strict=True):
            ground = document_ground(rows)
            placed = sum(row["place"] is not None for row in rows)
            told = {"document": document["document"], "mentions": placed}
            yield _Found(rows, ground and told | {"footprint": shapely.to_wkb(ground)})

    def _note(self, found: _Found) -> None:
        relations = sum(row["label"] == "relation" for row in found.mentions)
        placed = sum(row["place"] is not None for row in found.mentions)
        self._counts["parsed"] += 1
        self._counts["mentions"] += len(found.mentions) - relations
        self._counts["with_place"] += placed - relations
        self._counts["relations"] += relations
        if found.ground:
            self._counts["grounds"] += 1
            self.grounds.append(found.ground)

    def _reject(self, document: dict, reason: str) -> None:
        corpus = document["document"].partition(":")[0]
        source = document["source"] or document["document"]
        self.rejects.append({"corpus": corpus, "source": source, "reason": reason})

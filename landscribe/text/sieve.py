"""What becomes of each document: a row of the documents table, a reject, or nothing."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.encodings import MOST_STRAY, cleaned, mended, stray_share
from landscribe.text.languages import language_of
from landscribe.text.seen import Seen

_LONGEST_ID = 200  # characters; longer ones give way to the text's digest


@dataclass
class Counts:
    """How many documents of each kind a corpus has."""

    documents: int = 0
    characters: int = 0
    languages: Counter = field(default_factory=Counter)  # ISO 639-1 or empty -> documents
    other_languages: Counter = field(default_factory=Counter)  # -> documents that are left out
    duplicates: int = 0  # left out: another one has the same text
    mended: int = 0  # whose encoding was put right
    without_time: int = 0
    rejects: Counter = field(default_factory=Counter)  # kind -> how many

    @classmethod
    def of(cls, told: dict) -> Self:
        """Counts of what `told` gave."""
        return cls(**{k: Counter(v) if isinstance(v, dict) else v for k, v in told.items()})

    def told(self) -> dict:
        """As JSON can hold them, the keys sorted."""
        counts = vars(self).items()
        return {k: dict(sorted(v.items())) if isinstance(v, dict) else v for k, v in counts}


class Sieve:
    """Cleans and checks documents, and leaves out the texts that came before."""

    def __init__(self, corpus: str, card: Corpus, seen: Seen, counts: Counts) -> None:
        """Args: seen: digests so far, to which new ones are added. counts: rise with each row."""
        self.corpus, self.card, self.seen, self.counts = corpus, card, seen, counts
        self.new: list[int] = []  # digests that were added

    def row(self, document: Document, file: str) -> dict | Reject | None:
        """Row of DOCUMENTS; None for one that is left out, which is counted.

        Args:
            file: name of the input that it stands in.
        """
        if fault := self._fault(document.text):
            return Reject(document.place, fault)
        whole = mended(document.text)
        text = cleaned(whole)
        if not text:
            return Reject(document.place, "empty: no character but blanks")
        digest = hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]
        if int(digest, 16) in self.seen:
            self.counts.duplicates += 1
            return None
        language = self.card.language or document.language or language_of(text)
        if self.card.languages and language not in self.card.languages:
            self.counts.other_languages[language] += 1
            return None
        self._add(int(digest, 16))
        self._count(document, text, language, whole != document.text)
        return {
            "document": f"{self.corpus}:{self._id(cleaned(document.id), digest)}",
            "title": " ".join(cleaned(mended(document.title)).split()),
            "text": text,
            "language": language,
            "licence": self.card.licence,
            "source": cleaned(document.source) or placed(file, document.place),
            "outlet": cleaned(document.outlet),
            "time": document.time,
        }

    def _fault(self, text: str) -> str:
        """Reason why a text cannot be used, or empty."""
        most = self.card.most_characters
        if len(text) > most:
            return f"too long: {len(text):,} characters, at most {most:,} were wanted"
        if (share := stray_share(text)) > MOST_STRAY:
            return f"binary: {share:.0%} of the characters stand in no text"
        return ""

    def _id(self, own: str, digest: str) -> str:
        """Id that no other document of the corpus has: its own, if none before had that."""
        if not own or len(own) > _LONGEST_ID:
            return digest
        known = int.from_bytes(hashlib.sha256(f"id {own}".encode()).digest()[:8])
        if known in self.seen:
            return f"{own}~{digest}"
        self._add(known)
        return own

    def _add(self, digest: int) -> None:
        self.seen.add(digest)
        self.new.append(digest)

    def _count(self, document: Document, text: str, language: str, mended: bool) -> None:
        self.counts.documents += 1
        self.counts.characters += len(text)
        self.counts.languages[language] += 1
        self.counts.mended += mended
        self.counts.without_time += document.time is None


def placed(file: str, place: str) -> str:
    """Name of an input, and where in it."""
    return f"{file}, {place}" if place else file

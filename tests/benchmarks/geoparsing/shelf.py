"""What takes minutes and is the same in every run: gazetteer, recognizers, the toponyms they find.

Each is kept beside a digest of all that it was made from, and made anew if that differs.
"""

import hashlib
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import process_time

from tqdm import tqdm

from landscribe.gazetteers import READERS, Gazetteer
from landscribe.kept import kept
from landscribe.places.lookup import Places
from landscribe.places.merge import merge_places
from landscribe.places.sources import read_source
from landscribe.places.store import write_store
from landscribe.provenance import ROOT, code_version, file_digest
from landscribe.text.gold import GoldDocument
from landscribe.text.mentions import Toponym
from landscribe.text.pipelines import PIPELINES, Found, pipeline
from landscribe.text.toponyms import Recognizer, Settings, train_recognizer
from tests.benchmarks.geoparsing.sets import SEED, Corpus

LANGUAGE = "en"  # of all gold that is learnt from
_CODE = "landscribe/text/toponyms.py"
_CARD = Path("config/gazetteers/world.yaml")


@dataclass(frozen=True)
class Shelf:
    """Recognizers over a gazetteer, and what they find; kept in a folder."""

    folder: Path
    places: Places

    def recognizer(self, corpora: Sequence[Corpus]) -> Recognizer:
        """Recognizer trained on the corpora that are complete."""
        complete = [corpus for corpus in corpora if corpus.gold.complete]
        pieces = (self.places.version, pipeline(LANGUAGE).digest, code_version(_CODE))
        whole = " ".join([*pieces, *(corpus.digest for corpus in complete), str(SEED)])
        names = "+".join(corpus.name for corpus in complete)
        digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
        path = self.folder / "recognizers" / f"{names}.{digest}"
        if not path.is_dir():
            say(f"train a recognizer on {names}")
            gold = [(d, corpus.gold.weight) for corpus in complete for d in corpus.taught]
            documents, weights = zip(*gold, strict=True)
            settings = (Settings(), SEED, self.places, weights)
            train_recognizer(documents, LANGUAGE, *settings).save(path)
        return Recognizer.load(path, self.places)

    def toponyms(
        self, name: str, documents: Sequence[GoldDocument], recognizer: Recognizer
    ) -> list[list[Toponym]]:
        """Toponyms of documents in the recognizer's language; of others none.

        Args:
            name: of documents and recognizer, for people.
        """
        own = [d.text for d in documents if spoken(d) == recognizer.language]

        def find() -> list[list[tuple]]:
            found = tqdm(recognizer.find(own), f"toponyms, {name}", len(own))
            return [[(t.start, t.end, t.label, t.score) for t in told] for told in found]

        found = iter(self._kept(f"toponyms.{name}", own, recognizer.digest, find))
        return [
            [Toponym(s, e, d.text[s:e], label, score) for s, e, label, score in next(found)]
            if spoken(d) == recognizer.language
            else []
            for d in documents
        ]

    def entities(self, name: str, documents: Sequence[GoldDocument]) -> list[list[Found]]:
        """Entities that the bare pipeline of each document's language finds."""

        def find() -> list[list[Found]]:
            told = tqdm(documents, f"entities, {name}")
            return [
                pipeline(spoken(d)).entities([d.text])[0] if spoken(d) in PIPELINES else []
                for d in told
            ]

        texts = [document.text for document in documents]
        digests = " ".join(pipeline(language).digest for language in sorted(languages(documents)))
        return [
            [tuple(e) for e in told]
            for told in self._kept(f"entities.{name}", texts, digests, find)
        ]

    def _kept(self, name: str, texts: Sequence[str], digest: str, find: Callable[[], list]) -> list:
        whole = hashlib.sha256(repr(texts).encode()).hexdigest()
        made_from = [whole, digest, self.places.version, code_version(_CODE)]
        return kept(self.folder / f"{name}.json", made_from, find)


def spoken(document: GoldDocument) -> str:
    """Language of a document; one that does not say it is in English."""
    return document.language or LANGUAGE


def languages(documents: Sequence[GoldDocument]) -> set[str]:
    """Languages of documents that a pipeline reads."""
    return {spoken(document) for document in documents} & set(PIPELINES)


def world(folder: Path) -> Path:
    """Store of the gazetteer `world`, built in a folder where it is not there."""
    readers = (str(path.relative_to(ROOT)) for path in sorted(READERS.glob("*.py")))
    code = code_version(
        "landscribe/places/merge.py", "landscribe/places/store.py", "landscribe/places/sources.py",
        *readers,
    )  # fmt: skip
    digest = hashlib.sha256(f"{code} {file_digest(_CARD)}".encode()).hexdigest()[:12]
    made = folder / f"world.{digest}"
    store = made / "store"
    if not store.is_dir():
        shutil.rmtree(made, ignore_errors=True)
        card, tables = Gazetteer.read(_CARD), {}
        for source in card.sources:
            say(f"read {source.name}")
            tables[source.name] = made / "sources" / f"{source.name}.parquet"
            read_source(source, tables[source.name])
        parts = [made / f"{name}.parquet" for name in ("places", "names", "polygons")]
        say("merge the sources")
        merge_places(card, tables, *parts)
        write_store(*parts, store)
    return store


def say(text: str) -> None:
    """A line of progress, with the seconds of CPU so far."""
    print(f"[{process_time():6.0f} CPU-s] {text}", file=sys.stderr, flush=True)

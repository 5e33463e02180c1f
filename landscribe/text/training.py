"""Train a geoparser: its recognizers on gold, its resolver on gold and on what texts explain."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from tqdm import tqdm

from landscribe.command import InputError
from landscribe.geoparsers import GeoparserCard, Gold
from landscribe.places.lookup import Places
from landscribe.sources import located
from landscribe.tables import DOCUMENTS, read_batches
from landscribe.text.distant import distant_example
from landscribe.text.examples import Example
from landscribe.text.geoparser import Geoparser
from landscribe.text.gold import GoldDocument, drawn, read_gold
from landscribe.text.mentions import Toponym
from landscribe.text.resolver import train_resolver
from landscribe.text.toponyms import Recognizer, Settings, train_recognizer

_DISTANT_WEIGHT = 0.1  # of a document without gold
_MOST_DISTANT = 1_200  # documents without gold that are learnt from
_READ = 256  # documents that are in memory at once


def train_geoparser(card: GeoparserCard, places: Places, folders: Sequence[Path] = ()) -> Geoparser:
    """Geoparser of a card.

    Gold that does not tell its language is in the card's first one.

    Args:
        folders: documents in shards, without gold, to learn from as well.
    """
    gold = [(source, _gold(source, card)) for source in card.gold]
    recognizers = {
        language: _recognizer(language, gold, card, places) for language in card.languages
    }
    plain = {language: Recognizer.load(language) for language in card.languages}
    examples = [*_gold_examples(gold, plain)]
    examples += islice(_distant_examples(folders, plain, places), _MOST_DISTANT)
    resolver = train_resolver(examples, places, card.resolver, card.seed)
    return Geoparser(places, recognizers, resolver, card.llm)


def gold_example(
    document: GoldDocument, found: Sequence[Toponym], weight: float = 1.0, complete: bool = True
) -> Example:
    """A document to train a resolver on.

    Args:
        found: toponyms that a recognizer finds in it. Those that overlap no gold are context, and
            nothing that a place could be found for if the gold is `complete`.
    """
    gold = {(m.start, m.end): m for m in (*document.mentions,)}
    labels: dict[tuple[int, int], str] = {}
    lines = []
    for toponym in found:
        over = [s for s in gold if s[0] < toponym.end and toponym.start < s[1]]
        labels |= {span: toponym.label for span in over if span not in labels}
        if not over:
            lines.append((toponym, None, None, complete))
    for (start, end), mention in gold.items():
        label = labels.get((start, end), "gazetteer")
        toponym = Toponym(start, end, document.text[start:end], label)
        point = (mention.lon, mention.lat) if mention.located else None
        lines.append((toponym, point, mention.place, mention.located))
    lines.sort(key=lambda line: (line[0].start, line[0].end))
    columns = [tuple(column) for column in zip(*lines, strict=True)] or [()] * 4
    return Example(document.text, document.outlet, *columns, weight)


def _gold(source: Gold, card: GeoparserCard) -> Sequence[GoldDocument]:
    """Documents of gold to learn from, in the languages of the card."""
    documents = [
        document if document.language else replace(document, language=card.languages[0])
        for document in read_gold(located(source.path), source.form)
    ]
    if own := [document for document in documents if document.language in card.languages]:
        return drawn(own, source.most, card.seed)
    found = ", ".join(sorted({document.language for document in documents}))
    raise InputError(
        f"{source.path}: {len(documents)} documents in {found}, none in"
        f" {', '.join(card.languages)};"
        " correct the card's `languages`, or remove it from `gold`"
    )


def _recognizer(
    language: str,
    gold: list[tuple[Gold, Sequence[GoldDocument]]],
    card: GeoparserCard,
    places: Places,
) -> Recognizer:
    own = [
        (document, source.weight)
        for source, found in gold
        if source.complete
        for document in found
        if document.language == language
    ]
    if not own:
        return Recognizer.load(language)
    documents, weights = zip(*own, strict=True)
    return train_recognizer(documents, language, Settings(), card.seed, places, weights)


def _gold_examples(
    gold: list[tuple[Gold, Sequence[GoldDocument]]], plain: dict[str, Recognizer]
) -> Iterator[Example]:
    for source, documents in gold:
        for language, recognizer in plain.items():
            own = [d for d in documents if d.language == language]
            found = recognizer.find(d.text for d in tqdm(own, desc="finding names in gold"))
            for document, toponyms in zip(own, found, strict=True):
                yield gold_example(document, toponyms, source.weight, source.complete)


def _distant_examples(
    folders: Sequence[Path], plain: dict[str, Recognizer], places: Places
) -> Iterator[Example]:
    documents = (row for row in _documents(folders) if row["language"] in plain)
    for row in tqdm(documents, desc="learning from names that explain themselves", unit="document"):
        (toponyms,) = plain[row["language"]].find([row["text"]])
        if example := distant_example(row, toponyms, places, _DISTANT_WEIGHT):
            yield example


def _documents(folders: Sequence[Path]) -> Iterator[dict]:
    for folder in folders:
        for shard in sorted(folder.glob("shard-*.parquet")):
            for batch in read_batches(shard, DOCUMENTS, _READ):
                yield from batch.to_pylist()

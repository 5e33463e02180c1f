"""What is compared: the floor, and our geoparser with and without gold."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from time import process_time

from landscribe.places.lookup import Place, Places
from landscribe.places.names import normal
from landscribe.scores.places import NEAR_KM, Predicted, floor_predictions, great_circle_km
from landscribe.text.distant import distant_example
from landscribe.text.examples import Example
from landscribe.text.footprints import Footprints
from landscribe.text.geoparser import Geoparser
from landscribe.text.gold import GoldDocument
from landscribe.text.mentions import Toponym
from landscribe.text.resolver import Resolved, Resolver, train_resolver
from landscribe.text.resolver_settings import ResolverSettings
from landscribe.text.toponyms import Recognizer
from landscribe.text.training import gold_example
from tests.benchmarks.geoparsing.sets import SEED, Corpus
from tests.benchmarks.geoparsing.shelf import LANGUAGE, Shelf, languages, say

PLACE_LABELS = ("GPE", "LOC", "FAC")  # what a person who takes spaCy keeps
PASSAGES = 32  # documents that are resolved at once, as the geoparser does
_DISTANT_WEIGHT = 0.2  # of a document without gold; all weigh the same here


@dataclass(frozen=True)
class Answer:
    """What a system says of one document."""

    on_gold: list[Predicted]  # of each gold mention, whose span it was given
    found: list[Predicted]  # of what it found by itself
    toponyms: list[Toponym]  # that are in `found`
    resolved: list[Resolved] | None = None  # of each gold mention; none: it has no candidates


@dataclass(frozen=True)
class Trained:
    """A geoparser, and what its ranker took to train."""

    geoparser: Geoparser
    documents: int
    train_s: float  # CPU-seconds of the ranker, recognizers not counted


def floor(
    name: str, documents: Sequence[GoldDocument], shelf: Shelf, labels: Collection[str]
) -> list[Answer]:
    """Entities of the bare pipeline, each at the most populous place of exactly its name."""
    places = shelf.places

    @cache
    def first(text: str) -> Place | None:
        key = normal(text)
        return next(iter(places.exact([key], 1)[key]), None) if key else None

    def told(text: str) -> tuple[str, float, float] | None:
        place = first(text)
        return place and (place.id, place.lon, place.lat)

    def found(start: int, end: int, text: str) -> Predicted:
        place, lon, lat = told(text) or (None, None, None)
        return Predicted(start, end, lon, lat, place)

    answers = []
    entities = shelf.entities(name, documents)
    for document, marked in zip(documents, entities, strict=True):
        named = [Toponym(s, e, document.text[s:e], l) for s, e, l in marked if l in labels]  # noqa: E741
        by_itself = [found(t.start, t.end, t.text) for t in named]
        answers.append(Answer(floor_predictions(document, told), by_itself, named))
    return answers


def with_ground(answers: Sequence[Answer], geoparser: Geoparser) -> list[Answer]:
    """Answers whose places on gold have the ground that the geoparser gives these places."""
    ids = {p.place for answer in answers for p in answer.on_gold if p.place}
    footprints = Footprints(geoparser.places)
    grounds = {i: footprints.place(p).ground for i, p in geoparser.places.by_id(ids).items()}
    return [
        replace(a, on_gold=[replace(p, footprint=grounds.get(p.place)) for p in a.on_gold])
        for a in answers
    ]


def ours(
    name: str,
    documents: Sequence[GoldDocument],
    geoparser: Geoparser,
    shelf: Shelf,
    by_itself: bool = True,
) -> list[Answer]:
    """What a geoparser says; on gold in the company of the other mentions that it finds.

    Args:
        name: of documents and geoparser, for people.
        by_itself: also resolve what it finds.
    """
    found = _toponyms(name, documents, geoparser, shelf)
    examples = [gold_example(d, told) for d, told in zip(documents, found, strict=True)]
    resolver = geoparser.resolver
    asked = [(e.text, e.outlet, e.mentions) for e in examples]
    say(f"resolve, {name}")
    answers = []
    for document, toponyms, mentions, resolved in zip(
        documents, found, (a[2] for a in asked), _resolved(resolver, asked), strict=True
    ):
        at = {(m.start, m.end): r for m, r in zip(mentions, resolved, strict=True)}
        own = [at[m.start, m.end] for m in document.mentions]
        told = [likeliest(m.start, m.end, r) for m, r in zip(document.mentions, own, strict=True)]
        answers.append(Answer(told, [], toponyms, own))
    if not by_itself:
        return answers
    items = [(d.text, d.outlet, told) for d, told in zip(documents, found, strict=True)]
    return [
        replace(a, found=[_placed(t, r) for t, r in zip(a.toponyms, resolved, strict=True)])
        for a, resolved in zip(answers, _resolved(resolver, items), strict=True)
    ]


def trained(corpora: Sequence[Corpus], shelf: Shelf, spoken: Collection[str]) -> Trained:
    """Geoparser of some gold, as `landscribe.text.training.train_geoparser` makes it.

    Args:
        spoken: languages that it is asked to read; those without gold have no acceptor.
    """
    recognizer = shelf.recognizer(corpora)
    examples = []
    for corpus in corpora:
        found = _plain(corpus, shelf)
        examples += [
            gold_example(document, toponyms, corpus.gold.weight, corpus.gold.complete)
            for document, toponyms in zip(corpus.taught, found, strict=True)
        ]
    return _trained(examples, shelf, {**_untrained(spoken), LANGUAGE: recognizer})


def trained_without_gold(
    corpora: Sequence[Corpus], shelf: Shelf, spoken: Collection[str]
) -> Trained:
    """Geoparser of the same texts, that is not told which places they mean."""
    examples = []
    for corpus in corpora:
        for document, toponyms in zip(corpus.taught, _plain(corpus, shelf), strict=True):
            row = {"text": document.text, "outlet": document.outlet}
            if example := distant_example(row, toponyms, shelf.places, _DISTANT_WEIGHT):
                examples.append(example)
    return _trained(examples, shelf, _untrained({*spoken, LANGUAGE}))


def likeliest(start: int, end: int, resolved: Resolved) -> Predicted:
    """The likeliest candidate of a span, even where there being none is likelier than that."""
    if not resolved.candidates:
        return Predicted(start, end)
    place = resolved.place or resolved.candidates[0][0]
    chance = resolved.probability
    if not resolved.place:
        chance = sum(
            c
            for p, c in resolved.candidates
            if great_circle_km(place.lon, place.lat, p.lon, p.lat) <= NEAR_KM
        )
    return Predicted(start, end, place.lon, place.lat, place.id, _chance(chance))


def _resolved(resolver: Resolver, asked: list[tuple]) -> Iterator[list[Resolved]]:
    """What the mentions of each document mean; memory grows with those that are asked at once."""
    for start in range(0, len(asked), PASSAGES):
        yield from resolver.resolve(asked[start : start + PASSAGES])


def _placed(toponym: Toponym, resolved: Resolved) -> Predicted:
    """What a toponym means; without a place if there being none is likelier."""
    start, end, place = toponym.start, toponym.end, resolved.place
    if not place:
        return Predicted(start, end)
    chance = _chance(resolved.probability)
    return Predicted(start, end, place.lon, place.lat, place.id, chance)


def _toponyms(
    name: str, documents: Sequence[GoldDocument], geoparser: Geoparser, shelf: Shelf
) -> list[list[Toponym]]:
    found: list[list[Toponym]] = [[] for _ in documents]
    for language in languages(documents) & set(geoparser.recognizers):
        told = shelf.toponyms(f"{name}.{language}", documents, geoparser.recognizers[language])
        found = [a or b for a, b in zip(found, told, strict=True)]
    return found


def _plain(corpus: Corpus, shelf: Shelf) -> list[list[Toponym]]:
    """What the bare pipeline finds in the documents that are learnt from."""
    return shelf.toponyms(f"{corpus.name}.plain", corpus.taught, Recognizer.load(LANGUAGE))


def _untrained(spoken: Collection[str]) -> dict[str, Recognizer]:
    return {language: Recognizer.load(language) for language in sorted(spoken)}


def _trained(examples: list[Example], shelf: Shelf, recognizers: dict[str, Recognizer]) -> Trained:
    say(f"train a resolver on {len(examples)} documents")
    cold = Places(shelf.places.folder)  # remembers no name, so that each training starts equal
    begin = process_time()
    resolver = train_resolver(examples, cold, ResolverSettings(), SEED)
    train_s = process_time() - begin
    return Trained(Geoparser(shelf.places, recognizers, resolver), len(examples), train_s)


def _chance(probability: float) -> float:
    return min(max(float(probability), 0.0), 1.0)

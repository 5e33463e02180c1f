"""Tables of what went wrong, for people to look at."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from landscribe.command import written
from landscribe.places.lookup import Place, Places
from landscribe.scores.places import (
    FARTHEST_KM,
    NEAR_KM,
    Predicted,
    great_circle_km,
    match_overlap,
)
from landscribe.text.gold import GoldDocument, GoldMention
from landscribe.text.resolver import Resolved
from tests.benchmarks.geoparsing.systems import Answer

AROUND = 60  # characters of context on either side
_PLACES = (
    *("document", "mention", "context", "gold", "gold_name", "predicted", "predicted_name"),
    *("probability", "km", "right_candidate", "none_likelier"),
)
_SPANS = ("document", "wrong", "mention", "context", "label", "score")


def write_misses(
    path: Path, documents: Sequence[GoldDocument], answers: Sequence[Answer], places: Places
) -> int:
    """Table of the located gold mentions whose likeliest place is too far off; its rows."""
    rows = [
        row
        for document, answer in zip(documents, answers, strict=True)
        for row in _missed(document, answer, places)
    ]
    return _write(path, _PLACES, rows)


def write_wrong_spans(
    path: Path, documents: Sequence[GoldDocument], answers: Sequence[Answer]
) -> int:
    """Table of the gold that nothing found overlaps, and of what overlaps no gold; its rows."""
    rows = []
    for document, answer in zip(documents, answers, strict=True):
        pairs = match_overlap(document.mentions, answer.found)
        hit, right = {i for i, _ in pairs}, {j for _, j in pairs}
        for i, gold in enumerate(document.mentions):
            if i not in hit:
                told = (gold.text, _context(document, gold), gold.kind, "")
                rows.append((document.id, "not found", *told))
        for j, toponym in enumerate(answer.toponyms):
            if j not in right:
                told = (toponym.text, _context(document, answer.found[j]), toponym.label)
                rows.append((document.id, "no gold", *told, f"{toponym.score:.2f}"))
    return _write(path, _SPANS, rows)


def _missed(document: GoldDocument, answer: Answer, places: Places) -> Iterator[tuple]:
    for gold, told, resolved in zip(
        document.mentions, answer.on_gold, answer.resolved or [], strict=True
    ):
        if not gold.located:
            continue
        km = FARTHEST_KM if told.lon is None else _km(gold, told)
        if km > NEAR_KM:
            known = places.by_id([i for i in (gold.place, told.place) if i])
            yield (
                *(document.id, gold.text, _context(document, gold)),
                *(_where(gold), _name(known.get(gold.place))),
                *(_where(told), _name(known.get(told.place))),
                "" if told.probability is None else f"{told.probability:.3f}",
                *(f"{km:.0f}", _yes(_has_right(gold, resolved)), _yes(resolved.place is None)),
            )


def _has_right(gold: GoldMention, resolved: Resolved) -> bool:
    return any(_km(gold, place) <= NEAR_KM for place, _ in resolved.candidates)


def _km(gold: GoldMention, place: Place | Predicted) -> float:
    return float(great_circle_km(gold.lon, gold.lat, place.lon, place.lat))


def _context(document: GoldDocument, span: GoldMention | Predicted) -> str:
    """Words around a span, which stands in brackets."""
    text, start, end = document.text, span.start, span.end
    around = f"{text[max(start - AROUND, 0) : start]}[{text[start:end]}]{text[end : end + AROUND]}"
    return " ".join(around.split())


def _where(span: GoldMention | Predicted) -> str:
    return "" if span.lon is None else f"{span.place or '?'} {span.lon:.2f} {span.lat:.2f}"


def _name(place: Place | None) -> str:
    return f"{place.name} ({place.class_}, {place.country or '-'})" if place else ""


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _write(path: Path, head: Sequence[str], rows: Sequence[tuple]) -> int:
    with written(path) as part, part.open("w", encoding="utf-8") as file:
        for row in (head, *rows):
            file.write("\t".join(" ".join(cell.split()) for cell in row) + "\n")
    return len(rows)

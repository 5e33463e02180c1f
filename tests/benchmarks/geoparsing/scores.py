"""Scores of what a system says of a corpus, with intervals: a row of the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from landscribe.scores.places import (
    DRAWS,
    Numbers,
    Tally,
    end_to_end,
    intervals,
    recognition,
    resolution,
    tally,
    trust,
)
from landscribe.text.gold import GoldDocument
from tests.benchmarks.geoparsing.sets import every_toponym
from tests.benchmarks.geoparsing.systems import Answer
from tests.benchmarks.report import table

MEASURES = {  # in a row -> tally that it is from, name of the score there
    "acc161": ("gold", "accuracy_161km"),
    "exact_id": ("gold", "exact_id"),
    "mean_km": ("gold", "mean_km"),
    "median_km": ("gold", "median_km"),
    "auc": ("gold", "auc"),
    "near_or_in_footprint": ("gold", "near_or_in_footprint"),
    "in_gold_bounds": ("gold", "in_gold_bounds"),
    "ece": ("gold", "calibration_error"),
    "acc161_at_90": ("gold", "accuracy_90"),
    "acc161_at_80": ("gold", "accuracy_80"),
    **{f"overlap_{n}": ("found", f"overlap.{n}") for n in ("f1", "precision", "recall")},
    **{f"exact_{n}": ("found", f"exact.{n}") for n in ("f1", "precision", "recall")},
    **{f"e2e_{n}": ("placed", n) for n in ("f1", "precision", "recall")},
    "overlap_f1_all_types": ("every", "overlap.f1"),
}


@dataclass(frozen=True)
class Scored:
    """A system on a corpus: its row, and the tally of gold spans, for figures."""

    corpus: str
    system: str
    row: dict
    on_gold: Tally


def scored(
    corpus: str,
    system: str,
    documents: Sequence[GoldDocument],
    answers: Sequence[Answer],
    complete: bool,
    draws: int = DRAWS,
) -> Scored:
    """All measures of a system on a corpus.

    Args:
        complete: every toponym is marked; else only the places of gold spans are scored.
    """
    tallies = {"gold": tally(documents, [answer.on_gold for answer in answers])}
    if complete:
        found = [answer.found for answer in answers]
        tallies["found"] = tally(documents, found)
        tallies["placed"] = tally(documents, [[p for p in f if p.place] for f in found])
        if any(document.others for document in documents):
            tallies["every"] = tally(every_toponym(documents), found)
    row = {"corpus": corpus, "system": system, "documents": len(documents)}
    row |= {"toponyms": int(tallies["gold"].counts["gold"].sum())}
    row |= {"located": int(tallies["gold"].counts["located"].sum())}
    told = {name: _SCORES[name](part) for name, part in tallies.items()}
    reach = {name: intervals(part, _SCORES[name], draws) for name, part in tallies.items()}
    for measure, (name, score) in MEASURES.items():
        told_ = name in told and (measure != "exact_id" or _same_ids(documents, answers))
        row[measure] = told[name][score] if told_ else None
        row[f"{measure} interval"] = reach[name][score] if told_ else None
    return Scored(corpus, system, row, tallies["gold"])


def shown(rows: Sequence[dict]) -> str:
    """Table of one corpus: a line per measure, a column per system, with intervals."""
    lines = []
    for measure in MEASURES:
        if any(row[measure] is not None for row in rows):
            cells = {row["system"]: _cell(row[measure], row[f"{measure} interval"]) for row in rows}
            lines.append({"measure": measure, **cells})
    head = rows[0]
    return (
        f"{head['corpus']}: {head['documents']:,} documents, {head['toponyms']:,} toponyms,"
        f" {head['located']:,} of them located\n{table(lines)}"
    )


def _same_ids(documents: Sequence[GoldDocument], answers: Sequence[Answer]) -> bool:
    """Whether gold has ids of a kind that is predicted, too, such as those of GeoNames."""
    gold = {m.place.split(":")[0] for d in documents for m in d.mentions if m.place}
    told = {p.place.split(":")[0] for a in answers for p in a.on_gold if p.place}
    return bool(gold & told)


def _cell(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return "-"
    form = ".3f" if abs(value) < 10 else ",.0f"
    if interval is None:
        return f"{value:{form}}"
    return f"{value:{form}} [{interval[0]:{form}}, {interval[1]:{form}}]"


def _gold(part: Tally) -> Numbers:
    return resolution(part.on_gold) | trust(part.on_gold)


def _found(part: Tally) -> Numbers:
    exact, overlap = recognition(part), recognition(part, overlap=True)
    return {f"exact.{n}": v for n, v in exact.items()} | {
        f"overlap.{n}": v for n, v in overlap.items()
    }


_SCORES = {"gold": _gold, "found": _found, "placed": end_to_end, "every": _found}

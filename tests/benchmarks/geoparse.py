"""Geoparsing: our geoparser and the floor in the same run, each on corpora that it never saw.

`python -m tests.benchmarks.geoparse`, about fifteen minutes on one core, the first time some more;
it needs LANDSCRIBE_DATA. Every corpus is scored by a geoparser that learnt from all others, with
the protocol of `landscribe.scores.places`.

- floor: entities GPE, LOC and FAC of the bare spaCy pipeline, each at the most populous place whose
  name is exactly its own; `floor + NORP` takes peoples, too.
- ours without gold: the same pipeline, and a resolver that learnt from the other corpora's texts,
  but not from what people marked in them.
- ours: recognizer and resolver learnt from what people marked in the other corpora.

On gold spans (acc161 to acc161_at_80) a resolver is given the spans that people marked, with the
other mentions that its recognizer finds as their company, and is held to its likeliest candidate
even where it finds that none is likelier; what has no candidate is wrong by 20,039 km. Recognition
counts every span that is found. End to end counts those that get a place; of the floor, too.
WikToR and IDRISI do not mark every toponym, so only their gold spans are scored.

`--corpus FILE --format FORM` scores any other gold, by a geoparser that learnt from all five
corpora, without those that share most of their documents with it, and without documents that stand
in it; `--without NAME` leaves out more.

One thread counts: OMP_NUM_THREADS is set to 1. Intervals (95 %) are from 1,000 draws of documents.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Annotated

import tyro

from landscribe.command import InputError, command
from landscribe.places.lookup import Places
from landscribe.scores.places import DRAWS
from landscribe.text.gold import drawn
from tests.benchmarks.geoparsing.figures import plot
from tests.benchmarks.geoparsing.misses import write_misses, write_wrong_spans
from tests.benchmarks.geoparsing.scores import Scored, scored, shown
from tests.benchmarks.geoparsing.sets import (
    SEED,
    WIKTOR_SCORED,
    Corpus,
    few,
    leaving_out,
    read_any,
    teachers,
)
from tests.benchmarks.geoparsing.shelf import Shelf, languages, say, world
from tests.benchmarks.geoparsing.speed import TIMES, memory, ratios, speeds
from tests.benchmarks.geoparsing.systems import (
    PLACE_LABELS,
    Answer,
    Trained,
    floor,
    ours,
    trained,
    trained_without_gold,
    with_ground,
)
from tests.benchmarks.report import RESULTS, Goal, report

DATA = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "text"
WORLD = Path("results/gazetteer/world/store")
NEWS = {"TR-News": "TR", "GeoWebNews": "GWN"}  # corpora whose toponyms are all marked -> goal's id
LEAST = {  # goals of the issue: measure -> its name in an id, and the goal of each corpus
    "acc161": ("acc161", {"TR": ">= .95", "GWN": ">= .88"}),
    "e2e_f1": ("e2e", {"TR": ">= .82", "GWN": ">= .78"}),
    "overlap_f1": ("recognition", {"TR": ">= .90", "GWN": ">= .85"}),
    "ece": ("ece", {"TR": "<= .05", "GWN": "<= .05"}),
}
MEMORY_DOCUMENTS = 1600
QUICK = 12  # documents of each corpus in a smoke test
Form = Annotated[str, tyro.conf.arg(name="format")]


def main(
    store: Path | None = None,
    corpus: Path | None = None,
    form: Form = "jsonl",
    without: tuple[str, ...] = (),
    all_: Annotated[bool, tyro.conf.arg(name="all")] = False,
    quick: bool = False,
    fresh: bool = False,
) -> None:
    """Train without each corpus, score it, and report.

    Args:
        store: gazetteer; else that of the workflow, else one that is built from the card `world`.
        corpus: gold to score instead of the corpora of the benchmark.
        form: of that gold: news, geovirus, gwn, wiktor, idrisi, wotr or jsonl.
        without: further corpora to leave out of training where that gold is scored.
        all_: score all leads of WikToR, not 500.
        quick: take few documents, to see that all of it runs.
        fresh: train recognizers and read texts anew, even if nothing changed.
    """
    if not DATA.is_dir():
        raise InputError(f"no folder {DATA}; set LANDSCRIBE_DATA to the folder of real data")
    name = "geoparse" + (f"_{corpus.name.split('.')[0]}" if corpus else "") + "_quick" * quick
    kept = RESULTS / ("geoparse" + "_quick" * quick) / "kept"
    if fresh:
        shutil.rmtree(kept, ignore_errors=True)
    store = store or (WORLD if WORLD.is_dir() else world(RESULTS / "geoparse/gazetteer"))
    shelf = Shelf(kept, Places(store))
    say("read the gold")
    known = teachers(DATA)
    if strangers := set(without) - {c.name for c in known}:
        raise InputError(
            f"no corpus {', '.join(sorted(strangers))} to leave out; there is"
            f" {', '.join(c.name for c in known)}"
        )
    if corpus:
        asked = [read_any(corpus, form)]
    else:
        asked = [c if c.name != "WikToR" or all_ else few(c, WIKTOR_SCORED) for c in known]
        asked = [c for c in asked if c.name != "WoTR"]
    if quick:
        known, asked = ([few(c, QUICK) for c in some] for some in (known, asked))
    draws = 100 if quick else DRAWS
    if corpus:
        bench_one(name, asked[0], leaving_out(known, asked[0], without), shelf, draws)
    else:
        bench(name, asked, known, shelf, draws)


def bench(
    name: str,
    asked: Sequence[Corpus],
    known: Sequence[Corpus],
    shelf: Shelf,
    draws: int,
) -> Path:
    """Score each corpus, measure the costs, and report; the file of the report."""
    folder, results, training = RESULTS / name, [], []
    model = folder / "geoparser"
    for corpus in asked:
        found, learnt = score(corpus, leaving_out(known, corpus), shelf, folder, draws)
        results += found
        training.append({"documents": learnt.documents, "train_s": learnt.train_s})
    learnt.geoparser.save(model)  # that of the last corpus, which is not in the news
    news = [document for corpus in asked if corpus.name in NEWS for document in corpus.documents]
    costs = speeds(model, shelf.places.folder, news)
    pool = [d for corpus in known if corpus.gold.form != "idrisi" for d in corpus.documents]
    peak = memory(model, shelf.places.folder, drawn(pool, MEMORY_DOCUMENTS, SEED))
    plot(results, folder)
    rows = [
        *(result.row for result in results),
        *({"cost": "speed", **row} for row in costs),
        *({"cost": "training", **row} for row in training),
        {"cost": "memory", **peak},
        {"cost": "medians", **ratios(costs)},
    ]
    say("medians: " + ", ".join(f"{key} {value:.3g}" for key, value in ratios(costs).items()))
    return report(name, goals(results, training, costs, peak), rows)


def bench_one(name: str, corpus: Corpus, left: Sequence[Corpus], shelf: Shelf, draws: int) -> Path:
    """Score a corpus that is not of the benchmark, and report; the file of the report."""
    say(f"{corpus.name}: learn from {', '.join(c.name for c in left)}")
    results, _ = score(corpus, left, shelf, RESULTS / name, draws)
    plot(results, RESULTS / name)
    return report(name, [], [result.row for result in results])


def score(
    corpus: Corpus, left: Sequence[Corpus], shelf: Shelf, folder: Path, draws: int
) -> tuple[list[Scored], Trained]:
    """What all systems reach on a corpus, which learnt from others; and how ours learnt.

    Tables of misses are written to the folder.
    """
    documents, name = corpus.documents, corpus.name
    complete = corpus.gold.complete
    spoken = languages(documents)
    learnt = trained(left, shelf, spoken)
    parser = learnt.geoparser
    told: dict[str, list[Answer]] = {"floor": floor(name, documents, shelf, PLACE_LABELS)}
    if complete:
        told["floor + NORP"] = floor(name, documents, shelf, (*PLACE_LABELS, "NORP"))
        plain = trained_without_gold(left, shelf, spoken).geoparser
        told["ours without gold"] = ours(f"{name}.plain", documents, plain, shelf)
    told["ours"] = ours(f"{name}.ours", documents, parser, shelf, complete)
    write_misses(folder / f"misses.{name}.tsv", documents, told["ours"], shelf.places)
    if complete:
        write_wrong_spans(folder / f"spans.{name}.tsv", documents, told["ours"])
    results = []
    for system, answers in told.items():
        say(f"score {system} on {name}")
        answers = with_ground(answers, parser)
        results.append(scored(name, system, documents, answers, complete, draws))
    print(f"\n{shown([result.row for result in results])}\n", file=sys.stderr, flush=True)
    return results, learnt


def goals(
    results: Sequence[Scored], training: Sequence[dict], costs: Sequence[dict], peak: dict
) -> list[Goal]:
    """Goals of the issue."""
    ours_ = {result.corpus: result.row for result in results if result.system == "ours"}

    def goal(name: str, corpus: str, measure: str, wanted: str, n: str = "located") -> Goal:
        row = ours_[corpus]
        return Goal(f"M2.{name}", row[measure], wanted, row[n], row[f"{measure} interval"])

    found = [
        goal(f"{NEWS[corpus]}.{name}", corpus, measure, wanted[NEWS[corpus]])
        for measure, (name, wanted) in LEAST.items()
        for corpus in NEWS
    ]
    found.append(goal("wiktor.acc161", "WikToR", "acc161", ">= .78"))
    found.append(goal("idrisi.in_box", "IDRISI", "in_gold_bounds", ">= .80"))
    speed, documents = ratios(costs), costs[0]["documents"]
    resolved = speed["resolve_docs_per_cpu_s"]
    return [
        *found,
        Goal("M2.speed.e2e_ratio", speed["e2e_ratio"], "<= 1.3", documents),
        Goal("M2.speed.resolve_docs_per_cpu_s", resolved, ">= 300", documents),
        Goal(
            "M2.speed.train_s",
            median(row["train_s"] for row in training),
            "<= 60",
            max(row["documents"] for row in training),
        ),
        Goal("M2.memory.ratio", peak["ratio"], "<= 1.15", peak["documents"] * TIMES),
    ]


if __name__ == "__main__":
    if os.environ.get("OMP_NUM_THREADS") != "1":  # before numpy reads it
        os.environ["OMP_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "tests.benchmarks.geoparse", *sys.argv[1:]])
    command(main)

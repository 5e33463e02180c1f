"""A corpus that is geoparsed while its processes are killed: the same bytes, and flat memory.

`python -m tests.benchmarks.drill_documents`, about an hour on two cores; `--documents 3000` takes
some minutes. It needs LANDSCRIBE_DATA, and the geoparser that `make bench NAME=geoparse` leaves, or
another by `--model` and `--store`.

Sentences of TR-News, GeoWebNews, WikToR, WoTR and IDRISI are put together to short documents, all
different. The steps `read_corpus` and `geoparse_documents` run on them as the workflow calls them:
once undisturbed, and once so that all their processes are killed (SIGKILL) when half of the shards
are there, and the same command is given again. Memory is that of a process of its own, without the
files it maps; it is flat if its peak in the last quarter of the run is that of the second one.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from landscribe.command import InputError, command
from tests.benchmarks.drilling.steps import Ran, run
from tests.benchmarks.drilling.texts import sentences, write_corpus
from tests.benchmarks.geoparsing.shelf import world
from tests.benchmarks.report import RESULTS, Goal, report, table

DATA = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "text"
WORLD = Path("results/gazetteer/world/store")
GEOPARSE = RESULTS / "geoparse"  # of the benchmark
CORPUS = "drill"
SHARDS = 30  # at least
MOST = 2_000  # documents of a shard


def main(
    documents: int = 100_000,
    model: Path = GEOPARSE / "geoparser",
    store: Path | None = None,
    threads: int = 2,
) -> None:
    """Geoparse made documents twice, once with kills, and report.

    Args:
        documents: how many to make.
        model: geoparser.
        store: gazetteer that it was trained with; else that of the workflow, or of its benchmark.
        threads: processes that geoparse side by side.
    """
    if not DATA.is_dir():
        raise InputError(f"no folder {DATA}; set LANDSCRIBE_DATA to the folder of real data")
    if not model.is_dir():
        raise InputError(f"no geoparser {model}; run `make bench NAME=geoparse`, or give --model")
    store = store or (WORLD if WORLD.is_dir() else world(GEOPARSE / "gazetteer"))
    folder = (RESULTS / "drill_documents/work").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    card = write_card(folder, documents)
    flags = [f"--model={model.absolute()}", f"--store={store.absolute()}", f"--threads={threads}"]
    rows = []
    for name in ("undisturbed", "killed"):
        rows += drill(card, folder / name, flags, documents, name == "killed")
    print(table(rows), file=sys.stderr)
    differing = different(folder / "undisturbed", folder / "killed")
    report("drill_documents", goals(rows, differing, documents), rows)


def write_card(folder: Path, documents: int) -> Path:
    """Card of a corpus of made documents."""
    write_corpus(folder / "documents.jsonl", sentences(DATA), documents)
    told = {"title": "Made of real sentences", "reader": "jsonl", "licence": "other"}
    told |= {"attribution": "many", "paths": [str(folder / "documents.jsonl")]}
    told["shard_documents"] = shard_size(documents)
    card = folder / f"{CORPUS}.yaml"
    card.write_text(yaml.safe_dump(told))
    return card


def shard_size(documents: int) -> int:
    """Documents of a shard."""
    return max(1, min(MOST, documents // SHARDS))


def drill(card: Path, folder: Path, flags: list[str], documents: int, kill: bool) -> list[dict]:
    """Run both steps, each killed once if asked for; a row of each."""
    folder.mkdir()
    half = max(1, documents // shard_size(documents) // 2)
    read = ["read_corpus", f"--corpus={card}", f"--folder={folder / 'corpus'}"]
    parse = ["geoparse_documents", f"--documents={folder / 'corpus/documents'}", *flags]
    parse += [f"--mentions={folder / 'out/mentions'}"]
    parse += [f"--rejects={folder / 'out/rejects.parquet'}"]
    parse += [f"--about={folder / 'out/geoparse.json'}"]
    done = {"read_corpus": "corpus/documents-*/*/shard-*", "geoparse_documents": "out/*-*/*/told/*"}
    rows = []
    for step in (read, parse):
        pattern = done[step[0]]

        def enough(pattern: str = pattern) -> bool:
            return sum(1 for _ in folder.glob(pattern)) >= half

        rows.append(timed(step, folder, documents, enough if kill else None))
    return rows


def timed(step: list[str], folder: Path, documents: int, enough: Callable[[], bool] | None) -> dict:
    """Row of a step that was run to its end, once more if it was killed."""
    first = run(step, folder, enough) if enough else Ran()
    last = run(step, folder)
    seconds = first.seconds + last.seconds
    return {
        **{"run": folder.name, "step": step[0], "documents": documents},
        **{"killed after [s]": first.seconds or None, "seconds": seconds},
        "documents / s": documents / seconds,
        "peak [MB]": max(first.peak_mb, last.peak_mb),
        "worker's peak [MB]": max(max(sizes) for sizes in last.workers_mb.values()),
        "last / second quarter": growth(last),
    }


def growth(ran: Ran) -> float:
    """Peak of the last quarter of a run against that of its second one, of the worst process.

    Of processes that worked, not of those that waited for them.
    """
    most = max(len(sizes) for sizes in ran.workers_mb.values())
    found = [0.0]
    for sizes in ran.workers_mb.values():
        quarter = len(sizes) // 4
        if len(sizes) > most / 2 and quarter:
            found.append(max(sizes[-quarter:]) / max(1.0, *sizes[quarter : 2 * quarter]))
    return max(found)


def different(one: Path, other: Path) -> list[str]:
    """Files of the steps' outputs that are not the same in both folders."""
    digests = [
        {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for part in ("corpus", "out")
            for path in (folder / part).rglob("*")
            if path.is_file()
        }
        for folder in (one, other)
    ]
    return sorted({name for name, _ in digests[0].items() ^ digests[1].items()})


def goals(rows: list[dict], differing: list[str], documents: int) -> list[Goal]:
    """Goals: no byte differs, and memory stays."""
    for name in differing[:10]:
        print(f"differs: {name}", file=sys.stderr)
    undisturbed = next(r for r in rows if (r["run"], r["step"]) == ("undisturbed", _PARSE))
    killed = next(r for r in rows if (r["run"], r["step"]) == ("killed", _PARSE))
    lost = killed["seconds"] - undisturbed["seconds"]
    print(f"lost by the kill: {lost:.0f} s", file=sys.stderr)
    return [
        Goal("M4.identical", len(differing), "== 0", documents),
        Goal("M4.memory_flat", undisturbed["last / second quarter"], "<= 1.15", documents),
    ]


_PARSE = "geoparse_documents"


if __name__ == "__main__":
    command(main)

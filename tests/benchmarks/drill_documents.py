"""A corpus that is geoparsed while the workflow is killed: the same bytes, and flat memory.

`python -m tests.benchmarks.drill_documents`, about 40 minutes on two cores; `--documents 3000`
takes ten, most of them to train. It needs LANDSCRIBE_DATA.

Sentences of TR-News, GeoWebNews, WikToR, WoTR and IDRISI are put together to short documents, all
different. Snakemake reads them as a corpus, trains a geoparser on these five and on the documents,
and geoparses: once undisturbed, and once so that all processes are killed (SIGKILL) when half of
the documents are read, and when half of them are geoparsed, and the same command is given again.
Memory is that of a process of `geoparse_documents`, without the files it maps; it is flat if its
peak in the last quarter of the time is that in the second one.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from landscribe.command import InputError, command
from tests.benchmarks.drilling.steps import Ran, run
from tests.benchmarks.drilling.texts import sentences, write_corpus
from tests.benchmarks.geoparsing.sets import teachers
from tests.benchmarks.geoparsing.shelf import world
from tests.benchmarks.report import RESULTS, Goal, report, table
from tests.workflow_runs import ROOT

DATA = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "text"
WORLD = Path("results/gazetteer/world/store")
NAME = "drill"  # of corpus, geoparser and config
READ, PARSED = f"results/fetch/corpora/{NAME}", f"results/geoparse/{NAME}"
MODEL, MENTIONS = f"{PARSED}/model", f"{PARSED}/{NAME}/mentions"
STEPS = (  # what is asked for, the step that makes it, the files that tell how far it is
    (f"{READ}/documents", "scripts.read_corpus", f"{READ}/documents-*/*/shard-*"),
    (MODEL, "scripts.train_geoparser", None),
    (MENTIONS, "scripts.geoparse_documents", f"{PARSED}/{NAME}/parts/*/mentions-*/*/told/*"),
)
SHARDS = 30  # at least
MOST = 2_000  # documents of a shard


def main(documents: int = 100_000, store: Path | None = None) -> None:
    """Run the workflow on made documents twice, once with kills, and report.

    Args:
        documents: how many to make.
        store: gazetteer; else that of the workflow, or of the benchmark of geoparsing.
    """
    if not DATA.is_dir():
        raise InputError(f"no folder {DATA}; set LANDSCRIBE_DATA to the folder of real data")
    store = store or (WORLD if WORLD.is_dir() else world(RESULTS / "geoparse/gazetteer"))
    folder = (RESULTS / "drill_documents/work").absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_corpus(folder / "documents.jsonl", sentences(DATA), documents)
    rows = []
    for name in ("undisturbed", "killed"):
        prepare(folder / name, folder / "documents.jsonl", store.absolute(), documents)
        rows += drill(folder / name, documents, name == "killed")
    print(table(rows), file=sys.stderr)
    report("drill_documents", goals(folder, rows, documents), rows)


def prepare(folder: Path, corpus: Path, store: Path, documents: int) -> None:
    """Folder of a run: the project's cards, those of the drill, and a gazetteer that is there."""
    shutil.copytree(ROOT / "config", folder / "config")
    gazetteer = folder / "results/gazetteer/world"
    shutil.copytree(store, gazetteer / "store")
    polygons = json.loads((store / "gazetteer.json").read_text())["polygons_file"]
    shutil.copy(store / polygons, gazetteer)
    gold = [corpus.gold.model_dump() for corpus in teachers(DATA.absolute())]
    cards = {
        f"corpora/{NAME}": {
            **{"title": "Made of real sentences", "reader": "jsonl", "licence": "other"},
            **{"attribution": "many", "paths": [str(corpus)], "language": "en"},
            "shard_documents": shard_size(documents),
        },
        f"geoparsers/{NAME}": {
            **{"title": "Of all gold", "gazetteer": "world"},
            **{"languages": ["en", "fr"], "gold": gold},
        },
    }
    run_card = yaml.safe_load((ROOT / "config/demo.yaml").read_text())
    cards[NAME] = run_card | {"corpora": [NAME], "geoparser": NAME}
    for name, card in cards.items():
        path = folder / f"config/{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(card))


def shard_size(documents: int) -> int:
    """Documents of a shard."""
    return max(1, min(MOST, documents // SHARDS))


def drill(folder: Path, documents: int, kill: bool) -> list[dict]:
    """Run all steps, and those that tell how far they are killed once if asked for; their rows."""
    half = max(1, documents // shard_size(documents) // 2)
    rows = []
    for target, step, pattern in STEPS:

        def enough(pattern: str | None = pattern) -> bool:
            return pattern is not None and sum(1 for _ in folder.glob(pattern)) >= half

        killed = enough if kill and pattern else None
        rows.append(timed(folder, target, step, killed) | {"documents": documents})
    return rows


def timed(folder: Path, target: str, step: str, enough: Callable[[], bool] | None) -> dict:
    """Row of a step that was run to its end, once more if it was killed."""
    first = run(folder, target, step, enough) if enough else Ran()
    last = run(folder, target, step)
    return {
        **{"run": folder.name, "step": step.partition(".")[2]},
        **{"killed after [s]": first.seconds if first.killed else None},
        **{"seconds": first.seconds + last.seconds},
        **{"peak of a process [MB]": max(first.peak_mb, last.peak_mb)},
        **{"last / second quarter": last.growth},
    }


def different(one: Path, other: Path) -> list[str]:
    """Files of the corpus, the geoparser and its mentions that are not the same in both folders."""
    digests = [
        {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for part in (READ, PARSED)
            for path in (folder / part).rglob("*")
            if path.is_file()
        }
        for folder in (one, other)
    ]
    return sorted({name for name, _ in digests[0].items() ^ digests[1].items()})


def goals(folder: Path, rows: list[dict], documents: int) -> list[Goal]:
    """Goals: it was killed, all documents are there, no byte differs, and memory stays."""
    differing = different(folder / "undisturbed", folder / "killed")
    for name in differing[:10]:
        print(f"differs: {name}", file=sys.stderr)
    told = json.loads((folder / "killed" / f"{PARSED}/{NAME}/geoparse.json").read_text())
    print(json.dumps(told, indent=1), file=sys.stderr)
    growth = next(row["last / second quarter"] for row in rows if row["step"] == _PARSE)
    kills = sum(row["killed after [s]"] is not None for row in rows)
    return [
        Goal("M4.kills", kills, "== 2", documents),
        Goal("M4.parsed", told["parsed"], f"== {documents}", documents),
        Goal("M4.identical", len(differing), "== 0", documents),
        Goal("M4.memory_flat", growth, "<= 1.15", documents),
    ]


_PARSE = "geoparse_documents"


if __name__ == "__main__":
    command(main)

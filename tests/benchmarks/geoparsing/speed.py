"""What geoparsing costs: CPU-seconds against those of the bare pipeline, and peak memory."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from landscribe.places.lookup import Places
from landscribe.provenance import ROOT
from landscribe.tables import DOCUMENTS, batches_of, write_table
from landscribe.text.geoparser import Geoparser
from landscribe.text.gold import GoldDocument
from landscribe.text.pipelines import pipeline
from landscribe.text.resolver import Resolver
from tests.benchmarks.geoparsing.shelf import LANGUAGE, say, spoken
from tests.benchmarks.geoparsing.systems import PASSAGES

REPEATS = 3
TIMES = 4  # documents of the second run for memory, against those of the first
_BATCH = 64  # texts that the bare pipeline gets at once, as many as the geoparser


def speeds(model: Path, store: Path, documents: Sequence[GoldDocument]) -> list[dict]:
    """CPU-seconds of each part on the same documents, a row per repeat; parts take turns.

    Each repeat opens model and gazetteer anew, so that no name or footprint is remembered from the
    one before; opening is not counted. `warm` is the same geoparser, asked a second time.
    """
    texts = [document.text for document in documents]
    rows = [row_of(document) for document in documents]
    found = []
    for _ in range(REPEATS):
        parser = Geoparser.load(model, Places(store))
        told: list = []
        seconds = {
            "ner_s": _cpu_s(lambda: _bare(texts)),
            "end_to_end_s": _cpu_s(lambda parser=parser: list(parser.mentions(rows))),
            "ner_again_s": _cpu_s(lambda: _bare(texts)),
            "warm_s": _cpu_s(lambda parser=parser: list(parser.mentions(rows))),
        }
        recognizer = Geoparser.load(model, Places(store)).recognizers[LANGUAGE]
        seconds["recognition_s"] = _cpu_s(
            lambda recognizer=recognizer, told=told: told.extend(recognizer.find(texts, _BATCH))
        )
        asked = [(d.text, d.outlet, t) for d, t in zip(documents, told, strict=True)]
        resolver = Geoparser.load(model, Places(store)).resolver
        seconds["resolution_s"] = _cpu_s(
            lambda resolver=resolver, asked=asked: _resolved(resolver, asked)
        )
        found.append({"documents": len(documents), **seconds})
        say("speed: " + ", ".join(f"{name} {value:.2f}" for name, value in seconds.items()))
    return found


def ratios(rows: Sequence[dict]) -> dict[str, float]:
    """Medians of the repeats: end to end against the pipeline alone, and documents per second."""
    return {
        "e2e_ratio": median(row["end_to_end_s"] / row["ner_s"] for row in rows),
        "e2e_ratio_warm": median(row["warm_s"] / row["ner_again_s"] for row in rows),
        "recognition_ratio": median(row["recognition_s"] / row["ner_s"] for row in rows),
        "ner_docs_per_cpu_s": median(row["documents"] / row["ner_s"] for row in rows),
        "e2e_docs_per_cpu_s": median(row["documents"] / row["end_to_end_s"] for row in rows),
        "resolve_docs_per_cpu_s": median(row["documents"] / row["resolution_s"] for row in rows),
    }


def memory(model: Path, store: Path, documents: Sequence[GoldDocument]) -> dict:
    """Peak memory [MB] of the step that parses documents: of some, and of TIMES as many.

    Both runs are processes of their own. The documents are all different; each shard of them has
    the same size in both.
    """
    size = len(documents) // TIMES
    shards = [documents[n * size : (n + 1) * size] for n in range(TIMES)]
    row: dict = {"documents": size, "times": TIMES}
    for name, some in (("once_mb", shards[:1]), ("times_mb", shards)):
        with TemporaryDirectory() as folder:
            row[name] = _peak_mb(Path(folder), model, store, some)
        say(f"memory: {len(some) * size} documents, {row[name]:.0f} MB")
    return row | {"ratio": row["times_mb"] / row["once_mb"]}


def write_shards(folder: Path, shards: Sequence[Sequence[GoldDocument]]) -> None:
    """Write documents as the shards of a corpus."""
    for number, documents in enumerate(shards):
        rows = batches_of(map(row_of, documents), DOCUMENTS)
        write_table(folder / f"shard-{number:05}.parquet", rows, DOCUMENTS)


def row_of(document: GoldDocument) -> dict:
    """Row of DOCUMENTS."""
    told = {"document": document.id, "title": "", "text": document.text, "licence": "other"}
    told |= {"language": spoken(document), "outlet": document.outlet}
    return told | {"source": "gold", "time": None}


def _bare(texts: Sequence[str]) -> None:
    for start in range(0, len(texts), _BATCH):
        pipeline(LANGUAGE).entities(texts[start : start + _BATCH])


def _resolved(resolver: Resolver, asked: list[tuple]) -> None:
    for start in range(0, len(asked), PASSAGES):
        list(resolver.resolve(asked[start : start + PASSAGES]))


def _cpu_s(work: Callable[[], object]) -> float:
    begin = process_time()
    work()
    return process_time() - begin


def _peak_mb(
    folder: Path, model: Path, store: Path, shards: Sequence[Sequence[GoldDocument]]
) -> float:
    """Peak memory [MB] of the work of the rule `geoparse_documents` on some shards."""
    write_shards(folder / "documents", shards)
    paths = {"documents": folder / "documents", "model": model.resolve(), "store": store.resolve()}
    flags = [f"--{name}={path}" for name, path in (paths | {"folder": folder}).items()]
    done = subprocess.run(
        [sys.executable, "-m", f"{__package__}.peak", *flags],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"geoparsing for its memory failed:\n{done.stderr[-3000:]}")
    return int(done.stdout.split()[-1]) / 1024

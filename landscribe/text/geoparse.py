"""Geoparse documents in shards, in several processes, so that a killed run goes on."""

import hashlib
import multiprocessing
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache, partial
from pathlib import Path

import shapely
from tqdm import tqdm

from landscribe.command import InputError, resumed
from landscribe.places.lookup import Places
from landscribe.provenance import code_version, file_digest
from landscribe.tables import (
    DOCUMENTS,
    GROUNDS,
    MENTIONS,
    REJECTS,
    batches_of,
    read_batches,
    read_table,
    write_table,
)
from landscribe.text.geoparser import Geoparser, document_ground

_ROWS = 256  # documents that are parsed at once


def geoparse_documents(
    documents: Path, model: Path, store: Path, mentions: Path, rejects: Path, processes: int = 1
) -> dict[str, int]:
    """Write the tables MENTIONS and GROUNDS of each shard of documents; what was found, counted.

    Shards that a killed run finished are kept as long as documents, model and gazetteer are the
    same; the result is that of an undisturbed run.
    """
    shards = sorted(documents.glob("shard-*.parquet"))
    if not shards:
        raise InputError(f"{documents}: no shard of documents; run the rule read_corpus")
    _open(model, store)  # a fault of the model is told before any process starts
    with resumed(mentions, _mark(model, store)) as part:
        part.mkdir(exist_ok=True)
        left = [shard for shard in shards if not _finished(part, shard)]
        work = partial(_parse_shard, model=model, store=store, folder=part)
        _for_all(work, left, len(shards), min(processes, len(left)))
        found = [read_table(_path(part, "rejects", shard), REJECTS) for shard in shards]
        write_table(rejects, found, REJECTS)
        return _counts(part, shards)


def _for_all(work: partial, left: list[Path], whole: int, processes: int) -> None:
    with tqdm(desc="geoparse", total=whole, initial=whole - len(left), unit=" shards") as bar:
        if processes < 2:
            for shard in left:
                work(shard)
                bar.update()
            return
        context = multiprocessing.get_context(
            "spawn"
        )  # no model in the middle of its work is copied
        with ProcessPoolExecutor(processes, context) as pool:
            for job in as_completed([pool.submit(work, shard) for shard in left]):
                job.result()
                bar.update()


def _parse_shard(shard: Path, model: Path, store: Path, folder: Path) -> None:
    """Mentions, grounds and rejects of a shard; the mentions are written last."""
    geoparser = _open(model, store)
    mentions, grounds, rejects = [], [], []
    for batch in read_batches(shard, DOCUMENTS, _ROWS):
        for document, rows in _parsed(geoparser, batch.to_pylist()):
            if isinstance(rows, str):
                source = document["source"] or document["document"]
                corpus = document["document"].split(":")[0]
                rejects.append({"corpus": corpus, "source": source, "reason": rows})
                continue
            mentions += rows
            ground = document_ground(rows)
            if ground is not None:
                placed = sum(row["place"] is not None for row in rows)
                row = {"document": document["document"], "mentions": placed}
                grounds.append({**row, "footprint": shapely.to_wkb(ground)})
    for name, rows, schema in (
        ("rejects", rejects, REJECTS),
        ("grounds", grounds, GROUNDS),
        ("mentions", mentions, MENTIONS),
    ):
        write_table(_path(folder, name, shard), batches_of(rows, schema), schema)


def _parsed(geoparser: Geoparser, documents: list[dict]) -> Iterator[tuple[dict, list[dict] | str]]:
    """Each document with its mentions, or with why it has none."""
    known = [document for document in documents if document["language"] in geoparser.recognizers]
    for document in documents:
        if document["language"] not in geoparser.recognizers:
            spoken = document["language"] or "an unknown language"
            yield document, f"in {spoken}; the geoparser reads {', '.join(geoparser.recognizers)}"
    yield from zip(known, geoparser.mentions(known), strict=True)


@cache
def _open(model: Path, store: Path) -> Geoparser:
    return Geoparser.load(model, Places(store))


def _mark(model: Path, store: Path) -> str:
    """Changes with all that the mentions depend on, the documents apart."""
    told = [file_digest(model), Places(store).version, code_version("landscribe/text/geoparse.py")]
    return hashlib.sha256(" ".join(told).encode()).hexdigest()[:16]


def _path(folder: Path, table: str, shard: Path) -> Path:
    return folder / table / shard.name


def _finished(folder: Path, shard: Path) -> bool:
    return _path(folder, "mentions", shard).exists()


def _counts(folder: Path, shards: list[Path]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for shard in shards:
        found = read_table(_path(folder, "mentions", shard), MENTIONS, ["place"])
        counts["mentions"] += found.num_rows
        counts["with a place"] += found.num_rows - found["place"].null_count
        counts["rejects"] += read_table(_path(folder, "rejects", shard), REJECTS).num_rows
        counts["documents"] += read_table(shard, DOCUMENTS, ["document"]).num_rows
    return dict(counts)

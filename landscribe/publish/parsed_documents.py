"""Documents with their mentions, from the folders that read_corpus and join_mentions write."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from landscribe.command import InputError, some
from landscribe.publish.document_view import Parsed
from landscribe.tables import DOCUMENTS, GROUNDS, MENTIONS, REJECTS, read_batches

_ROWS = 256  # documents that are held at once


def parsed_documents(
    documents: Path, mentions: Path, ids: Sequence[str], most: int
) -> list[Parsed]:
    """Documents with their mentions: those of `ids` in that order, or the first `most`.

    Args:
        documents: folder of documents in shards.
        mentions: folder of mentions, grounds and rejects in shards of the same names.
    """
    shards = sorted(documents.glob("shard-*.parquet"))
    if not shards:
        raise InputError(f"{documents}: no shard of documents; run the rule read_corpus")
    found: dict[str, Parsed] = {}
    for shard in shards:
        rows = _chosen(shard, ids, most - len(found))
        found |= _with_mentions(rows, mentions, shard.name) if rows else {}
        if len(found) == (len(set(ids)) or most):
            break
    if missing := [id_ for id_ in ids if id_ not in found]:
        raise InputError(
            f"{documents}: no document {some(missing)}; there is {some(_first_ids(shards[0]))}"
        )
    return [found[id_] for id_ in dict.fromkeys(ids)] or list(found.values())


def _chosen(shard: Path, ids: Sequence[str], most: int) -> dict[str, dict]:
    """Rows of DOCUMENTS of a shard by id."""
    rows: dict[str, dict] = {}
    for batch in read_batches(shard, DOCUMENTS, _ROWS):
        kept = _of(batch, ids) if ids else batch.slice(0, most - len(rows))
        rows |= {row["document"]: row for row in kept.to_pylist()}
        if not ids and len(rows) == most:
            break
    return rows


def _with_mentions(rows: dict[str, dict], mentions: Path, shard: str) -> dict[str, Parsed]:
    tables = {"mentions": MENTIONS, "grounds": GROUNDS}
    told: dict[str, dict[str, list[dict]]] = {name: {} for name in tables}
    for name, schema in tables.items():
        for batch in read_batches(mentions / name / shard, schema):
            for row in _of(batch, rows).to_pylist():
                told[name].setdefault(row["document"], []).append(row)
    reasons = {
        row["source"]: row["reason"]
        for batch in read_batches(mentions / "rejects" / shard, REJECTS)
        for row in batch.to_pylist()
    }
    return {
        id_: Parsed(
            row,
            told["mentions"].get(id_, []),
            next((ground["footprint"] for ground in told["grounds"].get(id_, [])), None),
            reasons.get(row["source"] or id_, ""),
        )
        for id_, row in rows.items()
    }


def _of(batch: pa.RecordBatch, ids: Iterable[str]) -> pa.RecordBatch:
    """Rows of some documents."""
    return batch.filter(pc.is_in(batch["document"], pa.array(list(ids), pa.string())))


def _first_ids(shard: Path) -> Iterator[str]:
    batch = next(read_batches(shard, DOCUMENTS, 12))
    return batch["document"].to_pylist()

"""Corpora: the documents of all inputs of a card in shards, and what of them could not be used."""

import hashlib
import json
from importlib import metadata
from pathlib import Path

import pyarrow as pa

from landscribe.command import InputError, resumed, some, written
from landscribe.corpora import Corpus
from landscribe.provenance import code_version, file_digest
from landscribe.tables import DOCUMENTS, REJECTS, batches_of, write_table
from landscribe.text.documents import Reject, kind_of
from landscribe.text.inputs import Input, inputs
from landscribe.text.journal import Journal
from landscribe.text.reading import Position, forget, items
from landscribe.text.seen import Seen
from landscribe.text.sieve import Sieve, placed

PACKAGES = (  # those whose version can change a text
    *("charset-normalizer", "feedparser", "htmldate", "lxml", "mwparserfromhell"),
    *("py3langid", "pyarrow", "trafilatura", "warcio"),
)
_SHARD_CHARACTERS = 50_000_000  # a shard that has them ends earlier: it is held as a whole


def read_corpus(name: str, card: Corpus, folder: Path) -> dict:
    """Read a corpus into `folder`; what its corpus.json says.

    It holds documents/shard-00000.parquet and so on, rejects.parquet and corpus.json. What a run
    finished that was killed is kept, and the result is that of a run that was not. `InputError` if
    there is not one document.
    """
    found = inputs(card)
    with (
        resumed(folder / "documents", _mark(name, card, found)) as documents,
        Journal(documents.parent) as journal,
    ):
        _read(name, card, found, documents, journal)
        if not journal.shards:
            raise InputError(_nothing(name, journal))
        rows = ({"corpus": name, "source": s, "reason": r} for s, r in journal.rejects())
        write_table(folder / "rejects.parquet", batches_of(rows, REJECTS), REJECTS)
        about = _about(name, card, found, documents, journal)
        with written(folder / "corpus.json") as part:
            part.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    return about


def _mark(name: str, card: Corpus, found: list[Input]) -> str:
    """Changes with all that the documents depend on."""
    code = code_version("landscribe/text/corpora.py", f"landscribe/text/readers/{card.reader}.py")
    told = [name, card.model_dump(), [one.mark() for one in found], code, _packages()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _read(name: str, card: Corpus, found: list[Input], documents: Path, journal: Journal) -> None:
    """Write all shards that are not there, and note the rejects."""
    sieve = Sieve(name, card, Seen(journal.digests()), journal.counts)
    rows: list[dict] = []
    fetched = documents.with_name("fetched")
    at, characters = journal.at, 0
    for at, item in items(card, found, journal.at, fetched):
        file = found[at[0]].name
        row = item if isinstance(item, Reject) else sieve.row(item, file)
        if isinstance(row, Reject):
            journal.reject(placed(file, row.place), row)
        elif row:
            rows.append(row)
            characters += len(row["text"])
        if len(rows) == card.shard_documents or characters >= _SHARD_CHARACTERS:
            _write_shard(documents, rows, at, sieve, journal)
            forget(fetched, at[0])
            rows, characters = [], 0
    if rows:
        _write_shard(documents, rows, at, sieve, journal)


def _write_shard(
    documents: Path, rows: list[dict], at: Position, sieve: Sieve, journal: Journal
) -> None:
    path = documents / _shard_name(len(journal.shards))
    write_table(path, [pa.RecordBatch.from_pylist(rows, DOCUMENTS)], DOCUMENTS)
    journal.commit(at, len(rows), sieve.new)
    sieve.new.clear()


def _about(name: str, card: Corpus, found: list[Input], documents: Path, journal: Journal) -> dict:
    """What corpus.json says."""
    shards = [
        {
            "file": f"{documents.name}/{_shard_name(number)}",
            "documents": count,
            "sha256": file_digest(documents / _shard_name(number)),
        }
        for number, count in enumerate(journal.shards)
    ]
    head = {"corpus": name} | card.model_dump(include={"title", "licence", "attribution", "reader"})
    counts = journal.counts.told()
    return head | {"inputs": len(found)} | counts | {"packages": _packages(), "shards": shards}


def _nothing(name: str, journal: Journal) -> str:
    """Message about a corpus without a document: why, with an example of each reason."""
    counts = journal.counts
    examples: dict[str, str] = {}
    for source, reason in journal.rejects():
        examples.setdefault(kind_of(reason), f"{source}: {reason}")
    told = [f"{counts.rejects[kind]} rejects such as {text}" for kind, text in examples.items()]
    others = [f"{n} of {code or 'no language'}" for code, n in counts.other_languages.items()]
    told += [f"{some(sorted(others))} that `languages` leaves out"] if others else []
    lines = "".join(f"\n  {line}" for line in told)
    return f"corpus {name}: there is no document to keep; correct its card or its files{lines}"


def _shard_name(number: int) -> str:
    return f"shard-{number:05}.parquet"


def _packages() -> dict[str, str]:
    return {package: metadata.version(package) for package in PACKAGES}

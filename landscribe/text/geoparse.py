"""Geoparse documents in shards, in several processes, so that a killed run goes on.

Of each shard there are tables of its mentions, of the grounds of its documents and of its rejects,
and what was counted in it; that file is written last, so it says that the shard is done.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache, partial
from importlib import metadata
from pathlib import Path

from tqdm import tqdm

from landscribe.command import InputError, resumed, written
from landscribe.places.lookup import Places
from landscribe.processes import in_processes
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
from landscribe.text.geoparser import Geoparser
from landscribe.text.parsing import COUNTS, FAILED, Parsing, summed
from landscribe.text.second_opinion import SecondOpinion

PACKAGES = (  # those whose version can change a mention
    *("lightgbm", "numpy", "pyproj", "scikit-learn", "scipy", "shapely", "spacy", "thinc"),
)
_READ = 256  # documents that are in memory at once


@dataclass(frozen=True)
class Geoparsing:
    """What is read to geoparse documents, and where their mentions go to."""

    documents: Path  # folder of shards
    model: Path  # folder of a geoparser
    store: Path  # of the gazetteer that it was trained with
    mentions: Path  # folder to write
    part: int = 0  # of `parts`: each takes every so many-th shard
    parts: int = 1
    answers: Path | None = None  # SQLite file of a language model's answers; none: beside mentions


def geoparse_documents(job: Geoparsing, rejects: Path, about: Path, processes: int = 1) -> dict:
    """Write the tables of each shard, those of all rejects, and what was found; the latter.

    What a killed run finished is kept as long as documents, model, gazetteer, code and packages
    are the same. The result is that of an undisturbed run, unless a language model was asked.
    """
    shards = _shards(job)
    _open(job.model, job.store)  # a fault of the model is told before any process starts
    with resumed(job.mentions, _mark(job, shards)) as folder:
        folder.mkdir(exist_ok=True)  # of a part without a shard, too
        left = [shard for shard in shards if not _told(folder, shard).exists()]
        done = in_processes(partial(_parse, job, folder), left, min(processes, len(left)))
        whole = {"total": len(shards), "initial": len(shards) - len(left)}
        for _ in tqdm(done, desc="geoparse", unit="shard", **whole):
            pass
        told = _sum(job, folder, shards)
        found = (read_table(_path(folder, "rejects", shard), REJECTS) for shard in shards)
        write_table(rejects, found, REJECTS)
        with written(about) as file:
            file.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    return told


def _shards(job: Geoparsing) -> list[Path]:
    """Shards of the part."""
    if not 0 <= job.part < job.parts:
        raise InputError(f"part {job.part} of {job.parts} parts; they are 0 to {job.parts - 1}")
    shards = sorted(job.documents.glob("shard-*.parquet"))
    if not shards:
        raise InputError(f"{job.documents}: no shard of documents; run the rule read_corpus")
    return shards[job.part :: job.parts]


def _mark(job: Geoparsing, shards: list[Path]) -> str:
    """Changes with all that the mentions depend on."""
    code = code_version("landscribe/text/geoparse.py")
    told = [file_digest(job.model), Places(job.store).version, code, _packages()]
    told += [[shard.name, file_digest(shard)] for shard in shards]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _parse(job: Geoparsing, folder: Path, shard: Path) -> None:
    """Write the tables of a shard, and what was counted."""
    parsing = Parsing(_open(job.model, job.store), _opinion(job))
    batches = read_batches(shard, DOCUMENTS, _READ)
    rows = parsing.mentions(row for batch in batches for row in batch.to_pylist())
    for name, found, schema in (
        ("mentions", rows, MENTIONS),  # drawn as they are written, for they may be many
        ("grounds", parsing.grounds, GROUNDS),
        ("rejects", parsing.rejects, REJECTS),
    ):
        write_table(_path(folder, name, shard), batches_of(found, schema), schema)
    with written(_told(folder, shard)) as file:
        file.write_text(json.dumps(parsing.told(), ensure_ascii=False))


def _sum(job: Geoparsing, folder: Path, shards: list[Path]) -> dict:
    """What there is to tell of all shards together."""
    geoparser = _open(job.model, job.store)
    told = [json.loads(_told(folder, shard).read_text()) for shard in shards]
    counts, languages, rejects, llm = (
        summed(one[name] for one in told) for name in ("counts", "languages", "rejects", "llm")
    )
    if FAILED in rejects and not counts.get("parsed"):
        first = next(_path(folder, "rejects", shard) for shard in shards)
        raise InputError(
            f"{job.documents}: none of {counts['documents']} documents could be parsed; look at"
            f" {first}, and whether model and gazetteer are whole"
        )
    model = geoparser.llm
    return {
        **{name: counts.get(name, 0) for name in COUNTS},
        "rejects": rejects,
        "languages": languages,
        **{"part": job.part, "parts": job.parts, "shards": len(shards)},
        "gazetteer": geoparser.places.version,
        "recognizers": {code: one.digest for code, one in geoparser.recognizers.items()},
        "resolver": geoparser.resolver.digest,
        "llm": model and model.model_dump() | {"counts": llm},
        "packages": _packages(),
    }


def _packages() -> dict[str, str]:
    return {package: metadata.version(package) for package in PACKAGES}


@cache
def _open(model: Path, store: Path) -> Geoparser:
    return Geoparser.load(model, Places(store))


@cache
def _opinion(job: Geoparsing) -> SecondOpinion | None:
    geoparser = _open(job.model, job.store)
    answers = job.answers or job.mentions.with_name("answers.sqlite")
    return geoparser.llm and SecondOpinion(geoparser.llm, answers, geoparser.places)


def _path(folder: Path, table: str, shard: Path) -> Path:
    return folder / table / shard.name


def _told(folder: Path, shard: Path) -> Path:
    return folder / "told" / f"{shard.stem}.json"

"""The documents of one file, for who has no corpus card: their texts are taken as they are."""

import importlib
import re
from pathlib import Path

import pyarrow.parquet as pq

from landscribe.card import twice
from landscribe.command import InputError, some
from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.encodings import MOST_STRAY, stray_share
from landscribe.text.languages import language_of

READERS = {  # ending -> reader
    **dict.fromkeys((".txt", ".md"), "plain"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".parquet": "parquet",
}
_PACKED = (".gz", ".bz2")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character, from JSON


def file_documents(path: Path, language: str | None = None) -> list[dict]:
    """Rows of DOCUMENTS of a file; each text as it stands there, so that offsets count in it.

    `InputError` if there is no file, or anything in it is not a text.

    Args:
        path: a text (.txt, .md), or documents (.jsonl, .ndjson, .parquet) with the fields text,
            and id, title, language, source, outlet, time as far as they have them.
        language: ISO 639-1 of all texts; none: as each says, else guessed.
    """
    reader = _reader(path)
    rows = [_row(path, reader, item, language) for item in _items(path, reader)]
    if not rows:
        raise InputError(f"{path}: no document in it; give a file with a text")
    if again := twice(row["document"] for row in rows):
        raise InputError(f"{path}: several documents have the id {some(again)}; give each its own")
    return rows


def _reader(path: Path) -> str:
    packed = path.suffix.lower() in _PACKED
    ending = (Path(path.stem) if packed else path).suffix.lower()
    if not path.is_file():
        raise InputError(f"{path}: no such file; give a text, or documents as JSONL or Parquet")
    if ending not in READERS:
        raise InputError(f"{path}: the ending {ending or '(none)'} is not read, but {known()} are")
    return READERS[ending]


def known() -> str:
    """Endings that are read."""
    return ", ".join(READERS)


def _items(path: Path, reader: str) -> list[Document | Reject]:
    told = {"title": path.name, "reader": reader, "paths": ["."]}
    told |= {"licence": "other", "attribution": "", "columns": _columns(path, reader)}
    card = Corpus.model_validate(told)
    module = importlib.import_module(f"landscribe.text.readers.{reader}")
    with path.open("rb") as file:
        return list(module.read(file, card))


def _columns(path: Path, reader: str) -> dict[str, str]:
    """Where our own tables of documents have another name than files of others."""
    if reader != "parquet":
        return {}
    try:
        names = pq.read_schema(path).names
    except (OSError, ValueError):  # the reader will say it better
        return {}
    return {"document": "document"} if "document" in names else {}


def _row(path: Path, reader: str, item: Document | Reject, language: str | None) -> dict:
    where = f"{path}, {item.place}" if item.place else str(path)
    if isinstance(item, Reject):
        raise InputError(f"{where}: {item.reason}")
    if not item.text.strip():
        raise InputError(f"{where}: empty; a text was wanted")
    if (share := stray_share(item.text)) > MOST_STRAY:
        raise InputError(f"{where}: binary ({share:.0%} of it stand in no text); give a text")
    number = re.sub(r"\D", "", item.place)
    name = path.name.split(".")[0]
    return {
        "document": item.id or (f"{name}:{number}" if number else name),
        "title": item.title or (name if reader == "plain" else ""),
        "text": _SURROGATE.sub("\ufffd", item.text),
        "language": language or item.language or language_of(item.text),
        "licence": "other",
        "source": item.source or (f"{path.name}, {item.place}" if item.place else path.name),
        "outlet": item.outlet,
        "time": item.time,
    }

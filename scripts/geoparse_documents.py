"""Documents and a geoparser -> their mentions with places, and the ground they are about."""

from pathlib import Path

from landscribe.command import command
from landscribe.text.geoparse import Geoparsing, geoparse_documents
from landscribe.text.parsing import sentence


def main(
    documents: Path,
    model: Path,
    store: Path,
    mentions: Path,
    rejects: Path,
    about: Path,
    part: int = 0,
    parts: int = 1,
    answers: Path | None = None,
    threads: int = 1,
) -> None:
    """Find the toponyms of documents, and which places they mean.

    A run that was killed goes on with the shards that are missing.

    Args:
        documents: folder of documents in shards.
        model: geoparser to use.
        store: gazetteer that the geoparser was trained with.
        mentions: folder to write: of each shard the mentions and the grounds of the documents.
        rejects: table to write of documents that could not be parsed.
        about: JSON file to write: what was counted, and what it was found with.
        part: which of the parts to parse, from 0 on.
        parts: how many parts the shards are dealt out to.
        answers: SQLite file of a language model's answers, which jobs of one machine may share;
            none: answers.sqlite beside the mentions. Only of a geoparser that asks one.
        threads: processes that parse shards side by side.
    """
    job = Geoparsing(documents, model, store, mentions, part, parts, answers)
    told = geoparse_documents(job, rejects, about, threads)
    print(f"{mentions}: {sentence(told)}")


if __name__ == "__main__":
    command(main)

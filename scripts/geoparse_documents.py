"""Documents and a geoparser -> their mentions with places, and the ground they are about."""

from pathlib import Path

from landscribe.command import command
from landscribe.text.geoparse import geoparse_documents


def main(
    documents: Path, model: Path, store: Path, mentions: Path, rejects: Path, threads: int = 1
) -> None:
    """Find the toponyms of documents, and which places they mean.

    A run that was killed goes on with the shards that are missing.

    Args:
        documents: folder of documents in shards.
        model: geoparser to use.
        store: gazetteer that the geoparser was trained with.
        mentions: folder to write: of each shard the mentions and the grounds of the documents.
        rejects: table to write of documents that could not be parsed.
        threads: processes that parse shards side by side.
    """
    counts = geoparse_documents(documents, model, store, mentions, rejects, threads)
    print(f"{mentions}: {counts}")


if __name__ == "__main__":
    command(main)

"""Card of a corpus -> its documents in shards, and what of its files could not be used."""

from pathlib import Path

from landscribe.command import command
from landscribe.corpora import Corpus
from landscribe.text.corpora import read_corpus


def main(corpus: Path, folder: Path) -> None:
    """Read dumps, feeds and files of texts to documents.

    A run that was killed goes on after the last shard that it finished.

    Args:
        corpus: card in config/corpora; its name is the first part of each document's id.
        folder: to write documents/shard-00000.parquet and so on, rejects.parquet and corpus.json
            to; beside documents, what a killed run left is kept.
    """
    told = read_corpus(corpus.stem, Corpus.read(corpus), folder)
    rejects = sum(told["rejects"].values())
    print(
        f"{folder}: {told['documents']} documents in {len(told['shards'])} shards,"
        f" {told['duplicates']} duplicates, {sum(told['other_languages'].values())} of other"
        f" languages, {rejects} rejects"
    )


if __name__ == "__main__":
    command(main)

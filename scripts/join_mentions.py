"""Parts of a geoparsed corpus -> the whole."""

from pathlib import Path

from landscribe.command import command
from landscribe.text.join_mentions import join_mentions
from landscribe.text.parsing import sentence


def main(
    parts: tuple[Path, ...],
    abouts: tuple[Path, ...],
    mentions: Path,
    rejects: Path,
    about: Path,
) -> None:
    """Put the shards of all parts into one folder, and what was counted into one file.

    Args:
        parts: folders of mentions that geoparse_documents wrote.
        abouts: what it told of each.
        mentions: folder to write; its files are those of the parts, on the disk only once.
        rejects: table to write of documents that could not be parsed.
        about: JSON file to write: what was counted, and what it was found with.
    """
    told = join_mentions(parts, abouts, mentions, rejects, about)
    print(f"{mentions}: {sentence(told)}")


if __name__ == "__main__":
    command(main)

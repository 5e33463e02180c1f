"""Gazetteer card and one of its sources -> what that source says of places."""

from pathlib import Path

from landscribe.command import command
from landscribe.gazetteers import Gazetteer
from landscribe.places.sources import read_source


def main(gazetteer: Path, source: str, places: Path) -> None:
    """Read one source of a gazetteer: a dump, an extract, a package.

    Args:
        gazetteer: card in config/gazetteers.
        source: name of one of the card's sources.
        places: table to write, a row per place of the source.
    """
    rows = read_source(Gazetteer.read(gazetteer).source(source), places)
    print(f"{places}: {rows} places of {source}")


if __name__ == "__main__":
    command(main)

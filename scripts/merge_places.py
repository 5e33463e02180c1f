"""Sources of a gazetteer -> its tables of places, names and polygons."""

from pathlib import Path

from landscribe.command import command
from landscribe.gazetteers import Gazetteer
from landscribe.places.merge import merge_places


def main(gazetteer: Path, sources: list[Path], places: Path, names: Path, polygons: Path) -> None:
    """Merge what the sources of a gazetteer say of the same place.

    Args:
        gazetteer: card in config/gazetteers; the order of its sources is that of trust.
        sources: tables of the sources, each named as its source.
        places: table of the places to write.
        names: table of their names to write.
        polygons: GeoParquet of their ground, where it is known, to write.
    """
    card = Gazetteer.read(gazetteer)
    rows = merge_places(card, {path.stem: path for path in sources}, places, names, polygons)
    print(f"{places}: {rows} places of {len(sources)} sources")


if __name__ == "__main__":
    command(main)

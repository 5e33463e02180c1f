"""Tables of a gazetteer -> its store, in which places are looked up."""

from pathlib import Path

from landscribe.command import command
from landscribe.places.store import write_store


def main(places: Path, names: Path, store: Path, polygons: Path | None = None) -> None:
    """Make a gazetteer's tables into files that answer in microseconds, without a server.

    Args:
        places: table of the places, the larger population first.
        names: table of their names.
        store: folder to write.
        polygons: GeoParquet of the places whose ground is known; keep it where it is.
    """
    about = write_store(places, names, polygons, store)
    size_mb = sum(about["bytes"].values()) / 1e6
    print(
        f"{store}: gazetteer {about['version']}, {about['places']} places, {about['names']} names,"
        f" {about['polygons']} polygons, {size_mb:.0f} MB"
    )


if __name__ == "__main__":
    command(main)

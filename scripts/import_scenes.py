"""Archive card -> static STAC catalogue of the product files that it describes."""

from pathlib import Path

import pystac

from landscribe.command import command, written
from landscribe.imagery.archive import archive_catalogue
from landscribe.sensors import Archive, Sensor


def main(archive: Path, sensor: Path, catalogue: Path) -> None:
    """Describe the product files of an archive as a static STAC 1.1 catalogue.

    Every file is decoded once, to be sure that it is whole, and its SHA-256 goes into the
    catalogue. The files stay where they are.

    Args:
        archive: card in config/archives: where the files are and how their names are read.
        sensor: card in config/sensors: the bands that each scene has to have.
        catalogue: folder to write; catalog.json in it is the catalogue's root.
    """
    found = archive_catalogue(Archive.read(archive), Sensor.read(sensor), archive.stem)
    scenes = list(found.get_items(recursive=True))
    with written(catalogue) as part:
        found.normalize_hrefs(
            f"{part.resolve()}/"
        )  # the slash: a folder, whatever its name ends in
        found.save(pystac.CatalogType.SELF_CONTAINED)
    files = sum(len(scene.assets) for scene in scenes)
    print(f"{catalogue}: {len(scenes)} scenes, {files} files")


if __name__ == "__main__":
    command(main)

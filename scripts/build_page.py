"""Maps, scores and provenance of a region, year and task -> the page to send."""

from pathlib import Path

import tyro

from landscribe.command import command, written
from landscribe.publish.page import page
from landscribe.publish.page_files import PageFiles


def main(files: tyro.conf.OmitArgPrefixes[PageFiles], year: int, out: Path) -> None:
    """Build one HTML page that shows a region's maps with scores, areas and how they were made.

    It needs no other file to be read; its links to data work where it lies in results/.

    Args:
        files: what the page shows.
        year: calendar year of the maps.
        out: index.html to write.
    """
    html = page(files, year, out.parent)
    with written(out) as part:
        part.write_text(html, encoding="utf-8")
    print(f"{out}: {len(files.descriptions)} models, {len(html.encode()) / 1e6:.1f} MB")


if __name__ == "__main__":
    command(main)

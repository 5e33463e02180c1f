"""Geoparsed documents and their gazetteer -> a page that shows them on a map."""

from pathlib import Path

from landscribe.command import command
from landscribe.places.lookup import Places
from landscribe.publish.documents_page import write_documents_page
from landscribe.publish.parsed_documents import parsed_documents


def main(
    documents: Path,
    mentions: Path,
    store: Path,
    page: Path,
    title: str = "Geoparsed documents",
    ids: tuple[str, ...] = (),
    most: int = 50,
) -> None:
    """Build a page that shows each text beside a map of the places that it names.

    The page is a folder that works from any disk, without a network; open its index.html.

    Args:
        documents: folder of documents in shards.
        mentions: folder that join_mentions wrote about them.
        store: gazetteer that the mentions were resolved with.
        page: folder to write.
        title: of the page.
        ids: documents to show, at most 200; none: the first ones.
        most: how many of the first ones.
    """
    parsed = parsed_documents(documents, mentions, ids, most)
    told = write_documents_page(parsed, Places(store), title, page)
    print(f"{page}: {told['documents']} documents, {told['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    command(main)

"""The page of geoparsed documents: each text beside a map of the places that it names.

It is a folder: `index.html`, and below `data/` the outlines of the world and a file per document,
which the page loads when the document is chosen. It needs no network and no server: the data are
scripts, as a page that is opened from a disk may load nothing else.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from landscribe.command import InputError, written
from landscribe.places.lookup import Places
from landscribe.publish.document_view import Parsed, counts, document_view
from landscribe.publish.outlines import ATTRIBUTION, world
from landscribe.publish.place_view import KINDS
from landscribe.publish.templates import environment, script_json, verbatim

MOST_DOCUMENTS = 200  # of a page: more, and nobody finds anything in the list


def write_documents_page(
    parsed: Sequence[Parsed], places: Places, title: str, folder: Path
) -> dict[str, int]:
    """Write the page to `folder`, which it replaces; how many documents and bytes it has.

    Args:
        places: gazetteer that the mentions were resolved with.
    """
    if not 0 < len(parsed) <= MOST_DOCUMENTS:
        raise InputError(
            f"{len(parsed)} documents; a page shows 1 to {MOST_DOCUMENTS}, so choose some of them"
        )
    with written(folder) as part:
        (part / "data").mkdir(parents=True)
        _write_script(part / "data/world.js", "world", world())
        for number, one in enumerate(tqdm(parsed, desc="show documents", unit=" documents")):
            path = part / "data" / _file(number)
            _write_script(path, "document", {"number": number, **document_view(one, places)})
        (part / "index.html").write_text(_index(parsed, places, title), encoding="utf-8")
        size = sum(path.stat().st_size for path in part.rglob("*") if path.is_file())
    return {"documents": len(parsed), "bytes": size}


def _index(parsed: Sequence[Parsed], places: Places, title: str) -> str:
    listed = [
        {
            "file": f"data/{_file(number)}",
            "id": one.document["document"],
            "title": one.document["title"] or one.document["document"],
            "language": one.document["language"] or "",
            **counts(one),
        }
        for number, one in enumerate(parsed)
    ]
    sources = places.about.get("sources", {})
    return (
        environment()
        .get_template("documents.html.j2")
        .render(
            title=title,
            documents=listed,
            kinds=KINDS,
            gazetteer=places.version,
            sources=list(sources),
            outlines=ATTRIBUTION,
            listed=script_json(listed),
            style=verbatim("style.css", "documents.css"),
            script=verbatim("moving.js", "mercator.js", "documents.js"),
        )
    )


def _write_script(path: Path, name: str, data: object) -> None:
    """Script that hands data to the function `landscribe.<name>` of the page."""
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"landscribe.{name}({told});\n", encoding="utf-8")


def _file(number: int) -> str:
    return f"{number:03}.js"

"""Geoparse one file from the command line: texts in, the places that they name out."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import shapely
import tyro
from tqdm import tqdm

from landscribe.command import InputError, command, some
from landscribe.places.lookup import Places
from landscribe.publish.document_view import Parsed
from landscribe.publish.documents_page import MOST_DOCUMENTS, write_documents_page
from landscribe.tables import MENTIONS, batches_of, write_table
from landscribe.text.file_documents import file_documents
from landscribe.text.footprints import document_ground
from landscribe.text.geoparser import Geoparser
from landscribe.text.mention_features import mention_feature, write_geojson

ENDINGS = (".geojson", ".parquet")
_TOGETHER = 8  # documents between two steps of the progress bar
_QUIET_S = 2  # what takes no longer needs no bar


def main(
    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")],
    model: Path,
    store: Path,
    out: Path,
    language: str | None = None,
    page: Path | None = None,
) -> None:
    """Find the places that a text names, and write them as a layer for a GIS.

    Each mention of a place becomes a feature: the ground that is meant as its geometry, and the
    place, its probability and the other candidates as properties. start and end count characters
    in the text as the file has it. A mention that means no place of the gazetteer has no geometry.

    A document needs a field text, and may have id, title, language, source, outlet and time. Files
    may be packed (.gz, .bz2), Parquet apart.

    For example, with the geoparser and the gazetteer of a finished run:

        python -m landscribe.geoparse_file report.txt --model results/geoparse/news/model
        --store results/gazetteer/world/store --out report.geojson --page report-page

    Args:
        file: a text (.txt, .md), or documents, one a line or row (.jsonl, .ndjson, .parquet).
        model: geoparser, a folder that the rule train_geoparser wrote.
        store: gazetteer that it was trained with, a folder that the rule index_places wrote.
        out: file to write, .geojson (RFC 7946) or .parquet (GeoParquet).
        language: ISO 639-1 of all texts, such as en; none: as each says, else guessed.
        page: folder to write a page to that shows the texts beside maps; open its index.html.
    """
    if out.suffix not in ENDINGS:
        raise InputError(
            f"{out}: the ending decides what is written; wanted {' or '.join(ENDINGS)}"
        )
    documents = file_documents(file, language)
    geoparser = Geoparser.load(model, Places(store))
    read = _readable(file, documents, list(geoparser.recognizers))
    if page and len(read) > MOST_DOCUMENTS:
        raise InputError(f"{file}: {len(read)} documents; --page shows at most {MOST_DOCUMENTS}")
    kept: list[Parsed] = []
    counts: Counter[str] = Counter()
    rows = _mentions(geoparser, read, counts, kept.append if page else None)
    if out.suffix == ".parquet":
        write_table(out, batches_of(rows, MENTIONS), MENTIONS)
    else:
        write_geojson(out, _features(rows, geoparser.places))
    print(f"{out}: {counts['mentions']} mentions, {counts['placed']} with a place")
    if page:
        write_documents_page(kept, geoparser.places, file.name, page)
        print(f"{page / 'index.html'}: the page to open")


def _readable(file: Path, documents: list[dict], languages: list[str]) -> list[dict]:
    """Documents in a language that the geoparser reads; says which are left out."""
    read = [row for row in documents if row["language"] in languages]
    left = Counter(row["language"] for row in documents if row["language"] not in languages)
    if not left:
        return read
    told = some([_in(count, language) for language, count in sorted(left.items())])
    told += f" {'is' if left.total() == 1 else 'are'} not read, only {', '.join(languages)}"
    if not read:
        raise InputError(f"{file}: {told}; if the texts are in one of these, name it: --language")
    print(f"{file}: {told}")
    return read


def _in(count: int, language: str) -> str:
    documents = "1 document" if count == 1 else f"{count} documents"
    return f"{documents} in {language or 'a language that cannot be told'}"


def _mentions(
    geoparser: Geoparser,
    documents: list[dict],
    counts: Counter[str],
    keep: Callable[[Parsed], None] | None,
) -> Iterator[dict]:
    """Rows of MENTIONS; they are counted, and each document is given to `keep`."""
    total = sum(len(row["text"]) for row in documents)
    with tqdm(
        desc="geoparse", total=total, unit=" characters", unit_scale=True, delay=_QUIET_S
    ) as bar:
        for start in range(0, len(documents), _TOGETHER):
            some_documents = documents[start : start + _TOGETHER]
            found = geoparser.mentions(some_documents)
            for document, rows in zip(some_documents, found, strict=True):
                bar.update(len(document["text"]))
                counts["mentions"] += len(rows)
                counts["placed"] += sum(row["place"] is not None for row in rows)
                if keep:
                    ground = document_ground(rows)
                    wkb = None if ground is None else shapely.to_wkb(ground)
                    keep(Parsed(document, rows, wkb))
                yield from rows


def _features(rows: Iterator[dict], places: Places) -> Iterator[dict]:
    for row in rows:
        meant = row["place"] if row["label"] != "relation" else None  # it is elsewhere than that
        known = places.by_id([meant] if meant else [])
        yield mention_feature(row, known.get(meant))


if __name__ == "__main__":
    command(main)

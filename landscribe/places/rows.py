"""What readers of gazetteer sources share: rows, names and ids in the form of SOURCE_PLACES."""

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.tables import SOURCE_PLACES, batches_of

Name = tuple[str, str, str]  # name, language, kind
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_].*)?")
_BARE = re.compile(r"(.+?)(?: \([^()]+\)|, .+)")
_QID = re.compile(r"Q[1-9][0-9]*")


def place_batches(
    rows: Iterable[dict], source: PlaceSource, size: int = 10_000
) -> Iterator[pa.RecordBatch]:
    """Rows as batches of SOURCE_PLACES; those of other countries than the card's are left out.

    A row without a country has that of the card, if it names one; one without units around has its
    country. `InputError` if none is left.
    """
    kept = 0
    for batch in batches_of(_of_countries(rows, source), SOURCE_PLACES, size):
        kept += batch.num_rows
        yield batch
    if not kept:
        where = f" in {', '.join(source.countries)}" if source.countries else ""
        raise InputError(
            f"{source.path}: no place{where} that the reader {source.reader} could use; correct the"
            f" card of {source.name}, or bring another file"
        )


def further_names(name: str, others: Iterable[Name]) -> list[Name]:
    """Names beside the first one, each once per language, in their order.

    Without a language only what was not there before.
    """
    seen, found = {name, (name, "")}, []
    for other, language, kind in others:
        other = " ".join(other.split())
        if other and (other, language) not in seen and (language or other not in seen):
            seen |= {other, (other, language)}
            found.append((other, language, kind))
    return found


def bare_title(title: str) -> str:
    """`Paris` of `Paris (Texas)` or `Paris, Texas`; empty of a title that is a bare name."""
    match = _BARE.fullmatch(title)
    return match[1] if match else ""


def iso_language(tag: str) -> str:
    """ISO 639-1 code of a language tag such as `zh-Hant`; empty if it has none."""
    match = _LANGUAGE.fullmatch(tag)
    return match[1] if match else ""


def lonlat(lon: object, lat: object) -> tuple[float, float]:
    """Two numbers as lon, lat; `ValueError` if they lie off the earth."""
    lon, lat = float(lon), float(lat)
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # NaN too
        raise ValueError(f"lon {lon:g}, lat {lat:g} are not on the earth")
    return lon, lat


def people(count: object) -> int | None:
    """A population, None where it is not known: what is no number, zero or less."""
    try:
        return max(int(float(str(count).replace(",", "").replace(" ", ""))), 0) or None
    except (ValueError, OverflowError):
        return None


def wikidata_id(text: str) -> str:
    """`wd:Q64` of `Q64`, or of the first of several; empty if it is none."""
    match = _QID.match(text.strip())
    return f"wd:{match[0]}" if match else ""


def wikipedia_id(language: str, title: str) -> str:
    """`wp:de:Bad_Belzig` of a page's title, the same from every source."""
    title = title.partition("#")[0].replace(" ", "_").strip("_")
    return f"wp:{language}:{title[:1].upper()}{title[1:]}"


def _of_countries(rows: Iterable[dict], source: PlaceSource) -> Iterator[dict]:
    wanted = set(source.countries)
    for row in rows:
        row["country"] = row["country"] or source.country or ""
        if row["country"] and not row["admin"] and row["class"] != "country":
            row["admin"] = [row["country"]]
        if not wanted or row["country"] in wanted:
            yield row

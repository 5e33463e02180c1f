"""Entries of a feed: RSS or Atom."""

import calendar
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from typing import BinaryIO
from urllib.parse import urlsplit

import feedparser
from lxml.etree import LxmlError

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject
from landscribe.text.markup import plain_html

_MOST_BYTES = 64 * 2**20  # of a feed, which is held as a whole
_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)
_END = re.compile(rb"</[\w:]*(rss|feed|rdf)\s*>\s*(<!--.*?-->\s*)*$", re.I | re.S)


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """A document of each entry: its content, or else its summary, without HTML.

    Args:
        start: entries to pass over.
    """
    for item in islice(_entries(file), start, None):
        yield item if isinstance(item, Reject) else _document(*item)


def _entries(file: BinaryIO) -> Iterator[tuple[str, dict] | Reject]:
    """Entries, with their places; last, what is wrong with the feed."""
    data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        yield Reject("", f"too long: a feed of more than {_MOST_BYTES:,} bytes")
        return
    feed = feedparser.parse(BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    if not feed.get("version"):
        yield Reject("", f"no feed: RSS or Atom was wanted, but it begins with {data[:40]!r}")
        return
    entries = [(f"entry {number}", entry) for number, entry in enumerate(feed.entries, 1)]
    cut = not _END.search(data)
    yield from entries[:-1] if cut else entries
    fault = feed.get("bozo_exception")
    if cut:
        place = f"entry {max(len(entries), 1)}"
        yield Reject(place, "broken off: the feed ends within it; bring the file anew")
    elif fault and not isinstance(fault, _HARMLESS):
        yield Reject("", f"broken feed: {fault}; its entries may be cut")


def _document(place: str, entry: dict) -> Document | Reject:
    try:
        text, title = plain_html(_body(entry)), plain_html(entry.get("title", ""))
    except (LxmlError, ValueError) as error:
        return Reject(place, f"no HTML: {error}")
    link = entry.get("link", "")
    return Document(
        place=place,
        text=text,
        title=title,
        id=entry.get("id") or link,
        source=link,
        outlet=urlsplit(link).hostname or "",
        time=_time(entry),
    )


def _body(entry: dict) -> str:
    contents = [part.get("value") or "" for part in entry.get("content", [])]
    return max([*contents, entry.get("summary") or ""], key=len)


def _time(entry: dict) -> datetime | None:
    # `get` of the first name would give the second one too, with a warning.
    names = [name for name in ("published_parsed", "updated_parsed") if name in entry]
    parsed = next((entry[name] for name in names if entry[name]), None)
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None

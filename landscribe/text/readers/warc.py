"""Web pages of a WARC file, such as those of Common Crawl News: their main text."""

import base64
import hashlib
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import BinaryIO
from urllib.parse import urlsplit

from lxml.etree import LxmlError
from trafilatura import bare_extraction
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject, utc
from landscribe.text.records import warc_records

_HTML = ("text/html", "application/xhtml+xml")
_BASE32 = 32  # digits of a SHA-1; other ways to write it are not compared
_MOST_HTML = 16 * 2**20  # bytes; a page takes about 20 times as much when it is parsed
# What libraries end in when a page is like none that their authors have seen.
_FAULTS = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError)


@dataclass(frozen=True)
class _Page:
    place: str
    id: str
    address: str
    crawled: str
    html: bytes
    charset: str  # that the server named, or empty


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """The main text of each HTML page that a server gave without fault (status 200).

    Title and day of publication are those that the page tells (by trafilatura, Barbaresi 2021,
    doi:10.18653/v1/2021.acl-demo.15); the outlet is its host.

    Args:
        start: pages and broken records to pass over.
    """
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it tells of every empty page
    for item in islice(_pages(file), start, None):
        yield item if isinstance(item, Reject) else _document(item)


def _pages(file: BinaryIO) -> Iterator[_Page | Reject]:
    for item in warc_records(file):
        if isinstance(item, Reject):
            yield item
            continue
        place, data = item
        try:
            record = next(iter(ArchiveIterator(BytesIO(data))))
            if page := _page(place, data, record):
                yield page
        except (ArchiveLoadFailed, EOFError, StopIteration, *_FAULTS) as error:
            yield Reject(place, f"broken record: {error or type(error).__name__}")


def _page(place: str, data: bytes, record: ArcWarcRecord) -> _Page | None:
    """Page of a record; None if it is none, or of a status that is not 200."""
    http, head = record.http_headers, record.rec_headers
    if record.rec_type != "response" or not http or http.get_statuscode() != "200":
        return None
    kind, _, told = (http.get_header("Content-Type") or "").partition(";")
    if kind.strip().lower() not in _HTML:
        return None
    _check_whole(data, int(head["Content-Length"]), head.get("WARC-Block-Digest", ""))
    html = record.content_stream().read(_MOST_HTML + 1)
    charset = told.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    name = head.get("WARC-Record-ID", "").strip("<>").removeprefix("urn:uuid:")
    address, crawled = head.get("WARC-Target-URI", ""), head.get("WARC-Date", "")
    return _Page(place, name, address, crawled, html, charset)


def _check_whole(record: bytes, length: int, digest: str) -> None:
    block = record.partition(b"\r\n\r\n")[2][:length]
    if len(block) < length:
        raise ValueError(f"{length:,} bytes were wanted, but there are {len(block):,}")
    told = digest.removeprefix("sha1:")
    if len(told) == _BASE32 and told != base64.b32encode(hashlib.sha1(block).digest()).decode():
        raise ValueError("its content is not that of its digest")


def _document(page: _Page) -> Document | Reject:
    if len(page.html) > _MOST_HTML:
        return Reject(page.place, f"too long: a page of more than {_MOST_HTML:,} bytes")
    crawled = utc(page.crawled)
    # Without a day, "not in the future" would be asked of the day on which this runs.
    latest = {"max_date": f"{crawled:%Y-%m-%d}"} if crawled else {}
    try:
        found = bare_extraction(
            _decoded(page),
            url=page.address,
            with_metadata=True,
            include_comments=False,
            include_tables=False,
            date_extraction_params={"original_date": True, "extensive_search": False} | latest,
        )
    except (LxmlError, *_FAULTS) as error:
        return Reject(page.place, f"no HTML: {error or type(error).__name__}")
    if found is None or not found.text:
        return Reject(page.place, f"empty: no main text in {page.address}")
    return Document(
        place=page.place,
        text=found.text,
        title=found.title or "",
        id=page.id,
        source=page.address,
        outlet=urlsplit(page.address).hostname or "",
        time=utc(found.date) if found.date else None,
    )


def _decoded(page: _Page) -> str | bytes:
    """By the server's charset; as bytes, whose charset is found out, where that is wrong."""
    with suppress(LookupError, ValueError):
        return page.html.decode(page.charset) if page.charset else page.html
    return page.html

"""Articles of a MediaWiki dump (pages-articles XML, plain, .gz or .bz2) as plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from itertools import islice
from typing import BinaryIO
from urllib.parse import quote, urlsplit
from xml.etree.ElementTree import Element, ParseError, iterparse

from mwparserfromhell.parser import ParserError

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject, two_letters, utc
from landscribe.text.markup import plain_wikitext
from landscribe.text.packed import Unpacked

_REDIRECT = re.compile(r"\s*#\w+\s*:?\s*\[\[")
_ARTICLES = "0"  # number of a namespace
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_FILES, _CATEGORIES = "6", "14"


@dataclass(frozen=True)
class _Site:
    """What a dump says about its wiki."""

    name: str  # of its database, such as enwiki
    address: str  # of its pages, up to their title
    language: str
    hidden: frozenset[str]  # names of namespaces whose links are no text


class _NoDumpError(ValueError):
    """Why a file is no dump at all."""


def read(file: BinaryIO, card: Corpus, start: int = 0) -> Iterator[Document | Reject]:
    """Articles in their latest revision that the dump has; no redirects, no talk.

    Args:
        start: articles to pass over; they are not turned to text.
    """
    for item in islice(_pages(file), start, None):
        yield item if isinstance(item, Reject) else _document(*item)


def _pages(file: BinaryIO) -> Iterator[tuple[Element, _Site] | Reject]:
    """Articles, each emptied when the next one is asked for; last, what broke the dump off."""
    unpacked, pages, fault = Unpacked(file), 0, ""
    try:
        for page, site in _all_pages(BufferedReader(unpacked)):
            pages += 1
            if _is_article(page):
                yield page, site
    except _NoDumpError as error:
        fault = f"no dump: {error}"
    except ParseError as error:
        fault = f"broken off: {error}; bring the file anew"
    if unpacked.fault or fault:
        yield Reject(f"page {pages + 1}", unpacked.fault or fault)


def _all_pages(file: BufferedReader) -> Iterator[tuple[Element, _Site]]:
    events = iterparse(file, ("start", "end"))
    try:
        _, root = next(events)
    except ParseError as error:
        raise _NoDumpError(error) from None
    if _name(root) != "mediawiki":
        raise _NoDumpError(f"<{_name(root)}>, but <mediawiki> was wanted")
    language = two_letters(root.get(_LANG, ""))
    site = _Site("", "", language, frozenset())
    for event, element in events:
        if event == "start":
            continue
        if _name(element) == "siteinfo":
            site = _site(element, language)
        elif _name(element) == "page":
            yield element, site
            root.clear()  # the tree would come to hold every page of the dump


def _document(page: Element, site: _Site) -> Document | Reject:
    number, title = _said(page, "id"), _said(page, "title")
    try:
        text = plain_wikitext(_wikitext(page), site.hidden)
    except (ParserError, RecursionError) as error:
        return Reject(f"page {number}", f"wikitext: cannot be parsed ({type(error).__name__})")
    return Document(
        place=f"page {number}",
        text=text,
        title=title,
        id=f"{site.name}-{number}".strip("-"),
        language=site.language,
        source=site.address and site.address + quote(title.replace(" ", "_"), safe="/:(),"),
        outlet=urlsplit(site.address).hostname or "",
        time=utc(_latest(page, "timestamp")),
    )


def _site(element: Element, language: str) -> _Site:
    names = {
        (space.text or "").lower()
        for space in element.iterfind("{*}namespaces/{*}namespace")
        if space.get("key") in (_FILES, _CATEGORIES)
    }
    base = _said(element, "base")
    return _Site(
        _said(element, "dbname"),
        base.rpartition("/")[0] + "/" if base else "",
        language,
        # English names are understood by every wiki.
        frozenset({"file", "image", "media", "category", *names} - {""}),
    )


def _is_article(page: Element) -> bool:
    return (
        _said(page, "ns") in ("", _ARTICLES)
        and page.find("{*}redirect") is None
        and _latest(page, "model") in ("", "wikitext")
        and not _REDIRECT.match(_wikitext(page))
    )


def _wikitext(page: Element) -> str:
    return _latest(page, "text")


def _latest(page: Element, name: str) -> str:
    """Of the last revision, which is the only one of a dump of current pages."""
    return next((e.text or "" for e in reversed(page.findall(f"{{*}}revision/{{*}}{name}"))), "")


def _said(element: Element, name: str) -> str:
    return element.findtext(f"{{*}}{name}") or ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]

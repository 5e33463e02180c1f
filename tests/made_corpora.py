"""Dumps, feeds and other files of texts, made in code."""

import json
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import escape

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from landscribe.corpora import Corpus
from landscribe.text.documents import Document, Reject

PLACES = ("Potsdam", "Beelitz", "Werder", "Nauen", "Rathenow", "Ketzin", "Premnitz", "Friesack")
_HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="en">
<siteinfo><sitename>Voyage</sitename><dbname>envoyage</dbname>
<base>https://en.example.org/wiki/Main_Page</base><namespaces>
<namespace key="0" case="first-letter" /><namespace key="6">Datei</namespace>
<namespace key="14">Kategorie</namespace></namespaces></siteinfo>
"""
_PAGE = """<page><title>{title}</title><ns>{ns}</ns><id>{id}</id>{more}<revision><id>9</id>
<timestamp>2024-05-0{day}T10:00:00Z</timestamp><model>{model}</model>
<text xml:space="preserve">{text}</text></revision></page>
"""


def card(reader: str, *paths: object, **more: object) -> Corpus:
    """Card of a corpus."""
    told = {"title": "T", "reader": reader, "paths": [str(p) for p in paths] or ["."]}
    return Corpus.model_validate(told | {"licence": "CC0-1.0", "attribution": "I"} | more)


def text(number: int, sentences: int = 3) -> str:
    """English sentences that no other number has."""
    names = [PLACES[(number + n) % len(PLACES)] for n in range(sentences)]
    return " ".join(
        f"The ferry from {name} carried {number * 31 + n} passengers across the river that morning."
        for n, name in enumerate(names)
    )


def page(id: int, text: str, title: str = "", ns: int = 0, more: str = "", **told: str) -> str:
    """A page of a dump."""
    told = {"model": "wikitext", "day": "3"} | told
    title = escape(title or f"Page {id}")
    return _PAGE.format(id=id, text=escape(text), title=title, ns=ns, more=more, **told)


def dump(*pages: str) -> bytes:
    """A MediaWiki dump."""
    return (_HEAD + "".join(pages) + "</mediawiki>\n").encode()


def html(body: str, title: str = "A title", head: str = "") -> bytes:
    """A web page that is long enough to have a main text."""
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body><nav><a href='/'>Home"
        f"</a></nav><article><h1>{title}</h1><p>{body}</p></article><footer>Imprint</footer></body>"
        "</html>"
    ).encode()


def warc(pages: list[tuple[str, bytes]], packed: bool = True, **more: str) -> bytes:
    """A WARC file of answers, each an address and its page."""
    told = {"status": "200 OK", "kind": "text/html; charset=utf-8"} | more
    file = BytesIO()
    writer = WARCWriter(file, gzip=packed)
    writer.write_record(writer.create_warcinfo_record("made.warc", {"software": "test"}))
    for number, (address, body) in enumerate(pages):
        headers = StatusAndHeaders(told["status"], [("Content-Type", told["kind"])], "HTTP/1.1")
        record = writer.create_warc_record(
            address,
            "response",
            payload=BytesIO(body),
            http_headers=headers,
            warc_headers_dict={
                "WARC-Date": "2024-05-03T10:00:00Z",
                "WARC-Record-ID": f"<urn:uuid:{number:08}>",
            },
        )
        writer.write_record(record)
    return file.getvalue()


def feed(*items: str) -> bytes:
    """An RSS feed."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>F</title>'
        f"<link>https://news.example.org</link>{''.join(items)}</channel></rss>"
    ).encode()


def item(number: int, summary: str) -> str:
    """An entry of a feed."""
    return (
        f"<item><title>Entry {number}</title><guid>tag:{number}</guid>"
        f"<link>https://news.example.org/{number}</link>"
        f"<pubDate>Fri, 03 May 2024 12:00:00 +0200</pubDate>"
        f"<description>{escape(summary)}</description></item>"
    )


def jsonl(numbers: range, **more: object) -> bytes:
    """Lines of JSON, a text each."""
    lines = [json.dumps({"id": f"n{n}", "text": text(n)} | more) for n in numbers]
    return "".join(f"{line}\n" for line in lines).encode()


def written_to(path: Path, data: bytes | str) -> Path:
    """The path, after that stands there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rejects(items: list[Document | Reject]) -> list[Reject]:
    """Those of some items that could not be used."""
    return [item for item in items if isinstance(item, Reject)]


def documents(items: list[Document | Reject]) -> list[Document]:
    """Those of some items that are texts."""
    return [item for item in items if isinstance(item, Document)]

"""Gold: documents in which people marked the toponyms and said where each one is.

A marked span that does not hold its phrase is moved to where the phrase stands: in most corpora
some offsets were counted in another version of the text.
"""

import gzip
import json
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from landscribe.card import twice
from landscribe.command import InputError, some

FARTHEST = 400  # characters that a span is moved at most


@dataclass(frozen=True)
class GoldMention:
    """A toponym that people marked, with what it means as far as the corpus says so."""

    start: int
    end: int
    text: str
    kind: str = ""  # type, class or feature code that the corpus gives it; empty: none
    lon: float | None = None
    lat: float | None = None
    place: str | None = None  # gn:<GeoNames id>, osm:<n, w or r and the OSM id>
    bounds: tuple[float, float, float, float] | None = None  # west, south, east, north

    @property
    def located(self) -> bool:
        """Whether the corpus says where it is: gold for resolution, not only for recognition."""
        return self.lon is not None and self.lat is not None


@dataclass(frozen=True)
class GoldDocument:
    """A text with all its mentions, in their order: the gold of recognition."""

    id: str  # in the corpus, unique there
    text: str
    outlet: str  # host name without www, or empty
    language: str  # ISO 639-1 or empty
    mentions: tuple[GoldMention, ...]
    others: tuple[
        GoldMention, ...
    ] = ()  # marked, but no gold: of GeoWebNews what has no GeoNames id
    moved: int = 0  # mentions whose span did not hold their phrase
    dropped: int = 0  # mentions whose phrase is nowhere near; not in `mentions`
    repeated: int = 0  # mentions that were there twice, with equal span and place
    nowhere: int = 0  # mentions with impossible coordinates; in `mentions`, but not located


def read_gold(path: Path, form: str) -> list[GoldDocument]:
    """Documents of a gold corpus, in the order of the file.

    Args:
        path: a file; of `wotr` a tar or the folder that was in it.
        form: one of FORMS.
    """
    if form not in FORMS:
        raise InputError(f"no form {form} of gold; there is {', '.join(FORMS)}")
    documents: list[GoldDocument] = []
    try:
        for document in _READERS[form](path):
            documents.append(_anchored(document))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; wanted: {FORMS[form]}") from None
    except _UNREADABLE as error:
        told = (
            f"no {error}" if isinstance(error, KeyError) else str(error).split("\n")[0].rstrip(":")
        )
        raise _wrong(path, form, f"{told}, after {len(documents)} documents") from error
    if not any(document.mentions for document in documents):
        raise _wrong(path, form, f"{len(documents)} documents without any mention")
    if again := twice(document.id for document in documents):
        raise _wrong(path, form, f"{some(again)} is the id of two documents")
    return documents


def drawn(documents: Sequence[GoldDocument], most: int | None, seed: int) -> Sequence[GoldDocument]:
    """A draw of `most` documents, in their order; all of them if there are no more."""
    if most is None or most >= len(documents):
        return documents
    taken = np.random.default_rng(seed).permutation(len(documents))[:most]
    return [documents[number] for number in sorted(taken)]


FORMS = {
    "news": "XML of LGL or TR-News: articles/article with <text>, toponyms/toponym with <phrase>,"
    " <start>, <end> and <gaztag>",
    "geovirus": "XML of GeoVirus: articles/article with <text>, locations/location with <name>,"
    " <start>, <end>, <lat> and <lon>",
    "gwn": "XML of GeoWebNews: articles/article with <text>, toponyms/toponym with <extractedName>,"
    " <type>, <start> and <end>",
    "wiktor": "JSON lines with id, text and toponyms (phrase, start, end, lat, lon)",
    "idrisi": "JSON lines with id, text and mentions (text, start, end, lat, lon, bbox, osm_id)",
    "wotr": "folder or tar of TR-CoNLL XML: doc/s with <w> and <toponym>",
    "jsonl": "JSON lines with id, text and mentions (start, end, lon, lat, place)",
}
_UNREADABLE = (  # by XML, JSON, tar or gzip; or of another structure
    *(ElementTree.ParseError, tarfile.TarError, zlib.error, EOFError, OSError),
    *(KeyError, TypeError, ValueError, AttributeError),
)


def _wrong(path: Path, form: str, found: str) -> InputError:
    return InputError(f"{path}: not gold of form {form} ({found}); wanted: {FORMS[form]}")


def _anchored(document: GoldDocument) -> GoldDocument:
    """Document with each span on its phrase, each mention once, in order of the text."""
    found = [(m, _anchor(document.text, m)) for m in document.mentions]
    kept = [_possible(anchored) for _, anchored in found if anchored]
    once = {(m.start, m.end, m.place, m.lon, m.lat): m for m in kept}
    others = [anchored for m in document.others if (anchored := _anchor(document.text, m))]
    return replace(
        document,
        mentions=tuple(sorted(once.values(), key=_span)),
        others=tuple(sorted(others, key=_span)),
        moved=sum(anchored is not None and anchored != m for m, anchored in found),
        dropped=len(found) - len(kept),
        repeated=len(kept) - len(once),
        nowhere=sum(m.located and not _possible(m).located for m in document.mentions),
    )


def _anchor(text: str, mention: GoldMention) -> GoldMention | None:
    """Mention on the nearest place of its phrase; None if there is none within FARTHEST."""
    if mention.start >= 0 and text[mention.start : mention.end] == mention.text:
        return mention
    starts = [match.start() for match in re.finditer(f"(?={re.escape(mention.text)})", text)]
    start = min(starts, key=lambda at: abs(at - mention.start), default=None)
    if start is None or abs(start - mention.start) > FARTHEST:
        return None
    return replace(mention, start=start, end=start + len(mention.text))


def _possible(mention: GoldMention) -> GoldMention:
    """Mention, without its coordinates if there is no such point on Earth."""
    if not mention.located or (abs(mention.lon) <= 180 and abs(mention.lat) <= 90):
        return mention
    return replace(mention, lon=None, lat=None)


def _span(mention: GoldMention) -> tuple[int, int]:
    return mention.start, mention.end


def _news(path: Path) -> Iterator[GoldDocument]:
    for article in _articles(path):
        mentions = []
        for toponym in _all(article, "toponyms/toponym"):
            mention = _marked(toponym, "phrase", "gaztag/lon", "gaztag/lat", "gaztag/fcode")
            tag = toponym.find("gaztag")
            number = None if tag is None else tag.get("geonameid")
            mentions.append(replace(mention, place=f"gn:{number}" if number else None))
        yield GoldDocument(
            article.attrib["docid"],
            _text(article, "text"),
            _host(article.findtext("domain", "")),
            "en",
            tuple(mentions),
        )


def _geovirus(path: Path) -> Iterator[GoldDocument]:
    for article in _articles(path):
        yield GoldDocument(
            article.attrib["docid"],
            _text(article, "text"),
            _host(article.findtext("source", "")),
            "en",
            tuple(_marked(m, "name") for m in _all(article, "locations/location")),
        )


def _gwn(path: Path) -> Iterator[GoldDocument]:
    for article in _articles(path):
        mentions: list[GoldMention] = []
        others: list[GoldMention] = []
        for toponym in _all(article, "toponyms/toponym"):
            mention = _marked(toponym, "extractedName", "longitude", "latitude", "type")
            if number := toponym.findtext("geonamesID", "").strip():
                mentions.append(replace(mention, place=f"gn:{number}"))
            else:
                others.append(mention)
        yield GoldDocument(
            article.attrib["docid"],
            _text(article, "text"),
            _host(article.findtext("link", "")),
            "en",
            tuple(mentions),
            tuple(others),
        )


def _wiktor(path: Path) -> Iterator[GoldDocument]:
    for row in _rows(path):
        mentions = (_from_json(m, m["phrase"]) for m in row["toponyms"])
        yield GoldDocument(str(row["id"]), row["text"], "en.wikipedia.org", "en", tuple(mentions))


def _idrisi(path: Path) -> Iterator[GoldDocument]:
    rows = list(_rows(path))
    letters = "".join(row["text"] for row in rows)
    arabic = len(re.findall("[\u0600-\u06ff]", letters)) > len(re.findall("[A-Za-z]", letters))
    for row in rows:
        mentions = []
        for m in row["mentions"]:
            south, north, west, east = (float(edge) for edge in m["bbox"])
            mentions.append(
                replace(
                    _from_json(m, m["text"]),
                    kind=m["type"],
                    place=f"osm:{m['osm_type'][0]}{m['osm_id']}",
                    bounds=(west, south, east, north),
                )
            )
        language = "ar" if arabic else "en"
        yield GoldDocument(str(row["id"]), row["text"], "", language, tuple(mentions))


def _wotr(path: Path) -> Iterator[GoldDocument]:
    for name, file in _members(path):
        root = ElementTree.fromstring(file)
        if root.tag != "doc":
            raise ValueError(f"<{root.tag}> in {name}")
        text, mentions = "", []
        for token in (token for s in _all(root, "s") for token in s):
            term = token.attrib["term" if token.tag == "toponym" else "tok"]
            text += "" if not text or _CLOSES.match(term) or text[-1] in _OPENS else " "
            if token.tag == "toponym":
                chosen = token.find("candidates/cand[@selected='yes']")
                point = (None, None) if chosen is None else (chosen.get("long"), chosen.get("lat"))
                span = len(text), len(text) + len(term)
                mentions.append(GoldMention(*span, term, "", *_point(*point)))
            text += term
        yield GoldDocument(root.get("id", name), text, "", "en", tuple(mentions))


_CLOSES = re.compile(r"[,.;:!?)\]%]+$|'[sS]$")  # no space before such a token
_OPENS = "([$"  # nor after one of these


def _jsonl(path: Path) -> Iterator[GoldDocument]:
    for row in _rows(path):
        text = row["text"]
        mentions = []
        for m in row["mentions"]:
            if not 0 <= m["start"] < m["end"] <= len(text):
                raise ValueError(f"a span {m['start']}-{m['end']} in {len(text)} characters")
            mention = _from_json(m, m.get("text", text[m["start"] : m["end"]]))
            bounds = tuple(float(edge) for edge in m["bounds"]) if m.get("bounds") else None
            mentions.append(
                replace(mention, kind=m.get("kind", ""), place=m.get("place"), bounds=bounds)
            )
        yield GoldDocument(
            str(row["id"]), text, row.get("outlet", ""), row.get("language", ""), tuple(mentions)
        )


def _articles(path: Path) -> list[Element]:
    """Articles, each with a `docid`: GeoWebNews calls it `file`, others may have none."""
    root = ElementTree.parse(path).getroot()
    if root.tag != "articles":
        raise ValueError(f"<{root.tag}> instead of <articles>")
    for number, article in enumerate(articles := root.findall("article")):
        article.attrib.setdefault("docid", article.get("file", str(number)))
    return articles


def _all(element: Element, path: str) -> list[Element]:
    """Elements of a path whose parent has to be there, even if it is empty."""
    if "/" in path and element.find(path.split("/")[0]) is None:
        raise ValueError(f"<{element.tag}> without <{path.split('/')[0]}>")
    return element.findall(path)


def _text(element: Element, tag: str) -> str:
    text = element.findtext(tag)
    if not text:
        raise ValueError(f"<{element.tag}> without <{tag}>")
    return text


def _marked(
    element: Element, phrase: str, lon: str = "lon", lat: str = "lat", kind: str = "type"
) -> GoldMention:
    start, end = int(_text(element, "start")), int(_text(element, "end"))
    point = _point(element.findtext(lon), element.findtext(lat))
    return GoldMention(start, end, _text(element, phrase), element.findtext(kind) or "", *point)


def _from_json(row: dict, phrase: str) -> GoldMention:
    start, end = int(row["start"]), int(row["end"])
    return GoldMention(start, end, phrase, "", *_point(row.get("lon"), row.get("lat")))


def _point(
    lon: str | float | None, lat: str | float | None
) -> tuple[float, float] | tuple[None, None]:
    """Coordinates as numbers, both or neither."""
    empty = [value is None or not str(value).strip() for value in (lon, lat)]
    if all(empty):
        return None, None
    if any(empty):
        raise ValueError(f"a place at lon {lon}, lat {lat}")
    return float(lon), float(lat)


def _host(address: str) -> str:
    bare = re.sub(r"^\w+://", "", address.strip().lower())
    return re.match(r"[\w.-]*", bare)[0].removeprefix("www.")


def _rows(path: Path) -> Iterator[dict]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of each XML file in a folder or tar, in order of the names."""
    if path.is_dir():
        yield from ((file.name, file.read_bytes()) for file in sorted(path.rglob("*.xml")))
        return
    with tarfile.open(path) as tar:  # in its own order: going back in a packed one is slow
        files = [
            (Path(member.name).name, tar.extractfile(member).read())
            for member in tar
            if member.isfile() and member.name.endswith(".xml")
        ]
    yield from sorted(files)


_READERS: dict[str, Callable[[Path], Iterable[GoldDocument]]] = {
    "news": _news,
    "geovirus": _geovirus,
    "gwn": _gwn,
    "wiktor": _wiktor,
    "idrisi": _idrisi,
    "wotr": _wotr,
    "jsonl": _jsonl,
}

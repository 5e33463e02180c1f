"""Plain text of wikitext and of snippets of HTML: paragraphs on lines of their own."""

import re

import mwparserfromhell
from lxml import etree
from lxml.html import fragment_fromstring
from mwparserfromhell.nodes import (
    ExternalLink,
    Heading,
    HTMLEntity,
    Node,
    Tag,
    Text,
    Wikilink,
)
from mwparserfromhell.wikicode import Wikicode

_FILE = re.compile(r"\.(jpe?g|png|svg|gif|tiff?|webp|og[gv]|webm|mp[34]|pdf|djvu)$", re.I)
_SWITCH = re.compile(r"__[A-Z]+__")  # such as __NOTOC__
_PREFIX = re.compile(r"\s*:?\s*([^:|\[\]]+?)\s*:")
# Of extensions and HTML; text in them is code, a formula or no part of a sentence.
_HIDDEN_TAGS = {
    *("table", "ref", "references", "gallery", "math", "chem", "ce", "score", "timeline", "graph"),
    *("imagemap", "inputbox", "categorytree", "templatedata", "syntaxhighlight", "source", "code"),
    *("mapframe", "maplink", "hiero", "section", "templatestyles", "indicator", "style", "script"),
}
_LINES = {"br", "li", "dt", "dd", "p", "div", "hr", "blockquote", "poem"}
_HTML_LINES = _LINES | {"h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "tr", "table", "pre"}
_HTML_LINES |= {"section", "article", "header", "footer", "figure", "figcaption"}
_HTML_HIDDEN = ("script", "style", "noscript", "template", "iframe", "object", "svg", "head")


def plain_wikitext(wikitext: str, hidden: frozenset[str]) -> str:
    """Text without templates, tables, references, pictures and what links say about the page.

    Args:
        hidden: names of the namespaces, in lower case, whose links are no text, such as `file`.
    """
    return _tidy(_of_code(mwparserfromhell.parse(wikitext), hidden))


def plain_html(html: str) -> str:
    """Text of a snippet of HTML, or of a text that has none."""
    if "<" not in html and "&" not in html:
        return _tidy(html)
    root = fragment_fromstring(html.replace("\0", ""), create_parent="div")
    etree.strip_elements(root, etree.Comment, *_HTML_HIDDEN, with_tail=False)
    for element in root.iter():
        element.text = re.sub(r"\s+", " ", element.text or "")
        element.tail = re.sub(r"\s+", " ", element.tail or "")
        if element.tag in _HTML_LINES:
            element.text = f"\n{element.text}" if element.tag != "br" else ""
            element.tail = f"\n{element.tail}"
    return _tidy("".join(root.itertext()))


def _of_code(code: Wikicode | None, hidden: frozenset[str]) -> str:
    return "".join(_of_node(node, hidden) for node in code.nodes) if code else ""


def _of_node(node: Node, hidden: frozenset[str]) -> str:
    match node:
        case Text():
            return _SWITCH.sub("", node.value)
        case Wikilink():
            return "" if _is_hidden(str(node.title), hidden) else _shown(node, hidden)
        case ExternalLink():
            return _of_code(node.title, hidden) if node.brackets else str(node.url)
        case Heading():
            return f"\n{_of_code(node.title, hidden)}\n"
        case HTMLEntity():
            return node.normalize()
        case Tag():
            return _of_tag(node, hidden)
    return ""  # templates, comments and their arguments


def _of_tag(tag: Tag, hidden: frozenset[str]) -> str:
    name = str(tag.tag).strip().lower()
    if name in _HIDDEN_TAGS:
        return ""
    # What `*` and `:` begin has been split from its text: they stand at the start of a line.
    start = "\n" if name in _LINES and not tag.wiki_markup else ""
    return f"{start}{_of_code(tag.contents, hidden)}{start if name != 'br' else ''}"


def _shown(link: Wikilink, hidden: frozenset[str]) -> str:
    return _of_code(link.title if link.text is None else link.text, hidden).lstrip(":")


def _is_hidden(title: str, hidden: frozenset[str]) -> bool:
    if title.strip().startswith(":"):  # a link to the page of a file or category
        return False
    prefix = _PREFIX.match(title)
    return bool(prefix and (prefix[1].lower() in hidden or _FILE.search(title.strip())))


def _tidy(text: str) -> str:
    """With single spaces, no more than one blank line, and no blank ends."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

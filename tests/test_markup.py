"""Markup becomes the text that a reader sees, without what is no sentence."""

import pytest

from landscribe.text.markup import plain_html, plain_wikitext

HIDDEN = frozenset({"file", "category", "datei"})


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("'''Ulm''' is ''a'' [[city]] on the [[Danube|river]].", "Ulm is a city on the river."),
        ("One<ref name='a'>{{cite|x}}</ref> two<ref name='a' /> three.", "One two three."),
        ("{{Infobox|name={{x}}|text=words}}Text{{dead link}}.", "Text."),
        ("Before\n{| class='x'\n|-\n! head\n| cell || {{x}}\n|}\nAfter", "Before\n\nAfter"),
        ("[[File:A.jpg|thumb|See [[Ulm]] x]]Text[[Datei:b.png]][[Category:Y]]", "Text"),
        ("[[Bild:c.JPG|mini|x]]Text [[:Category:Rivers]] [[Terminator 2: X]]",)
        + ("Text Category:Rivers Terminator 2: X",),
        ("See [http://x.y the page] [http://x.y] or http://x.y", "See the page or http://x.y"),
        ("== Get in ==\n* by ''boat''\n** fast\n# one\n: two", "Get in\n\nby boat\nfast\none\ntwo"),
        ("5&nbsp;km &amp; x<sup>2</sup><!-- no -->__NOTOC__<math>y</math>", "5 km & x2"),
        ("a<br>b<poem>c\nd</poem><gallery>\nFile:e.jpg|f\n</gallery>", "a\nb\nc\nd"),
        ("<nowiki>[[x]]</nowiki> <b>c</b> {{{1|}}} [[unclosed", "[[x]] c [[unclosed"),
        ("", ""),
    ],
)
def test_wikitext(wikitext, text):
    assert plain_wikitext(wikitext, HIDDEN) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Near <b>Ulm</b>,\n Germany.</p><p>Two</p>", "Near Ulm, Germany.\n\nTwo"),
        ("<script>x()</script><style>y</style>a<!-- b -->c<iframe>d</iframe>e", "ace"),
        ("one<br>two &amp; three &#8211; <img src=x alt=y>four", "one\ntwo & three – four"),
        ("AT&T, a < b", "AT&T, a < b"),
        ("no markup\nat all", "no markup\nat all"),
        ("<?xml version='1.0' encoding='utf-8'?><p>x\0y</p>", "xy"),
        ("<p></p>", ""),
        ("<p>un<b>closed", "unclosed"),
    ],
)
def test_html(html, text):
    assert plain_html(html) == text


@pytest.mark.data
def test_a_real_article_is_text_alone(real_data):
    wikitext = (real_data / "text/wikivoyage/boston.wikitext").read_text()
    text = plain_wikitext(wikitext, HIDDEN)
    assert 100_000 < len(text) < len(wikitext)
    signs = ("[[", "]]", "{{", "}}", "{|", "'''", "<", "thumb|")
    assert not [sign for sign in signs if sign in text]
    start = "A city of history and tradition, Boston offers a proud legacy of culture, education,"
    assert text.startswith(start)
    assert "controlled by Native Americans until John Smith (English soldier, explorer" in text

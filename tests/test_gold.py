"""Gold of every form becomes the same documents, with each span on its phrase."""

import gzip
import json
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.text.gold import (
    FARTHEST,
    FORMS,
    GoldDocument,
    GoldMention,
    _anchored,
    read_gold,
)

TEXT = "From Paris to Lyon, and back to Paris."
NEWS = """<articles><article docid="7"><domain>WWW.Example.org</domain><text>{text}</text>
<toponyms>
<toponym><start>5</start><end>10</end><phrase>Paris</phrase><gaztag geonameid="2988507">
<fcode>PPLC</fcode><lat>48.85</lat><lon>2.35</lon></gaztag></toponym>
<toponym><start>13</start><end>17</end><phrase>Lyon</phrase></toponym>
</toponyms></article></articles>"""
GEOVIRUS = """<articles><article><source>http://example.org/a</source><text>{text}</text>
<locations><location><name>Paris</name><start>6</start><end>11</end><lat>48.85</lat>
<lon>2.35</lon></location></locations></article></articles>"""
GWN = """<articles><article file="3"><link>https://www.example.org/b</link><text>{text}</text>
<toponyms>
<toponym><extractedName>Paris</extractedName><type>Literal</type><start>5</start><end>10</end>
<geonamesID>2988507</geonamesID><latitude>48.85</latitude><longitude>2.35</longitude></toponym>
<toponym><extractedName>Lyon</extractedName><type>Demonym</type><start>14</start><end>18</end>
</toponym></toponyms></article></articles>"""
WOTR = """<doc id="105-1"><s id="s1"><w tok="("/><w tok="From"/><toponym term="Fort Davis">
<candidates><cand lat="30.5" long="-103.5" selected="yes"/></candidates></toponym><w tok=")"/>
<w tok="to"/><toponym term="Bliss"><candidates></candidates></toponym><w tok="."/></s></doc>"""
PARIS = GoldMention(5, 10, "Paris", "", 2.35, 48.85)


def _written(folder: Path, form: str, content: str | list[dict]) -> Path:
    path = folder / f"{form}.txt"
    if not isinstance(content, str):
        content = "\n".join(json.dumps(row) for row in content)
    path.write_text(content.replace("{text}", TEXT), encoding="utf-8")
    return path


def test_news(tmp_path):
    (document,) = read_gold(_written(tmp_path, "news", NEWS), "news")
    assert document == GoldDocument(
        id="7",
        text=TEXT,
        outlet="example.org",
        language="en",
        mentions=(
            GoldMention(5, 10, "Paris", "PPLC", 2.35, 48.85, "gn:2988507"),
            GoldMention(14, 18, "Lyon"),
        ),
        moved=1,
    )
    assert [mention.located for mention in document.mentions] == [True, False]


def test_geovirus_whose_offsets_are_shifted_by_one(tmp_path):
    (document,) = read_gold(_written(tmp_path, "geovirus", GEOVIRUS), "geovirus")
    assert document == GoldDocument("0", TEXT, "example.org", "en", (PARIS,), moved=1)


def test_gwn_keeps_apart_what_has_no_geonames_id(tmp_path):
    (document,) = read_gold(_written(tmp_path, "gwn", GWN), "gwn")
    paris = GoldMention(5, 10, "Paris", "Literal", 2.35, 48.85, "gn:2988507")
    lyon = GoldMention(14, 18, "Lyon", "Demonym")
    assert document == GoldDocument("3", TEXT, "example.org", "en", (paris,), (lyon,))


def test_wiktor(tmp_path):
    toponym = {"start": 5, "end": 10, "phrase": "Paris", "lat": 48.85, "lon": 2.35}
    path = _written(tmp_path, "wiktor", [{"id": "0", "text": TEXT, "toponyms": [toponym]}])
    (document,) = read_gold(path, "wiktor")
    assert document == GoldDocument("0", TEXT, "en.wikipedia.org", "en", (PARIS,))


@pytest.mark.parametrize(
    ("text", "name", "language"), [(TEXT, "Paris", "en"), ("من باريس", "باريس", "ar")]
)
def test_idrisi(tmp_path, text, name, language):
    mention = {"start": text.find(name), "end": text.find(name) + 5, "text": name, "type": "City"}
    mention |= {"lat": "48.85", "lon": "2.35", "bbox": ["48.8", "48.9", "2.2", "2.5"]}
    mention |= {"osm_type": "relation", "osm_id": 7444}
    path = _written(tmp_path, "idrisi", [{"id": "1", "text": text, "mentions": [mention] * 2}])
    (document,) = read_gold(path, "idrisi")
    (found,) = document.mentions
    assert (found.place, found.bounds) == ("osm:r7444", (2.2, 48.8, 2.5, 48.9))
    assert (document.language, document.repeated) == (language, 1)


def test_wotr_of_a_folder_and_of_a_tar(tmp_path):
    (tmp_path / "wotr").mkdir()
    for number in (1, 2):
        doc = WOTR.replace("105-1", f"105-{number}")
        (tmp_path / "wotr" / f"{number}.xml").write_text(doc)
    with tarfile.open(tmp_path / "wotr.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "wotr", "wotr")
    documents = read_gold(tmp_path / "wotr", "wotr")
    davis = GoldMention(6, 16, "Fort Davis", "", -103.5, 30.5)
    assert [document.id for document in documents] == ["105-1", "105-2"]
    assert documents[0].text == "(From Fort Davis) to Bliss."
    assert documents[0].mentions == (davis, GoldMention(21, 26, "Bliss"))
    assert read_gold(tmp_path / "wotr.tar.gz", "wotr") == documents


def test_jsonl(tmp_path):
    mention = {"start": 5, "end": 10, "lon": 2.35, "lat": 48.85, "place": "osm:r7444"}
    rows = [{"id": 1, "text": TEXT, "mentions": [mention, {"start": 14, "end": 18}]}]
    (document,) = read_gold(_written(tmp_path, "jsonl", rows), "jsonl")
    paris = GoldMention(5, 10, "Paris", "", 2.35, 48.85, "osm:r7444")
    assert document.mentions == (paris, GoldMention(14, 18, "Lyon"))


def test_coordinates_off_the_earth_are_none_and_counted(tmp_path):
    path = _written(tmp_path, "news", NEWS.replace(">48.85<", ">-836.8<"))
    (document,) = read_gold(path, "news")
    assert document.nowhere == 1
    assert not any(mention.located for mention in document.mentions)


@settings(max_examples=150, deadline=None)
@given(
    st.text("ab ", max_size=500),
    st.text("ab", min_size=1, max_size=3),
    st.integers(-20, 1000),
    st.integers(0, 5),
)
def test_a_span_moves_to_the_nearest_phrase_or_is_dropped(text, phrase, start, length):
    mention = GoldMention(start, start + length, phrase)
    document = _anchored(GoldDocument("", text, "", "", (mention,)))
    there = [i for i in range(len(text)) if text[i : i + len(phrase)] == phrase]
    near = [i for i in there if abs(i - start) <= FARTHEST]
    assert document.dropped == (not near)
    for found in document.mentions:
        assert text[found.start : found.end] == phrase
        assert abs(found.start - start) == min(abs(i - start) for i in near)
        assert document.moved == ((found.start, found.end) != (start, start + length))


@pytest.mark.parametrize(
    ("form", "content", "found"),
    [
        ("news", NEWS[:200], "no element found"),
        ("news", GWN, "without <phrase>"),
        ("news", NEWS.replace("<toponyms>", "").replace("</toponyms>", ""), "without <toponyms>"),
        ("news", NEWS.replace("<lon>2.35</lon>", ""), "lon None, lat 48.85"),
        ("news", "<articles/>", "0 documents"),
        ("geovirus", NEWS, "without <locations>"),
        ("gwn", "<html/>", "<html>"),
        ("gwn", GWN.replace(">5<", ">five<"), "five"),
        ("wiktor", [{"id": 1, "text": TEXT}], "no 'toponyms'"),
        ("wiktor", NEWS, "Expecting value"),
        ("idrisi", [{"id": 1, "text": TEXT, "mentions": [{"text": "Paris"}]}], "no 'bbox'"),
        ("jsonl", [{"id": 1, "text": TEXT, "mentions": [{"start": 36, "end": 39}]}], "36-39"),
        ("jsonl", [{"id": 1, "text": TEXT, "mentions": [{"start": 0, "end": 4}]}] * 2, "id of two"),
        ("wotr", WOTR, "not be opened"),
    ],
)
def test_what_is_not_of_the_form_is_named(tmp_path, form, content, found):
    path = _written(tmp_path, form, content)
    with pytest.raises(InputError) as told:
        read_gold(path, form)
    assert str(path) in str(told.value)
    assert found in str(told.value)
    assert FORMS[form] in str(told.value)


def test_a_cut_file_a_missing_one_and_an_unknown_form(tmp_path):
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(gzip.compress(b'{"id": 1}' * 100)[:-12])
    with pytest.raises(InputError, match=r"cut\.jsonl\.gz"):
        read_gold(cut, "wiktor")
    with pytest.raises(InputError, match="no such file"):
        read_gold(tmp_path / "none.xml", "news")
    with pytest.raises(InputError, match="no form lgl"):
        read_gold(cut, "lgl")


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "form", "wanted"),  # documents, mentions, located; moved, dropped, repeated, nowhere
    [
        ("news/TR-News.xml", "news", (118, 1319, 1275, 117, 0, 0, 0)),
        ("news/GWN.xml", "gwn", (200, 2399, 2399, 0, 2, 0, 0)),
        ("wiktor/wiktor-even.jsonl.gz", "wiktor", (2500, 12709, 12709, 0, 0, 0, 0)),
        ("idrisi/idrisi_en_train.jsonl.gz", "idrisi", (3696, 6117, 6117, 257, 0, 5, 0)),
        ("idrisi/idrisi_ar_train.jsonl.gz", "idrisi", (2170, 3751, 3751, 0, 1, 245, 0)),
        ("wotr/trconll-train.tar.gz", "wotr", (1322, 9581, 8442, 0, 0, 0, 16)),
    ],
)
def test_numbers_of_real_corpora(real_data, file, form, wanted):
    documents = read_gold(real_data / "text" / file, form)
    mentions = [(d, m) for d in documents for m in d.mentions]
    counts = [sum(getattr(d, n) for d in documents) for n in ("moved", "dropped", "repeated")]
    nowhere = sum(d.nowhere for d in documents)
    located = sum(m.located for _, m in mentions)
    assert (len(documents), len(mentions), located, *counts, nowhere) == wanted
    assert all(d.text[m.start : m.end] == m.text for d, m in mentions)
    assert all(list(d.mentions) == sorted(d.mentions, key=lambda m: m.start) for d in documents)


@pytest.mark.data
def test_geowebnews_has_2718_toponyms_with_and_without_an_id(real_data):
    documents = read_gold(real_data / "text" / "news" / "GWN.xml", "gwn")
    kinds = Counter(m.kind for d in documents for m in d.mentions + d.others)
    no_toponym = ("Literal_Expression", "Non_Lit_Expression", "Non_Toponym")
    assert kinds.total() - sum(kinds[kind] for kind in no_toponym) == 2718
    assert not any(m.kind in no_toponym for d in documents for m in d.mentions)

"""The page of documents: what it shows is what the tables say, and texts stay text."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from landscribe.publish.document_view import counts, document_view
from landscribe.publish.documents_page import MOST_DOCUMENTS, write_documents_page
from landscribe.publish.marked_text import marked_text
from landscribe.publish.outlines import COUNTRIES, box_around, land_in, packed, world
from landscribe.publish.parsed_documents import parsed_documents
from landscribe.publish.place_view import KINDS, kind_of, place_views
from landscribe.sources import located
from scripts.show_documents import main
from tests.made_documents import HOSTILE, NORTH, PLACES, MadeDocuments, make_documents

VIEWER = Path("landscribe/publish/viewer")


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadeDocuments:
    return make_documents(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def parsed(made):
    return {
        one.document["document"]: one
        for one in parsed_documents(made.documents, made.mentions, (), 10)
    }


@pytest.fixture(scope="module")
def page(made, parsed, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "page"
    write_documents_page(list(parsed.values()), made.places, "A & <title>", folder)
    return folder


def data_of(path: Path) -> object:
    """What a data file of the page hands over."""
    call = re.fullmatch(r"landscribe\.\w+\((.*)\);\n", path.read_text(), re.DOTALL)
    return json.loads(call[1])


def words(pieces) -> str:
    return "".join(piece if isinstance(piece, str) else words(piece[1]) for piece in pieces)


def words_of(pieces, number) -> str:
    """Text of all pieces of a span."""
    inner = [piece for piece in pieces if not isinstance(piece, str)]
    return "".join(words(p[1]) if p[0] == number else words_of(p[1], number) for p in inner)


def shape(told) -> shapely.Geometry:
    """Shape of packed rings, by the even-odd rule."""
    rings = [np.cumsum(np.reshape(ring, (-1, 2)), axis=0) * told["unit"] for ring in told["rings"]]
    whole = shapely.Polygon()
    for ring in rings:
        whole = whole.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return whole


texts = st.text("ab🗺م\n", max_size=20)
spans = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 6)), max_size=6)


@given(texts, spans)
def test_pieces_are_the_text_and_hold_each_span(text, spans):
    spans = [(a, a + n) for a, n in spans if a + n <= len(text)]
    pieces = marked_text(text, spans)
    assert words(pieces) == text
    for number, (start, end) in enumerate(spans):
        assert words_of(pieces, number) == text[start:end]


def test_a_span_lies_inside_the_one_that_holds_it():
    assert marked_text("north of X!", [(9, 10), (0, 10)]) == [(1, ["north of ", (0, ["X"])]), "!"]
    crossed = marked_text("abcd", [(0, 3), (2, 4)])
    assert crossed == [(0, ["ab", (1, ["c"])]), (1, ["d"])]


def test_packed_shapes_keep_their_ground():
    ring = shapely.Point(13, 52).buffer(1) - shapely.Point(13, 52).buffer(0.5)
    sliver = ring - shapely.box(13.7, 52, 13.70001, 52.3)
    for one in (ring, sliver, shapely.MultiPolygon([ring, shapely.box(20, 40, 21, 41)])):
        assert shape(packed(one)).symmetric_difference(one).area < 0.002 * one.area
    assert len(packed(sliver)["rings"]) == 2  # the sliver is no hole that means anything


def test_boxes_are_the_smallest_also_across_180_degrees():
    assert box_around([shapely.box(1, 2, 3, 4), shapely.box(-5, 0, -4, 1)]) == (-5, 0, 3, 4)
    far = [shapely.box(177, -19, 180, -16), shapely.box(-180, -19, -178, -16)]
    assert box_around(far) == (177, -19, 182, -16)
    assert box_around([shapely.box(-180, -90, 180, 83)]) == (-180, -90, 180, 83)


def test_the_world_is_small_and_whole():
    countries = world()
    told = json.dumps(countries, separators=(",", ":"))
    assert len(told.encode()) < 1_000_000
    exact = gpd.read_file(located(COUNTRIES), columns=["NAME"]).set_index("NAME").geometry
    assert {country["name"] for country in countries} == set(exact.index)
    for country in countries:
        if country["name"] in ("Germany", "Switzerland", "Paraguay", "Chad"):
            assert shape(country["shape"]).area == pytest.approx(
                exact[country["name"]].area, rel=0.01
            )


@pytest.mark.parametrize("box", [(11, 51, 15, 54), (175, -20, 184, -14)])
def test_land_around_a_document_is_that_of_the_countries(box):
    whole = gpd.read_file(located(COUNTRIES), columns=[]).geometry
    turned = [shapely.transform(whole.values, lambda p, t=t: p + [t, 0]) for t in (0, 360)]
    exact = sum(shapely.area(shapely.clip_by_rect(part, *box)).sum() for part in turned)
    found = shape(land_in(box)).intersection(shapely.box(*box))
    assert found.area == pytest.approx(exact, rel=0.01)


def test_there_is_no_land_in_the_middle_of_an_ocean():
    assert land_in((-150, -40, -140, -30))["rings"] == []


def test_mentions_stand_in_the_text_in_which_they_were_found(made, parsed):
    for name, one in parsed.items():
        view = document_view(one, made.places)
        assert words(view["text"]) == made.texts[name]
        for number, mention in enumerate(view["mentions"]):
            assert words_of(view["text"], number) == mention["words"]


def test_a_mention_says_what_its_row_says(made, parsed):
    view = document_view(parsed["made:ferry"], made.places)
    first, river, relation, *_, narnia, _, germany = view["mentions"]
    place = view["places"][first["place"]]
    assert (place["id"], place["path"]) == ("gn:3", ["Germany", "Brandenburg"])
    assert place["link"] == "https://www.geonames.org/3"
    assert first["probability"] == 0.9 and first["gazetteer"] == made.places.version
    chances = [(view["places"][n]["id"], share) for n, share in first["candidates"]]
    assert chances == [("gn:3", 0.8), ("gn:5", 0.15)]
    assert [m["kind"] for m in (first, river, relation, narnia, germany)] == [
        *("settlement", "water", "relation", "none", "country")
    ]
    assert narnia["place"] is None and narnia["ground"] is None
    drawn = shape(view["grounds"][relation["ground"]])
    assert drawn.symmetric_difference(NORTH).area < 1e-6


def test_mentions_of_one_ground_share_it_and_relative_places_do_not(made, parsed):
    view = document_view(parsed["made:ferry"], made.places)
    grounds = [mention["ground"] for mention in view["mentions"]]
    assert grounds == [0, 1, 2, 0, None, 0, 3]


def test_a_unit_around_a_place_is_not_much_smaller(made):
    found = made.places.by_id(PLACES)
    paths = {one["id"]: one["path"] for one in place_views(found.values(), made.places)}
    assert paths["gn:1"] == []  # not the district in its middle
    assert paths["gn:2"] == ["Germany"]
    assert paths["gn:5"] == ["US"]  # nothing but the code of its country is known


def test_every_class_has_a_kind(made):
    place = made.places.by_id(["gn:3"])["gn:3"]
    kinds = {kind_of(place._replace(class_=class_)) for class_ in CLASSES}
    assert kinds | {"relation", "none"} == {kind.id for kind in KINDS}
    style = (VIEWER / "documents.css").read_text()
    assert all(f".kind-{kind.id} {{ --c: var(--{kind.id}); }}" in style for kind in KINDS)


def test_counts(parsed):
    told = {"mentions": 6, "none": 1, "relations": 1, "places": 3}
    assert counts(parsed["made:ferry"]) == told


def test_a_map_across_180_degrees_is_not_the_whole_world(made, parsed):
    west, _, east, _ = document_view(parsed["made:fiji"], made.places)["home"]
    assert (west, east) == (177, 182)


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.loads = [], [], []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.append(tag)
        self.loads += [told[name] for name in ("src", "srcset", "href") if name in told]
        assert not [name for name in told if name.startswith("on")]

    def handle_data(self, data):
        self.texts.append(data)


def test_what_comes_from_a_text_stays_text(page, parsed):
    html = (page / "index.html").read_text()
    read = Page()
    read.feed(html)
    assert read.tags.count("script") == 3 and "img" not in read.tags
    listed = re.search(r'id="listed">(.*?)</script>', html, re.DOTALL)[1]
    titles = [one["title"] for one in json.loads(listed)]
    assert titles[1] == parsed["made:hostile"].document["title"]
    assert "<title>A &amp; &lt;title&gt;</title>" in html
    hostile = data_of(page / "data/001.js")
    assert words(hostile["text"]) == HOSTILE
    assert hostile["link"] == "" and hostile["source"].startswith("javascript:")
    script = (VIEWER / "documents.js").read_text() + (VIEWER / "mercator.js").read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)


def test_nothing_is_loaded_from_elsewhere(page):
    read = Page()
    html = (page / "index.html").read_text()
    read.feed(html)
    assert set(read.loads) == {"#reading", "data/world.js"}
    assert "url(" not in html and "@import" not in html
    scripts = "".join((VIEWER / name).read_text() for name in ("documents.js", "mercator.js"))
    assert set(re.findall(r"https?://[\w./]+", scripts)) == {"http://www.w3.org/2000/svg"}


def test_the_script_finds_all_that_it_asks_for():
    template = (VIEWER / "documents.html.j2").read_text()
    ids = set(re.findall(r'\bid="([\w-]+)"', template))
    for name in ("documents.js", "mercator.js"):
        asked = set(re.findall(r'byId\("([\w-]+)"\)', (VIEWER / name).read_text()))
        assert asked <= ids


def test_the_same_documents_give_the_same_page(page, made, parsed, tmp_path):
    write_documents_page(list(parsed.values()), made.places, "A & <title>", tmp_path / "page")
    for path in page.rglob("*.*"):
        assert (tmp_path / "page" / path.relative_to(page)).read_bytes() == path.read_bytes()


def test_documents_are_chosen_by_id_or_the_first_ones(made):
    def ids(chosen, most):
        found = parsed_documents(made.documents, made.mentions, chosen, most)
        return [one.document["document"] for one in found]

    assert ids(("made:fiji", "made:ferry"), 1) == ["made:fiji", "made:ferry"]
    assert ids((), 4) == ["made:ferry", "made:hostile", "made:arabic", "made:fiji"]
    with pytest.raises(InputError, match="no document made:x; there is made:ferry"):
        ids(("made:x",), 1)


def test_a_document_that_was_not_read_says_why(parsed):
    assert parsed["made:french"].reject == "in fr; the geoparser reads en"
    assert parsed["made:nothing"].reject == ""


def test_what_does_not_belong_together_is_told(made, parsed, tmp_path):
    one = parsed["made:fiji"]
    changed = replace(one, document=one.document | {"text": "A storm missed Fiji."})
    with pytest.raises(InputError, match="the documents changed since"):
        document_view(changed, made.places)
    other = replace(one, mentions=[row | {"gazetteer": "0123"} for row in one.mentions])
    with pytest.raises(InputError, match="resolved with the gazetteer 0123"):
        write_documents_page([other], made.places, "T", tmp_path / "page")
    assert list(tmp_path.iterdir()) == []
    for number in (0, MOST_DOCUMENTS + 1):
        with pytest.raises(InputError, match=f"{number} documents; a page shows 1 to 200"):
            write_documents_page([one] * number, made.places, "T", tmp_path / "page")
    with pytest.raises(InputError, match="no shard of documents"):
        parsed_documents(tmp_path, made.mentions, (), 1)
    with pytest.raises(InputError, match="no such table"):
        parsed_documents(made.documents, tmp_path, (), 1)


def test_the_script_writes_the_page(made, page, tmp_path, capsys):
    main(made.documents, made.mentions, made.store, tmp_path / "page", "A & <title>")
    assert (tmp_path / "page/index.html").read_bytes() == (page / "index.html").read_bytes()
    assert "6 documents, 0." in capsys.readouterr().out

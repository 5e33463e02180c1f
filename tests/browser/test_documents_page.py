"""The page of documents in a real browser: text, card and map say the same, and text stays text."""

import pytest

from landscribe.publish.documents_page import write_documents_page
from landscribe.publish.parsed_documents import parsed_documents
from tests.browser.chromium import program
from tests.browser.readable import faint_texts, nameless_controls
from tests.made_documents import HOSTILE, make_documents

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(program() is None, reason="no chromium here: apt-get install chromium"),
]
READY = "document.documentElement.dataset.ready !== undefined"
STILL = [{"name": "prefers-reduced-motion", "value": "reduce"}]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_documents(tmp_path_factory.mktemp("documents"))


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    parsed = parsed_documents(made.documents, made.mentions, (), 10)
    folder = tmp_path_factory.mktemp("page") / "a page"
    write_documents_page(parsed, made.places, "Made", folder)
    return folder


@pytest.fixture
def page(browser, folder):
    browser.requests.clear()
    browser.errors.clear()
    browser.window(1280, 900)
    browser.send("Emulation.setEmulatedMedia", features=STILL)
    show(browser, folder)
    return browser


def show(page, folder, address=""):
    page.open(folder / "index.html", address, ready=READY)


def text(page, selector):
    return page.evaluate(f"document.querySelector({selector!r}).innerText")


def texts(page, selector):
    return page.evaluate(f"[...document.querySelectorAll({selector!r})].map(e => e.textContent)")


def middle(page, selector):
    """Middle of an element in the window [CSS px]."""
    return page.evaluate(
        f"(({{left, top, width, height}}) => [left + width / 2, top + height / 2])"
        f"(document.querySelector({selector!r}).getBoundingClientRect())"
    )


def click(page, x, y):
    page.mouse("mouseMoved", x, y)
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)


def open_document(page, number):
    page.evaluate(f"document.querySelector('#list a[data-number=\"{number}\"]').click()")
    page.wait(f"document.documentElement.dataset.ready === '{number}'")


def test_a_click_on_a_mention_shows_its_card_and_its_footprint(page):
    click(page, *middle(page, "#mention-0"))
    card = text(page, "#card")
    assert text(page, "#card-title") == "Potsdam"
    for said in (
        "Germany › Brandenburg",
        "180,000 people",
        "90\u202f%",
        "gn:3",
        "abc123",
        "def456",
    ):
        assert said in card
    assert "Potsdam city" in card and "15\u202f%" in card and "44.670°" in card
    assert texts(page, ".candidate text") == ["1"]
    chosen = "[...document.querySelectorAll('.ground.chosen')].map(e => e.dataset.ground)"
    assert page.evaluate(chosen) == ["0"]
    wide = "(s => parseFloat(getComputedStyle(document.querySelector(s)).strokeWidth))"
    assert page.evaluate(f"{wide}('.ground.chosen path')") > page.evaluate(
        f"{wide}('.ground:not(.chosen) path')"
    )
    assert texts(page, "mark.same") == ["Potsdam"] * 3
    assert page.evaluate("location.hash") == "#document=made%3Aferry&mention=1"


def test_pointing_shows_the_card_and_leaving_takes_it_back(page):
    page.mouse("mouseMoved", *middle(page, "[data-mention='4']"))
    assert text(page, "#card-title") == "Narnia"
    assert "None of the candidates" in text(page, "#card")
    page.mouse("mouseMoved", *middle(page, "#title"))
    assert text(page, "#card-title") == "Places of this text"


def test_a_click_on_a_footprint_goes_through_its_mentions(page):
    spot = middle(page, ".dot[data-ground='0']")
    for mention in (1, 4, 6, 1):
        click(page, *spot)
        assert page.evaluate("location.hash").endswith(f"mention={mention}")
        chosen = "document.querySelector('mark.chosen').getBoundingClientRect()"
        assert page.evaluate(f"{chosen}.top > 0 && {chosen}.bottom < innerHeight")
    click(page, *middle(page, "#sheet"))
    page.key("Escape", 27)
    assert page.evaluate("document.querySelectorAll('.chosen').length") == 0


def test_a_relative_place_holds_its_mention(page):
    assert texts(page, ".holds") == ["30 km north of Potsdam"]
    page.evaluate("document.querySelector('.holds mark').click()")
    assert text(page, "#card-title") == "30 km north of Potsdam"
    assert "Relative place, told by Potsdam" in text(page, "#card")
    page.evaluate("document.querySelector('.holds mark + mark').click()")
    assert text(page, "#card-title") == "Potsdam"


def test_the_tab_key_goes_through_the_mentions(page):
    page.evaluate("document.getElementById('reading').focus()")
    seen = []
    for _ in range(7):
        page.key("Tab", 9)
        seen.append(page.evaluate("document.activeElement.dataset.mention"))
        if seen[-1] is not None:
            assert text(page, "#card-title") != "Places of this text"
    assert [n for n in seen if n is not None] == ["0", "1", "2", "3", "4", "5"]
    page.key("Enter", 13)
    assert page.evaluate("location.hash").endswith("mention=6")
    page.key("Escape", 27)
    assert "mention" not in page.evaluate("location.hash")


def test_what_comes_from_a_text_stays_text(page):
    open_document(page, 1)
    assert page.evaluate("document.getElementById('text').textContent") == HOSTILE
    assert text(page, "#title") == "</script><img src=x onerror='window.bad = 3'>"
    page.evaluate("document.getElementById('mention-0').click()")
    assert page.evaluate(
        "window.bad === undefined && !document.querySelector('main img, main i b')"
    )
    assert page.evaluate("[...document.links].every(a => /^(https?|file):/.test(a.href))")
    assert "javascript:window.bad" in text(page, "#about")


def test_it_asks_the_network_for_nothing_and_makes_no_errors(page, folder):
    for number in range(6):
        open_document(page, number)
    page.evaluate("document.querySelector('[value=probability]').click()")
    assert page.errors == []
    asked = [url for url in page.requests if not url.startswith(("data:", "about:"))]
    assert all(url.startswith(folder.resolve().as_uri()) for url in asked)


def test_documents_are_listed_with_their_counts_and_found(page):
    assert texts(page, "#list small")[0].startswith("English · 6 mentions · 3 places · 1 none")
    page.evaluate(
        "const f = document.getElementById('filter'); f.value = 'FIJ';"
        "f.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert page.evaluate("document.querySelectorAll('#list li:not([hidden])').length") == 1
    page.evaluate("document.getElementById('previous').click()")
    page.wait("document.documentElement.dataset.ready === '5'")
    assert text(page, "#where") == "Document 6 of 6"
    assert text(page, "#reject") == "Not geoparsed: in fr; the geoparser reads en."


def test_the_address_leads_to_a_mention(page, folder):
    page.send("Page.navigate", url="about:blank")
    show(page, folder, "#document=made%3Aferry&mention=7&colour=probability")
    assert text(page, "#card-title") == "Germany"
    assert page.evaluate("document.documentElement.dataset.colour") == "probability"


def test_the_legend_counts_and_shows_one_kind_alone(page):
    shown = "[...document.querySelectorAll('[data-kind]:not([hidden])')].map(e => e.innerText)"
    entries = [" ".join(entry.split()) for entry in page.evaluate(shown)]
    assert "Towns and their districts 3" in entries and "None of the candidates 1" in entries
    page.evaluate("document.querySelector('[data-only=settlement]').click()")
    drawn = "[...document.querySelectorAll('.ground:not(.away)')].map(e => e.dataset.ground)"
    assert page.evaluate(drawn) == ["0"]
    assert texts(page, "mark:not(.away)") == ["Potsdam"] * 3


def test_colours_follow_class_or_probability(page):
    colour = "getComputedStyle(document.getElementById('mention-0')).borderBottomColor"
    by_class = page.evaluate(colour)
    page.evaluate("document.querySelector('[value=probability]').click()")
    assert page.evaluate(colour) != by_class


def test_a_text_from_right_to_left_reads_so(page):
    open_document(page, 2)
    left = "(e => { const r = document.createRange(); r.selectNodeContents(e); return r; })"
    first, last = page.evaluate(
        f"(() => {{ const t = document.getElementById('text').childNodes; const r = {left}(t[0]);"
        " const box = r.getClientRects()[0], m = document.querySelector('mark')"
        ".getBoundingClientRect(); return [box.left, m.right]; })()"
    )
    assert last <= first + 1  # the mention follows, to the left of what stands before it
    assert page.evaluate("document.getElementById('text').lang") == "ar"


def test_a_map_across_180_degrees_shows_both_sides_together(page):
    open_document(page, 3)
    width = page.evaluate("document.querySelector('.ground path').getBoundingClientRect().width")
    assert 100 < width < page.evaluate("document.getElementById('sheet').clientWidth")


def test_the_map_moves_by_keys_and_wheel(page):
    width = (
        "document.querySelector('.ground[data-ground=\"0\"] path').getBoundingClientRect().width"
    )
    before = page.evaluate(width)
    page.evaluate("document.getElementById('sheet').focus()")
    page.key("+")
    assert page.evaluate(width) == pytest.approx(before * 1.5, rel=0.05)
    page.key("0")
    page.mouse("mouseWheel", *middle(page, "#sheet"), deltaX=0, deltaY=-400)
    page.wait(f"{width} > {before * 1.5}")


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2200])
def test_it_fits_every_width(page, folder, width):
    page.window(width, 844)
    show(page, folder)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_the_mention_is_seen_between_map_and_card(page, folder):
    page.window(390, 844)
    show(page, folder)
    assert not page.evaluate("document.getElementById('card').checkVisibility()")
    page.evaluate("document.getElementById('mention-5').click()")
    scroll = "scrollIntoView({block: 'center', behavior: 'instant'})"
    page.evaluate(f"document.getElementById('mention-5').{scroll}")
    tops = [
        page.evaluate(f"document.querySelector('{name}').getBoundingClientRect().{side}")
        for name, side in (("#sheet", "bottom"), ("#mention-5", "top"), ("#mention-5", "bottom"))
    ]
    card = page.evaluate("document.getElementById('card').getBoundingClientRect().top")
    assert tops[0] <= tops[1] < tops[2] <= card


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["kind", "probability"])
def test_text_has_contrast(page, folder, scheme, colour):
    page.window(1280, 900, scheme)
    show(page, folder, f"#document=made%3Aferry&mention=1&colour={colour}")
    page.evaluate("document.getElementById('all').open = true")
    assert faint_texts(page) == []


def test_every_control_has_a_name(page):
    page.evaluate("document.getElementById('mention-0').click()")
    assert nameless_controls(page) == []


def test_paper_shows_text_map_and_legend_without_controls(page, folder):
    page.window(800, 1100, media="print")
    show(page, folder)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    seen = "[...document.querySelectorAll({!r})].some(e => e.checkVisibility())"
    assert not page.evaluate(seen.format(".zoom, .switch, .switcher, .card"))
    assert page.evaluate(seen.format("#text mark")) and page.evaluate(seen.format(".legend li"))
    width = "document.querySelector('.ground path').getBoundingClientRect().width"
    assert 5 < page.evaluate(width) < page.evaluate("innerWidth")

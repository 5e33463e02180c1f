"""The page in a real browser: it reads right, moves, and stays quiet."""

import re

import numpy as np
import pytest
from pyproj import Transformer

from landscribe.cards import Task
from landscribe.formats.rasters import NODATA
from tests.browser.chromium import program
from tests.browser.readable import faint_texts, nameless_controls
from tests.made_product import GRIDS, TASK_CARD, made_page, make_run

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(program() is None, reason="no chromium here: apt-get install chromium"),
]
READY = "document.documentElement.dataset.ready === 'yes'"
GRID = GRIDS["33UUU"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def made(run):
    return made_page(run)


@pytest.fixture
def page(browser, made):
    browser.requests.clear()
    browser.errors.clear()
    browser.window(1280, 900)
    browser.open(made, ready=READY)
    return browser


def text(page, name):
    return page.evaluate(f"document.getElementById('{name}').textContent")


def middle(page):
    """Middle of the map in the window, with the map scrolled into it [CSS px]."""
    page.evaluate(
        "document.getElementById('sheet').scrollIntoView({block: 'center', behavior: 'instant'})"
    )
    return page.evaluate(
        "(({left, top, width, height}) => [left + width / 2, top + height / 2])"
        "(document.getElementById('sheet').getBoundingClientRect())"
    )


def place(page):
    """Easting and northing that the read-out names."""
    numbers = re.findall(r"[EN] ([\d\u202f]+)", text(page, "grid-place"))
    return [int(n.replace("\u202f", "")) for n in numbers]


def zoom(page):
    """Screen pixels of a map pixel."""
    return page.evaluate(
        "new DOMMatrix(getComputedStyle(document.getElementById('stack')).transform).a"
    )


def shown(page):
    """Layers over the imagery that are to be seen."""
    return page.evaluate(
        "[...document.querySelectorAll('.over')].filter(e => e.checkVisibility())"
        ".map(e => (e.dataset.layer || e.id) + '/' + (e.dataset.model || ''))"
    )


def test_it_asks_the_network_for_nothing_and_makes_no_errors(page, made):
    for layer in ("confidence", "observations", "imagery"):
        page.evaluate(f"document.querySelector('[value={layer}]').click()")
    assert page.errors == []
    asked = [url for url in page.requests if not url.startswith(("data:", "about:"))]
    assert asked == [made.resolve().as_uri()]


def test_it_reads_the_class_and_place_of_any_pixel(page, run, made):
    titles = {land.id: land.title for land in Task.read(TASK_CARD).legend} | {NODATA: "Not mapped"}
    to_lonlat = Transformer.from_crs(GRID.epsg, 4326, always_xy=True)
    random = np.random.default_rng(1)
    for row, col in [(0, 0), (63, 95), (63, 0), *random.integers(0, (64, 96), (12, 2))]:
        x, y = GRID.west + (col + 0.5) * 10, GRID.north - (row + 0.5) * 10
        for model in run.models:
            page.evaluate(f"location.hash = '#model={model}&at={x},{y}'")
            page.wait(f"document.documentElement.dataset.model === '{model}'")
            page.wait(
                f"document.getElementById('grid-place').textContent.includes('{int(y) % 1000:03}')"
            )
            assert (
                text(page, "said").split(" · ")[0] == titles[run.classes[model, "33UUU"][row, col]]
            )
        assert place(page) == [x, y]
        lat, lon = (float(n) for n in re.findall(r"([\d.]+)°", text(page, "lonlat-place")))
        assert (lon, lat) == pytest.approx(to_lonlat.transform(x, y), abs=1.1e-5)


def test_choosing_a_model_changes_map_legend_scores_and_areas(page):
    assert shown(page) == ["map/unet"]
    page.evaluate("document.querySelector('#scores [value=forest]').click()")
    assert shown(page) == ["map/forest"]
    seen = "[...document.querySelectorAll('[data-of-model]')].filter(e => e.checkVisibility())"
    assert set(page.evaluate(f"{seen}.map(e => e.dataset.ofModel)")) == {"forest"}
    checked = "[...document.querySelectorAll('[data-choose=model]:checked')].map(e => e.value)"
    assert set(page.evaluate(checked)) == {"forest"}
    assert "model=forest" in page.evaluate("location.hash")


def test_choosing_a_layer_and_its_opacity(page):
    page.evaluate("document.querySelector('[value=confidence]').click()")
    assert shown(page) == ["confidence/unet"]
    page.evaluate(
        "const o = document.getElementById('opacity'); o.value = 35;"
        "o.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    opacity = "getComputedStyle(document.querySelector('[data-layer=confidence]')).opacity"
    assert page.evaluate(opacity) == "0.35"
    assert text(page, "opacity-said").startswith("35")
    page.evaluate("document.querySelector('[value=imagery]').click()")
    assert shown(page) == []


def test_a_class_can_be_seen_alone(page, run):
    land = Task.read(TASK_CARD).legend[2]
    page.evaluate(f"document.querySelector('[data-only=\"{land.colour}\"]').click()")
    assert shown(page) == ["only/"]
    alpha = page.evaluate(
        "Array.from(document.getElementById('only').getContext('2d')"
        ".getImageData(0, 0, 96, 64).data)"
        ".filter((_, i) => i % 4 === 3).map(a => Number(a > 0))"
    )
    assert (np.reshape(alpha, (64, 96)) == (run.classes["unet", "33UUU"] == land.id)).all()
    page.evaluate(f"document.querySelector('[data-only=\"{land.colour}\"]').click()")
    assert shown(page) == ["map/unet"]


def test_the_wheel_zooms_where_the_mouse_is(page):
    x, y = middle(page)
    page.mouse("mouseMoved", x + 200, y - 50)
    before, wide = place(page), zoom(page)
    page.mouse("mouseWheel", x + 200, y - 50, deltaX=0, deltaY=-900)
    page.wait(f"new DOMMatrix(document.getElementById('stack').style.transform).a > {wide * 1.5}")
    page.mouse("mouseMoved", x + 201, y - 50)
    assert place(page) == pytest.approx(before, abs=10)


def test_dragging_moves_and_a_click_pins(page):
    page.evaluate("document.getElementById('zoom-in').click()")
    page.evaluate("document.getElementById('zoom-in').click()")
    x, y = middle(page)
    page.mouse("mouseMoved", x, y)
    before = place(page)
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    for step in range(1, 6):
        page.mouse("mouseMoved", x + 30 * step, y + 8 * step, button="left", buttons=1)
    page.mouse("mouseReleased", x + 150, y + 40, button="left", clickCount=1)
    page.mouse("mouseMoved", x + 151, y + 40)
    assert place(page) == pytest.approx(before, abs=10)  # the ground went with the mouse
    assert "at=" not in page.evaluate("location.hash")
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    pinned = place(page)
    page.mouse("mouseMoved", x + 90, y + 90)
    assert place(page) == pinned
    assert "at=" in page.evaluate("location.hash")


def test_keys_move_zoom_and_read(page):
    page.evaluate("document.getElementById('sheet').focus()")
    wide = zoom(page)
    page.key("+")
    page.key("+")
    assert zoom(page) > wide * 2
    page.key("ArrowRight", 39)
    east = place(page)
    page.key("ArrowLeft", 37)
    page.key("ArrowUp", 38)
    assert place(page)[0] < east[0]
    assert place(page)[1] > east[1]
    page.key("Enter", 13)
    assert "at=" in page.evaluate("location.hash")
    page.key("0")
    assert zoom(page) == wide


def test_two_fingers_zoom_on_a_phone(page, made):
    page.window(390, 844)
    page.open(made, ready=READY)
    x, y = middle(page)
    before = zoom(page)
    for kind, spread in (("touchStart", 20), ("touchMove", 45), ("touchMove", 90)):
        points = [{"x": x - spread, "y": y, "id": 1}, {"x": x + spread, "y": y, "id": 2}]
        page.send("Input.dispatchTouchEvent", type=kind, touchPoints=points)
    page.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    assert zoom(page) > before * 2


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2200])
def test_it_fits_every_width(page, made, width):
    page.window(width, 900)
    page.open(made, ready=READY)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(page, made, scheme):
    """At least 4.5 to 1 (WCAG 2.2, success criterion 1.4.3)."""
    page.window(1280, 900, scheme)
    page.open(made, ready=READY)
    page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    assert faint_texts(page) == []


def test_every_control_has_a_name(page):
    assert nameless_controls(page) == []


def test_without_scripts_everything_is_there_but_still(page, made):
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.send("Page.navigate", url="about:blank")
        page.send("Page.navigate", url=made.resolve().as_uri())
        page.wait("document.readyState === 'complete' && document.querySelector('.stack img')")
        assert shown(page) == ["map/unet"]
        models = "[...document.querySelectorAll('#scores [data-of-model]')]"
        assert page.evaluate(f"{models}.every(e => e.checkVisibility())")
        assert not page.evaluate("document.querySelector('.switch').checkVisibility()")
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)


def test_paper_shows_the_map_without_controls(page, made):
    page.window(800, 1100, media="print")
    page.open(made, ready=READY)
    assert shown(page) == ["map/unet"]
    seen = (
        "[...document.querySelectorAll('.zoom, .switch, .readout')].some(e => e.checkVisibility())"
    )
    assert not page.evaluate(seen)

"""The page in a real browser: it reads right, moves, and stays quiet."""

import json
import re

import numpy as np
import pytest
import rasterio
from pyproj import Transformer

from landscribe.cards import Task
from landscribe.formats.rasters import NODATA
from landscribe.publish import trust_layers
from landscribe.trust.conformal import packed
from tests.browser.chromium import program
from tests.browser.readable import faint_texts, nameless_controls
from tests.made_layers import write_raster
from tests.made_product import (
    GRIDS,
    TASK_CARD,
    TRUST_LAYERS,
    add_smoothed,
    made_page,
    make_run,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(program() is None, reason="no chromium here: apt-get install chromium"),
]
READY = "document.documentElement.dataset.ready === 'yes'"
GRID = GRIDS["33UUU"]
LEGEND = Task.read(TASK_CARD).legend
TITLES = {land.id: land.title for land in LEGEND} | {NODATA: "Not mapped"}
LAYERS = ("confidence", "entropy", "set_sizes", "applicability", "observations", "imagery")


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


def pixels(run, name, model="unet"):
    """Stored numbers (y, x) of a layer."""
    with rasterio.open(run.file("map", model, "33UUU", f"{name}.tif")) as raster:
        return raster.read(1)


def facts(page):
    """What the page tells of the pinned pixel: what -> texts."""
    return page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('#pixel-rows div')].map(e => "
        "[e.children[0].textContent, [...e.children[1].children].map(s => s.textContent)]))"
    )


def pin(page, row, col, model="unet"):
    """Pin a pixel by the address."""
    x, y = GRID.west + (col + 0.5) * 10, GRID.north - (row + 0.5) * 10
    page.evaluate(f"location.hash = '#model={model}&at={x},{y}'")
    wanted = f"E {x:,.0f}  N {y:,.0f} ".replace(",", "\u202f")
    page.wait(f"document.getElementById('grid-place').textContent.startsWith('{wanted}')")
    page.wait(f"document.documentElement.dataset.model === '{model}'")


def painted(page, canvas):
    """Colours (y, x) #rrggbb of a canvas, "" where it is transparent."""
    flat = page.evaluate(
        f"Array.from(document.querySelector('{canvas}').getContext('2d')"
        ".getImageData(0, 0, 96, 64).data)"
    )
    rgba = np.reshape(flat, (64, 96, 4)).astype("uint8")
    return np.array([[f"#{bytes(p[:3]).hex()}" if p[3] else "" for p in row] for row in rgba])


def within(text, value):
    """Whether a value [of 1] is in a step such as 65–70 % or 0.2–0.4."""
    low, high = (float(n) for n in re.findall(r"[\d.]+", text.partition(":")[0])[:2])
    unit = 100 if "%" in text else 1
    return low - 1e-6 <= value * unit <= high + 1e-6


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
    for layer in LAYERS:
        page.evaluate(f"document.querySelector('[value={layer}]').click()")
    assert page.errors == []
    asked = [url for url in page.requests if not url.startswith(("data:", "about:"))]
    assert asked == [made.resolve().as_uri()]


def test_it_reads_the_class_and_place_of_any_pixel(page, run, made):
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
            wanted = TITLES[run.classes[model, "33UUU"][row, col]]
            assert text(page, "said").split(" · ")[0] == wanted
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


def test_a_pinned_pixel_tells_all_that_is_known_of_it(page, run):
    stored = {name: pixels(run, name) for name in ("classes", "confidence", *TRUST_LAYERS)}
    random = np.random.default_rng(8)
    for row, col in [(10, 1), (10, 6), *random.integers((12, 0), (64, 96), (8, 2))]:
        pin(page, row, col)
        here, told = {name: int(layer[row, col]) for name, layer in stored.items()}, facts(page)
        assert told["Class"] == [TITLES[here["classes"]]]
        assert within(told["Probability of the class"][0], here["confidence"] * 0.01)
        held = [land.title for k, land in enumerate(LEGEND) if here["sets"] >> k & 1]
        assert told["Set of classes, 90\u202f% promised"] == held
        assert len(held) == here["set_sizes"]
        assert within(told["Entropy, of the highest"][0], here["entropy"] * 0.005)
        away = told["Dissimilarity, of the threshold"][0]
        assert ("outside" in away) == (here["applicability"] > 100)
        assert "or more" in away or within(away, here["applicability"] * 0.01)


def test_a_pixel_at_the_threshold_is_inside_and_the_next_one_outside(page, run):
    assert list(pixels(run, "applicability")[10, 4:6]) == [100, 101]
    for col, wanted in ((4, "inside"), (5, "outside")):
        pin(page, 10, col)
        assert wanted in facts(page)["Dissimilarity, of the threshold"][0]


def test_a_pixel_without_a_class_says_so_and_can_be_let_go(page):
    pin(page, 0, 0)
    assert facts(page) == {"Class": ["not mapped"]}
    assert page.evaluate("document.getElementById('pixel').checkVisibility()")
    page.evaluate("document.getElementById('unpin').click()")
    assert not page.evaluate("document.getElementById('pixel').checkVisibility()")
    assert "at=" not in page.evaluate("location.hash")


def test_a_click_on_the_map_tells_of_the_pixel_under_it(page, run):
    x, y = middle(page)
    page.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseReleased", x, y, button="left", clickCount=1)
    east, north = place(page)
    row, col = int((GRID.north - north) // 10), int((east - GRID.west) // 10)
    assert facts(page)["Class"] == [TITLES[run.classes["unet", "33UUU"][row, col]]]
    page.key("Escape", 27)
    assert not page.evaluate("document.getElementById('pixel').checkVisibility()")


def test_sizes_of_sets_are_drawn_from_their_bits_for_each_model(page, run):
    sizes = dict(
        enumerate(
            page.evaluate("JSON.parse(document.getElementById('viewer-data').textContent).sizes"),
            start=1,
        )
    )
    page.evaluate("document.querySelector('[value=set_sizes]').click()")
    for model in ("unet", "forest"):
        page.evaluate(f"document.querySelector('#trust [value={model}]').click()")
        assert shown(page) == ["set_sizes/"]
        counts = pixels(run, "set_sizes", model)
        wanted = np.vectorize(lambda n: "" if n == NODATA else sizes[n][0])(counts)
        assert (painted(page, "[data-layer=set_sizes]") == wanted).all()


def test_a_class_shows_where_it_may_be(page, run):
    page.evaluate("document.querySelector('[value=set_sizes]').click()")
    legend = "[data-legend=set_sizes]:not([hidden])"
    page.evaluate(f"document.querySelector('{legend} [data-only=\"{LEGEND[5].colour}\"]').click()")
    seen = painted(page, "[data-layer=set_sizes]") != ""
    assert (seen == (pixels(run, "sets") >> 5 & 1 == 1)).all()
    page.evaluate("document.querySelector('[value=map]').click()")
    assert (painted(page, "#only") != "").sum() == (pixels(run, "classes") == LEGEND[5].id).sum()


def test_each_layer_has_its_legend_with_units_and_ends(page):
    ends = {
        "confidence": ["0 %", "50 %", "100 %"],
        "entropy": ["0 %", "50 %", "100 %"],
        "applicability": ["0", "1", "2 or more"],
    }
    for layer in LAYERS:
        page.evaluate(f"document.querySelector('[value={layer}]').click()")
        seen = "[...document.querySelectorAll('[data-legend]')].filter(e => e.checkVisibility())"
        assert page.evaluate(f"{seen}.map(e => e.dataset.legend)") == [layer]
        told = page.evaluate(f"{seen}[0].innerText")
        assert page.evaluate(f"Boolean({seen}[0].querySelector('.hint'))")
        if layer in ends:
            said = page.evaluate(
                f"[...{seen}[0].querySelectorAll('.ends span')].map(e => e.innerText)"
            )
            assert [text.split(":")[0] for text in said] == ends[layer]
            assert page.evaluate(f"{seen}[0].querySelector('.ramp').offsetWidth") > 100
        if layer == "set_sizes":
            assert "90\u202f% or more are promised" in told and "8 classes" in told


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
    land = LEGEND[2]
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


def test_the_raw_class_is_always_told_beside_the_smoothed_one(browser, tmp_path):
    run = make_run(tmp_path, models=("forest",))
    add_smoothed(run)
    browser.open(made_page(run), ready=READY)
    assert shown(browser) == ["map/forest"]
    browser.evaluate("document.querySelector('[value=smoothed]').click()")
    assert shown(browser) == ["smoothed/forest"]
    raw, smooth = pixels(run, "classes", "forest"), pixels(run, "smoothed", "forest")
    for row, col in np.argwhere(raw != smooth)[::40]:
        pin(browser, row, col, "forest")
        told = facts(browser)
        assert told["Class, raw map"] == [TITLES[raw[row, col]]]
        assert told["Class, smoothed map"] == [TITLES[smooth[row, col]]]
        assert f"{TITLES[raw[row, col]]} in the raw map" in text(browser, "said")


def test_legends_of_many_classes_fill_several_images(browser, tmp_path):
    """The script finds class k where the page put it: a channel for 8, an image for 24."""
    browser.open(made_page(make_run(tmp_path, models=("forest",))), ready=READY)
    held = np.random.default_rng(3).random((40, 64, 96)) < 0.3
    path = write_raster(tmp_path / "sets.tif", packed(held), nodata=0)
    lands = [LEGEND[0].model_copy(update={"title": str(k)}) for k in range(40)]
    image = trust_layers.sets([path], lands, GRID)
    browser.evaluate(
        f"window.many = Object.assign(new Image(), {{src: '{image.uri}'}}); many.dataset.layer = "
        "'sets'; many.dataset.model = 'many'; document.body.append(many); many.decode().then("
        "() => { many.ready = true; })"
    )
    browser.wait("many.ready")
    legend = [["#000000", land.title] for land in lands]
    told = {"size": [96, 64], "legend": legend, "keys": {}}
    for row, col in ((0, 0), (63, 95), (17, 40)):
        read = f"reading({json.dumps(told)}, 'many').set({col}, {row}).map(([, title]) => title)"
        assert browser.evaluate(read) == [str(k) for k in range(40) if held[k, row, col]]


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

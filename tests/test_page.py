import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from landscribe.command import InputError
from landscribe.formats import write_json
from landscribe.publish import page as page_module
from landscribe.publish.page import best_first, model_views, page
from scripts.build_page import main
from tests.made_product import (
    GRIDS,
    REGION_CARD,
    SENSOR_CARD,
    YEAR,
    add_smoothed,
    made_page,
    make_run,
)
from tests.page_numbers import check_numbers, loose_digits, read_page


class Links(HTMLParser):
    """What a page loads, and where it leads to."""

    def __init__(self):
        super().__init__()
        self.loads, self.leads, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        assert len(told) == len(attrs), f"{tag} has an attribute twice: {attrs}"
        self.tags.append((tag, told))
        self.loads += [told[name] for name in ("src", "srcset", "poster", "data") if name in told]
        if "href" in told:
            (self.leads if tag == "a" else self.loads).append(told["href"])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"), GRIDS)


@pytest.fixture(scope="module")
def made(run):
    return made_page(run)


def links(path):
    found = Links()
    found.feed(path.read_text())
    return found


def test_every_number_is_that_of_its_file(made):
    assert check_numbers(made) > 300


def test_no_number_stands_without_its_file(made):
    assert loose_digits(made) == []


def test_numbers_of_every_model_are_there(run, made):
    sources = {number["source"].partition("#")[0] for number in read_page(made).numbers}
    for model in run.models:
        for kind in (f"{model}/scores.json", f"{model}/areas.csv", f"{model}/model.json"):
            assert any(source.endswith(kind) for source in sources)


def test_notes_are_quoted_word_for_word(made):
    quoted = re.findall(r'data-quote="([^"]+)">([^<]+)<', made.read_text())
    assert quoted
    for source, text in quoted:
        path, _, place = source.partition("#")
        value = json.loads((made.parent / path).read_text())
        for key in place.split("/")[1:]:
            value = value[key]
        assert text.replace("&#39;", "'") == value


def test_a_number_that_was_changed_is_found(made, tmp_path):
    text = made.read_text()
    source = re.search(r'data-source="([^"]+)" data-value="(0\.\d+)"', text)
    (made.parent / "changed.html").write_text(
        text.replace(f'data-value="{source[2]}"', 'data-value="0.123"', 1)
    )
    with pytest.raises(AssertionError, match="page says 0.123"):
        check_numbers(made.parent / "changed.html")


def test_nothing_is_loaded_from_elsewhere(made):
    found, text = links(made), made.read_text()
    assert all(href.startswith(("data:", "#")) for href in found.loads)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert not [tag for tag, told in found.tags if tag == "link" or "srcdoc" in told]
    script = text[text.index("<script>") :]
    assert not re.search(r"https?:|fetch\(|XMLHttpRequest|import\(", script)


def test_links_lead_to_files_of_the_results(made):
    ours = [href for href in links(made).leads if "://" not in href and not href.startswith("#")]
    assert len(ours) >= 2 * (3 * 2 + 5)
    assert all((made.parent / href).is_file() for href in ours)


def test_images_and_controls_say_what_they_are(made):
    tags = links(made).tags
    assert all(told.get("alt") for tag, told in tags if tag == "img")
    named = {told["for"] for tag, told in tags if tag == "label" and "for" in told}
    for tag, told in tags:
        if tag == "input" and told["type"] != "radio":  # radios stand inside their labels
            assert told["id"] in named
    ids = [told["id"] for _, told in tags if "id" in told]
    assert len(ids) == len(set(ids))


def test_the_same_files_give_the_same_page(run, made):
    assert page(run.page_files(), YEAR, made.parent) == made.read_text()


def test_the_first_model_is_chosen_on_the_validation_squares(run, made):
    views = best_first(model_views(run.page_files()))
    assert views[0].id == "unet"
    assert '<html lang="en" data-model="unet">' in made.read_text()
    path, judged = views[0].scores, views[0].judged
    worse = judged["validation"] | {"balanced_accuracy": 0.01}
    write_json(path, judged | {"validation": worse, "balanced_accuracy": 0.99})
    try:
        assert best_first(model_views(run.page_files()))[0].id == "forest"
    finally:
        write_json(path, judged)


def test_titles_of_cards_stay_text(run, made, tmp_path):
    card = yaml.safe_load(REGION_CARD.read_text()) | {"title": "</script><b onload='x'>&\"A"}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(card))
    html = page(replace(run.page_files(), region=tmp_path / "r.yaml"), YEAR, made.parent)
    assert "<b onload" not in html
    assert "&lt;/script&gt;&lt;b onload=" in html


def test_files_of_a_model_that_are_missing_are_named(run):
    files = run.page_files()
    with pytest.raises(InputError, match="no --areas of model unet"):
        model_views(replace(files, areas=files.areas[:1]))


def test_a_page_that_grows_too_large_gets_smaller_layers(run, made, monkeypatch):
    whole = len(made.read_text())
    monkeypatch.setattr(page_module, "SIDES_PX", (2000, 30))
    monkeypatch.setattr(page_module, "PAGE_BYTES", page_module.TEXT_BYTES + 12_000)
    assert len(page(run.page_files(), YEAR, made.parent)) < whole - 5_000


def test_a_smoothed_map_is_a_layer_that_can_be_chosen(tmp_path, run, made):
    both = make_run(tmp_path, models=("forest", "unet"))
    add_smoothed(both)
    path = made_page(both)
    check_numbers(path)
    assert loose_digits(path) == []
    images = [told for tag, told in links(path).tags if tag == "img" and "data-layer" in told]
    shown = [
        (told["data-layer"], told.get("data-model")) for told in images if "hidden" not in told
    ]
    assert shown == [("imagery", None), ("map", "unet")]  # the raw map comes first
    layers = {(told["data-layer"], told.get("data-model")) for told in images}
    assert {("smoothed", "forest"), ("smoothed", "unet")} < layers
    sources = {number["source"].partition("#")[2] for number in read_page(path).numbers}
    assert {"/smoothed/macro_f1", "0/smoothed_share", "0/smoothed_area_ha"} < sources
    assert {"/smoothed/settings/window_px", "/smoothed/settings/mmu_ha"} < sources
    assert 'value="smoothed"' in path.read_text() and "Smoothed" not in made.read_text()


def test_scenes_of_all_sensors_are_on_the_page(tmp_path):
    radar = SENSOR_CARD.with_name("sentinel-1-rtc.yaml")
    both = make_run(tmp_path, models=("forest",), sensors=(SENSOR_CARD, radar))
    path = made_page(both)
    check_numbers(path)
    assert loose_digits(path) == []
    sources = [number["source"] for number in read_page(path).numbers]
    for lock in both.product("forest").locks:
        assert any(
            source.endswith(f"{lock.parent.name}/scenes.lock.json#count:/scenes")
            for source in sources
        )
    text = path.read_text()
    for name in ("msi_20170216T102101_T33UUU", "c-sar_20170226T102101_T33UUU", "sentinel-1-rtc/VH"):
        assert name in text
    assert "<span>33UUU</span>" in text


def test_a_page_of_many_blocks_and_scenes_folds_their_lists(run, made, monkeypatch):
    """A country has 600 rasters and 2,500 checksums, which would bury the rest."""
    before = made.read_text()
    assert "33UUT, 33UUU" in before and "Checksum (multihash)" in before
    monkeypatch.setattr(page_module, "FEW", 1)
    monkeypatch.setattr(page_module, "MOST_SCENES", 1)
    try:
        again = made_page(run).read_text()
        assert "blocks 33UUT to 33UUU" in again and "33UUT, 33UUU" not in again
        assert again.count("<summary>2 blocks</summary>") == 3 * len(run.models)
        assert "Checksum (multihash)" not in again
        kept = {link for link in leads(before) if "archive.example" not in link}
        assert set(leads(again)) == kept | {lock(again)}
        assert loose_digits(made) == []
        check_numbers(made)
    finally:
        made.write_text(before)


def leads(text):
    found = Links()
    found.feed(text)
    return found.leads


def lock(text):
    """Link to the list of scenes."""
    return re.search(r'href="([^"]+scenes.lock.json)"', text)[1]


def test_the_script_writes_the_page(run, made, capsys):
    main(run.page_files(), YEAR, made.parent / "again.html")
    assert (made.parent / "again.html").read_bytes() == made.read_bytes()
    assert "2 models, 0." in capsys.readouterr().out

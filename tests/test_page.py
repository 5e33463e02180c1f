import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import yaml

from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.publish import page as page_module
from landscribe.publish import page_layers
from landscribe.publish.campaign_view import campaign_views
from landscribe.publish.model_view import best_first, model_views
from landscribe.publish.page import page
from scripts.build_page import main
from tests.made_product import (
    GRIDS,
    REGION_CARD,
    SENSOR_CARD,
    TRUST_LAYERS,
    YEAR,
    add_smoothed,
    made_page,
    make_run,
)
from tests.made_survey import add_campaign
from tests.made_trust import calibration
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


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory):
    """Run and page: the sample of the U-Net's map was read, that of the forest's was not."""
    run = make_run(tmp_path_factory.mktemp("surveyed"))
    add_campaign(run, "read", "unet")
    add_campaign(run, "waits", "forest", read=False)
    return run, made_page(run)


def links(path):
    found = Links()
    found.feed(path.read_text())
    return found


def data(path):
    """What the script of a page is given."""
    return json.loads(re.search(r'id="viewer-data">(.*?)</script>', path.read_text())[1])


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
    assert len(ours) >= 2 * (7 * 2 + 7)
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
    with pytest.raises(InputError, match="--trust of model forest: no entropy and no sets, but"):
        sizes = tuple(path for path in files.trust if path.stem == "set_sizes")
        model_views(replace(files, trust=sizes))


def test_a_page_that_grows_too_large_gets_smaller_layers(run, made, monkeypatch):
    whole = len(made.read_text())
    monkeypatch.setattr(page_layers, "SIDES_PX", (2000, 30))
    monkeypatch.setattr(page_module, "PAGE_BYTES", page_module.TEXT_BYTES + 12_000)
    assert len(page(run.page_files(), YEAR, made.parent)) < whole - 5_000


def test_pixels_that_stand_for_several_say_so(run, made, monkeypatch):
    assert data(made)["merged"] == 1 and "stands for" not in made.read_text()
    monkeypatch.setattr(page_layers, "SIDES_PX", (30,))
    html = made.with_name("merged.html")
    html.write_text(page(run.page_files(), YEAR, made.parent))
    assert data(html)["merged"] == 4 and data(html)["size"] == [24, 24]  # of 96 by 96
    assert 'stands for <span class="key">4 by 4</span> pixels' in html.read_text()
    assert loose_digits(html) == []


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


def test_layers_of_trust_can_be_chosen_and_say_what_they_promise(run, made):
    tags = links(made).tags
    chosen = [told["value"] for _, told in tags if told.get("data-choose") == "layer"]
    trust = ["confidence", "entropy", "set_sizes", "applicability"]
    assert chosen == ["map", *trust, "observations", "imagery"]  # the raw map comes first
    for model in run.models:
        mine = [t for tag, t in tags if tag == "img" and t.get("data-model") == model]
        images = {told["data-layer"] for told in mine}
        assert images == {"map", "confidence", "entropy", "applicability", "sets"}
        mine = [t for _, t in tags if t.get("data-of-model") == model and "data-legend" in t]
        assert {told["data-legend"] for told in mine} == {"map", *trust}
        sources = {number["source"] for number in read_page(made).numbers}
        for place in ("coverage/target", "coverage/per_polygon/value", "areas/inside_share"):
            assert any(source.endswith(f"{model}/trust.json#/{place}") for source in sources)
    assert data(made)["promised"] == {"forest": 0.9, "unet": 0.9}


def test_every_class_has_its_coverage_and_its_share_inside(run, made):
    sources = {number["source"].split("evaluate/")[-1] for number in read_page(made).numbers}
    for model in run.models:
        place = f"beetzsee/2017/landuse/{model}/trust.json#"
        for row in range(8):
            assert f"{place}/areas/classes/{row}/inside_share" in sources
            found = f"{place}/coverage/classes/{row}/per_polygon/interval/0" in sources
            assert found == (row < 7)  # nobody tested the last one
    assert made.read_text().count("no test polygon") == 2


def test_calibration_that_made_it_worse_is_told(made):
    section = made.read_text().split('id="trust"')[1].split("</section>")[0]
    forest, unet = sorted(section.split("data-of-model=")[1:])
    assert "worse" in unet and "worse" not in forest


def test_what_was_not_measured_or_promised_is_told(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    run.file("map", "forest", "33UUU", "applicability.tif").unlink()
    scores = run.file("evaluate", "forest", "trust.json")
    write_json(scores, json.loads(scores.read_text()) | {"areas": None, "applicability": None})
    few = calibration(squares=3)
    few["sets"]["note"] = "Nothing is promised: there are too few squares."
    write_json(run.file("map", "forest", "calibration.json"), few)
    path = made_page(run)
    check_numbers(path)
    text = path.read_text()
    assert "Not measured" in text and 'value="applicability"' not in text
    assert text.count(few["sets"]["note"]) == 2 and "or more are promised" not in text
    assert data(path)["promised"] == {"forest": None}


def test_estimates_of_a_random_sample_stand_with_intervals_beside_mapped_areas(surveyed):
    run, path = surveyed
    check_numbers(path)
    assert loose_digits(path) == []
    sources = {number["source"].partition("campaigns/")[2] for number in read_page(path).numbers}
    for place in ("overall_accuracy/value", "overall_accuracy/interval/0", "readers/agreement"):
        assert f"read/accuracy.json#/{place}" in sources
    told = json.loads((run.results / "evaluate/campaigns/read/accuracy.json").read_text())
    for row in range(len(told["classes"])):
        for place in (
            "users_accuracy/interval/1",
            "producers_accuracy/value",
            "area_ha/interval/0",
        ):
            assert f"read/accuracy.json#/classes/{row}/{place}" in sources
        assert f"read/accuracy.json#/classes/{row}/mapped_ha" in sources
    leads = {href.split("campaigns/")[-1] for href in links(path).leads}
    assert {"read/accuracy.csv", "read/accuracy.json", "read/sample.gpkg"} < leads


def test_without_a_random_sample_estimates_are_refused_with_the_reason(surveyed, made):
    _, path = surveyed
    section = path.read_text().split('id="areas"')[1].split("</section>")[0]
    forest, unet = sorted(section.split("data-of-model=")[1:])
    refusal = "No accuracy and no area of the whole ground is given"
    assert refusal in forest and "waits/sample.gpkg" in forest and "read/" not in forest
    assert refusal not in unet and "read/sample.gpkg" in unet
    assert "not drawn by chance" in forest.split(refusal)[1]
    assert made.read_text().count(refusal) == 2


def test_estimates_from_labels_that_are_a_probability_sample_are_shown(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    path = run.file("evaluate", "forest", "scores.json")
    told = json.loads(path.read_text())
    one = {"value": 0.8, "standard_error": 0.02, "interval": [0.75, 0.84]}
    none = {"value": None, "standard_error": None, "interval": None}
    rows = [
        {"id": row["id"], "name": row["name"], "mapped_ha": 12.5, "area_ha": one}
        | {"users_accuracy": none, "producers_accuracy": one}
        for row in told["classes"]
    ]
    told["design_based"] = {"units": 141, "overall_accuracy": one, "classes": rows}
    told["sample"] |= {"probability_sample": True}
    write_json(path, told)
    html = made_page(run)
    check_numbers(html)
    sources = {number["source"].partition("#")[2] for number in read_page(html).numbers}
    assert "/design_based/classes/0/area_ha/interval/1" in sources
    assert "No accuracy and no area" not in html.read_text()


def test_a_campaign_of_several_regions_is_told_as_it_is_here(surveyed):
    run, made = surveyed
    path = run.results / "evaluate/campaigns/read/accuracy.json"
    told = json.loads(path.read_text())
    part = {name: told[name] for name in ("overall_accuracy", "classes")} | {"read": 170}
    write_json(path, told | {"regions": {"beetzsee": part, "elsewhere": part}})
    try:
        html = made.with_name("regions.html")
        html.write_text(page(run.page_files(), YEAR, made.parent))
    finally:
        write_json(path, told)
    sources = [number["source"] for number in read_page(html).numbers]
    assert any(source.endswith("#/regions/beetzsee/classes/0/area_ha/value") for source in sources)
    assert any(source.endswith("#/regions/beetzsee/read") for source in sources)
    assert not [s for s in sources if s.endswith("accuracy.json#/overall_accuracy/value")]
    assert "Estimated areas with their intervals" not in html.read_text()  # they are of all regions


def test_a_campaign_without_its_sample_is_named(run):
    card = REGION_CARD.parents[1] / "campaigns/beetzsee-landuse.yaml"
    with pytest.raises(InputError, match="no --samples of campaign beetzsee-landuse"):
        campaign_views(replace(run.page_files(), campaigns=(card,)))


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
        layers = 3 + len(TRUST_LAYERS)  # classes, confidence, observations
        assert again.count("<summary>2 blocks</summary>") == layers * len(run.models)
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

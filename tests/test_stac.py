import hashlib
import json
from dataclasses import replace

import pystac
import pytest
import rasterio
from pystac.extensions.classification import ClassificationExtension
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.version import VersionExtension
from pystac.validation.stac_validator import JsonSchemaSTACValidator
from shapely.geometry import box, mapping, shape

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.provenance import project_version
from landscribe.publish.product import STEPS, read_origin
from landscribe.publish.stac import map_documents
from landscribe.sensors import Sensor
from scripts.describe_product import main
from tests.made_product import (
    GRIDS,
    SENSOR_CARD,
    SMOOTHING,
    TASK_CARD,
    TRUST_LAYERS,
    add_smoothed,
    describe,
    make_run,
)
from tests.made_survey import add_campaign
from tests.made_trust import calibration

TABLES = {"areas", "scores", "calibration", "trust", "provenance", "page"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"), models=("forest",))


@pytest.fixture(scope="module")
def described(run):
    return describe(run, "forest") / "map.json"


@pytest.fixture
def item(described):
    return pystac.Item.from_file(described)


def valid(document, kind):
    """Whether the schemas of STAC 1.1 that come with pystac accept a document."""
    return JsonSchemaSTACValidator().validate_core(document, kind, "1.1.0") is not None


def test_the_item_is_valid_stac(described):
    document = json.loads(described.read_text())
    assert document["stac_version"] == "1.1.0"
    assert valid(document, pystac.STACObjectType.ITEM)


@pytest.mark.online
def test_items_are_valid_by_the_published_schemas(described):
    assert pystac.Item.from_file(described).validate()
    assert pystac.Item.from_file(described.with_name("model.json")).validate()


def test_place_and_grid_are_those_of_the_raster(run, item):
    projection = ProjectionExtension.ext(item)
    grid = GRIDS["33UUU"]
    assert projection.code == "EPSG:32633"
    assert projection.shape == [grid.height, grid.width]
    assert projection.bbox == list(grid.bounds)
    with rasterio.open(run.file("map", "forest", "33UUU", "classes.tif")) as raster:
        assert projection.transform == list(raster.transform)[:6]
    assert shape(item.geometry).buffer(1e-6).contains(box(*item.bbox).centroid)
    assert shape(item.geometry).bounds == pytest.approx(item.bbox, abs=1e-6)


def test_files_are_there_with_size_and_checksum(item, described):
    kinds = {"classes", "confidence", "observations", *TRUST_LAYERS}
    assert set(item.assets) == kinds | TABLES
    for name, asset in item.assets.items():
        assert asset.href.startswith(("./", "../"))
        if name == "page":  # it is made from the item, so its checksum cannot be in it
            continue
        content = (described.parent / asset.href).read_bytes()
        told = FileExtension.ext(asset)
        assert told.size == len(content)
        assert told.checksum == "1220" + hashlib.sha256(content).hexdigest()


def test_pixels_are_described(item):
    for name in ("classes", "confidence", "observations"):
        told = item.assets[name].extra_fields
        assert (told["data_type"], told["nodata"]) == ("uint8", 255)
        assert told["bands"][0]["name"] == name
    assert item.assets["confidence"].extra_fields["raster:scale"] == pytest.approx(0.01)


def test_classes_are_those_of_the_legend(item):
    legend = Task.read(TASK_CARD).legend
    told = ClassificationExtension.ext(item.assets["classes"]).classes
    assert [(c.value, c.name, c.title, f"#{c.color_hint.lower()}") for c in told[:-1]] == [
        (land.id, land.name, land.title, land.colour.lower()) for land in legend
    ]
    assert (told[-1].value, told[-1].nodata) == (255, True)


def test_layers_of_trust_are_data_of_quality_in_their_units(item):
    scales = {"entropy": 0.005, "applicability": 0.01}
    for name in TRUST_LAYERS:
        told = item.assets[name].extra_fields
        assert item.assets[name].roles == ["data", "quality"]
        wanted = ("uint16", 0) if name == "sets" else ("uint8", 255)
        assert (told["data_type"], told["nodata"]) == wanted
        assert told.get("raster:scale", 1) == pytest.approx(scales.get(name, 1))
        assert ("landscribe:coverage" in told) == (name in ("sets", "set_sizes"))


def test_bits_of_the_sets_read_back_to_classes(run, item):
    legend = Task.read(TASK_CARD).legend
    (band,) = item.assets["sets"].extra_fields["bands"]
    bits = {bit["name"]: bit["offset"] for bit in band["classification:bitfields"]}
    assert list(bits) == [land.name for land in legend]
    assert all(bit["length"] == 1 for bit in band["classification:bitfields"])
    folder = run.file("map", "forest", "33UUU")
    with (
        rasterio.open(folder / "sets.tif") as sets,
        rasterio.open(folder / "classes.tif") as raster,
    ):
        held, classes = sets.read(1), raster.read(1)
    for land in legend:  # the class on the map is always in the set
        assert (held[classes == land.id] >> bits[land.name] & 1).all()
    assert (held[classes == 255] == 0).all()
    assert ClassificationExtension.get_schema_uri() in item.stac_extensions


def test_sets_that_promise_nothing_say_so(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    assets = json.loads((describe(run, "forest") / "map.json").read_text())["assets"]
    assert assets["sets"]["landscribe:coverage"] == 0.9
    write_json(run.file("map", "forest", "calibration.json"), calibration(squares=8))
    assets = json.loads((describe(run, "forest") / "map.json").read_text())["assets"]
    assert (
        assets["sets"]["landscribe:coverage"] is assets["set_sizes"]["landscribe:coverage"] is None
    )


def test_what_a_random_sample_says_is_among_the_papers(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    add_campaign(run, "read", "forest")
    add_campaign(run, "unread", "forest", read=False)
    files = run.product("forest")
    path = describe(run, "forest") / "map.json"
    item = pystac.Item.from_file(path)
    assert set(item.assets) > {"accuracy-read", "accuracy_table-read"}
    assert not [name for name in item.assets if "unread" in name]
    for name, kind in (("accuracy-read", "application/json"), ("accuracy_table-read", "text/csv")):
        assert item.assets[name].media_type == kind and item.assets[name].roles == ["metadata"]
        assert (path.parent / item.assets[name].href).is_file()
    assert [card.stem for card in files.cards if "campaigns" in card.parts] == ["read"]
    assert files.taken["draw_sample"] and files.taken["estimate_accuracy"]


def test_what_could_not_be_read_is_told(item, described):
    assert item.properties["landscribe:gaps"] == {"reads": 1, "scenes": ["made"]}
    (gap,) = json.loads(described.with_name("provenance.json").read_text())["gaps"]["33UUU"]
    assert (gap["asset"], gap["reason"]) == ("B02", "the server stopped half way")


def test_times_scenes_sources_and_version_are_named(item):
    assert item.datetime is None
    assert item.properties["start_datetime"] == "2017-02-16T10:21:01Z"
    assert item.properties["end_datetime"] == "2017-02-26T10:21:01Z"
    hrefs = {link.href for link in item.get_links("derived_from")}
    assert hrefs >= {
        "https://archive.example/sentinel-2-l1c/20170216.json",
        "https://archive.example/sentinel-2-l1c/20170226.json",
    }
    assert any(href.endswith("model.json") for href in hrefs)
    names = [provider["name"] for provider in item.properties["providers"]]
    assert names == [
        "Contains modified Copernicus Sentinel data 2017",
        "© OpenStreetMap contributors",
    ]
    assert VersionExtension.ext(item).version == project_version()


def test_describing_twice_gives_the_same_bytes(run, described):
    before = [path.read_bytes() for path in sorted(described.parent.glob("*.json"))]
    describe(run, "forest")
    assert before == [path.read_bytes() for path in sorted(described.parent.glob("*.json"))]


def test_a_raster_that_is_not_there_is_told(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    run.file("map", "forest", "33UUU/classes.tif").unlink()
    with pytest.raises(InputError, match="33UUU/classes.tif: no raster that GDAL reads"):
        describe(run, "forest")


def test_a_block_derives_from_its_scenes_alone(run):
    """Else a country's items are as long as its list of scenes, each of them."""
    origin, product = read_origin(run.product("forest"), 2017), run.product("forest")
    away = origin.scenes[1] | {"geometry": mapping(box(20, 40, 21, 41)), "id": "away"}
    both = replace(origin, scenes_by_sensor=([origin.scenes[0], away],))
    folder = product.page.parent / "forest"
    document = map_documents(both, product.blocks, {}, folder)["map.json"]
    titles = [link["title"] for link in document["links"] if link["rel"] == "derived_from"]
    assert origin.scenes[0]["id"] in titles and "away" not in titles
    assert document["properties"]["datetime"] == "2017-02-16T10:21:01Z"
    assert "1 scenes of" in document["properties"]["processing:lineage"]


def test_several_blocks_are_a_collection_of_items(tmp_path):
    run = make_run(tmp_path, GRIDS, ("forest",))
    path = describe(run, "forest") / "map.json"
    assert valid(json.loads(path.read_text()), pystac.STACObjectType.COLLECTION)
    collection = pystac.Collection.from_file(path)
    items = list(collection.get_items())
    assert [item.id for item in items] == [
        f"beetzsee-2017-landuse-forest-{name}" for name in ("33uut", "33uuu")
    ]
    whole = box(*collection.extent.spatial.bboxes[0]).buffer(1e-9)
    for item, block in zip(items, sorted(GRIDS), strict=True):
        assert valid(
            json.loads((path.parent / f"map-{block}.json").read_text()), item.STAC_OBJECT_TYPE
        )
        assert ProjectionExtension.ext(item).bbox == list(GRIDS[block].bounds)
        assert whole.contains(shape(item.geometry))
        assert item.get_collection().id == collection.id
        assert f"/{block}/" in item.assets["classes"].href
    assert set(collection.assets) == TABLES


def test_an_item_of_one_scene_has_its_time(run, tmp_path):

    files = run.product("forest")
    origin = read_origin(files, 2017)
    origin = replace(origin, scenes_by_sensor=(origin.scenes[:1],))
    document = map_documents(origin, files.blocks, {}, tmp_path)["map.json"]
    assert document["properties"]["datetime"] == "2017-02-16T10:21:01Z"


def test_several_sensors_are_all_named(tmp_path):
    radar = SENSOR_CARD.with_name("sentinel-1-rtc.yaml")
    run = make_run(tmp_path, models=("forest",), sensors=(SENSOR_CARD, radar))
    path = describe(run, "forest") / "map.json"
    assert valid(json.loads(path.read_text()), pystac.STACObjectType.ITEM)
    item = pystac.Item.from_file(path)
    told = item.properties
    assert (told["constellation"], told["instruments"]) == ("sentinel-2", ["msi", "c-sar"])
    optical, heard = (Sensor.read(card).title for card in (SENSOR_CARD, radar))
    assert f"drawn from {optical} and {heard} by" in told["description"]
    assert told["processing:lineage"].startswith(
        f"2 scenes of {optical}, clouds masked by s2cloudless; 2 scenes of {heard}, no mask, "
    )
    scenes = [link for link in item.get_links("derived_from") if "archive.example" in link.href]
    assert len(scenes) == 4
    assert told["landscribe:gaps"]["reads"] == 2
    provenance = json.loads(path.with_name("provenance.json").read_text())
    assert list(provenance["scenes"]) == ["sentinel-1-rtc", "sentinel-2-l1c"]
    assert [gap["asset"] for gap in provenance["gaps"]["33UUU"]] == ["B02", "VH"]


def test_a_smoothed_map_is_an_asset_beside_the_raw_one(tmp_path):
    run = make_run(tmp_path, models=("forest",))
    add_smoothed(run)
    path = describe(run, "forest") / "map.json"
    assert valid(json.loads(path.read_text()), pystac.STACObjectType.ITEM)
    assets = pystac.Item.from_file(path).assets
    raw, smooth = (assets[name].to_dict() for name in ("classes", "smoothed"))
    assert smooth["landscribe:smoothing"] == SMOOTHING.model_dump()
    assert smooth["classification:classes"] == raw["classification:classes"]
    assert smooth["roles"] == raw["roles"] == ["data"] and "landscribe:smoothing" not in raw
    content = (path.parent / smooth["href"]).read_bytes()
    assert smooth["file:checksum"] == "1220" + hashlib.sha256(content).hexdigest()


def test_a_lock_of_each_sensor_is_wanted(run):
    files = replace(run.product("forest"), locks=())
    with pytest.raises(InputError, match="1 sensors, 1 lists of scenes and 0 locks, but one of"):
        files.locks_by_sensor  # noqa: B018


def test_the_script_writes_items_and_provenance(run, tmp_path):
    files = run.product("forest")
    paths = [tmp_path / f"{name}.json" for name in ("map", "model", "provenance")]
    main(files, 2017, *paths, composed=True)
    provenance = json.loads(paths[2].read_text())
    assert set(provenance["cards"]) == {str(card) for card in files.cards}
    left = {"smooth_map", "draw_sample", "estimate_accuracy"}
    assert set(provenance["code"]) == set(STEPS) - left
    assert provenance["scenes"] == {"sentinel-2-l1c": json.loads(files.locks[0].read_text())}
    item = pystac.Item.from_file(paths[0])
    content = (tmp_path / item.assets["provenance"].href).read_bytes()
    checksum = item.assets["provenance"].extra_fields["file:checksum"]
    assert checksum == "1220" + hashlib.sha256(content).hexdigest()
    assert pystac.Item.from_file(paths[1]).properties["mlm:name"] == "beetzsee-2017-landuse-forest"


def test_layers_of_trust_are_assets_of_their_block(run, tmp_path):
    files = run.product("forest")
    folder = files.classes[0].parent
    layers = []
    for name in ("entropy", "set_sizes", "sets", "applicability"):
        (folder / f"{name}.tif").write_bytes(files.confidence[0].read_bytes())
        layers.append(folder / f"{name}.tif")
    paths = [tmp_path / f"{name}.json" for name in ("map", "model", "provenance")]
    main(replace(files, trust=tuple(layers)), 2017, *paths, composed=True)
    item = pystac.Item.from_file(paths[0])
    for name in ("entropy", "set_sizes", "sets", "applicability"):
        assert item.assets[name].roles == ["data", "quality"]
        assert item.assets[name].extra_fields["file:checksum"].startswith("1220")
    provenance = json.loads(paths[2].read_text())
    assert {"sample_reference", "measure_applicability"} <= set(provenance["code"])
    for path in layers:
        path.unlink()

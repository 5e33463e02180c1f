import json
from importlib import metadata

import pystac
import pytest
from pystac.extensions.mlm import AssetGeneralMLMExtension, MLMExtension
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from landscribe.formats.json_file import read_json, write_json
from landscribe.sensors import Sensor
from tests.made_product import SENSOR_CARD, describe, make_run


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("run"))
    return {model: describe(run, model) / "model.json" for model in run.models}


@pytest.fixture
def item(documents):
    return pystac.Item.from_file(documents["unet"])


def test_the_model_item_is_valid_stac(documents):
    for path in documents.values():
        document = json.loads(path.read_text())
        kind = pystac.STACObjectType.ITEM
        assert JsonSchemaSTACValidator().validate_core(document, kind, "1.1.0")


def test_name_tasks_and_size_are_told(item):
    told = MLMExtension.ext(item)
    assert item.properties["mlm:name"] == "beetzsee-2017-landuse-unet"
    assert told.architecture == "Small U-Net"
    assert told.tasks == ["semantic-segmentation"]
    assert told.total_parameters == 481_224
    assert told.pretrained is False
    assert item.properties["mlm:pretrained_source"] is None  # null: trained from scratch
    assert told.hyperparameters.to_dict()["tile_px"] == 256


def test_input_says_bands_shape_and_scaling(item):
    (given,) = MLMExtension.ext(item).input
    assert given.bands == ["B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A"]
    assert given.input.shape == [-1, 8, 256, 256]
    assert given.input.dim_order == ["batch", "channel", "height", "width"]
    assert given.pre_processing_function.expression == "A * 0.0001 + 0"
    card = {band.name: band for band in Sensor.read(SENSOR_CARD).bands}
    for band in item.properties["bands"]:
        assert band["eo:center_wavelength"] == card[band["name"]].wavelength_um


def test_bands_of_sensors_with_other_scales_have_an_expression_each(tmp_path):
    radar = SENSOR_CARD.with_name("sentinel-1-rtc.yaml")
    run = make_run(tmp_path, models=("forest",), sensors=(SENSOR_CARD, radar))
    path = describe(run, "forest") / "model.json"
    document = json.loads(path.read_text())
    assert JsonSchemaSTACValidator().validate_core(document, pystac.STACObjectType.ITEM, "1.1.0")
    (given,) = document["properties"]["mlm:input"]
    names = [band["name"] for band in document["properties"]["bands"]]
    assert [band["name"] for band in given["bands"]] == names and names[-3:] == ["B8A", "VV", "VH"]
    assert given["bands"][0]["expression"] == "A * 0.0001 + 0"
    assert given["bands"][-1] == {
        "name": "VH",
        "format": "gdal-calc",
        "expression": "10 * log10(A * 1 + 0)",
    }
    assert given.get("pre_processing_function") is None
    (read,) = MLMExtension.ext(pystac.Item.from_file(path)).input
    assert [band.name for band in read.bands] == names


def test_channels_of_periods_are_the_bands_again_and_again(tmp_path):
    run = make_run(tmp_path, models=("unet",))
    described = run.product("unet").description
    told = read_json(described)
    told["signature"]["periods"] = ["05-01", "06-01", "07-01"]
    write_json(described, told)
    path = describe(run, "unet") / "model.json"
    document = json.loads(path.read_text())
    assert JsonSchemaSTACValidator().validate_core(document, pystac.STACObjectType.ITEM, "1.1.0")
    (given,) = MLMExtension.ext(pystac.Item.from_file(path)).input
    names = [band["name"] for band in document["properties"]["bands"]]
    assert given.bands == names * 3 and given.input.shape == [-1, 24, 256, 256]
    assert "begin on 05-01, 06-01, 07-01 (MM-DD)" in given.description


def test_output_says_classes_in_the_order_of_the_probabilities(item):
    (given,) = MLMExtension.ext(item).output
    assert given.result.shape == [-1, 8, 256, 256]
    assert [c.value for c in given.classes] == list(range(1, 9))


@pytest.mark.parametrize(
    ("model", "framework", "distribution"),
    [("forest", "scikit-learn", "scikit-learn"), ("unet", "PyTorch", "torch")],
)
def test_the_framework_is_what_the_kind_imports(documents, model, framework, distribution):
    told = MLMExtension.ext(pystac.Item.from_file(documents[model]))
    assert told.framework == framework
    assert metadata.version(distribution).startswith(told.framework_version)


def test_the_weights_are_the_model_asset(item, documents):
    asset = item.assets["model"]
    assert {"mlm:model", "mlm:weights"} <= set(asset.roles)
    assert AssetGeneralMLMExtension.ext(asset).artifact_type == "safetensors"
    assert (documents["unet"].parent / asset.href).is_file()


def test_samples_of_every_part_are_told(item):
    samples = item.properties["landscribe:samples"]
    assert samples["train"]["polygons"] == 333
    assert samples["test"]["polygons"] == 141

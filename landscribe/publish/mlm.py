"""STAC Item of a trained model, with the Machine Learning Model extension (MLM 1.4)."""

import re
from importlib import metadata
from pathlib import Path

import pystac
from pystac.extensions.file import FileExtension
from pystac.extensions.mlm import (
    AssetGeneralMLMExtension,
    Hyperparameters,
    InputStructure,
    MLMExtension,
    ModelBand,
    ModelInput,
    ModelOutput,
    ProcessingExpression,
    ResultStructure,
    TaskType,
)

from landscribe.imagery.items import band_fields
from landscribe.provenance import ROOT
from landscribe.publish.product import Origin
from landscribe.publish.stac import base_item, described, legend_classes
from landscribe.sensors import Sensor

EO = "https://stac-extensions.github.io/eo/v2.0.0/schema.json"
_FORMAT = "gdal-calc"  # of formulas
_FRAMEWORKS = {"torch": ("PyTorch", "torch"), "sklearn": ("scikit-learn", "scikit-learn")}


def model_document(
    origin: Origin, weights: Path, description: Path, bounds: tuple[str, tuple], folder: Path
) -> dict:
    """Item of the model that drew a map.

    Args:
        weights: model.safetensors.
        description: model.json.
        bounds: CRS and west, south, east, north of the ground that it learnt from.
        folder: where the item will stand.
    """
    item = base_item(origin, f"{origin.id}-model", bounds, folder)
    item.properties |= {
        "title": f"{origin.model['title']} for {origin.task.title.lower()}",
        "description": (
            f"{origin.model['title']}, trained on {origin.region.title}, {origin.year}; weights"
            " only, no pickle. Use it where the ground and season are alike."
        ),
        "bands": _bands(origin),
        "landscribe:samples": origin.model["samples"] | {"test": origin.scores["sample"]},
        "landscribe:kind": origin.model["kind"],
    }
    item.stac_extensions.append(EO)
    _apply_mlm(item, origin)
    item.add_asset("model", _weights(weights, folder))
    # MLM 1.4 wants bands in the properties, STAC 1.1 allows them there only if an asset has them.
    item.assets["model"].extra_fields["bands"] = _bands(origin)
    AssetGeneralMLMExtension.ext(item.assets["model"]).apply(artifact_type="safetensors")
    about = {"title": "Settings, signature, history", "media_type": "application/json"}
    item.add_asset("description", described(description, folder, roles=["metadata"], **about))
    item.add_link(pystac.Link("related", "./map.json", "application/json", "The map it drew"))
    FileExtension.add_to(item)
    return item.to_dict(include_self_link=False, transform_hrefs=False)


def _apply_mlm(item: pystac.Item, origin: Origin) -> None:
    framework, version = _framework(origin.model["kind"])
    MLMExtension.ext(item, add_if_missing=True).apply(
        name=origin.id,
        architecture=origin.model["title"],
        tasks=[TaskType.SEMANTIC_SEGMENTATION],
        input=[_input(origin)],
        output=[_output(origin)],
        framework=framework,
        framework_version=version,
        total_parameters=origin.model["parameters"],
        pretrained=False,
        batch_size_suggestion=origin.model["settings"]["batch"],
        accelerator_constrained=False,
        hyperparameters=Hyperparameters(origin.model["settings"]),
    )
    # None means to MLM: trained from scratch, and: runs on any accelerator. pystac leaves it out.
    item.properties |= {"mlm:pretrained_source": None, "mlm:accelerator": None}


def _input(origin: Origin) -> ModelInput:
    signature = origin.model["signature"]
    shape = [-1, len(_by_channel(signature)), *_sides(origin)]
    dims = ["batch", "channel", "height", "width"]
    bands, whole = _scaled(origin)
    return ModelInput.create(
        name=" and ".join(dict.fromkeys(sensor.quantity for sensor in origin.sensors)),
        bands=bands,
        input=InputStructure.create(shape, dims, "float32"),
        description=(
            f"Reflectance, of a radar backscatter [dB] without speckle, on a grid of"
            f" {signature['gsd_m']:g} m, NaN where not observed; scaling to the training statistics"
            " is part of the model. A scene that says an offset of its own is read with that one"
            + _told_periods(signature)
        ),
        pre_processing_function=whole,
    )


def _scaled(origin: Origin) -> tuple[list[str] | list[ModelBand], ProcessingExpression | None]:
    """Bands of the input, and how the numbers of files become it.

    MLM has one expression for all bands, or one on each: so it stands where sensors differ.
    """
    names = _by_channel(origin.model["signature"])
    of = {band.name: _formula(sensor) for sensor in origin.sensors for band in sensor.bands}
    each = [of[name] for name in names]
    if len(set(each)) == 1:
        return names, ProcessingExpression.create(_FORMAT, each[0])
    return [ModelBand.create(n, _FORMAT, how) for n, how in zip(names, each, strict=True)], None


def _by_channel(signature: dict) -> list[str]:
    """Band of each channel: those of a period, then those of the next."""
    return signature["bands"] * max(1, len(signature.get("periods", ())))


def _told_periods(signature: dict) -> str:
    if not (periods := signature.get("periods")):
        return ""
    return (
        f". Channels are all bands of the image of each period, which begin on {', '.join(periods)}"
        " (MM-DD); one without a clear observation lies on a line between those before and after"
    )


def _formula(sensor: Sensor) -> str:
    """What a model sees of a sensor, from the numbers A of its files."""
    scaled = f"A * {sensor.scale:g} + {sensor.offset:g}"
    return f"10 * log10({scaled})" if sensor.kind == "radar" else scaled


def _output(origin: Origin) -> ModelOutput:
    signature = origin.model["signature"]
    by_id = {land.id: land for land in origin.task.legend}
    shape = [-1, len(signature["classes"]), *_sides(origin)]
    return ModelOutput.create(
        name="probabilities",
        tasks=[TaskType.SEMANTIC_SEGMENTATION],
        result=ResultStructure.create(shape, ["batch", "class", "height", "width"], "float32"),
        description="Probabilities that sum to 1 over the classes, which stand in this order",
        classes=legend_classes([by_id[i] for i in signature["classes"]]),
    )


def _sides(origin: Origin) -> list[int]:
    """Height and width of an image; -1 to MLM: any, of models that are shown no tiles."""
    return [origin.model["settings"].get("tile_px", -1)] * 2


def _bands(origin: Origin) -> list[dict]:
    """Bands of the input, in its order, as STAC 1.1 and eo 2.0 name their properties."""
    card = {band.name: band for sensor in origin.sensors for band in sensor.bands}
    return [band_fields(card[name]) for name in origin.model["signature"]["bands"]]


def _weights(path: Path, folder: Path) -> pystac.Asset:
    return described(
        path,
        folder,
        title="Weights",
        description="Tensors by name, in the safetensors format",
        media_type="application/octet-stream; application=safetensors",
        roles=["mlm:model", "mlm:weights", "data"],
    )


def _framework(kind: str) -> tuple[str, str]:
    """Name and version of the framework that a kind's file imports."""
    source = (ROOT / "landscribe/models" / f"{kind}.py").read_text()
    for package, (name, distribution) in _FRAMEWORKS.items():
        if re.search(rf"^\s*(from|import) {package}\b", source, re.MULTILINE):
            return name, metadata.version(distribution).split("+")[0]
    return "NumPy", metadata.version("numpy")

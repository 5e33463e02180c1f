"""All layers of a page, as large as its size allows."""

import math
from collections.abc import Sequence
from pathlib import Path

from landscribe.cards import LandClass
from landscribe.formats.cubes import cube_grid, read_cube
from landscribe.grid import Grid
from landscribe.publish import layers, trust_layers
from landscribe.publish.layers import Layer
from landscribe.publish.model_view import ModelView
from landscribe.sensors import Sensor

SIDES_PX = (2000, 1600, 1250, 1000, 800, 600)  # of the layers, tried until the page is small enough
_SHARES = {  # layers that are drawn without the legend
    "confidence": trust_layers.confidence,
    "entropy": trust_layers.entropy,
    "applicability": trust_layers.applicability,
}
Layers = dict[tuple[str, str], Layer]  # (kind, model) -> image; the model is "" of what all share


def page_layers(
    cubes: Sequence[Path],
    models: Sequence[ModelView],
    legend: Sequence[LandClass],
    sensor: Sensor,
    budget: int,
) -> tuple[Grid, Layers]:
    """Display grid and layers, as large as `budget` bytes of text allow."""
    opened = [read_cube(path) for path in cubes]
    names = {band.common_name: band.name for band in sensor.bands}
    colours = [names.get(colour, sensor.bands[0].name) for colour in ("red", "green", "blue")]
    most_px = SIDES_PX[0]
    for side_px in SIDES_PX:
        if side_px > most_px and side_px != SIDES_PX[-1]:
            continue
        display = layers.display_grid([cube_grid(cube) for cube in opened], side_px)
        images = {("imagery", ""): layers.imagery(opened, colours, display)}
        for model in models:
            images |= _of_model(model, legend, display)
        seen = models[0].rasters["observations"]
        images["observations", ""] = layers.observations(seen, display)
        size = sum(len(image.uri) for image in images.values())
        if size <= budget:
            break
        most_px = side_px * math.sqrt(max(budget, 0) / size)
    return display, images


def _of_model(model: ModelView, legend: Sequence[LandClass], display: Grid) -> Layers:
    rasters, kinds = model.rasters, {"map": "classes", "smoothed": "smoothed"}
    images = {
        (kind, model.id): layers.classes(rasters[raster], legend, display)
        for kind, raster in kinds.items()
        if raster in rasters
    }
    images |= {
        (kind, model.id): drawn(rasters[kind], display)
        for kind, drawn in _SHARES.items()
        if kind in rasters
    }
    return images | {("sets", model.id): trust_layers.sets(rasters["sets"], legend, display)}

"""Layers of maps as cloud-optimised GeoTIFFs, with all that a reader of the raster wants to know.

They are drawn to plain GeoTIFFs and copied from these, so memory is bounded by what is drawn at
once. Equal inputs give equal bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import rasterio
import rasterio.shutil

from landscribe.cards import LandClass
from landscribe.command import written
from landscribe.formats.rasters import NODATA, raster_profile, written_raster
from landscribe.grid import Grid
from landscribe.trust.conformal import BITS

CONFIDENCE_STEP = ENTROPY_STEP = 0.005  # 200 of them fit uint8 and leave 255 for nodata
DISSIMILARITY_STEP = 0.01  # of the threshold
COG = {"driver": "COG", "compress": "deflate", "blocksize": 512, "overviews": "ignore_existing"}


@dataclass(frozen=True)
class _Layer:
    """What a layer holds, for its tags."""

    description: str
    unit: str
    overviews: str  # how GDAL makes them
    scale: float = 1
    dtype: str = "uint8"
    nodata: int = NODATA


_LAYERS = {
    "classes": _Layer("class of the legend", "class id", "mode"),
    "confidence": _Layer("probability of the mapped class", "1", "average", CONFIDENCE_STEP),
    "observations": _Layer("clear observations", "count", "nearest"),
    "entropy": _Layer("entropy, as a share of the highest", "1", "average", ENTROPY_STEP),
    "set_sizes": _Layer("number of classes in the set", "count", "average"),
    # A set is never empty, so 0 is free.
    "sets": _Layer("classes in the set", "bits", "nearest", dtype="uint16", nodata=0),
    "applicability": _Layer(
        "dissimilarity, as a share of the threshold", "1", "average", DISSIMILARITY_STEP
    ),
}


@contextmanager
def layers_drawn(
    paths: dict[str, Path], grid: Grid, legend: Sequence[LandClass] = ()
) -> Iterator[dict[str, rasterio.io.DatasetWriter]]:
    """Give empty rasters to write, which then become layers of a map: all of them, or none.

    Args:
        paths: of layers by name, see `_LAYERS`.
        legend: of classes and sets.
    """
    with ExitStack() as whole:
        parts = {name: whole.enter_context(written_raster(path)) for name, path in paths.items()}
        # `written` removes what has a part's name and more once the part is done.
        plain = {name: Path(f"{part}.plain.tif") for name, part in parts.items()}
        with ExitStack() as drawn:
            yield {
                name: drawn.enter_context(_target(path, name, grid, legend))
                for name, path in plain.items()
            }
        for name, part in parts.items():
            resampling = _LAYERS[name].overviews
            rasterio.shutil.copy(plain[name], part, **COG, overview_resampling=resampling)


def write_category_names(classes: Path, legend: Sequence[LandClass]) -> None:
    """Write `category_names` beside a class raster, where GDAL looks for them."""
    with written(Path(f"{classes}.aux.xml")) as part:
        part.write_bytes(category_names(legend))


def category_names(legend: Sequence[LandClass]) -> bytes:
    """GDAL's .aux.xml that names the values of a class raster by the legend's titles."""
    titles = {c.id: c.title for c in legend}
    root = ElementTree.Element("PAMDataset")
    names = ElementTree.SubElement(
        ElementTree.SubElement(root, "PAMRasterBand", band="1"), "CategoryNames"
    )
    for value in range(max(titles) + 1):
        ElementTree.SubElement(names, "Category").text = titles.get(value, "")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8") + b"\n"


@contextmanager
def _target(
    path: Path, name: str, grid: Grid, legend: Sequence[LandClass]
) -> Iterator[rasterio.io.DatasetWriter]:
    """Open plain GeoTIFF of a layer, with all that its cloud-optimised copy takes over."""
    layer = _LAYERS[name]
    count = -(-len(legend) // BITS) if name == "sets" else 1
    profile = raster_profile(grid, count, layer.dtype, layer.nodata)
    profile |= {"interleave": "band", "compress": "lzw"}  # quicker than what the copy has
    with written_raster(path) as part, rasterio.open(part, "w", **profile) as raster:
        raster.descriptions = [layer.description] * count
        raster.units, raster.scales = [layer.unit] * count, [layer.scale] * count
        if name == "classes":
            colours = {c.id: (*bytes.fromhex(c.colour[1:]), 255) for c in legend}
            raster.write_colormap(1, colours | {NODATA: (0, 0, 0, 0)})
            raster.update_tags(1, **{f"class_{c.id}": c.name for c in legend})
        if name == "sets":
            for place, land in enumerate(legend):
                raster.update_tags(place // BITS + 1, **{f"bit_{place % BITS}": land.name})
        yield raster

"""STAC 1.1 description of a map: an Item per block, in a Collection where there are several.

Equal inputs give equal bytes: nothing here reads a clock, and links are relative to the item.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os.path import relpath
from pathlib import Path

import pystac
import rasterio
from pyproj import Transformer
from pystac.extensions.classification import Bitfield, Classification, ClassificationExtension
from pystac.extensions.file import FileExtension
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.version import VersionExtension
from pystac.utils import datetime_to_str, str_to_datetime
from rasterio.errors import RasterioError
from shapely import box, segmentize, transform
from shapely.geometry import mapping

from landscribe.cards import LandClass
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA, raster_grid
from landscribe.grid import Block, Grid, lonlat_bounds
from landscribe.mapping.smoothed import read_smoothing
from landscribe.provenance import file_digest
from landscribe.publish.product import Origin
from landscribe.trust.conformal import BITS

PROCESSING = "https://stac-extensions.github.io/processing/v1.2.0/schema.json"
RASTER = "https://stac-extensions.github.io/raster/v2.0.0/schema.json"
_RASTERS = {  # asset -> title, what its pixels are
    "classes": ("Classes", "class of the legend"),
    "confidence": ("Confidence", "probability of the class, calibrated on held-out labels"),
    "observations": ("Valid observations", "clear observations of the season"),
    "entropy": ("Entropy", "entropy of the probabilities, as a share of the highest"),
    "set_sizes": ("Size of the sets", "number of classes in the set of a pixel"),
    "sets": ("Sets of classes", "bits of the classes in the set, in the order of the legend"),
    "applicability": (
        "Applicability",
        "dissimilarity from the training pixels, as a share of the threshold; above 1 is outside",
    ),
    "smoothed": ("Classes, smoothed", "class of the legend, smoothed from the asset `classes`"),
}
_OF_CLASSES = ("classes", "smoothed")
_OF_SETS = ("set_sizes", "sets")
_TABLES = {  # asset, before its first hyphen -> title, media type, roles
    "areas": ("Mapped areas of the classes", "text/csv", ["metadata"]),
    "scores": ("Scores on labels held apart", "application/json", ["metadata"]),
    "calibration": ("Calibration, and what the sets promise", "application/json", ["metadata"]),
    "trust": ("Whether confidence and sets keep their word", "application/json", ["metadata"]),
    "accuracy": ("Accuracy and areas by a random sample", "application/json", ["metadata"]),
    "accuracy_table": ("Accuracy and areas, as a table", "text/csv", ["metadata"]),
    "provenance": ("Cards, code, packages, scenes", "application/json", ["metadata"]),
    "page": ("Page to read", "text/html", ["overview"]),
}
_SHA256 = "1220"  # multihash: sha2-256, 32 bytes


def map_documents(
    origin: Origin, blocks: dict[str, dict[str, Path]], tables: dict[str, Path], folder: Path
) -> dict[str, dict]:
    """STAC documents of a map by file name: `map.json`, and `map-<block>.json` if blocks are many.

    With one block `map.json` is its Item, with all assets; with several it is a Collection that
    links to their Items and holds the assets that are about all of them.

    Args:
        blocks: block -> `classes`, `confidence`, `observations`, and the other layers that there
            are -> raster.
        tables: asset -> file, as of `ProductFiles.tables`, and `provenance`; the page may still be
            missing.
        folder: where the documents will stand.
    """
    if len(blocks) == 1:
        item = _item(origin, origin.id, next(iter(blocks.values())), folder)
        for name, path in tables.items():
            item.add_asset(name, _table(name, path, folder))
        FileExtension.add_to(item)
        return {"map.json": _written(item)}
    items = {
        f"map-{block}.json": _item(origin, f"{origin.id}-{block.lower()}", rasters, folder)
        for block, rasters in blocks.items()
    }
    return {"map.json": _collection(origin, items, tables, folder)} | {
        name: _written(item) for name, item in items.items()
    }


def base_item(origin: Origin, name: str, bounds: tuple[str, tuple], folder: Path) -> pystac.Item:
    """Item with place, time, licence, lineage and links to the scenes, still without assets.

    Args:
        bounds: CRS and west, south, east, north in it.
    """
    times = sorted(str_to_datetime(scene["properties"]["datetime"]) for scene in origin.scenes)
    first, last = datetime_to_str(times[0]), datetime_to_str(times[-1])
    item = pystac.Item(
        name,
        _outline(*bounds),
        [round(value, 7) for value in lonlat_bounds(bounds[1], bounds[0])],
        times[0] if first == last else None,
        {
            "start_datetime": first,
            "end_datetime": last,
            "title": origin.title,
            "license": "other",
            "providers": _providers(origin),
            "constellation": origin.sensors[0].constellation,  # STAC has room for one
            "instruments": list(dict.fromkeys(sensor.instrument for sensor in origin.sensors)),
            "gsd": origin.sensors[0].gsd_m,
            "processing:level": "L4",
            "processing:software": {"Landscribe": f"{origin.version} ({origin.commit})"},
        },
        stac_extensions=[PROCESSING, RASTER],
    )
    VersionExtension.ext(item, add_if_missing=True).version = origin.version
    for scene in origin.scenes:
        item.add_link(_scene_link(scene, folder))
    return item


def described(path: Path, folder: Path, **fields: object) -> pystac.Asset:
    """Asset of a file with its size and checksum, and an href relative to `folder`."""
    asset = pystac.Asset(href(path, folder), **fields)
    if path.is_file():
        asset.extra_fields |= {
            "file:size": path.stat().st_size,
            "file:checksum": _SHA256 + file_digest(path),
        }
    return asset


def legend_classes(legend: Sequence[LandClass]) -> list[Classification]:
    """Classes of the classification extension, in the legend's order."""
    return [
        Classification.create(
            land.id,
            description=f"{land.title}, learnt from labels called {', '.join(land.labels)}",
            name=land.name,
            title=land.title,
            color_hint=land.colour[1:].upper(),
        )
        for land in legend
    ]


def legend_bits(legend: Sequence[LandClass]) -> list[Bitfield]:
    """Bit of each class of a band of sets, of the classification extension."""
    return [
        Bitfield.create(
            offset=offset,
            length=1,
            classes=[
                Classification.create(0, f"{land.title} is not in the set", "no"),
                Classification.create(1, f"{land.title} is in the set", "yes"),
            ],
            description=f"whether the pixel may be {land.title}",
            name=land.name,
        )
        for offset, land in enumerate(legend)
    ]


def href(path: Path, folder: Path) -> str:
    """Href of a file, relative to `folder`."""
    relative = relpath(path, folder)
    return relative if relative.startswith("..") else f"./{relative}"


def _item(origin: Origin, name: str, rasters: dict[str, Path], folder: Path) -> pystac.Item:
    with _opened(rasters["classes"]) as raster:
        grid = raster_grid(raster)
    origin = origin.shown(Block(rasters["classes"].parent.name, grid.epsg, grid.bounds))
    item = base_item(origin, name, (grid.crs, grid.bounds), folder)
    item.properties["description"] = (
        f"{origin.task.title} of {origin.region.title} in {origin.year}, drawn from"
        f" {' and '.join(sensor.title for sensor in origin.sensors)} by {origin.model['title']}, a"
        " model trained on labels."
        f" {'. '.join(origin.attributions)}."
    )
    item.properties["processing:lineage"] = (
        f"{_imagery(origin)}, classified pixel by pixel; the cards, code, packages and scene files"
        " are in the asset `provenance`"
    )
    gaps = origin.gaps.get(rasters["classes"].parent.name, [])
    item.properties["landscribe:gaps"] = {
        "reads": len(gaps),  # that failed for good; each is in the asset `provenance`
        "scenes": sorted({gap["scene"] for gap in gaps}),
    }
    item.properties["landscribe:scores"] = {
        key: origin.scores[key] for key in ("overall_accuracy", "balanced_accuracy", "macro_f1")
    } | {"sample": origin.scores["sample"]}
    ProjectionExtension.ext(item, add_if_missing=True).apply(code=grid.crs, **_projected(grid))
    item.add_link(
        pystac.Link(
            "derived_from", "./model.json", "application/geo+json", "The model that drew it"
        )
    )
    for kind, path in rasters.items():
        item.add_asset(kind, _raster(kind, path, folder))
    _add_classes(item, origin.task.legend)
    _add_sets(item, origin)
    FileExtension.add_to(item)
    return item


def _add_classes(item: pystac.Item, legend: Sequence[LandClass]) -> None:
    nodata = Classification.create(NODATA, "not mapped", "nodata", "Not mapped", nodata=True)
    for kind in [kind for kind in _OF_CLASSES if kind in item.assets]:
        classes = ClassificationExtension.ext(item.assets[kind], add_if_missing=True)
        classes.classes = [*legend_classes(legend), nodata]


def _add_sets(item: pystac.Item, origin: Origin) -> None:
    """Coverage that the sets promise (null: none), and which class is which bit."""
    for kind in [kind for kind in _OF_SETS if kind in item.assets]:
        item.assets[kind].extra_fields["landscribe:coverage"] = origin.promised
    if "sets" in item.assets:
        for number, band in enumerate(item.assets["sets"].extra_fields["bands"]):
            here = origin.task.legend[number * BITS : (number + 1) * BITS]
            band["classification:bitfields"] = [bit.to_dict() for bit in legend_bits(here)]


def _imagery(origin: Origin) -> str:
    """Scenes of each sensor, and how their clouds were masked."""
    told = []
    for sensor, scenes in zip(origin.sensors, origin.scenes_by_sensor, strict=True):
        method = sensor.clouds.method
        mask = "no mask" if method == "none" else f"clouds masked by {method}"
        told.append(f"{len(scenes)} scenes of {sensor.title}, {mask}")
    return "; ".join(told)


def _collection(
    origin: Origin, items: dict[str, pystac.Item], tables: dict[str, Path], folder: Path
) -> dict:
    first = next(iter(items.values()))
    collection = pystac.Collection(
        origin.id,
        f"{first.properties['description']} One item per block of the MGRS grid.",
        pystac.Extent.from_items(list(items.values())),
        title=origin.title,
        license="other",
        providers=[pystac.Provider.from_dict(told) for told in _providers(origin)],
        assets={name: _table(name, path, folder) for name, path in tables.items()},
    )
    FileExtension.add_to(collection)
    VersionExtension.ext(collection, add_if_missing=True).version = origin.version
    for name, item in items.items():
        title = item.properties["title"]
        collection.add_link(pystac.Link("item", f"./{name}", "application/geo+json", title))
        item.collection_id = origin.id
        item.add_link(pystac.Link("collection", "./map.json", "application/json", origin.title))
        item.add_link(pystac.Link("parent", "./map.json", "application/json", origin.title))
    return collection.to_dict(include_self_link=False, transform_hrefs=False)


def _raster(kind: str, path: Path, folder: Path) -> pystac.Asset:
    title, meaning = _RASTERS[kind]
    with _opened(path) as raster:
        grid, scale = raster_grid(raster), raster.scales[0]
        fields = {
            "proj:code": grid.crs,
            **{f"proj:{key}": value for key, value in _projected(grid).items()},
            "data_type": raster.dtypes[0],
            "nodata": int(raster.nodata),
            "bands": _bands(kind, meaning, raster.count),
            "raster:spatial_resolution": grid.gsd_m,
            "raster:sampling": "area",
        }
    asset = described(
        path,
        folder,
        title=title,
        description=f"Cloud-optimised GeoTIFF; {meaning}",
        media_type=pystac.MediaType.COG,
        roles=["data"] if kind in _OF_CLASSES else ["data", "quality"],
    )
    asset.extra_fields |= fields
    if scale != 1:
        asset.extra_fields["raster:scale"] = scale
    if kind == "smoothed":
        asset.extra_fields["landscribe:smoothing"] = read_smoothing(path)
    return asset


@contextmanager
def _opened(path: Path) -> Iterator[rasterio.DatasetReader]:
    try:
        raster = rasterio.open(path)
    except RasterioError as error:
        raise InputError(f"{path}: no raster that GDAL reads ({error}); draw the map") from None
    with raster:
        yield raster


def _bands(kind: str, meaning: str, count: int) -> list[dict]:
    """Bands of a raster; several of them are numbered from 1."""
    names = [kind] if count == 1 else [f"{kind}_{number}" for number in range(1, count + 1)]
    return [{"name": name, "description": meaning} for name in names]


def _table(name: str, path: Path, folder: Path) -> pystac.Asset:
    title, media_type, roles = _TABLES[name.partition("-")[0]]
    if name == "page":  # made after this item, and from it: its checksum cannot stand here
        return pystac.Asset(href(path, folder), title, media_type=media_type, roles=roles)
    return described(path, folder, title=title, media_type=media_type, roles=roles)


def _projected(grid: Grid) -> dict:
    return {
        "shape": [grid.height, grid.width],
        "transform": list(grid.transform)[:6],
        "bbox": list(grid.bounds),
    }


def _outline(crs: str, bounds: tuple) -> dict:
    """Polygon in lon, lat; edges have 8 more points each, as straight lines of UTM are curves."""
    edges = segmentize(box(*bounds), max(bounds[2] - bounds[0], bounds[3] - bounds[1]) / 8)
    project = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    outline = mapping(transform(edges, project, interleaved=False))
    rings = [[[round(n, 7) for n in point] for point in ring] for ring in outline["coordinates"]]
    return {"type": "Polygon", "coordinates": rings}


def _providers(origin: Origin) -> list[dict]:
    labels = origin.task.labels
    told = [(name, "Imagery", licence) for name, licence in origin.imagery.items()]
    told.append((labels.attribution, "Labels", labels.licence))
    return [
        {"name": name, "description": f"{what}, licence: {licence}", "roles": ["licensor"]}
        for name, what, licence in told
    ]


def _scene_link(scene: dict, folder: Path) -> pystac.Link:
    own = next((link["href"] for link in scene.get("links", []) if link["rel"] == "self"), None)
    target = own or scene["id"]
    if own and "://" not in own:
        target = href(Path(own), folder.resolve())
    return pystac.Link("derived_from", target, "application/geo+json", scene["id"])


def _written(item: pystac.Item) -> dict:
    return item.to_dict(include_self_link=False, transform_hrefs=False)

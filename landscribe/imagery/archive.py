"""Archives: product files on disk, described as a static STAC 1.1 catalogue.

The card's regular expression reads scene, time and band off each file's path below the root;
everything else (CRS, shape, checksum) is read from the file itself.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pystac
import rasterio
from rasterio.warp import transform_geom
from shapely import box, segmentize
from shapely.geometry import mapping, shape
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.grid import SQUARE_M, square_name
from landscribe.imagery.integrity import check_whole, multihash
from landscribe.imagery.items import band_fields, baseline, baseline_offset, wanted_assets
from landscribe.sensors import Archive, Band, Sensor
from landscribe.sources import located

EXTENSIONS = {  # prefix of fields -> schema
    "eo:": "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "file:": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "grid:": "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "proj:": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "raster:": "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
    "s2:": "https://stac-extensions.github.io/sentinel-2/v1.0.0/schema.json",
}
_MEDIA = {
    ".jp2": pystac.MediaType.JPEG2000,
    ".tif": pystac.MediaType.GEOTIFF,
    ".tiff": pystac.MediaType.GEOTIFF,
}
_MGRS_TILE = re.compile(r"T?(?P<square>\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z]{2})")
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_TOLD = 5  # scenes in a message


@dataclass
class Scene:
    """Files of one scene, as their names tell it."""

    id: str
    time: datetime  # UTC
    groups: dict[str, str]  # of the archive's pattern, from the scene's first file
    files: dict[str, Path] = field(default_factory=dict)  # asset name -> file


def archive_catalogue(archive: Archive, sensor: Sensor, name: str = "archive") -> pystac.Catalog:
    """Catalogue with one collection (the sensor's) and one item per scene, in order of their ids.

    Every file is decoded once, to be sure of it. The assets' hrefs are absolute paths; their keys
    are the band names of the sensor card. Equal files give an equal catalogue.

    Args:
        name: id of the catalogue.
    """
    scenes = archive_scenes(archive, sensor)
    files = sum(len(scene.files) for scene in scenes)
    with tqdm(total=files, desc="check files", unit="file", mininterval=1) as bar:
        items = [_item(scene, archive, sensor, bar) for scene in scenes]
    collection = pystac.Collection(
        sensor.collection,
        archive.title,
        pystac.Extent.from_items(items),
        title=sensor.title,
        license=archive.licence,
        providers=[pystac.Provider(archive.attribution)],
    )
    collection.add_items(items)
    catalogue = pystac.Catalog(name, archive.title, title=archive.title)
    catalogue.add_child(collection)
    return catalogue


def archive_scenes(archive: Archive, sensor: Sensor) -> list[Scene]:
    """Scenes by id, each with a file of every wanted band; files of other bands are left out."""
    root = located(archive.root)
    if not root.is_dir():
        raise InputError(f"{root}: is a file, but an archive's root is a folder; correct the card")
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    wanted = wanted_assets(sensor)
    scenes: dict[str, Scene] = {}
    others = defaultdict(set)  # scene -> bands that the card does not know
    for path in paths:
        match = re.fullmatch(archive.pattern, path.relative_to(root).as_posix())
        if match is None:
            continue
        scene = _scene_of(match, path, archive, scenes)
        band = archive.band_names.get(match["band"], match["band"])
        if band not in wanted:
            others[scene.id].add(band)
        elif band in scene.files:
            raise InputError(
                f"{path}: scene {scene.id} has {band} already, from {scene.files[band]}; tell the"
                " two apart in the archive card's scene_id, or take one of them away"
            )
        else:
            scene.files[band] = path
    if not scenes:
        raise InputError(_no_match(archive, root, paths))
    _check_complete(scenes, others, wanted, root)
    return [scenes[name] for name in sorted(scenes)]


def _scene_of(match: re.Match, path: Path, archive: Archive, scenes: dict[str, Scene]) -> Scene:
    groups = match.groupdict(default="")
    try:
        time = datetime.strptime(groups["datetime"], archive.datetime_format).replace(tzinfo=UTC)
    except ValueError:
        raise InputError(
            f"{path}: its time {groups['datetime']!r} is not in the archive card's datetime_format"
            f" {archive.datetime_format!r}; correct the format or the pattern"
        ) from None
    try:
        name = archive.scene_id.format(**groups)
    except (KeyError, IndexError, ValueError) as error:
        raise InputError(
            f"the archive card's scene_id {archive.scene_id!r} cannot be filled in ({error}) from"
            f" the pattern's groups {', '.join(groups)}; correct one of the two"
        ) from None
    if not _SAFE_ID.fullmatch(name):
        raise InputError(
            f"{path}: gives the scene_id {name!r}, but an id may only have letters, digits, _, -"
            " and .; correct the archive card's pattern or scene_id"
        )
    scene = scenes.setdefault(name, Scene(name, time, groups))
    if scene.time != time:
        raise InputError(
            f"{path}: is of {time:%Y-%m-%d %H:%M:%S}, but other files of scene {name} are of"
            f" {scene.time:%Y-%m-%d %H:%M:%S}; put {{datetime}} into the archive card's scene_id"
        )
    return scene


def _no_match(archive: Archive, root: Path, paths: list[Path]) -> str:
    example = f"there is, for one, {paths[0].relative_to(root)}" if paths else "the folder is empty"
    return (
        f"{root}: none of {len(paths)} files matches the archive card's pattern"
        f" {archive.pattern} ({example}), but the whole path below the root has to; correct the"
        " pattern or the root"
    )


def _check_complete(scenes: dict[str, Scene], others: dict, wanted: list[str], root: Path) -> None:
    faults = [
        f"scene {name} lacks {', '.join(missing)} and has"
        f" {', '.join([*scene.files, *sorted(others[name])]) or 'none'}"
        for name, scene in sorted(scenes.items())
        if (missing := [band for band in wanted if band not in scene.files])
    ]
    if faults:
        more = f" (and {len(faults) - _TOLD} more)" if len(faults) > _TOLD else ""
        raise InputError(
            f"{root}: {'; '.join(faults[:_TOLD])}{more}; the sensor card wants"
            f" {', '.join(wanted)}: bring the files, name them in the archive card's band_names, or"
            " take the bands off the sensor card"
        )


def _item(scene: Scene, archive: Archive, sensor: Sensor, bar: tqdm) -> pystac.Item:
    properties = {
        "platform": archive.platform,
        "constellation": sensor.constellation,
        "instruments": [sensor.instrument],
        "gsd": sensor.gsd_m,
        "license": archive.licence,
        "providers": [{"name": archive.attribution}],
    }
    if digits := re.fullmatch(r"N?(\d\d)\.?(\d\d)", scene.groups.get("baseline", "")):
        properties["s2:processing_baseline"] = ".".join(digits.groups())
    offset = baseline_offset(baseline(properties), sensor)
    assets = {}
    for name in wanted_assets(sensor):
        assets[name] = _asset(scene.files[name], name, sensor, offset)
        bar.update()
    codes = {asset["proj:code"] for asset in assets.values()}
    if len(codes) > 1:
        raise InputError(
            f"scene {scene.id}: its files lie in {', '.join(sorted(codes))}, but one CRS was"
            " wanted; let the archive card's scene_id tell them apart"
        )
    finest = min(assets.values(), key=lambda asset: asset["raster:spatial_resolution"])
    properties |= {"proj:code": finest["proj:code"]} | _grid_code(scene, finest)
    footprint = _footprint(finest)
    used = {key for fields in (properties, *assets.values()) for key in _keys(fields)}
    item = pystac.Item(
        scene.id,
        footprint,
        list(shape(footprint).bounds),
        scene.time,
        properties,
        stac_extensions=[
            url for prefix, url in EXTENSIONS.items() if any(k.startswith(prefix) for k in used)
        ],
    )
    for name, fields in assets.items():
        item.add_asset(name, pystac.Asset.from_dict(fields))
    return item


def _asset(path: Path, name: str, sensor: Sensor, offset: float) -> dict:
    """STAC asset of one file, which is checked to be whole, of one band, and placed on Earth."""
    check_whole(path)
    band = next((band for band in sensor.bands if band.name == name), None)
    with rasterio.open(path) as raster:
        if raster.crs is None or raster.crs.to_epsg() is None:
            found = "no CRS" if raster.crs is None else "a CRS without an EPSG code"
            raise InputError(
                f"{path}: has {found}, but one with an EPSG code was wanted; give the file its CRS"
                " (`rio edit-info --crs EPSG:<code>` for a GeoTIFF), or fetch it again"
            )
        if raster.count != 1 or (band and raster.dtypes[0] != sensor.dtype):
            raise InputError(
                f"{path}: has {raster.count} bands of {raster.dtypes[0]}, but 1 of {sensor.dtype}"
                " was wanted; correct the sensor card's dtype or the archive card's pattern"
            )
        fields = {
            "proj:code": f"EPSG:{raster.crs.to_epsg()}",
            "proj:shape": list(raster.shape),
            "proj:transform": list(raster.transform)[:6],
            "data_type": raster.dtypes[0],
            "raster:spatial_resolution": raster.res[0],
        }
    return (
        {
            "href": str(path.resolve()),
            "title": name,
            "roles": ["data"],
            "gsd": band.gsd_m if band else fields["raster:spatial_resolution"],
            "file:checksum": multihash(path),
            "file:size": path.stat().st_size,
        }
        | ({"type": media} if (media := _MEDIA.get(path.suffix.lower())) else {})
        | fields
        | (_numbers(band, sensor, offset) if band else {"nodata": 0, "bands": [{"name": name}]})
    )


def _numbers(band: Band, sensor: Sensor, offset: float) -> dict:
    numbers = {"nodata": sensor.nodata, "raster:scale": sensor.scale, "raster:offset": offset}
    return numbers | {"bands": [band_fields(band)]}


def _footprint(asset: dict) -> dict:
    """Outline of a raster in lon, lat, GeoJSON; its sides are cut in 16, as they are curves."""
    height, width = asset["proj:shape"]
    a, b, c, d, e, f = asset["proj:transform"]
    corner = (c + a * width + b * height, f + d * width + e * height)
    outline = box(min(c, corner[0]), min(f, corner[1]), max(c, corner[0]), max(f, corner[1]))
    sides = segmentize(outline, max(abs(corner[0] - c), abs(corner[1] - f)) / 16)
    return transform_geom(asset["proj:code"], "EPSG:4326", mapping(sides), precision=7)


def _grid_code(scene: Scene, asset: dict) -> dict[str, str]:
    """`grid:code` by the name's MGRS tile, else by the square of the raster's centre; or nothing.

    Not by its upper left corner: a Sentinel-2 tile begins 40 m above its square.
    """
    if tile := _MGRS_TILE.fullmatch(scene.groups.get("tile", "")):
        return {"grid:code": f"MGRS-{tile['square'].lstrip('0')}"}
    epsg = int(asset["proj:code"].removeprefix("EPSG:"))
    if epsg not in {*range(32601, 32661), *range(32701, 32761)}:  # UTM zones on WGS 84
        return {}
    height, width = asset["proj:shape"]
    a, _, west, _, e, north = asset["proj:transform"]
    centre = (west + a * width / 2, north + e * height / 2)
    return {"grid:code": f"MGRS-{square_name(epsg, *(int(v // SQUARE_M) for v in centre))}"}


def _keys(fields: dict) -> set[str]:
    return {*fields, *(key for band in fields.get("bands", []) for key in band)}

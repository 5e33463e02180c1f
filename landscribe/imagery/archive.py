"""Archives: product files on disk, described as a static STAC 1.1 catalogue.

The card's regular expression reads scene, time and band off each file's name; everything else (CRS,
shape, checksum) is read from the file itself.
"""

import re
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pystac
import rasterio
from rasterio.warp import transform_geom
from shapely.geometry import mapping, shape
from shapely.ops import unary_union
from tqdm import tqdm

from landscribe.cards import Archive, Band, Sensor
from landscribe.command import InputError
from landscribe.grid import SQUARE_M, square_name
from landscribe.imagery.integrity import check_whole
from landscribe.provenance import file_digest
from landscribe.sources import located

EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v2.0.0/schema.json",
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v2.0.0/schema.json",
]
_MEDIA = {".jp2": pystac.MediaType.JPEG2000, ".tif": pystac.MediaType.GEOTIFF}


def archive_catalogue(archive: Archive, sensor: Sensor) -> pystac.Catalog:
    """Catalogue with one collection (the sensor's) and one Item per scene, by id."""
    scenes = archive_scenes(archive, sensor)
    items = [
        _item(name, when, files, archive, sensor)
        for name, (when, files) in tqdm(scenes.items(), desc="describe scenes", unit="scene")
    ]
    extent = pystac.Extent.from_items(items)
    collection = pystac.Collection(
        sensor.collection, archive.title, extent, title=sensor.title, license=archive.licence
    )
    collection.extra_fields["attribution"] = archive.attribution
    collection.add_items(items)
    catalogue = pystac.Catalog("archive", archive.title, title=archive.title)
    catalogue.add_child(collection)
    return catalogue


def archive_scenes(archive: Archive, sensor: Sensor) -> dict[str, tuple[datetime, dict[str, Path]]]:
    """Time [UTC] and file of each band, by scene id, sorted; every scene has every band."""
    root = located(archive.root)
    scenes: dict[str, tuple[datetime, dict[str, Path]]] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        match = re.search(archive.pattern, path.relative_to(root).as_posix())
        band = match and archive.band_names.get(match["band"], match["band"])
        if not match or band not in sensor.band_names():
            continue
        name = _scene_id(archive, match)
        _, files = scenes.setdefault(name, (_time(archive, match, path), {}))
        if band in files:
            raise InputError(
                f"{path}: scene {name} has band {band} already, from {files[band]}; let the"
                " archive's scene_id tell the two apart, or move one away"
            )
        files[band] = path
    _check_complete(scenes, archive, sensor, root)
    return dict(sorted(scenes.items()))


def _check_complete(scenes: dict, archive: Archive, sensor: Sensor, root: Path) -> None:
    if not scenes:
        names = [p.relative_to(root).as_posix() for p in sorted(root.rglob("*")) if p.is_file()]
        raise InputError(
            f"{root}: none of {len(names)} files matches the archive's pattern {archive.pattern!r}"
            f" with a band of {sensor.title}; correct the pattern"
            + (f" (there is {names[0]}, for one)" if names else " or the root (it is empty)")
        )
    faults = defaultdict(list)
    for name, (_, files) in scenes.items():
        missing = [band for band in sensor.band_names() if band not in files]
        if missing:
            faults[", ".join(missing)].append(name)
    if faults:
        told = "; ".join(f"{', '.join(names)}: no {bands}" for bands, names in faults.items())
        raise InputError(
            f"{root}: bands are missing ({told}), but the sensor card wants"
            f" {', '.join(sensor.band_names())}; bring the files or take the bands off the card"
        )


def _scene_id(archive: Archive, match: re.Match) -> str:
    try:
        return archive.scene_id.format(**match.groupdict())
    except KeyError as error:
        raise InputError(
            f"the archive's scene_id {archive.scene_id!r} names the group {error}, but its pattern"
            f" has {', '.join(match.groupdict())}; correct one of them"
        ) from None


def _time(archive: Archive, match: re.Match, path: Path) -> datetime:
    try:
        return datetime.strptime(match["datetime"], archive.datetime_format).replace(tzinfo=UTC)
    except ValueError:
        raise InputError(
            f"{path}: the time {match['datetime']!r} is not of the archive's datetime_format"
            f" {archive.datetime_format!r}; correct the format or the pattern"
        ) from None


def _item(
    name: str, when: datetime, files: dict[str, Path], archive: Archive, sensor: Sensor
) -> pystac.Item:
    assets = {band.name: _asset(files[band.name], band, sensor) for band in sensor.bands}
    footprints = [shape(fields.pop("footprint")) for _, fields in assets.values()]
    footprint = unary_union(footprints)
    first = next(iter(assets.values()))[1]
    item = pystac.Item(
        name,
        mapping(footprint),
        list(footprint.bounds),
        when,
        {
            "platform": archive.platform,
            "constellation": sensor.constellation,
            "instruments": [sensor.instrument],
            "gsd": sensor.gsd_m,
            "proj:code": first["proj:code"],
            "grid:code": _square(first),
            "license": archive.licence,
        },
        stac_extensions=EXTENSIONS,
    )
    for band, (asset, fields) in assets.items():
        asset.extra_fields |= fields
        item.add_asset(band, asset)
    return item


def _square(fields: dict) -> str:
    """MGRS square of a raster's centre: product tiles reach a little past their own square."""
    gsd_m, _, west, _, _, north = fields["proj:transform"]
    rows, cols = fields["proj:shape"]
    x, y = west + cols * gsd_m / 2, north - rows * gsd_m / 2
    epsg = int(fields["proj:code"].removeprefix("EPSG:"))
    return f"MGRS-{square_name(epsg, int(x // SQUARE_M), int(y // SQUARE_M))}"


def _asset(path: Path, band: Band, sensor: Sensor) -> tuple[pystac.Asset, dict]:
    check_whole(path)
    with rasterio.open(path) as raster:
        if raster.crs is None:
            raise InputError(
                f"{path}: has no CRS; give the file one, or take it out of the archive"
            )
        area = {"type": "Polygon", "coordinates": [_corners(raster.bounds)]}
        fields = {
            "footprint": transform_geom(raster.crs, "EPSG:4326", area),
            "proj:code": f"EPSG:{raster.crs.to_epsg()}",
            "proj:shape": list(raster.shape),
            "proj:transform": list(raster.transform)[:6],
            "gsd": band.gsd_m,
            "data_type": raster.dtypes[0],
            "nodata": sensor.nodata,
            "raster:scale": sensor.scale,
            "raster:offset": sensor.offset,
            "raster:spatial_resolution": raster.res[0],
            "file:checksum": "1220" + file_digest(path),  # multihash: sha2-256, 32 bytes
            "file:size": path.stat().st_size,
            "bands": [_band(band)],
        }
    media = _MEDIA.get(path.suffix.lower())
    return pystac.Asset(str(path.resolve()), band.name, media_type=media, roles=["data"]), fields


def _band(band: Band) -> dict:
    told = {
        "name": band.name,
        "eo:common_name": band.common_name,
        "eo:center_wavelength": band.wavelength_um,
        "eo:full_width_half_max": band.fwhm_um,
    }
    return {key: value for key, value in told.items() if value is not None}


def _corners(bounds: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    west, south, east, north = bounds
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]

"""STAC items in one form: what differs between providers and STAC versions ends here.

Providers name bands differently, say a scale in one of three places, a CRS in one of two, and may
leave out the offset of newer Sentinel-2 products. After `normalised`, no later step has to know.
"""

import re
from copy import deepcopy
from datetime import datetime

from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import ShapelyError
from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

from landscribe.command import InputError
from landscribe.imagery.times import TIMES, parsed_time, told_time
from landscribe.sensors import Band, Provider, Sensor

SIGNING = "landscribe:signing"  # property: how `signing.signed` makes addresses readable
_OFFSET_FROM = (4, 0)  # Sentinel-2 processing baseline
_OFFSET_DN = -1000  # RADIO_ADD_OFFSET: ESA, Sentinel-2 Products Specification Document, 14.9
_BASELINE_FIELDS = ("s2:processing_baseline", "sentinel:processing_baseline", "processing:version")
_APPLIED_FIELDS = ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied")
_ASSET_FIELDS = {"href", "type", "title", "description", "roles", "gsd", "unit", "data_type"}
_ASSET_PREFIXES = ("file:", "proj:", "raster:spatial_resolution", "raster:sampling")
_CRS_FIELDS = ("proj:code", "proj:epsg", "proj:wkt2", "proj:projjson")  # in this order
_TILE_FIELDS = {  # form of grid:code -> the fields that fill it
    "MGRS-{}{}{}": ("mgrs:utm_zone", "mgrs:latitude_band", "mgrs:grid_square"),
    "WRS2-{:>03}{:>03}": ("landsat:wrs_path", "landsat:wrs_row"),
    "MSIN-{:>02}{:>02}": ("modis:horizontal-tile", "modis:vertical-tile"),
}
_NEAR_UM = 0.02  # how far the centres of one band of a sensor's satellites lie apart at most


def normalised(item: dict, sensor: Sensor, provider: Provider | None = None) -> dict:
    """Copy of a STAC item in the one form, with just the assets that the sensor card wants.

    - Assets: named as the card's bands (and `SCL` where its clouds are found so), in its order;
      found by the names that the provider has for them, or else by key, name and wavelength.
    - CRS: `proj:code` and `proj:epsg` on the item and on each asset; `proj:wkt2` in their place
      where it has no EPSG code, such as MODIS's.
    - Numbers: `nodata`, `data_type`, `raster:scale` and `raster:offset` on each asset, and the
      same in `raster:bands`; what the item does not say comes from the card. The offset of
      Sentinel-2 baselines from 04.00 on is filled in where it is not said, and is 0 where the
      provider says that it is in the pixels already.
    - Times in UTC, ending in Z; `grid:code` where the item names its tile in another way.
    - `landscribe:signing` where the addresses of its files have to be signed (`signing.signed`).
    """
    item = deepcopy(item)
    item["properties"] = _with_numbers(item["properties"])
    item["assets"] = {key: _with_numbers(asset) for key, asset in item["assets"].items()}
    properties = _plain_properties(item)
    keys = _asset_keys(item, sensor, provider.assets if provider else {})
    places = (item["properties"], *(item["assets"][key] for key in keys.values()))
    properties = _without_crs(properties) | _crs(item["id"], *places)
    if provider and provider.signing != "none":
        properties[SIGNING] = provider.signing
    offset = _said_offset(properties, sensor)
    assets = {}
    for name, key in keys.items():
        band = next((band for band in sensor.bands if band.name == name), None)
        asset = item["assets"][key]
        assets[name] = _without_crs(_plain_asset(asset)) | _crs(item["id"], asset, properties)
        assets[name] |= _numbers(asset, band, sensor, offset)
    return {
        "type": "Feature",
        "stac_version": item.get("stac_version", "1.0.0"),
        "stac_extensions": sorted(item.get("stac_extensions") or []),
        "id": item["id"],
        "collection": item.get("collection"),
        "geometry": item.get("geometry") or mapping(box(*flat_bbox(item))),
        "bbox": flat_bbox(item),
        "properties": properties,
        "links": [link for link in item.get("links", []) if link.get("rel") == "self"],
        "assets": assets,
    }


def wanted_assets(sensor: Sensor) -> list[str]:
    """Assets that a scene has to have: the card's bands, and the one that tells clouds."""
    return sensor.band_names() + ([sensor.clouds.asset] if sensor.clouds.asset else [])


def band_fields(band: Band) -> dict:
    """Entry of STAC's `bands` for a band of a sensor card."""
    told = {
        "name": band.name,
        "eo:common_name": band.common_name,
        "eo:center_wavelength": band.wavelength_um,
        "eo:full_width_half_max": band.fwhm_um,
        "sar:polarizations": [band.polarization] if band.polarization else None,
    }
    return {key: value for key, value in told.items() if value is not None}


def baseline(properties: dict) -> tuple[int, int]:
    """Processing baseline of a Sentinel-2 item, such as (5, 9); (0, 0) where it is not said."""
    for name in _BASELINE_FIELDS:
        if found := re.fullmatch(r"(\d\d?)\.(\d\d?)", str(properties.get(name, ""))):
            return int(found[1]), int(found[2])
    return 0, 0


def baseline_offset(found: tuple[int, int], sensor: Sensor) -> float:
    """Offset of reflectance for a processing baseline where nothing else says it."""
    if sensor.constellation == "sentinel-2" and found >= _OFFSET_FROM:
        return _OFFSET_DN * sensor.scale
    return sensor.offset


def item_times(item: dict) -> tuple[datetime, datetime]:
    """First and last moment of an item [UTC]; `InputError` if it has none."""
    properties = item["properties"]
    first = properties.get("datetime") or properties.get("start_datetime")
    last = properties.get("datetime") or properties.get("end_datetime") or first
    return _time(item, first), _time(item, last)


def outline(item: dict) -> BaseGeometry:
    """Footprint of an item in lon, lat, or its box; `InputError` if it is broken."""
    if not item.get("geometry"):
        return box(*flat_bbox(item))
    try:
        found = shape(item["geometry"])
    except (AttributeError, KeyError, TypeError, ValueError, ShapelyError):
        found = None
    if found is None or found.is_empty:
        raise InputError(
            f"scene {item['id']}: its geometry {str(item['geometry'])[:60]} is no GeoJSON with"
            " coordinates; mend the catalogue's item"
        )
    return found if found.is_valid else found.buffer(0)


def flat_bbox(item: dict) -> list[float]:
    """West, south, east, north of an item [degrees]; heights are left out."""
    try:
        bbox = [float(value) for value in item["bbox"]]
    except (TypeError, ValueError):
        bbox = []
    if len(bbox) not in (4, 6):
        raise InputError(
            f"item {item.get('id', 'without id')}: bbox {item['bbox']} is not west, south, east,"
            " north in degrees; mend the catalogue"
        )
    return bbox if len(bbox) == 4 else [bbox[i] for i in (0, 1, 3, 4)]


def _plain_properties(item: dict) -> dict:
    """Properties without nulls and nested objects, which differ too much to share a table."""
    properties = {
        name: value
        for name, value in item["properties"].items()
        if value is not None and (name == "providers" or not _nested(value))
    }
    for name in TIMES & properties.keys():
        properties[name] = told_time(_time(item, properties[name]))
    properties.setdefault("datetime", told_time(item_times(item)[0]))
    if "grid:code" not in properties and (cell := _cell(properties)):
        properties["grid:code"] = cell
    return properties


def _time(item: dict, text: object) -> datetime:
    try:
        return parsed_time(text)
    except (TypeError, ValueError):
        raise InputError(
            f"scene {item['id']}: has the time {text!r}, but a time as in 2017-02-16T10:21:01Z was"
            " wanted; mend the catalogue's item"
        ) from None


def _with_numbers(fields: dict) -> dict:
    """Fields whose grid is in numbers: NASA's HLS has sizes as texts. What is none is left out."""
    fields = dict(fields)
    for name, number in (("proj:shape", int), ("proj:transform", float)):
        if isinstance(fields.get(name), list):
            try:
                fields[name] = [number(value) for value in fields[name]]
            except (TypeError, ValueError):
                del fields[name]
    return fields


def _nested(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and (not value or any(isinstance(v, dict | list) for v in value))
    )


def _cell(properties: dict) -> str | None:
    """`grid:code` of an item by the tile names of its mission, if it has any.

    STAC grid extension: MGRS square, WRS-2 path and row, MODIS sinusoidal tile.
    """
    if tile := properties.get("s2:mgrs_tile"):
        return f"MGRS-{str(tile).removeprefix('T').lstrip('0')}"
    for prefix, names in _TILE_FIELDS.items():
        parts = [properties.get(name) for name in names]
        if all(part is not None for part in parts):
            return prefix.format(*parts)
    return None


def _without_crs(fields: dict) -> dict:
    return {name: value for name, value in fields.items() if name not in _CRS_FIELDS}


def _crs(name: str, *places: dict) -> dict:
    """Fields of the CRS that the first place (properties or asset) says, in any form."""
    for fields in places:
        for key in _CRS_FIELDS:
            if value := fields.get(key):
                return _crs_fields(name, key, value)
    raise InputError(
        f"scene {name}: says no CRS (proj:code, proj:epsg), so its pixels have no place; mend the"
        " catalogue's item"
    )


def _crs_fields(name: str, key: str, value: object) -> dict:
    try:
        crs = CRS.from_user_input(value)
        if epsg := crs.to_epsg():
            return {"proj:code": f"EPSG:{epsg}", "proj:epsg": epsg}
        if key in ("proj:wkt2", "proj:projjson"):
            return {"proj:wkt2": crs.to_wkt()}
    except CRSError:
        pass
    raise InputError(
        f"scene {name}: its {key} is {str(value)[:60]!r}, which is no CRS with an EPSG code; mend"
        " the catalogue's item"
    )


def _asset_keys(item: dict, sensor: Sensor, named: dict[str, str]) -> dict[str, str]:
    """Wanted name -> key of the item's asset, one each; `InputError` names those it lacks.

    Args:
        named: wanted name -> key, as the provider's card has it.
    """
    rasters = {key: a for key, a in item["assets"].items() if len(_bands(a)) < 2}
    bands = {band.name: band for band in sensor.bands}
    found = {n: named[n] for n in wanted_assets(sensor) if named.get(n) in item["assets"]}
    for test in (_by_key, _by_band_name, _by_common_name, _by_wavelength):
        for name in wanted_assets(sensor):
            free = {key: a for key, a in rasters.items() if key not in found.values()}
            keys = [] if name in found else [k for k in free if test(k, free[k], name, bands)]
            if keys:
                found[name] = min(keys, key=lambda k: _fit(k, free[k], bands.get(name)))
    missing = [name for name in wanted_assets(sensor) if name not in found]
    if missing:
        raise InputError(
            f"scene {item['id']}: has no band {', '.join(missing)}, which sensor card"
            f" {sensor.title!r} wants; its assets are {', '.join(item['assets']) or 'none'}: take"
            " the bands off the card, or search another catalogue"
        )
    return {name: found[name] for name in wanted_assets(sensor)}


def _by_key(key: str, asset: dict, name: str, bands: dict[str, Band]) -> bool:
    """Also with a resolution after it, as the Copernicus Data Space has them: B04_10m, SCL_20m."""
    return re.fullmatch(rf"{name}(_\d+m)?", key, re.IGNORECASE) is not None


def _by_band_name(key: str, asset: dict, name: str, bands: dict[str, Band]) -> bool:
    return any(str(band.get("name", "")).lower() == name.lower() for band in _bands(asset))


def _by_common_name(key: str, asset: dict, name: str, bands: dict[str, Band]) -> bool:
    wanted = bands[name].common_name if name in bands else None
    told = [band.get("eo:common_name", band.get("common_name")) for band in _bands(asset)]
    return wanted is not None and wanted in (key, *told)


def _by_wavelength(key: str, asset: dict, name: str, bands: dict[str, Band]) -> bool:
    """For catalogues that call three bands `rededge`; nearest of the card's bands, and near."""
    for band in _bands(asset):
        centre = band.get("eo:center_wavelength", band.get("center_wavelength"))
        if centre is not None and name in bands:
            nearest = min(bands.values(), key=lambda b: abs(b.wavelength_um - centre))
            return nearest.name == name and abs(nearest.wavelength_um - centre) <= _NEAR_UM
    return False


def _fit(key: str, asset: dict, band: Band | None) -> tuple:
    """How well an asset suits a band, smallest first: native resolution, then a fast format."""
    first = (asset.get("raster:bands") or asset.get("bands") or [{}])[0]
    gsd_m = (
        asset.get("gsd")
        or asset.get("raster:spatial_resolution")
        or first.get("spatial_resolution", first.get("raster:spatial_resolution"))
        or abs((asset.get("proj:transform") or [0])[0])
    )
    return (
        abs(gsd_m - band.gsd_m) if band else gsd_m,
        "cloud-optimized" not in str(asset.get("type")),
        key,
    )


def _bands(asset: dict) -> list[dict]:
    return asset.get("bands") or asset.get("eo:bands") or []


def _plain_asset(asset: dict) -> dict:
    """Fields of an asset that later steps may use; nulls, objects and all others are left out."""
    return {
        name: value
        for name, value in asset.items()
        if (name in _ASSET_FIELDS or name.startswith(_ASSET_PREFIXES))
        and not (value is None or isinstance(value, dict))
    }


def _said_offset(properties: dict, sensor: Sensor) -> tuple[bool, float]:
    """Whether the item's own offset is overruled, and the offset where none is said.

    Earth Search says the offset even where it took it off the pixels, and tells so only in a
    property: https://github.com/Element84/earth-search/issues/66.
    """
    if any(properties.get(name) is True for name in _APPLIED_FIELDS):
        return True, 0.0
    return False, baseline_offset(baseline(properties), sensor)


def _numbers(asset: dict, band: Band | None, sensor: Sensor, offset: tuple[bool, float]) -> dict:
    """Fields of an asset's numbers in both forms, STAC 1.1 and raster:bands; and its band."""
    places = [asset, *(asset.get("bands") or [])[:1], *(asset.get("raster:bands") or [])[:1]]
    if band is None:
        kind = _said(places, "data_type", "uint8")
        numbers = {"nodata": 0, "data_type": kind, "scale": 1.0, "offset": 0.0}
    else:
        numbers = {
            "nodata": _said(places, "nodata", sensor.nodata),
            "data_type": _said(places, "data_type", sensor.dtype),
            "scale": float(_said(places, "scale", sensor.scale)),
            "offset": offset[1] if offset[0] else float(_said(places, "offset", offset[1])),
        }
    return {
        "nodata": numbers["nodata"],
        "data_type": numbers["data_type"],
        "raster:scale": numbers["scale"],
        "raster:offset": numbers["offset"],
        "raster:bands": [numbers],
        "bands": [band_fields(band) if band else {"name": sensor.clouds.asset}],
    }


def _said(places: list[dict], name: str, default: float | str) -> float | str:
    for fields in places:
        for key in (f"raster:{name}", name):
            if fields.get(key) is not None:
                return fields[key]
    return default

"""Search: the scenes that show a region in a season, from a catalogue, and their lock.

STAC items are brought to one form at the door (`normalised`), so that no later step has to know
which provider, STAC version or processing baseline they came from.
"""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pystac
import stac_geoparquet
from pystac_client import Client
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from shapely.geometry import box, shape
from urllib3.util import Retry

from landscribe.cards import Region, Season, Sensor
from landscribe.command import InputError, written
from landscribe.grid import lonlat_bounds

_BASELINE_WITH_OFFSET = 4.0  # Sentinel-2 products from 04.00: DN = 10000 * reflectance + 1000
_OFFSET_DN = -1000  # ESA, Sentinel-2 Products Specification Document, RADIO_ADD_OFFSET
_RETRY = Retry(5, backoff_factor=0.5, status_forcelist=[429, 500, 502, 503, 504])


def search_catalogue(
    catalogue: str, region: Region, sensor: Sensor, year: int, season: Season
) -> list[dict]:
    """Normalised STAC items of the sensor that touch the region in the season, by time and id.

    Args:
        catalogue: folder or catalog.json of a static catalogue, or the address of one or of an API.
    """
    bounds = lonlat_bounds(region.bounds, region.crs)
    first, last = f"{year}-{season.first}", f"{year}-{season.last}"
    source = _opened(catalogue)
    if isinstance(source, Client) and source.conforms_to("ITEM_SEARCH"):
        items, known = _from_api(source, catalogue, sensor, bounds, f"{first}/{last}"), "an API"
    else:
        every = [i for i in source.get_items(recursive=True) if _of(i, sensor)]
        items = [i for i in every if _shows(i, bounds, first, last)]
        known = _extent(every)
    if not items:
        west, south, east, north = bounds
        raise InputError(
            f"{catalogue}: no scene of {sensor.collection} from {first} to {last} in {west:.4f},"
            f" {south:.4f}, {east:.4f}, {north:.4f} (lon, lat); it holds {known}; change the"
            " region, the years or season, or the catalogue"
        )
    scenes = [normalised(item.to_dict(transform_hrefs=False), sensor) for item in _absolute(items)]
    return newest(scenes)


def normalised(item: dict, sensor: Sensor) -> dict:
    """STAC item in Landscribe's one form, with just the sensor's bands (and SCL where it is used).

    `proj:code` and `proj:epsg` stand on the item and each asset; assets are named as the sensor's
    bands; each has nodata, raster:scale and raster:offset. Sentinel-2 baselines from 04.00 get the
    offset that their items often leave out.
    """
    wanted = {band.name: (band.name, band.common_name) for band in sensor.bands}
    if sensor.clouds.method == "scl":
        wanted["SCL"] = ("SCL", "scl")
    code = _proj_code(item)
    item["properties"] |= {"proj:code": code, "proj:epsg": int(code.removeprefix("EPSG:"))}
    assets = {}
    for name, names in wanted.items():
        key = _asset_key(item["assets"], names)
        if key is None:
            raise InputError(
                f"scene {item['id']}: no band {name}, which the sensor card wants; it has"
                f" {', '.join(item['assets'])}; take the band off the card or the scene out"
            )
        assets[name] = _asset(item, dict(item["assets"][key]), sensor, code)
    return item | {"assets": assets}


def newest(items: list[dict]) -> list[dict]:
    """One item per grid cell and time, sorted by time and id: the newest processing of each."""
    best: dict[tuple, dict] = {}
    for item in sorted(items, key=lambda i: (_baseline(i), i["properties"].get("created", ""))):
        properties = item["properties"]
        best[properties["datetime"], properties.get("grid:code", item["id"])] = item
    return sorted(best.values(), key=lambda i: (i["properties"]["datetime"], i["id"]))


def lock(catalogue: str, query: dict, items: list[dict]) -> dict:
    """What makes a rebuild repeatable: the query, and each scene's files with their checksums.

    Holds no time of its own, so equal searches give equal bytes.
    """
    scenes = [
        {
            "id": item["id"],
            "collection": item.get("collection"),
            "datetime": item["properties"]["datetime"],
            "assets": {name: _locked(asset) for name, asset in sorted(item["assets"].items())},
        }
        for item in items
    ]
    return {"catalogue": catalogue, "query": query, "scenes": scenes}


def write_scenes(path: Path, items: list[dict]) -> None:
    """Scene list as stac-geoparquet."""
    with written(path) as part:
        table = stac_geoparquet.arrow.parse_stac_items_to_arrow(items)
        stac_geoparquet.arrow.to_parquet(table.read_all(), part)


def read_scenes(path: Path) -> list[dict]:
    """STAC items of a scene list, as `search_catalogue` gave them."""
    return list(stac_geoparquet.arrow.stac_table_to_items(pq.read_table(path)))


def _opened(catalogue: str) -> Client | pystac.Catalog:
    path = catalogue if catalogue.endswith(".json") else f"{catalogue.rstrip('/')}/catalog.json"
    try:
        if "://" in catalogue:
            return Client.open(catalogue, stac_io=StacApiIO(max_retries=_RETRY))
        return pystac.Catalog.from_file(path)
    except (APIError, OSError, ValueError, pystac.STACError, pystac.STACTypeError) as error:
        raise InputError(
            f"{catalogue}: no STAC catalogue or API answers there ({' '.join(str(error).split())});"
            " check the config's `catalogue`, or that the server is up"
        ) from None


def _from_api(
    client: Client, address: str, sensor: Sensor, bounds: tuple, datetime: str
) -> list[pystac.Item]:
    search = client.search(collections=[sensor.collection], bbox=bounds, datetime=datetime)
    try:
        return list(search.items())
    except APIError as error:
        raise InputError(
            f"{address}: the search failed ({' '.join(str(error).split())}); check that the server"
            f" knows the collection {sensor.collection}, or try again later"
        ) from None


def _absolute(items: list[pystac.Item]) -> list[pystac.Item]:
    for item in items:
        item.make_asset_hrefs_absolute()
    return items


def _of(item: pystac.Item, sensor: Sensor) -> bool:
    return item.collection_id == sensor.collection


def _shows(item: pystac.Item, bounds: tuple, first: str, last: str) -> bool:
    when = item.datetime.date() if item.datetime else None
    if when is None or not date.fromisoformat(first) <= when <= date.fromisoformat(last):
        return False
    outline = shape(item.geometry) if item.geometry else box(*item.bbox)
    return outline.intersects(box(*bounds))


def _extent(items: list[pystac.Item]) -> str:
    if not items:
        return "no scene of that collection"
    days = sorted(i.datetime.date().isoformat() for i in items if i.datetime)
    west, south, east, north = box(*items[0].bbox).union(box(*items[-1].bbox)).bounds
    return (
        f"{len(items)} of other days or places ({days[0]} to {days[-1]}, around {west:.2f},"
        f" {south:.2f}, {east:.2f}, {north:.2f})"
    )


def _proj_code(item: dict) -> str:
    for fields in (item["properties"], *item["assets"].values()):
        if code := fields.get("proj:code"):
            return code
        if epsg := fields.get("proj:epsg"):
            return f"EPSG:{epsg}"
    raise InputError(
        f"scene {item['id']}: says no CRS (proj:code or proj:epsg); mend the catalogue's item"
    )


def _asset_key(assets: dict, names: tuple[str, str | None]) -> str | None:
    """Key of the asset of a band, by its key, band name or common name."""
    wanted = {name.lower() for name in names if name}
    for key, asset in assets.items():
        bands = [*asset.get("bands", []), *asset.get("eo:bands", [])]
        told = {key, *(b.get("name") for b in bands)}
        told |= {b.get("eo:common_name", b.get("common_name")) for b in bands}
        if len(bands) < 2 and wanted & {t.lower() for t in told if t}:
            return key
    return None


def _asset(item: dict, asset: dict, sensor: Sensor, code: str) -> dict:
    old = (asset.get("raster:bands") or [{}])[0]
    new = (asset.get("bands") or [{}])[0]
    scale = _first(asset.get("raster:scale"), new.get("raster:scale"), old.get("scale"))
    offset = _first(asset.get("raster:offset"), new.get("raster:offset"), old.get("offset"))
    if offset is None and _baseline(item) >= _BASELINE_WITH_OFFSET:
        offset = _OFFSET_DN * sensor.scale
    nodata = _first(asset.get("nodata"), new.get("nodata"), old.get("nodata"), sensor.nodata)
    return asset | {
        "proj:code": code,
        "proj:epsg": int(code.removeprefix("EPSG:")),
        "nodata": nodata,
        "raster:scale": _first(scale, sensor.scale),
        "raster:offset": _first(offset, sensor.offset),
    }


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _baseline(item: dict) -> float:
    told = item["properties"].get("s2:processing_baseline") or item["properties"].get(
        "processing:version", ""
    )
    try:
        return float(told) if item["properties"].get("constellation") == "sentinel-2" else 0.0
    except ValueError:
        return 0.0


def _locked(asset: dict) -> dict:
    told = {key: asset.get(f"file:{key}") for key in ("checksum", "size")}
    return {"href": asset["href"]} | {key: value for key, value in told.items() if value}

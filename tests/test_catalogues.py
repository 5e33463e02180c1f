"""Catalogues are walked to every item of a collection and no other, whatever their layout."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.imagery.catalogues import ApiCatalogue, opened, reading


def item(name, bbox=(12, 52, 13, 53), day="2020-07-01", collection="made", **more):
    assets = {"B02": {"href": f"../pixels/{name}.tif", "gsd": 10}}
    told = {"type": "Feature", "id": name, "collection": collection, "bbox": list(bbox)}
    return told | {"properties": {"datetime": f"{day}T10:00:00Z"}, "assets": assets} | more


def node(path, items=(), children=(), **more):
    """Write a catalogue with its items beside it and links to its children."""
    links = [{"rel": "child", "href": child} for child in children]
    links += [{"rel": "item", "href": f"./items/{i['id']}.json"} for i in items]
    write_json(path, {"type": "Catalog", "id": path.parent.name, "links": links} | more)
    for one in items:
        write_json(path.parent / "items" / f"{one['id']}.json", one)


def found(catalogue, collection="made"):
    return list(catalogue.items(collection, (0, 0, 1, 1), ".."))


def test_items_are_found_however_deep_they_lie(tmp_path):
    node(tmp_path / "catalog.json", [item("top")], ["./y/2020/catalog.json", "./c/collection.json"])
    node(tmp_path / "y/2020/catalog.json", [item("deep")], ["../../y/2020/07/catalog.json"])
    odd = item("deeper")
    odd["assets"] |= {"later": {"title": "not there yet"}, "far": {"href": "s3://b/x.tif"}}
    node(tmp_path / "y/2020/07/catalog.json", [odd])
    node(tmp_path / "c/collection.json", [item("own")], type="Collection", id="made")
    for where in (tmp_path, tmp_path / "catalog.json"):
        one = {i["id"]: i for i in found(opened(str(where)))}
        assert set(one) == {"top", "deep", "deeper", "own"}
        href = str(tmp_path / "y/2020/07/pixels/deeper.tif")
        known = {"B02": {"href": href, "gsd": 10}, "far": {"href": "s3://b/x.tif"}}
        assert one["deeper"]["assets"] == known
        told = tmp_path / "y/2020/07/items/deeper.json"
        assert one["deeper"]["links"] == [{"rel": "self", "href": str(told)}]


def test_items_of_other_collections_are_not_even_read(tmp_path):
    stranger = item("b", collection="radar")
    node(tmp_path / "catalog.json", [item("a"), stranger], ["./l/collection.json"])
    node(tmp_path / "l/collection.json", [item("c")], type="Collection", id="landsat")
    (tmp_path / "l/items/c.json").unlink()
    catalogue = opened(str(tmp_path))
    assert [i["id"] for i in found(catalogue)] == ["a"]
    assert catalogue.others == {"radar", "landsat"}
    none = opened(str(tmp_path))
    assert found(none, "optical") == []
    assert none.holds("optical") == "no item of that collection, but of landsat, made, radar"
    none.others = {f"c{n:02}" for n in range(13)}
    assert none.holds("optical").endswith(" c08, c09 and 3 more")


def test_what_a_static_catalogue_holds_is_the_union_of_its_items(tmp_path):
    rng = np.random.default_rng(1)
    corners = np.sort(rng.uniform(-60, 60, (20, 2, 2)), axis=1)  # item, corner, (lon, lat)
    days = [str(np.datetime64("2019-01-01") + int(n)) for n in rng.integers(0, 900, 20)]
    flat = [item(f"i{n}", corners[n].ravel(), days[n]) for n in range(19)]
    (west, south), (east, north) = corners[19]
    high = item("i19", (west, south, 0, east, north, 800), days[19])
    node(tmp_path / "catalog.json", [*flat, high])
    catalogue = opened(str(tmp_path))
    assert len(found(catalogue)) == 20
    low, top = corners.min((0, 1)), corners.max((0, 1))
    assert catalogue.holds("made") == (
        f"20 items of it, {min(days)} to {max(days)},"
        f" lon {low[0]:.4f} to {top[0]:.4f}, lat {low[1]:.4f} to {top[1]:.4f}"
    )


OWN = {"rel": "search", "href": "./search"}


@pytest.mark.parametrize(
    ("links", "method", "data"),
    [
        ([OWN | {"method": "POST"}], "POST", "/api/collections"),
        ([OWN | {"method": "GET"}, OWN | {"method": "POST"}], "POST", "/api/collections"),
        ([OWN, {"rel": "data", "href": "/other/data"}], "GET", "/other/data"),
    ],
)
def test_an_api_is_asked_where_and_how_it_says(links, method, data):
    api = ApiCatalogue("https://example.org/api", None, links)
    assert api.method == method
    assert api.data == f"https://example.org{data}"
    assert api.search.endswith("/search")


def test_an_api_tells_all_pages_of_its_collections(monkeypatch):
    times = {"interval": [["2015-06-27T10:25:31Z", None]]}
    extent = {"spatial": {"bbox": [[-180, -56, 0, 180, 83, 9]]}, "temporal": times}
    pages = [{"collections": [{"id": "x"}]}, {"collections": [{"id": "made", "extent": extent}]}]
    server = SimpleNamespace(get_pages=lambda href: iter(pages))
    search = [{"rel": "search", "href": "https://example.org/search"}]
    api = ApiCatalogue("https://example.org", server, search)
    place = "2015-06-27 to now, lon -180.0000 to 180.0000, lat -56.0000 to 83.0000"
    for count, told in ((None, "items"), (7, "7 items")):
        monkeypatch.setattr("pystac_client.ItemSearch.matched", lambda _, count=count: count)
        assert api.holds("made") == f"{told} of it, {place}"
    assert api.holds("radar") == "no such collection, but made, x"


@pytest.mark.parametrize("page", [[1, 2], "text", {"features": [5]}, {"features": {"a": 1}}])
def test_pages_of_another_form_are_told(page, monkeypatch):
    pages = "pystac_client.stac_api_io.StacApiIO.read_json"
    monkeypatch.setattr(pages, lambda *args, **more: page)
    api = ApiCatalogue("https://example.org", StacApiIO(), [OWN | {"method": "POST"}])
    with pytest.raises(InputError), reading("https://example.org"):
        list(api.items("made", (0, 0, 1, 1), ".."))


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (APIError("gone\n  away"), "gone away"),
        (json.JSONDecodeError("Expecting value", "<html>", 0), "no JSON: Expecting value"),
        (KeyError("collections"), "an answer without 'collections'"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "invalid start byte"),
        (TimeoutError(), "TimeoutError"),
        (APIError("x" * 5000), "x" * 400),
    ],
)
def test_faults_of_reading_name_the_catalogue_and_what_to_do(fault, told):
    with pytest.raises(InputError) as caught, reading("https://example.org/stac"):
        raise fault
    message = str(caught.value)
    assert message.startswith("https://example.org/stac: no STAC catalogue or API could be read")
    assert told in message and "check the config's `catalogue`" in message
    assert "\n" not in message and len(message) < 700


@pytest.mark.parametrize(
    ("head", "change"),
    [
        ({"links": None}, {}),
        ({}, {"assets": {"B02": None}}),
        ({}, {"assets": [{"href": "x.tif"}]}),
        ({}, {"bbox": [None, 52, 13, 53]}),
        ({}, {"bbox": [12, 52, 13]}),
    ],
)
def test_json_of_another_form_is_told(head, change, tmp_path):
    node(tmp_path / "catalog.json", [item("a", **change)], **head)
    with pytest.raises(InputError) as caught, reading(str(tmp_path)):
        found(opened(str(tmp_path)))
    assert str(tmp_path) in str(caught.value)

"""Providers are asked in their order until one has scenes, and each that was not is told why."""

import json

import pytest

from landscribe.command import InputError
from landscribe.imagery import catalogues
from landscribe.imagery.locks import lock
from landscribe.imagery.providers import asked, search_providers, told_reason
from landscribe.imagery.search import Query
from landscribe.sensors import Provider
from tests.made_catalogue import (
    QUERY,
    REGION,
    SENSOR,
    SUMMER,
    Quiet,
    StandInApi,
    made_item,
    serving,
)

CLEAR = {"op": "<", "args": [{"property": "eo:cloud_cover"}, 50]}
CQL2 = [
    "https://api.stacspec.org/v1.0.0/item-search#filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
]


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(catalogues, "RETRIES", catalogues.RETRIES.new(backoff_factor=0))


def provider(name, address, **more):
    return Provider(name=name, catalogue=address, **more)


def test_the_first_that_has_scenes_is_used_and_the_others_are_told():
    far = made_item("far", west=40)
    with serving(Quiet) as (_, closed):
        pass
    with (
        serving(StandInApi, items=[far]) as (_, empty),
        serving(StandInApi, items=[made_item("a")]) as (_, good),
        serving(StandInApi) as (never, unasked),
    ):
        others = provider("others", good, collection="radar")
        providers = [provider("down", closed), provider("empty", empty), others]
        providers += [provider("good", good), provider("late", unasked)]
        found = search_providers(providers, QUERY, SENSOR)
    assert ([item["id"] for item in found.items], found.provider.name) == (["a"], "good")
    assert never.asked == []
    reasons = {told["provider"]: told["reason"] for told in found.passed_over}
    assert list(reasons) == ["down", "empty", "others"]
    assert "Connection refused" in reasons["down"] and "object at" not in reasons["down"]
    assert reasons["empty"].startswith(f"no scene of {SENSOR.collection} from 2020-06-01")
    assert "it has no such collection, but sentinel-2-l1c" in reasons["others"]
    told = lock(found)
    assert (told["catalogue"], told["provider"]) == (good, "good")
    assert told["passed_over"] == found.passed_over
    assert told_reason(told["passed_over"][0]).startswith(f"down ({closed}): no STAC catalogue")


def test_no_provider_is_one_message_with_each_reason():
    with serving(Quiet) as (_, closed):
        pass
    with (
        serving(StandInApi, failing=99, status=500) as (_, broken),
        pytest.raises(InputError) as caught,
    ):
        search_providers([provider("one", closed), provider("two", broken)], QUERY, SENSOR)
    first, one, two, advice = str(caught.value).splitlines()
    assert first == f"none of the 2 providers of sensor card {SENSOR.title!r} has scenes:"
    assert one.startswith(f"  one ({closed}): ") and "Connection refused" in one
    assert two.startswith(f"  two ({broken}): ") and "HTTP 500 Internal Server Error" in two
    assert "check the network" in advice


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"assets": {}}, r"\(item bad\): has no assets"),
        ({"assets": {"B04": {"href": "x"}}}, "scene bad: has no band B08"),
        ({"properties": {"datetime": "2020-07-01"}}, "scene bad: says no CRS"),
        (
            {"properties": {"datetime": "2020-07-01", "proj:code": "EPSG:1"}},
            "scene bad: its proj:code is 'EPSG:1', which is no CRS",
        ),
        ({"geometry": None, "bbox": None}, r"\(item bad\): has no bbox and no geometry"),
        ({"geometry": {"type": "Polygon"}}, "scene bad: its geometry .* is no GeoJSON"),
        ({"assets": {"B04": {"href": "x", "bands": "B04"}}}, "scene bad: "),
    ],
)
def test_a_broken_item_ends_the_search_and_names_itself_and_its_provider(change, told):
    items = [made_item("a"), made_item("bad") | change]
    with (
        serving(StandInApi, items=items) as (_, address),
        pytest.raises(InputError, match=told) as caught,
    ):
        search_providers([provider("maker", address), provider("other", "x")], QUERY, SENSOR)
    message = str(caught.value)
    assert "maker" in message and "\n" not in message


def test_an_item_without_a_box_has_that_of_its_footprint():
    item = made_item("a")
    del item["bbox"]
    with serving(StandInApi, items=[item]) as (_, address):
        (found,) = search_providers([provider("p", address)], QUERY, SENSOR).items
    assert found["bbox"] == made_item("a")["bbox"]


def items_with_clouds():
    return [made_item(f"c{n}", **{"eo:cloud_cover": n}) for n in (10, 49, 50, 90)] + [
        made_item("x")
    ]


@pytest.mark.parametrize("conforms", [[], CQL2, CQL2[:1]])
@pytest.mark.parametrize("refused", [False, True])
def test_a_filter_holds_whether_the_server_knows_it_or_not(conforms, refused):
    """The stand-in takes a filter and leaves it out, as poor servers do, or refuses it."""
    settings = {"items": items_with_clouds(), "conforms": conforms, "refused": refused}
    with serving(StandInApi, **settings) as (server, address):
        found = search_providers([provider("p", address, filter=CLEAR)], QUERY, SENSOR)
    assert [item["id"] for item in found.items] == ["c10", "c49"]
    sent = [body["filter"] for body in server.bodies if "filter" in body]
    assert bool(sent) == (conforms == CQL2) and all(one == CLEAR for one in sent)
    assert found.query.as_dict()["filter"] == CLEAR


def test_an_orbit_direction_is_a_filter_of_every_provider():
    sensor = SENSOR.model_copy(update={"orbit_direction": "ascending"})
    query = Query.of(REGION, sensor, 2020, SUMMER)
    orbits = ("ascending", "descending")
    items = [made_item(n, **{"sat:orbit_state": n, "eo:cloud_cover": 1}) for n in orbits]
    with serving(StandInApi, items=items) as (_, address):
        found = search_providers([provider("p", address, filter=CLEAR)], query, sensor)
    assert [item["id"] for item in found.items] == ["ascending"]
    assert json.dumps(found.query.condition).count("property") == 2


def test_a_catalogue_of_the_config_is_asked_alone():
    own = [provider("p", "https://example.org/v1", filter=CLEAR)]
    card = SENSOR.model_copy(update={"providers": own})
    assert asked(card, None) == card.providers
    assert asked(card, "https://example.org/v1/") == card.providers
    (alone,) = asked(card, "https://example.org/v2")
    assert (alone.name, alone.filter) == ("https://example.org/v2", None)
    with pytest.raises(InputError, match="nobody to ask for scenes; add one of the two"):
        asked(SENSOR.model_copy(update={"providers": []}), None)

"""A shared lock gives the scenes that it holds, to the run that asks for just these, or to none."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from landscribe.cards import Season
from landscribe.command import InputError
from landscribe.imagery import catalogues
from landscribe.imagery.integrity import verify_lock
from landscribe.imagery.locks import changes, locked, refreshed, shared_lock
from landscribe.imagery.providers import search_providers
from landscribe.imagery.search import Query, read_scenes, write_scenes
from landscribe.runs import LOCKS, Plan, shared_lock_name
from landscribe.sensors import Provider
from tests.made_catalogue import (
    QUERY,
    REGION,
    SENSOR,
    SUMMER,
    StandInApi,
    made_item,
    serving,
    write_catalogue,
)

RUN = yaml.safe_load(Path("config/demo.yaml").read_text())


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch):
    monkeypatch.setattr(catalogues, "RETRIES", catalogues.RETRIES.new(backoff_factor=0))


def providers(address, **more):
    return [Provider(name="p", catalogue=address, **more)]


def items():
    told = {"grid:code": "MGRS-33UUU", "s2:processing_baseline": "02.14"}
    made = [made_item(f"i{n}", f"2020-07-0{n}T10:20:30Z", **told) for n in (1, 2, 3)]
    made[0]["assets"]["B04"] |= {"file:checksum": "1220ab", "file:size": 5}
    return made


@pytest.fixture
def made(tmp_path):
    """A server, and a lock of its three scenes."""
    with serving(StandInApi, items=items()) as (server, address):
        path = tmp_path / "r.2020.s.lock.json"
        refreshed(path, providers(address), QUERY, SENSOR)
        server.asked.clear()
        yield SimpleNamespace(server=server, address=address, path=path)


def test_a_lock_gives_what_the_search_gave_and_asks_nobody(made, tmp_path):
    found = search_providers(providers(made.address), QUERY, SENSOR)
    made.server.asked.clear()
    again = locked(made.path, providers(made.address), QUERY, SENSOR)
    assert made.server.asked == []
    assert again.provider == found.provider and again.query == found.query
    for name, one in {"search": found, "lock": again}.items():
        write_scenes(tmp_path / f"{name}.parquet", one.items)
    scenes = [read_scenes(tmp_path / f"{name}.parquet") for name in ("search", "lock")]
    assert scenes[0] == scenes[1] and [list(s["assets"]) for s in scenes[1]] == [["B04", "B08"]] * 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"query": Query.of(REGION, SENSOR, 2021, SUMMER)},
            "datetime: 2020-06-01T.* in the lock, 2021",
        ),
        ({"query": Query.of(REGION, SENSOR, 2020, Season(first="06-02"))}, "datetime: "),
        ({"bounds": (12, 52, 13, 53.5)}, r"bounds_lonlat: \[12.0, 52.0, 13.0, 53.0\] in the lock"),
        ({"bands": ["B08", "B04"]}, r"bands: \['B04', 'B08'\] in the lock, \['B08', 'B04'\] in"),
        ({"nodata": 7}, "numbers: .*'nodata': 0.* in the lock, .*'nodata': 7"),
        ({"provider": {"name": "q"}}, "provider: p in the lock, but the run asks q"),
        ({"provider": {"signing": "planetary-computer"}}, "signing: none in the lock, planetary"),
        ({"provider": {"collection": "s2"}}, "collection: sentinel-2-l1c in the lock, s2 in"),
        ({"provider": {"assets": {"B04": "red"}}}, "assets: {} in the lock, {'B04': 'red'} in the"),
        (
            {"provider": {"filter": {"op": "isNull", "args": [{"property": "x"}]}}},
            "filter: None in the lock, {'op': 'isNull'",
        ),
    ],
)
def test_another_question_is_told_and_asks_nobody(change, told, made):
    sensor, query = SENSOR, change.get("query", QUERY)
    if "bounds" in change:
        query = Query.of(REGION.model_copy(update=change), SENSOR, 2020, SUMMER)
    if "bands" in change:
        sensor = SENSOR.model_copy(update={"bands": SENSOR.bands[::-1]})
    if "nodata" in change:
        sensor = SENSOR.model_copy(update=change)
    asked = [p.model_copy(update=change.get("provider", {})) for p in providers(made.address)]
    with pytest.raises(InputError, match=told) as caught:
        locked(made.path, asked, query, sensor)
    assert "make refresh" in str(caught.value) and str(made.path) in str(caught.value)
    assert made.server.asked == []


def test_a_refresh_tells_what_came_went_and_changed_and_writes_only_then(made):
    before = made.path.stat().st_mtime_ns
    assert refreshed(made.path, providers(made.address), QUERY, SENSOR) == [
        f"{made.path}: 3 scenes of p, nothing changed"
    ]
    assert made.path.stat().st_mtime_ns == before
    new = items()
    new[0]["assets"]["B04"] |= {"href": "./moved.tif", "file:checksum": "1220cd"}
    new[1] |= {
        "id": "i2-again",
        "properties": new[1]["properties"] | {"s2:processing_baseline": "05.00"},
    }
    new[2] = made_item("i4", "2020-07-04T10:20:30Z")
    made.server.items = new
    _, *lines = refreshed(made.path, providers(made.address), QUERY, SENSOR)
    assert lines == [
        "~ i1: B04 has another href",
        "~ i1: B04 has another checksum",
        "~ i2-again: in place of i2, another baseline (02.14 -> 05.00)",
        "+ i4: new, of 2020-07-04T10:20:30Z",
        "- i3: gone",
    ]
    found = locked(made.path, providers(made.address), QUERY, SENSOR)
    assert [item["id"] for item in found.items] == ["i1", "i2-again", "i4"]


def test_an_item_of_the_same_id_may_change_its_baseline_or_other_properties():
    old, new = ({"items": [json.loads(json.dumps(items()[0]))]} for _ in range(2))
    new["items"][0]["properties"]["s2:processing_baseline"] = "05.11"
    assert changes(old, new) == ["~ i1: another baseline (02.14 -> 05.11)"]
    new["items"][0]["properties"] = old["items"][0]["properties"] | {"eo:cloud_cover": 4}
    assert changes(old, new) == ["~ i1: other properties"]
    assert changes(None, new) == ["+ i1: new, of 2020-07-01T10:20:30Z"]


def test_a_lock_stays_as_it_is_when_its_provider_is_down(made):
    before = made.path.read_bytes()
    made.server.failing = 99
    with serving(StandInApi, items=items()) as (other, address):
        both = [*providers(made.address), Provider(name="other", catalogue=address)]
        with pytest.raises(InputError, match=f"HTTP 503 .*\n  {made.path} stays as it is"):
            refreshed(made.path, both, QUERY, SENSOR)
        assert other.asked == [] and made.path.read_bytes() == before
        made.path.unlink()
        first, *_ = refreshed(made.path, both, QUERY, SENSOR)
    assert first.startswith("passed over p (http://127.0.0.1") and "HTTP 503" in first


def test_a_changed_card_renews_a_lock_of_the_same_scenes(made):
    sensor = SENSOR.model_copy(update={"nodata": 7, "bands": SENSOR.bands[:1]})
    _, *lines = refreshed(made.path, providers(made.address), QUERY, sensor)
    assert "~ i1: B08 has another href" in lines
    assert list(locked(made.path, providers(made.address), QUERY, sensor).items[0]["assets"]) == [
        "B04"
    ]


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"question": 1}', "\x00", '{"items": []}'])
def test_what_is_no_lock_is_told(text, tmp_path):
    path = tmp_path / "lock.json"
    path.write_text(text)
    for act in (locked, refreshed):
        with pytest.raises(InputError, match="is no lock .* take the file away, or renew"):
            act(path, providers("https://example.org"), QUERY, SENSOR)


def test_scenes_of_this_machine_get_no_shared_lock(tmp_path):
    folder = write_catalogue(tmp_path / "c", items())
    with pytest.raises(InputError, match="lies on this machine, whose paths are of no use"):
        refreshed(tmp_path / "lock.json", providers(str(folder)), QUERY, SENSOR)
    assert not (tmp_path / "lock.json").exists()


def cards(folder, address, *before):
    card = SENSOR.model_dump(exclude_none=True)
    card["providers"] = [*before, {"name": "p", "catalogue": address}]
    card["clouds"] = {"method": "none"}
    (folder / "sensor.yaml").write_text(yaml.safe_dump(card))
    (folder / "region.yaml").write_text("title: made\nbounds: [12, 52, 13, 53]\n")


def run(folder, script, *flags):
    command = [sys.executable, "-m", f"scripts.{script}", *map(str, flags)]
    command += ["--sensor", folder / "sensor.yaml", "--season", "06-01/08-31"]
    return subprocess.run(command, capture_output=True, text=True)


def refresh(folder):
    flags = ["--regions", folder / "region.yaml", "--years", 2020]
    return run(folder, "refresh_locks", *flags, "--locks", folder, "--told", folder / "told.txt")


def search(folder, *flags):
    out = ["--scenes", folder / "scenes.parquet", "--lock-file", folder / "scenes.lock.json"]
    return run(
        folder, "search_scenes", "--region", folder / "region.yaml", "--year", 2020, *out, *flags
    )


def test_the_scripts_lock_scenes_and_need_no_server_then(tmp_path):
    """Also when a scene has gone from the catalogue after the lock."""
    with serving(StandInApi, items=items()) as (server, address):
        cards(tmp_path, address)
        done = refresh(tmp_path)
        assert done.returncode == 0, done.stderr
        assert "3 scenes of p, 3 changed\n+ i1: new" in done.stdout
        server.items = items()[1:]
        server.asked.clear()
        done = search(tmp_path, "--shared", tmp_path / "region.2020.sensor.lock.json")
        assert done.returncode == 0, done.stderr
        assert server.asked == [] and "3 scenes of sentinel-2-l1c" in done.stdout
        done = refresh(tmp_path)
        assert done.returncode == 0 and "- i1: gone" in done.stdout
        assert (tmp_path / "told.txt").read_text() in done.stdout
    before = (tmp_path / "region.2020.sensor.lock.json").read_bytes()
    done = refresh(tmp_path)
    assert done.returncode == 1 and done.stderr.count("error: ") == 1
    assert "Connection refused" in done.stderr and "stays as it is" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "region.2020.sensor.lock.json").read_bytes() == before
    done = search(tmp_path, "--shared", tmp_path / "region.2020.sensor.lock.json")
    assert done.returncode == 0, done.stderr
    verify_lock(tmp_path / "scenes.lock.json", read_scenes(tmp_path / "scenes.parquet"))
    done = search(tmp_path)
    assert done.returncode == 1 and "Connection refused" in done.stderr


def test_a_search_prints_and_locks_who_was_passed_over(tmp_path):
    (tmp_path / "none").mkdir()
    with serving(StandInApi, items=items()) as (_, address):
        cards(tmp_path, address, {"name": "gone", "catalogue": str(tmp_path / "none")})
        done = search(tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"passed over gone ({tmp_path}/none): no STAC catalogue or API could" in done.stdout
    assert "3 scenes of sentinel-2-l1c" in done.stdout and done.stdout.endswith(" at p\n")
    told = json.loads((tmp_path / "scenes.lock.json").read_text())
    assert told["provider"] == "p" and "No such file" in told["passed_over"][0]["reason"]


def test_the_plan_hands_on_a_shared_lock_where_there_is_one(tmp_path, monkeypatch):
    plan = Plan.read({k: v for k, v in RUN.items() if k != "catalogue"})
    here = SimpleNamespace(region="beetzsee", year="2017", sensor="sentinel-2-l1c")
    assert (plan.catalogue_files(here), plan.catalogue_flags(here)) == ([], "")
    assert plan.shared_lock(here) == [] and plan.search_flags(here) == ""
    monkeypatch.chdir(tmp_path)
    path = LOCKS / shared_lock_name("beetzsee", 2017, "sentinel-2-l1c")
    path.parent.mkdir()
    path.write_text("{}")
    assert plan.shared_lock(here) == [path]
    assert plan.search_flags(here) == f"--shared {path}"


def test_a_run_without_catalogue_and_providers_is_told(tmp_path, monkeypatch):
    for kind in ("regions", "tasks", "models", "sensors"):
        (tmp_path / "config" / kind).mkdir(parents=True)
    card = yaml.safe_load(Path("config/sensors/sentinel-2-l1c.yaml").read_text())
    (tmp_path / "config/sensors/s.yaml").write_text(yaml.safe_dump(card | {"providers": []}))
    for kind, name in {"regions": "beetzsee", "tasks": "landuse", "models": "forest"}.items():
        text = Path(f"config/{kind}/{name}.yaml").read_text()
        (tmp_path / f"config/{kind}/{name}.yaml").write_text(text)
    monkeypatch.chdir(tmp_path)
    config = {k: v for k, v in RUN.items() if k not in ("catalogue", "gazetteer")}
    with pytest.raises(SystemExit, match="nobody to ask for scenes"):
        Plan.read(config | {"sensors": ["s"], "models": ["forest"]})


def test_a_shared_lock_holds_no_time_and_no_tuple(made):
    found = search_providers(providers(made.address), QUERY, SENSOR)
    assert shared_lock(found, SENSOR) == json.loads(made.path.read_text())

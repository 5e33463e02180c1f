"""Look-ups equal brute force over the tables; bad stores are told, never guessed."""

import json
import multiprocessing
import pickle
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from landscribe.command import InputError
from landscribe.places.classes import NAME_KINDS
from landscribe.places.lookup import Place, Places
from landscribe.places.names import normal
from landscribe.places.near_names import FILES
from landscribe.places.store import write_store
from tests.made_gazetteer import MadePlaces, a_name, make_places

STRANGE = ["'; DROP TABLE places; --", "%", "_", '"', "a\0b", "🗺🗺", "NEAR(a, b)", "*", "a" * 5000]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadePlaces:
    made = make_places(tmp_path_factory.mktemp("it's a [new] % folder?#"), 400)
    for row, name in enumerate(STRANGE):
        made.names.append(a_name(row, name) | {"normal": name})
    return made.write()


@pytest.fixture(scope="module")
def store(made) -> Path:
    return made.index()


@pytest.fixture(scope="module")
def places(store) -> Places:
    return Places(store)


def best_names(made, names):
    """Place of each row that has one of the names, with the best of them, by brute force."""
    best = {}
    for name in sorted(made.names, key=rank, reverse=True):
        if name["normal"] in names:
            best[name["row"]] = name
    return [place(made.places[row], best[row]) for row in sorted(best)]


def rank(name):
    return name["row"], NAME_KINDS.index(name["kind"]), name["language"]


def place(told, name=None):
    match = (name["kind"], name["language"]) if name else ("", "")
    told = told | {"parents": tuple(told["parents"])}
    del told["facts"]
    return Place(*told.values(), *match)


def test_exact_equals_a_dictionary_of_all_names(made, places):
    asked = {name["normal"] for name in made.names} - {""}
    assert len(asked) > 300
    found = places.exact(sorted(asked))
    assert found == {name: best_names(made, {name}) for name in asked}
    assert max(map(len, found.values())) > 10


def test_exact_gives_the_largest_if_there_are_too_many(made, places):
    ((name, count),) = Counter(name["normal"] for name in made.names).most_common(1)
    assert count > 10
    for most in (1, 3):
        assert places.exact([name], most)[name] == places.exact([name])[name][:most]


def test_a_name_that_is_nowhere_has_no_places(places):
    assert places.exact(["atlantis", ""]) == {"atlantis": [], "": []}
    assert places.exact([]) == {}


def test_the_main_name_counts_before_others_of_the_place(made, places):
    main = {name["row"]: name for name in made.names if name["kind"] == "main"}
    for row, name in main.items():
        if name["normal"]:
            match = next(
                p for p in places.exact([name["normal"]], 999)[name["normal"]] if p.row == row
            )
            assert match.kind == "main"


def test_what_a_caller_does_to_an_answer_does_not_change_the_next(made, places):
    name = normal(made.places[0]["name"])
    before = list(places.exact([name])[name])
    places.exact([name])[name].clear()
    assert places.exact([name])[name] == before


@pytest.mark.parametrize("name", STRANGE)
def test_a_name_is_never_a_command(made, places, name):
    assert [p.row for p in places.exact([name])[name]] == [STRANGE.index(name)]
    assert places.near(name) is not None
    assert len(places.by_id(p["id"] for p in made.places)) == len(made.places)
    assert places.by_id([name]) == {} and places.polygon(name) is None


def test_half_a_character_is_no_name(places):
    assert places.exact(["\ud800"]) == {"\ud800": []}
    assert places.near("\ud800abc") == []
    assert places.by_id(["\ud800"]) == {} and places.polygon("\ud800") is None


def test_near_equals_a_comparison_with_all_names(made, places):
    names = {name["normal"] for name in made.names if len(name["normal"]) >= 4}
    found = 0
    for asked in sorted(names)[::3] + ["berlni", "parisan", "xxxx"]:
        near = {name for name in names if OSA.distance(name, asked) == 1}
        expected = [(place, 1) for place in best_names(made, near)]
        assert places.near(asked, 999) == expected
        assert places.near(asked, 2) == expected[:2]
        found += len(expected)
    assert found > 50


def degrees(most):
    return st.integers(-most, most).map(float) | st.floats(-most, most)


@settings(max_examples=200, deadline=None)
@given(
    lons=st.tuples(degrees(180), degrees(180)),
    lats=st.tuples(degrees(90), degrees(90)).map(sorted),
    classes=st.none() | st.sets(st.sampled_from(["city", "lake", "atoll"])),
    most=st.sampled_from([1, 5, 1000]),
)
def test_a_box_holds_what_a_filter_of_all_points_keeps(made, places, lons, lats, classes, most):
    inside = in_lons(made, *lons)
    lat = np.array([place["lat"] for place in made.places])
    inside &= (lat >= lats[0]) & (lat <= lats[1])
    if classes is not None:
        inside &= np.isin([place["class"] for place in made.places], list(classes))
    expected = [place(made.places[row]) for row in np.flatnonzero(inside)[:most]]
    box = (lons[0], lats[0], lons[1], lats[1])
    assert places.box(*box, classes, most) == expected
    with pytest.MonkeyPatch.context() as patch:  # as if the box held very many places
        patch.setattr(Places, "_many", lambda places, span: True)
        assert places.box(*box, classes, most) == expected


def in_lons(made, west, east):
    """Whether each place lies between; -180 and 180 are one meridian."""
    lon = np.array([place["lon"] for place in made.places])

    def between(lon):
        return (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)

    return between(lon) | (abs(lon) == 180) & between(-lon)


def test_a_box_may_go_on_beyond_180(made, places):
    assert places.box(170, -90, 190, 90) == places.box(170, -90, -170, 90) != []
    assert places.box(-190, -90, -170, 90) == places.box(170, -90, -170, 90)
    everywhere = places.box(-180, -90, 180, 90)
    assert len(everywhere) == len(made.places)
    assert everywhere == places.box(0, -90, 360, 90) == places.box(-500, -90, 500, 90)


def test_classes_may_come_from_an_iterator(places):
    assert (
        places.box(90, -90, 89, 90, iter(["city"])) == places.box(90, -90, 89, 90, ["city"]) != []
    )


def test_an_id_has_its_place(made, places):
    ids = [made.places[row]["id"] for row in (5, 3, 5)]
    found = places.by_id([*ids, "made:nowhere"])
    assert found == {told["id"]: place(told) for told in (made.places[5], made.places[3])}


def test_names_of_a_place_are_those_of_the_table(made, places):
    for row in range(len(made.places)):
        expected = sorted((name for name in made.names if name["row"] == row), key=rank)
        told = places.names(row)
        assert {(n.name, n.language, n.kind) for n in told} == {
            (name["name"], name["language"], name["kind"]) for name in expected
        }
        assert len(told) == len(set(told)) and told[0].kind == "main"
    assert places.names(10**6) == []


def test_a_polygon_is_that_of_the_geoparquet(made, places):
    polygons = dict(zip(made.polygons["id"], made.polygons.geometry, strict=True))
    for told in made.places:
        found = places.polygon(told["id"])
        assert found is None if told["id"] not in polygons else found.equals(polygons[told["id"]])


def test_a_store_without_polygons_has_none(made, tmp_path):
    write_store(made.folder / "places.parquet", made.folder / "names.parquet", None, tmp_path / "s")
    assert Places(tmp_path / "s").polygon(made.polygons["id"][0]) is None


def ask(places, name, answers=None):
    answer = places.exact([name])[name], places.near(name + "x")
    return answers.put(answer) if answers else answer


def test_other_processes_find_the_same(made, places):
    name = made.names[0]["normal"]
    assert ask(pickle.loads(pickle.dumps(places)), name) == ask(places, name)
    for start in ("fork", "spawn"):
        context = multiprocessing.get_context(start)
        answers = context.SimpleQueue()
        process = context.Process(target=ask, args=(places, name, answers))
        process.start()
        assert answers.get() == ask(places, name)
        process.join()
        assert process.exitcode == 0


@pytest.fixture
def copy(store, tmp_path) -> Path:
    return Path(shutil.copytree(store, tmp_path / "a" / "store"))


def test_a_store_of_an_older_layout_is_refused(copy):
    about = json.loads((copy / "gazetteer.json").read_text())
    (copy / "gazetteer.json").write_text(json.dumps(about | {"layout": 0}))
    with pytest.raises(InputError, match="layout 0, wanted 2; run the rule index_places again"):
        Places(copy)


def test_a_store_that_was_written_anew_is_not_mixed_with_that_of_before(made, copy):
    places = pickle.dumps(Places(copy))
    write_store(made.folder / "places.parquet", made.folder / "names.parquet", None, copy)
    with pytest.raises(InputError, match="written anew while it was in use; start again"):
        pickle.loads(places).exact(["a"])


@pytest.mark.parametrize("name", ["places.sqlite", *(f"near/{name}" for name in FILES)])
def test_a_file_that_was_cut_or_is_missing_is_refused(copy, name):
    whole = (copy / name).read_bytes()
    (copy / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=f"{name}: .* bytes, wanted .*; run the rule index_places"):
        Places(copy)
    (copy / name).unlink()
    with pytest.raises(InputError, match=f"{name}: is missing; run the rule index_places again"):
        Places(copy)


def test_a_file_of_noise_is_no_database(copy):
    size = (copy / "places.sqlite").stat().st_size
    (copy / "places.sqlite").write_bytes(b"noise" * (size // 5) + b"!" * (size % 5))
    with pytest.raises(InputError, match="no SQLite database .*; run the rule index_places again"):
        Places(copy).exact(["a"])


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_that_does_not_say_what_it_is_is_no_store(copy, text):
    (copy / "gazetteer.json").unlink()
    if text:
        (copy / "gazetteer.json").write_text(text)
    with pytest.raises(InputError, match="gazetteer.json.*run the rule index_places again"):
        Places(copy)
    with pytest.raises(InputError, match="run the rule index_places again"):
        Places(copy / "nowhere")


def test_polygons_that_moved_or_changed_are_refused(made, copy):
    name = made.polygons["id"][0]
    with pytest.raises(InputError, match="polygons.parquet: no such file"):
        Places(copy).polygon(name)
    made.polygons[1:].to_parquet(copy.parent / "polygons.parquet", row_group_size=3)
    with pytest.raises(InputError, match="written after its index.*run the rule index_places"):
        Places(copy).polygon(name)
    made.polygons.to_crs(3857).to_parquet(copy.parent / "polygons.parquet")
    with pytest.raises(InputError, match="no GeoParquet in EPSG:4326"):
        Places(copy).polygon(name)
    (copy.parent / "polygons.parquet").write_text("noise")
    with pytest.raises(InputError, match="not a Parquet file"):
        Places(copy).polygon(name)

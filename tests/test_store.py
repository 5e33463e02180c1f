"""A store: equal tables give equal bytes, other rows another version, bad rows none."""

import hashlib
import json
import sqlite3
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.places import database
from landscribe.places.classes import NAME_KINDS
from landscribe.places.lookup import Places
from scripts.index_places import main
from tests.made_gazetteer import MadePlaces, a_name, make_places

COUNT = 30


@pytest.fixture
def made(tmp_path) -> MadePlaces:
    return make_places(tmp_path / "tables", COUNT)


def digests(store):
    files = (path for path in sorted(store.rglob("*")) if path.is_file())
    return {
        path.relative_to(store): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


def test_equal_tables_give_equal_bytes(made, monkeypatch):
    before = digests(made.write().index(made.folder / "a"))
    assert len(before) == 7
    assert before == digests(made.index(made.folder / "b"))
    for table in ("places", "names"):  # the same rows in another Parquet
        path = made.folder / f"{table}.parquet"
        pq.write_table(pq.read_table(path), path, row_group_size=7, compression="none")
    monkeypatch.setattr(database, "_BATCH", 11)
    assert before == digests(made.index(made.folder / "c"))


def test_the_order_of_names_does_not_count(made):
    before = digests(made.write().index())
    made.names.reverse()
    assert before == digests(made.write().index())


def test_small_memory_gives_the_same(made, monkeypatch):
    before = digests(made.write().index())
    monkeypatch.setattr(database, "_MEMORY", "100MB")
    assert before == digests(made.index())


OTHER = {
    "places": {
        "id": "made:other",
        "name": "Other",
        "class": "site",
        "lon": 1.25,
        "lat": -0.5,
        "country": "XX",
        "parents": ["made:other"],
        "population": 12345,
        "extent_km": 0.5,
        "facts": [],
    },
    "names": {
        "name": "Other",
        "normal": "other",
        "language": "xx",
        "kind": "code",
        "source": "other",
    },
}


@pytest.fixture(scope="module")
def version(tmp_path_factory) -> str:
    return Places(make_places(tmp_path_factory.mktemp("tables"), COUNT).write().index()).version


@pytest.mark.parametrize(
    ("table", "column"), [(table, column) for table, other in OTHER.items() for column in other]
)
def test_the_version_changes_with_any_value(made, version, table, column):
    getattr(made, table)[-3][column] = OTHER[table][column]
    changed = Places(made.write().index()).version
    assert len(changed) == 12 and changed != version


def test_the_version_changes_with_a_row_or_a_polygon(made, version):
    assert Places(made.write().index()).version == version
    made.names.pop()
    fewer = Places(made.write().index()).version
    made.polygons = made.polygons.iloc[1:]
    assert len({version, fewer, Places(made.write().index()).version}) == 3


def test_it_tells_what_it_holds(made, tmp_path):
    made.write()
    tables = [made.folder / f"{name}.parquet" for name in ("places", "names", "polygons")]
    main(tables[0], tables[1], tmp_path / "store", tables[2])
    about = json.loads((tmp_path / "store" / "gazetteer.json").read_text())
    assert (about["places"], about["names"]) == (COUNT, len(made.names))
    assert about["polygons"] == len(made.polygons)
    for name in {place["class"] for place in made.places}:
        assert about["classes"][name] == sum(place["class"] == name for place in made.places)
    for source in ("a", "b"):  # a place that a source names twice counts once
        having = [any(f["source"] == source for f in place["facts"]) for place in made.places]
        assert about["sources"][source] == sum(having)
    assert about["polygons_file"] == "../tables/polygons.parquet"


def test_names_that_are_equal_when_compared_count_once(made):
    made.names += [a_name(3, "Zürich", "alternate", "de"), a_name(3, "ZURICH", "short", "de")]
    made.names += [a_name(3, "zurich", "code", ""), a_name(3, "Zurich", "alternate", "fr")]
    places = Places(made.write().index())
    (found,) = places.exact(["zurich"])["zurich"]
    assert (found.row, found.kind, found.language) == (3, "alternate", "de")
    assert sum(name.name.casefold() in ("zürich", "zurich") for name in places.names(3)) == 4


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.text("aB 'é\0🗺", max_size=4), st.sampled_from(NAME_KINDS)),
        max_size=30,
    )
)
def test_any_names_are_kept(tmp_path_factory, names):
    made = make_places(tmp_path_factory.mktemp("any"), 5)
    made.names = [a_name(row, name, kind) for row, name, kind in names]
    places = Places(made.write().index())
    for row in range(5):
        kept = {(name.name, name.kind) for name in places.names(row)}
        assert kept == {(name, kind) for of, name, kind in names if of == row}
    for name in made.names:
        rows = [p.row for p in places.exact([name["normal"]])[name["normal"]]]
        having = {n["row"] for n in made.names if n["normal"] == name["normal"] != ""}
        assert rows == sorted(having)


def change(path, how):
    pq.write_table(how(pq.read_table(path)), path)


def twice(rows):
    return pa.concat_tables([rows, rows[:1]])


@pytest.mark.parametrize(
    ("table", "values", "told"),
    [
        ("places", {"row": 5}, "rows from 0 on are not numbered one by one"),
        ("places", {"lon": float("nan")}, "row 4 has lon nan, wanted -180 to 180"),
        ("places", {"lon": 180.5}, "row 4 has lon 180.5, wanted -180 to 180"),
        ("places", {"lat": None}, "row 4 has lat None, wanted -90 to 90"),
        ("places", {"id": "made:0"}, "places.parquet: an id stands twice"),
        ("names", {"kind": "odd"}, "names of kind 'odd', wanted main, "),
        ("names", {"row": 99}, "a name of row 99, but there are 30 places"),
        ("names", {"row": None}, "a name of row None, but there are 30 places"),
    ],
)
def test_a_bad_row_leaves_the_store_of_before(made, tmp_path, table, values, told):
    before = digests(made.write().index(tmp_path / "store"))
    getattr(made, table)[4] |= values
    with pytest.raises(InputError, match=told):
        made.write().index(tmp_path / "store")
    assert digests(tmp_path / "store") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store", "tables"]


@pytest.mark.parametrize(
    ("table", "fault", "told"),
    [
        ("places", lambda path: path.unlink(), "no such table; run the rule"),
        ("places", lambda path: path.write_text("noise"), "not a Parquet file"),
        ("places", lambda path: change(path, lambda rows: rows[:0]), "no places; see which"),
        ("names", lambda path: path.unlink(), "no such table; run the rule"),
        ("names", lambda path: change(path, lambda rows: rows.drop(["kind"])), "without kind"),
        ("polygons", lambda path: path.unlink(), "no such file; run the rule"),
        ("polygons", lambda path: change(path, lambda rows: rows.drop(["id"])), "no column id"),
        ("polygons", lambda path: change(path, twice), "an id stands twice"),
    ],
)
def test_a_bad_table_makes_no_store(made, table, fault, told):
    fault(made.write().folder / f"{table}.parquet")
    with pytest.raises(InputError, match=f"{table}.parquet: .*{told}"):
        made.index()
    assert not (made.folder / "store").exists()


def test_a_store_does_not_replace_the_folder_of_its_tables(made):
    with pytest.raises(InputError, match="is replaced, but holds .*places.parquet"):
        made.write().index(made.folder)
    assert (made.folder / "places.parquet").is_file()


def test_the_database_is_sound_and_packed(made):
    with closing(sqlite3.connect(made.write().index() / "places.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT rtreecheck('points')").fetchone() == ("ok",)
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)

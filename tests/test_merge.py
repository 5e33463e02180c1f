"""What is one place and what is not; who is believed; what a place lies in."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely

from landscribe.command import InputError
from landscribe.gazetteers import Gazetteer
from landscribe.places import merged
from landscribe.places.classes import CLASSES, NAME_KINDS
from landscribe.places.merge import merge_places
from landscribe.tables import PLACE_NAMES, PLACES, POLYGONS, SOURCE_PLACES, batches_of, write_table

KM = 1 / 111.2  # degrees of latitude


@dataclass
class Merged:
    """The tables of a gazetteer."""

    places: list[dict]
    names: list[dict]
    polygons: list[dict]

    def place(self, id_: str) -> dict:
        return next(place for place in self.places if place["id"] == id_)

    def facts(self) -> set[frozenset[str]]:
        """Ids that became one place, of each place."""
        return {frozenset(fact["id"] for fact in place["facts"]) for place in self.places}

    def names_of(self, id_: str) -> dict[str, str]:
        """Names of a place, and their kinds."""
        row = self.place(id_)["row"]
        return {name["name"]: name["kind"] for name in self.names if name["row"] == row}


def row(id_: str, name: str, class_: str = "city", north: float = 0, **more: object) -> dict:
    """A row of a source, some km north of a point in the Netherlands."""
    told = {"id": id_, "same": [], "name": name, "names": [], "class": class_, "country": "NL"}
    told |= {"lon": 5.0, "lat": 52 + north * KM, "admin": [], "code": ""}
    return told | more


def named(*names: str, kind: str = "alternate") -> list[dict]:
    return [{"name": name, "language": "", "kind": kind} for name in names]


def square(east: float, north: float, half: float) -> bytes:
    """A square around a point, all in km from the point of `row`."""
    x, y = 5 + east * KM / 0.6157, 52 + north * KM  # cos(52°)
    dx, dy = half * KM / 0.6157, half * KM
    return shapely.to_wkb(shapely.box(x - dx, y - dy, x + dx, y + dy))


def merged_of(folder: Path, *sources: Sequence[dict]) -> Merged:
    """What becomes of some sources, the first of which is trusted most."""
    paths, cards = {}, []
    for number, rows in enumerate(sources):
        name = f"source{number}"
        paths[name] = folder / f"{name}.parquet"
        write_table(paths[name], batches_of(rows, SOURCE_PLACES), SOURCE_PLACES)
        cards.append({"name": name, "reader": "osm", "path": "made", "version": f"v{number}"})
        cards[-1] |= {"licence": "other", "attribution": "a test"}
    card = Gazetteer(title="made", sources=cards)
    tables = {name: folder / f"{name}.parquet" for name in ("places", "names", "polygons")}
    assert merge_places(card, paths, **tables) == pq.read_metadata(tables["places"]).num_rows
    read = [pq.read_table(path) for path in tables.values()]
    for table, schema in zip(read, (PLACES, PLACE_NAMES, POLYGONS), strict=True):
        assert table.schema.equals(schema)
        table.validate(full=True)
    return Merged(*(table.to_pylist() for table in read))


def one(folder: Path, first: dict, second: dict) -> bool:
    """Whether two rows of two sources are one place."""
    count = len(merged_of(folder, [first], [second]).places)
    assert count in (1, 2)
    return count == 1


def test_an_id_joins_whatever_else_is_said(tmp_path):
    first = row("gn:1", "Berlin", same=["wd:Q64"])
    told = row("wd:Q64", "Capital", "site", 900, country="DE")
    assert one(tmp_path, first, told)
    assert one(tmp_path, first, row("osm:r1", "Stadt", "admin1", 900, same=["wd:Q64"]))
    assert one(tmp_path, row("gn:1", "A", code="NL.1"), row("x:1", "B", country="", code="NL.1"))
    assert not one(tmp_path, first, told | {"id": "wd:Q65"})


def test_an_id_joins_over_a_third_source(tmp_path):
    found = merged_of(
        tmp_path,
        [row("gn:1", "A", same=["wd:Q1"])],
        [row("osm:r1", "B", same=["wd:Q1", "wp:nl:A"])],
        [row("wp:nl:A", "C", north=500)],
    )
    assert found.facts() == {frozenset({"gn:1", "osm:r1", "wp:nl:A"})}


@pytest.mark.parametrize(
    ("told", "same"),
    [
        (row("b", "Château-Salins", "district", 4.9), True),  # a district reaches 5 km, a city 10
        (row("b", "CHATEAU SALINS", "city", 9.9), True),
        (row("b", "Chateau Salins", "city", 10.1), False),
        (row("b", "Other", "city", 1, names=named("Château Salins")), True),
        (row("b", "Other", "city", 1, names=named("Château Salins", kind="code")), False),
        (row("b", "Chateau Salins", "city", 1, country="BE"), False),
        (row("b", "Chateau Salins", "city", 1, country=""), True),
        (row("b", "Chateau Salins", "admin4", 1), False),
        (row("b", "Chateau Salins", "lake", 1), False),
        (row("b", "Chateau Salin", "city", 1), False),
        (row("b", "Chateau Salins", "city", 1, lon=None, lat=None), False),
    ],
)
def test_name_group_country_and_ground_make_one_place(tmp_path, told, same):
    first = row("a", "Château-Salins", lon=5.0)
    found = merged_of(tmp_path, [first], [told])
    assert (len(found.place("a")["facts"]) == 2) is same


def test_a_unit_is_named_with_or_without_the_word_for_it(tmp_path):
    first = row("a", "Provincie Utrecht", "admin1")
    assert one(tmp_path, first, row("b", "Utrecht", "admin1", 50))
    assert one(tmp_path, first, row("b", "Utrecht Province", "admin1", 50))
    assert not one(tmp_path, first, row("b", "Utrecht Noord", "admin1", 50))
    assert not one(tmp_path, row("a", "Provincie Utrecht"), row("b", "Utrecht"))  # no units


def test_each_takes_the_like_one(tmp_path):
    """The same name before the same class before the nearest; one row of a source for a place."""
    there = [
        row("county", "Zagreb County", "admin1", 20),
        row("town", "Zagreb", "admin1", 0),
        row("part", "Zagreb", "admin2", 1),
    ]
    told = [
        row("b:part", "Zagreb", "admin2", 3),
        row("b:county", "Zagreb County", "admin1", 2),
        row("b:town", "Zagreb", "admin1", 21),
    ]
    expected = {frozenset({other["id"], f"b:{other['id']}"}) for other in there}
    assert merged_of(tmp_path, there, told).facts() == expected
    assert merged_of(tmp_path, there[::-1], told[::-1]).facts() == expected


def test_of_several_the_nearest_joins_and_the_next_takes_what_is_left(tmp_path):
    there = [row(f"a{km}", "Neustadt", "city", km) for km in (0, 6, 13)]
    told = [row(f"b{km}", "Neustadt", "city", km) for km in (1, 7, 8, 30)]
    assert merged_of(tmp_path, there, told).facts() == {
        frozenset({"a0", "b1"}),
        frozenset({"a6", "b7"}),
        frozenset({"a13", "b8"}),
        frozenset({"b30"}),
    }


def test_namesakes_within_one_source_stay_apart(tmp_path):
    found = merged_of(tmp_path, [row("a1", "Neustadt"), row("a2", "Neustadt", north=1)])
    assert found.facts() == {frozenset({"a1"}), frozenset({"a2"})}


def test_an_outline_says_how_far_the_point_of_a_unit_may_be(tmp_path):
    large = row("b", "Texas", "admin1", 350, geometry=square(0, 350, 300))  # radius 338 km
    assert one(tmp_path, row("a", "Texas", "admin1"), large)
    assert one(tmp_path, large, row("a", "Texas", "admin1"))
    small = row("b", "Mahé", "admin2", 6, geometry=square(0, 6, 2))  # radius 2.3 km
    assert not one(tmp_path, row("a", "Mahé", "admin2"), small)
    assert not one(tmp_path, small, row("a", "Mahé", "admin2"))
    assert one(tmp_path, row("a", "Mahé", "admin2"), row("b", "Mahé", "admin2", 6))


def test_the_outline_of_another_kind_of_place_does_not_narrow_it(tmp_path):
    village = row("b", "Hall", "city", 6, geometry=square(0, 6, 0.5))
    assert one(tmp_path, row("a", "Hall"), village)


def test_the_first_source_wins_and_the_others_add(tmp_path):
    first = row("a", "Wien", same=["wd:1"], population=None, names=named("Vienna"))
    second = row("b", "Vienna", "district", 2, same=["wd:1"], population=7, extent_km=9)
    third = row("c", "Beč", "site", 3, same=["wd:1"], population=8, extent_km=8)
    third["names"] = [*named("Wien"), *named("VIE", kind="code")]
    found = merged_of(tmp_path, [first], [second], [third])
    (place,) = found.places
    told = {key: place[key] for key in ("row", "id", "name", "class", "country", "lat")}
    assert told == {
        "row": 0,
        "id": "a",
        "name": "Wien",
        "class": "city",
        "country": "NL",
        "lat": 52,
    }
    assert (place["population"], place["extent_km"]) == (7, 9)
    assert [(f["source"], f["id"], f["version"]) for f in place["facts"]] == [
        ("source0", "a", "v0"),
        ("source1", "b", "v1"),
        ("source2", "c", "v2"),
    ]
    kinds = {"Wien": "main", "Vienna": "alternate", "Beč": "alternate", "VIE": "code"}
    assert found.names_of("a") == kinds
    assert {n["name"]: n["source"] for n in found.names}["Vienna"] == "source0"


def test_each_place_has_one_main_name_that_is_its_own(tmp_path):
    twice = [row(f"b{n}", f"B{n}", same=["wd:1"]) for n in range(3)]
    found = merged_of(tmp_path, [row("a", "A", same=["wd:1"])], twice)
    assert found.names_of("a") == {
        "A": "main",
        "B0": "alternate",
        "B1": "alternate",
        "B2": "alternate",
    }


def test_names_that_compare_equal_stand_once_with_the_better_kind(tmp_path):
    names = [*named("ZURICH", "Zürich"), *named("zurich", kind="historic")]
    names += [{"name": "Zúrich", "language": "es", "kind": "alternate"}]
    found = merged_of(tmp_path, [row("a", "Zürich", names=names)])
    (name,) = found.names
    assert name["name"] == "Zürich" and name["normal"] == "zurich" and name["kind"] == "main"
    assert name["language"] == "es"


def test_names_alone_add_to_a_place_and_never_make_one(tmp_path):
    unit = row("a", "Texas", "admin1", code="US.TX")
    names = {**row("code:US.TX", "Lone Star State", ""), "lon": None, "lat": None, "country": ""}
    nowhere = names | {"id": "code:US.XX", "name": "Nowhere"}
    found = merged_of(tmp_path, [unit], [names, nowhere])
    assert [place["id"] for place in found.places] == ["a"]
    assert found.names_of("a") == {"Texas": "main", "Lone Star State": "alternate"}
    assert found.place("a")["class"] == "admin1"


def test_a_place_without_a_point_gets_one_from_a_later_source_or_is_dropped(tmp_path):
    bare = row("a", "Utrecht", "admin1", lon=None, lat=None, code="NL.09")
    lost = row("l", "Atlantis", lon=None, lat=None)
    found = merged_of(tmp_path, [bare, lost], [row("b", "Utrecht", "admin1", 5, code="NL.09")])
    assert found.facts() == {frozenset({"a", "b"})}
    assert found.place("a")["lat"] == pytest.approx(52 + 5 * KM)
    assert {name["row"] for name in found.names} == {0}


def test_a_unit_that_no_source_locates_is_at_its_largest_place(tmp_path):
    unit = row("sj", "Svalbard", "country", lon=None, lat=None, code="SJ", country="SJ")
    towns = [row(f"t{n}", f"T{n}", "city", n, admin=["SJ"], population=n or None) for n in range(3)]
    assert merged_of(tmp_path, [unit, *towns]).place("sj")["lat"] == towns[2]["lat"]


def test_of_rows_with_one_code_the_largest_is_the_unit(tmp_path):
    there = row("a", "France", "country", code="FR", country="FR")
    island = row("b1", "Clipperton", "country", 9000, code="FR", country="FR")
    main = row("b2", "French Republic", "country", 9, code="FR", country="FR")
    told = [island | {"geometry": square(0, 50, 2)}, main | {"geometry": square(0, 9, 400)}]
    assert merged_of(tmp_path, [there], told).facts() == {frozenset({"a", "b2"}), frozenset({"b1"})}


def test_parents_come_by_code_and_by_outline_from_the_country_down(tmp_path):
    units = [
        row("d", "District", "admin2", country="NL", geometry=square(0, 0, 20)),
        row("s", "State", "admin1", 100, code="NL.1", admin=["NL"]),
        row("n", "Netherlands", "country", 0, code="NL", geometry=square(0, 0, 150)),
        row("w", "World", "continent", country=""),
        row("x", "Beyond", "country", country="XX", code="XX", geometry=square(0, 0, 160)),
    ]
    places = [
        row("in", "In", admin=["NL", "NL.1", "NL.unknown"]),
        row("out", "Out", "city", 30),
        row("sea", "Sea", "sea", extent_km=113, country=""),
        row("bay", "Bay", "sea", 5, extent_km=112, country=""),
    ]
    found = merged_of(tmp_path, [*units, *places])
    parents = {place["id"]: place["parents"] for place in found.places}
    assert parents == {
        "in": ["n", "s", "d"],
        "out": ["n"],
        "sea": ["n", "x"],  # more than five times as large as the district
        "bay": ["n", "x", "d"],
        "d": ["n"],
        "s": ["n"],
        **dict.fromkeys(("n", "w", "x"), []),
    }


def test_the_ground_is_that_of_the_first_source_that_outlines_it(tmp_path):
    first = row("a", "A", same=["wd:1"], extent_km=99)
    second = row("b", "B", same=["wd:1"], geometry=square(0, 0, 10))
    third = row("c", "C", same=["wd:1"], geometry=square(0, 0, 50))
    found = merged_of(tmp_path, [first], [second], [third])
    assert [(p["row"], p["id"], p["source"]) for p in found.polygons] == [(0, "a", "source1")]
    assert found.polygons[0]["geometry"] == second["geometry"]
    assert found.places[0]["extent_km"] == pytest.approx(20 / 3.14159**0.5, rel=0.02)


def test_a_line_has_no_area_so_its_extent_is_that_of_its_class(tmp_path):
    line = shapely.to_wkb(shapely.LineString([(5, 52), (6, 53)]))
    found = merged_of(tmp_path, [row("a", "Amstel", "river", geometry=line)])
    assert found.places[0]["extent_km"] == CLASSES["river"].extent_km
    assert found.polygons[0]["geometry"] == line


def test_rows_are_ordered_by_population_then_id(tmp_path):
    counts = {"a": None, "b": 5, "c": 0, "d": 70, "e": 5}
    found = merged_of(
        tmp_path,
        [row(k, k * 3, north=9 * n, population=v) for n, (k, v) in enumerate(counts.items())],
    )
    assert [place["id"] for place in found.places] == ["d", "b", "e", "a", "c"]
    assert [place["row"] for place in found.places] == [0, 1, 2, 3, 4]
    assert found.place("c")["population"] is None
    order = [(n["row"], NAME_KINDS.index(n["kind"]), n["normal"]) for n in found.names]
    assert order == sorted(order)


def test_equal_input_gives_equal_tables_whatever_the_range(tmp_path, monkeypatch):
    there = [
        row(f"a{n}", f"N{n % 7}", "city", n, population=n % 5, names=named(f"M{n % 3}"))
        for n in range(60)
    ]
    told = [row(f"b{n}", f"N{n % 7}", "city", n + 1, admin=["NL"]) for n in range(60)]
    unit = row("u", "Unit", "admin1", code="NL", geometry=square(0, 20, 15))
    first, again = (merged_of(tmp_path, there, [*told, unit]) for _ in range(2))
    monkeypatch.setattr(merged, "RANGE", 7)
    assert first == again == merged_of(tmp_path, there, [*told, unit])
    assert any(len(place["facts"]) == 2 for place in first.places)


def test_sources_without_a_point_are_told(tmp_path):
    with pytest.raises(InputError, match="no place with a point in source0; look at the sources"):
        merged_of(tmp_path, [row("a", "A", lon=None, lat=None)])
    assert not (tmp_path / "places.parquet").exists()
    assert not list(tmp_path.glob(".merge-*"))

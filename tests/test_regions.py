"""Blocks of outlines cover them, touch them, and are kept; outlines with faults are told."""

import json
import time
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Transformer

from landscribe.cards import Region, check
from landscribe.command import InputError
from landscribe.grid import SQUARE_M, blocks, ground_block, ground_blocks
from landscribe.regions import kept_blocks, region_box, region_ground

BOX = {"title": "B", "bounds": [11.2, 52.1, 12.9, 53.3]}
# A sickle over the border of two zones, and an island: their box holds far more squares.
SICKLE = shapely.Polygon([(9.5, 50), (13.5, 51.6), (9.5, 54), (12.9, 51.6)])
ISLAND = shapely.Point(16.4, 54.3).buffer(0.2)
RNG = np.random.default_rng(0)


@pytest.fixture
def outlined(tmp_path, monkeypatch):
    """Card of a made outline with two features, and a few changes to it."""
    monkeypatch.chdir(tmp_path)
    shapes = gpd.GeoDataFrame(
        {"name": ["sickle", "island"], "rank": [1, 2]}, geometry=[SICKLE, ISLAND], crs=4326
    )
    shapes.to_file("two.gpkg")

    def card(**changes):
        return check(Region, {"title": "T", "outline": "two.gpkg"} | changes, "region")

    return card


def points(ground, count=400):
    """Random points in lon, lat on some ground."""
    west, south, east, north = ground.bounds
    lon, lat = RNG.uniform(west, east, count * 20), RNG.uniform(south, north, count * 20)
    inside = shapely.contains_xy(ground, lon, lat)
    return lon[inside][:count], lat[inside][:count]


def zone_of(lon, lat):
    return (32600 if lat >= 0 else 32700) + int(lon // 6) + 31


def assert_covered(ground, found):
    for lon, lat in zip(*points(ground), strict=True):
        epsg = zone_of(lon, lat)
        e, n = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
        assert [
            b.id
            for b in found
            if b.epsg == epsg
            and b.bounds[0] <= e <= b.bounds[2]
            and b.bounds[1] <= n <= b.bounds[3]
        ]


def assert_touching(ground, found):
    """Each block, put back on the globe by brute force, shares ground with its region."""
    for block in found:
        edge = shapely.segmentize(shapely.box(*block.bounds), 500)
        lonlat = Transformer.from_crs(block.epsg, 4326, always_xy=True).transform
        assert shapely.transform(edge, lonlat, interleaved=False).intersects(ground), block
        assert all(v // SQUARE_M == block.bounds[0] // SQUARE_M for v in (block.bounds[2] - 1,))
        assert all(v // SQUARE_M == block.bounds[1] // SQUARE_M for v in (block.bounds[3] - 1,))


def test_blocks_of_an_outline_cover_it_and_touch_it(outlined):
    ground = region_ground(outlined())
    found = ground_blocks(ground)
    assert_covered(ground, found)
    assert_touching(ground, found)
    assert len({b.id for b in found}) == len(found)
    assert len(found) < len(blocks(ground.bounds, "EPSG:4326"))


@pytest.mark.parametrize(("name", "least", "most"), [("france", 90, 130), ("europe", 1000, 1400)])
def test_blocks_of_the_shipped_regions(name, least, most):
    card = Region.read(Path(f"config/regions/{name}.yaml"))
    start = time.process_time()
    ground = region_ground(card)
    found = ground_blocks(ground)
    assert time.process_time() - start < 10
    assert least <= len(found) <= most
    assert len({b.id for b in found}) == len(found)
    assert_covered(ground, found)
    assert_touching(ground, found[:: max(1, len(found) // 60)])


def test_france_has_corsica_and_no_overseas():
    ground = region_ground(Region.read(Path("config/regions/france.yaml")))
    for lon, lat in [(2.35, 48.86), (9.1, 42.2), (-3.5, 48.3)]:
        assert shapely.contains_xy(ground, lon, lat)
    for lon, lat in [(-53.0, 4.0), (55.5, -21.1), (-0.1, 51.5), (7.1, 50.7)]:
        assert not shapely.contains_xy(ground, lon, lat)


def test_one_block_is_that_of_all(outlined):
    ground = region_ground(outlined())
    for block in ground_blocks(ground):
        assert ground_block(ground, block.id) == block
    with pytest.raises(InputError, match="block 33UZZ: not in the region, which has 3"):
        ground_block(ground, "33UZZ")


def test_a_box_is_as_it_was():
    card = check(Region, BOX, "r")
    assert ground_blocks(region_ground(card)) == blocks(card.bounds, card.crs)
    assert region_box(card) == ("EPSG:4326", tuple(BOX["bounds"]))


def test_an_outline_that_is_a_box_has_the_blocks_of_the_box(tmp_path):
    box = shapely.box(*BOX["bounds"])
    path = tmp_path / "box.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.segmentize(box, 0.01)], crs=4326).to_file(path)
    card = check(Region, {"title": "B", "outline": str(path)}, "r")
    assert ground_blocks(region_ground(card)) == blocks(tuple(BOX["bounds"]), "EPSG:4326")


def test_features_are_chosen_and_cut(outlined):
    assert region_ground(outlined(where={"name": "island"})).bounds == pytest.approx(ISLAND.bounds)
    assert region_ground(outlined(where={"rank": [1, 2]})).area == pytest.approx(
        SICKLE.area + ISLAND.area
    )
    cut = region_ground(outlined(bounds=[9, 49, 11, 55]))
    assert cut.area == pytest.approx(SICKLE.intersection(shapely.box(9, 49, 11, 55)).area)
    assert region_box(outlined(where={"name": "island"}))[0] == "EPSG:4326"


def test_an_outline_may_be_in_metres(outlined):
    fine = gpd.read_file("two.gpkg")
    fine.geometry = fine.geometry.segmentize(0.01)
    fine.to_crs(25832).to_file("metres.gpkg")
    same = region_ground(outlined(outline="metres.gpkg"))
    assert same.area == pytest.approx(SICKLE.area + ISLAND.area, rel=1e-5)


def test_kept_blocks_are_made_anew_when_the_outline_or_the_card_changes(outlined):
    path = Path("blocks.json")
    first = kept_blocks(path, outlined())
    assert kept_blocks(path, outlined()) == first == ground_blocks(region_ground(outlined()))
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"answer": told["answer"][:1]}))
    assert len(kept_blocks(path, outlined())) == 1  # read, not made
    assert len(kept_blocks(path, outlined(where={"name": "island"}))) < len(first)
    gpd.GeoDataFrame({"name": ["i"]}, geometry=[ISLAND], crs=4326).to_file("two.gpkg")
    assert {b.id for b in kept_blocks(path, outlined())} < {b.id for b in first}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outline": None}, "bounds or outline: both are missing"),
        ({"outline": None, "bounds": [1, 2, 3, 4], "where": {"a": "b"}}, "there is none"),
        ({"outline": "a b.gpkg"}, "outline"),
        ({"outline": "gone.gpkg"}, "no such file"),
        ({"outline": "text.gpkg"}, "not a vector file"),
        ({"where": {"land": "X"}}, "no column land, .*it has name, rank"),
        ({"where": {"name": "atlantis"}}, "whose name is atlantis; there is island, sickle"),
        ({"where": {"name": "island", "rank": 1}}, "no feature fulfils all"),
        ({"bounds": [30, 10, 31, 11]}, "nothing of it lies in the region's bounds"),
        ({"outline": "bare.shp"}, "has no CRS"),
        ({"outline": "lines.gpkg"}, "holds LineString"),
        ({"outline": "pole.gpkg"}, "lat 80 to 89 are outside -180 to 180 and -80 to 84"),
    ],
)
def test_faults_of_an_outline_are_told(outlined, changes, told):
    Path("text.gpkg").write_text("no vectors")
    made = {
        "bare.shp": (ISLAND, None),
        "lines.gpkg": (shapely.LineString(SICKLE.exterior.coords), 4326),
    }
    made["pole.gpkg"] = (shapely.box(0, 80, 9, 89), 4326)
    for name, (shape, crs) in made.items():
        gpd.GeoDataFrame({"a": [1]}, geometry=[shape], crs=crs).to_file(name)
    with pytest.raises(InputError, match=told):
        region_ground(outlined(**changes))

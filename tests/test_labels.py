"""Labels lie on the grid as a brute-force test of pixel centres says, and faults are told."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import yaml
from shapely import Point, box

from landscribe.cards import Task, check
from landscribe.command import InputError
from landscribe.formats.polygons import POLYGON_COLUMNS, read_polygons, write_polygons
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from landscribe.pairs.labels import block_labels, read_labels

GRID = Grid(32633, 330000, 5820400, 40, 40, 10)
CARD = yaml.safe_load(Path("config/tasks/landuse.yaml").read_text())


@pytest.fixture
def labelled(tmp_path):
    """Task over a file with these polygons: (class, feature, shape)."""

    def task(rows, crs="EPSG:32633", **labels):
        path = tmp_path / "labels.gpkg"
        values, features, shapes = zip(*rows, strict=True)
        table = gpd.GeoDataFrame(
            {"fclass": values, "osm_id": features}, geometry=list(shapes), crs=32633
        )
        (table.to_crs(crs) if crs else table.set_crs(None, allow_override=True)).to_file(path)
        card = CARD | {"labels": CARD["labels"] | {"source": str(path)} | labels}
        return check(Task, card, "task")

    return task


ROWS = [
    ("forest", "a", box(330050, 5820050, 330200, 5820300)),
    ("farm", "b", Point(330300, 5820200).buffer(70)),
    ("farm", "c", box(329000, 5820350, 330100, 5820500)),
]


def test_pixels_are_labelled_by_their_centres(labelled):
    (classes, ids), table = block_labels(labelled(ROWS), GRID)
    for row in range(GRID.height):
        for col in range(GRID.width):
            centre = Point(330000 + 10 * col + 5, 5820400 - 10 * row - 5)
            hits = [(c, f) for c, f, shape in ROWS if shape.contains(centre)]
            wanted = {"forest": 2, "farm": 1}[hits[0][0]] if hits else NODATA
            assert classes[row, col] == wanted
            feature = table.set_index("polygon").feature.get(ids[row, col])
            assert feature == (hits[0][1] if hits else None)
    inside = box(330000, 5820350, 330100, 5820400)
    assert table.set_index("feature").area_m2["c"] == pytest.approx(inside.area)


def test_another_crs_gives_the_same_ground(labelled):
    one, _ = block_labels(labelled(ROWS), GRID)
    two, _ = block_labels(labelled(ROWS, crs="EPSG:4326"), GRID)
    assert (one[0] != two[0]).mean() < 0.005


def test_disputed_ground_is_unlabelled_and_the_smaller_of_a_class_wins(labelled):
    rows = [
        ("forest", "a", box(330000, 5820000, 330200, 5820400)),
        ("farm", "b", box(330150, 5820000, 330300, 5820400)),
        ("forest", "small", box(330050, 5820050, 330100, 5820100)),
    ]
    (classes, ids), table = block_labels(labelled(rows), GRID)
    assert (classes[:, 15:20] == NODATA).all() and (ids[:, 15:20] == 0).all()
    small = table.set_index("feature").polygon["small"]
    assert (ids[30:35, 5:10] == small).all()


def test_a_block_where_nobody_was_has_no_labels(labelled, tmp_path):
    (classes, ids), table = block_labels(labelled([("farm", "far", box(0, 0, 9, 9))]), GRID)
    assert (classes == NODATA).all() and not ids.any() and table.empty
    write_polygons(tmp_path / "polygons.parquet", table)
    again = read_polygons(tmp_path / "polygons.parquet")
    assert again.empty and again.crs == GRID.crs and list(again) == list(POLYGON_COLUMNS)


@pytest.mark.parametrize("crs", ["EPSG:32633", "EPSG:4326", "EPSG:3035", "ESRI:54009"])
def test_only_polygons_near_a_block_are_read_and_all_of_those(labelled, crs):
    rng = np.random.default_rng(0)
    side = GRID.width * GRID.gsd_m
    x, y = GRID.west + rng.uniform(-2, 3, 500) * side, GRID.north - rng.uniform(-2, 3, 500) * side
    rows = [("farm", str(n), Point(*at).buffer(40)) for n, at in enumerate(zip(x, y, strict=True))]
    near = {feature for _, feature, shape in rows if shape.intersects(box(*GRID.bounds))}
    read = set(read_labels(labelled(rows, crs=crs).labels, GRID).feature)
    assert near <= read and len(read) < 2 * len(near) < len(rows) / 5


@pytest.mark.parametrize(
    ("rows", "change", "told"),
    [
        ([*ROWS, ("moor", "d", box(330000, 5820000, 330100, 5820100))], {}, r"moor \(1\)"),
        (ROWS, {"column": "landuse"}, "no column landuse.* it has fclass, osm_id"),
        (ROWS, {"crs": None}, "has no CRS"),
        ([("farm", "p", Point(330100, 5820100))], {}, "holds Point; labels have to be polygons"),
        (ROWS, {"source": "nowhere.gpkg"}, "nowhere.gpkg"),
        (ROWS, {"source": "README.md"}, "not a vector file"),
    ],
)
def test_faults_of_a_label_file_are_told(labelled, rows, change, told):
    with pytest.raises(InputError, match=told):
        block_labels(labelled(rows, **change), GRID)


def test_values_ignored_on_purpose_are_left_out(labelled):
    rows = [*ROWS, ("moor", "d", box(330000, 5820000, 330050, 5820040))]
    (classes, _), table = block_labels(labelled(rows, ignore=["moor"]), GRID)
    assert "d" not in set(table.feature)
    assert (classes[37:, :5] == NODATA).all()
    assert np.isin(classes, [1, 2, NODATA]).all()

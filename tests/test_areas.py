"""Areas are ground areas: they agree with an equal-area CRS and with geodesic polygons."""

import csv
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from pyproj import Geod, Transformer
from rasterio.features import shapes
from shapely import Point, box, segmentize, transform
from shapely.geometry import shape

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.grid import Grid, blocks, lonlat_box, pixel_area_m2
from landscribe.mapping import areas
from landscribe.mapping.areas import class_areas, in_own_zone

CARD = Path("config/tasks/landuse.yaml")
LEGEND = Task.read(CARD).legend
MIDDLE = Grid(32633, 499_000, 5_822_040, 300, 240, 10)  # scale 0.9996
EDGE = Grid(32633, 166_000, 120_000, 300, 240, 20)  # at the equator, scale 1.00098


def patches(grid: Grid, seed: int = 0) -> np.ndarray:
    """Classes (y, x) uint8 of squares of 20 pixels, some of them nodata."""
    rng = np.random.default_rng(seed)
    coarse = rng.choice([1, 2, 3, 7, NODATA], (grid.height // 20, grid.width // 20))
    return np.kron(coarse, np.ones((20, 20))).astype("uint8")


def write_map(path: Path, classes: np.ndarray, grid: Grid) -> Path:
    write_raster(path, classes[None], grid, NODATA, ["classes"])
    return path


def outlines(classes: np.ndarray, grid: Grid) -> gpd.GeoDataFrame:
    """Outlines of the patches; edges have a point every 200 m, as they bend when projected."""
    found = [(shape(s), int(v)) for s, v in shapes(classes, transform=grid.transform)]
    geometry, value = zip(*found, strict=True)
    frame = gpd.GeoDataFrame({"class_id": value}, geometry=list(geometry), crs=grid.crs)
    frame["geometry"] = segmentize(frame.geometry.values, 200)
    return frame


@pytest.mark.parametrize("grid", [MIDDLE, EDGE])
def test_areas_agree_with_an_equal_area_projection(tmp_path, grid):
    classes = patches(grid)
    table = class_areas([write_map(tmp_path / "c.tif", classes, grid)], LEGEND)
    lonlat = Transformer.from_crs(grid.crs, 4326, always_xy=True)
    lon, lat = lonlat.transform((grid.bounds[0] + grid.bounds[2]) / 2, grid.north)
    crs = f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84"
    wanted = outlines(classes, grid).to_crs(crs).dissolve("class_id").area / 1e4
    found = table.set_index("class_id").area_ha
    for class_id, area_ha in wanted.items():
        assert found[class_id] == pytest.approx(area_ha, rel=1e-4)
        assert found[class_id] == pytest.approx(area_ha, rel=1e-6)
    assert found.drop(wanted.index).eq(0).all()


def test_areas_agree_with_epsg_3035(tmp_path):
    classes = patches(MIDDLE)
    table = class_areas([write_map(tmp_path / "c.tif", classes, MIDDLE)], LEGEND)
    wanted = outlines(classes, MIDDLE).to_crs(3035).dissolve("class_id").area / 1e4
    found = table.set_index("class_id").area_ha
    np.testing.assert_allclose(found[wanted.index], wanted, rtol=1e-4)


@pytest.mark.parametrize("grid", [MIDDLE, EDGE])
def test_a_whole_block_has_its_geodesic_area(tmp_path, grid):
    classes = np.full((grid.height, grid.width), 3, "uint8")
    table = class_areas([write_map(tmp_path / "c.tif", classes, grid)], LEGEND)
    project = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform
    outline = transform(segmentize(box(*grid.bounds), 100), project, interleaved=False)
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(outline)
    assert table.area_ha[2] == pytest.approx(abs(area) / 1e4, rel=1e-6)
    flat_ha = grid.width * grid.height * grid.gsd_m**2 / 1e4
    assert abs(table.area_ha[2] / flat_ha - 1) > 7e-4  # what counting pixels would miss


def test_a_table_lists_the_legend_then_nodata(tmp_path):
    classes = patches(MIDDLE)
    table = class_areas([write_map(tmp_path / "c.tif", classes, MIDDLE)], LEGEND)
    assert table.columns.tolist() == ["class_id", "name", "title", "pixels", "area_ha", "share"]
    assert table.class_id.tolist() == [*(c.id for c in LEGEND), NODATA]
    assert table.iloc[-1][["name", "title"]].tolist() == ["nodata", "Not mapped"]
    assert [(classes == i).sum() for i in table.class_id] == table.pixels.tolist()
    assert table.share[:-1].sum() == pytest.approx(1, abs=1e-7)
    assert np.isnan(table.share.iloc[-1])
    pixel_ha = pixel_area_m2(MIDDLE) / 1e4
    for row in table.itertuples():
        assert row.area_ha == pytest.approx(pixel_ha[classes == row.class_id].sum(), rel=1e-5)


def test_blocks_add_up_whatever_the_strips(tmp_path, monkeypatch):
    south = Grid(32633, 499_000, 5_819_640, 300, 240, 10)
    paths = [
        write_map(tmp_path / f"{i}.tif", patches(grid, seed=i), grid)
        for i, grid in enumerate((MIDDLE, south))
    ]
    both = class_areas(paths, LEGEND)
    single = [class_areas([path], LEGEND) for path in paths]
    assert both.pixels.tolist() == (single[0].pixels + single[1].pixels).tolist()
    np.testing.assert_allclose(both.area_ha, single[0].area_ha + single[1].area_ha, atol=2e-4)
    monkeypatch.setattr(areas, "STRIP_PX", 77)
    np.testing.assert_allclose(class_areas(paths, LEGEND).area_ha, both.area_ha, rtol=1e-7)


def test_ground_where_zones_meet_counts_once(tmp_path):
    bounds = (11.7, 52.0, 12.3, 52.4)  # across 12 degrees east, where zones 32 and 33 meet
    grids = [block.grid(20) for block in blocks(bounds, "EPSG:4326")]
    assert {grid.epsg for grid in grids} == {32632, 32633}
    paths = [
        write_map(tmp_path / f"{i}.tif", np.ones((grid.height, grid.width), "uint8"), grid)
        for i, grid in enumerate(grids)
    ]
    table = class_areas(paths, LEGEND)
    assert table.pixels[0] == sum(int(in_own_zone(grid).sum()) for grid in grids)
    twice = sum(pixel_area_m2(grid).sum(dtype="float64") for grid in grids) / 1e4
    parts = []
    for grid in grids:
        project = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform
        outline = transform(segmentize(box(*grid.bounds), 100), project, interleaved=False)
        zone = (6, 0, 12, 84) if grid.epsg == 32632 else (12, 0, 18, 84)
        edge = segmentize(box(zone[0], 51, zone[2], 54), 0.01)
        parts.append(abs(Geod(ellps="WGS84").geometry_area_perimeter(outline & edge)[0]) / 1e4)
    assert table.area_ha[0] == pytest.approx(sum(parts), rel=1e-4)
    assert twice > 1.01 * table.area_ha[0]


def test_a_map_without_a_class_has_no_shares(tmp_path):
    classes = np.full((240, 300), NODATA, "uint8")
    table = class_areas([write_map(tmp_path / "c.tif", classes, MIDDLE)], LEGEND)
    assert table.share[:-1].eq(0).all()
    assert table.area_ha.iloc[-1] > 0


def test_what_is_no_map_of_the_legend_is_refused(tmp_path):
    classes = np.full((240, 300), 77, "uint8")
    with pytest.raises(InputError, match="holds class 77, which the legend lacks"):
        class_areas([write_map(tmp_path / "c.tif", classes, MIDDLE)], LEGEND)
    (tmp_path / "c.tif").write_bytes(b"no raster")
    with pytest.raises(InputError, match="cannot be read"):
        class_areas([tmp_path / "c.tif"], LEGEND)


def test_the_areas_of_a_region_are_those_of_its_ground(tmp_path):
    """Across two zones: nothing outside counts, and nothing inside is lost or counted twice."""
    ground = lonlat_box((11.93, 52.03, 12.24, 52.31), "EPSG:4326")
    ground = ground.difference(Point(12.05, 52.2).buffer(0.04))
    paths = []
    for number, block in enumerate(blocks((11.9, 52.0, 12.3, 52.4), "EPSG:4326")):
        grid = block.grid(100)
        classes = np.full((grid.height, grid.width), 3, "uint8")
        classes[::3] = NODATA
        paths.append(write_map(tmp_path / f"{number}.tif", classes, grid))
    table = class_areas(paths, LEGEND, ground)
    wanted, _ = Geod(ellps="WGS84").geometry_area_perimeter(segmentize(ground, 0.01))
    assert table.area_ha.sum() == pytest.approx(abs(wanted) / 1e4, rel=1e-3)
    assert table.area_ha.iloc[-1] == pytest.approx(table.area_ha.sum() / 3, rel=0.01)


def test_the_command_writes_a_table(tmp_path):
    path, region = write_map(tmp_path / "c.tif", patches(MIDDLE), MIDDLE), tmp_path / "made.yaml"
    region.write_text(f"{{title: R, crs: {MIDDLE.crs}, bounds: {list(MIDDLE.bounds)}}}")
    flags = ["--task", str(CARD), "--classes", str(path), "--areas", str(tmp_path / "areas.csv")]
    flags += ["--region", str(region)]
    done = subprocess.run(
        [sys.executable, "-m", "scripts.sum_areas", *flags], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert " ha mapped, " in done.stdout
    with rasterio.open(path) as raster:
        classes = raster.read(1)
    with (tmp_path / "areas.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["class_id", "name", "title", "pixels", "area_ha", "share"]
    for row in rows:
        assert int(row["pixels"]) == (classes == int(row["class_id"])).sum()
    assert rows[-1]["share"] == ""
    raw = (tmp_path / "areas.csv").read_text().splitlines()
    other = write_map(tmp_path / "s.tif", patches(MIDDLE, seed=5), MIDDLE)
    subprocess.run(
        [sys.executable, "-m", "scripts.sum_areas", *flags, "--smoothed", str(other)], check=True
    )
    both = (tmp_path / "areas.csv").read_text().splitlines()
    assert all(two.startswith(one + ",") for one, two in zip(raw, both, strict=True))
    sums = class_areas([other], LEGEND)
    with (tmp_path / "areas.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["smoothed_pixels"]) for row in rows] == sums.pixels.tolist()
    assert [float(row["smoothed_area_ha"]) for row in rows] == sums.area_ha.tolist()

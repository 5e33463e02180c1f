"""Blocks cover a region once, in their native zones; pixel areas are true areas."""

import mgrs
import numpy as np
import pytest
from pyproj import Geod, Transformer
from shapely import box, transform

from landscribe.grid import SQUARE_M, Grid, blocks, pixel_area_m2

REGIONS = {
    "one block": ((330000, 5814360, 345360, 5822040), "EPSG:32633"),
    "two zones": ((11.2, 52.1, 12.9, 53.3), "EPSG:4326"),
    "across the equator": ((30.5, -0.4, 31.2, 0.3), "EPSG:4326"),
    "France": ((-5.0, 42.0, 8.0, 51.0), "EPSG:4326"),
}


@pytest.mark.parametrize(
    "point", [(13.0, 52.5), (2.3, 48.8), (-3.7, 40.4), (30.9, -0.2), (151.2, -33.9)]
)
def test_squares_are_named_as_mgrs_names_them(point):
    lon, lat = point
    names = [b.id for b in blocks((lon, lat, lon + 1e-4, lat + 1e-4), "EPSG:4326")]
    assert names == [mgrs.MGRS().toMGRS(lat, lon, MGRSPrecision=0)]


def test_the_demo_region_is_the_scene():
    (block,) = blocks(*REGIONS["one block"])
    assert (block.id, block.epsg) == ("33UUU", 32633)
    assert block.grid(10) == Grid(32633, 330000, 5822040, 1536, 768, 10)


@pytest.mark.parametrize("name", REGIONS)
def test_blocks_cover_every_point_of_a_region(name):
    bounds, crs = REGIONS[name]
    found = blocks(bounds, crs)
    assert len({b.id for b in found}) == len(found)
    rng = np.random.default_rng(0)
    x, y = rng.uniform(bounds[0], bounds[2], 200), rng.uniform(bounds[1], bounds[3], 200)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    for point in zip(lon, lat, strict=True):
        epsg = (32600 if point[1] >= 0 else 32700) + int(point[0] // 6) + 31
        e, n = Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True).transform(*point)
        hits = [
            b
            for b in found
            if b.epsg == epsg
            and b.bounds[0] <= e <= b.bounds[2]
            and b.bounds[1] <= n <= b.bounds[3]
        ]
        assert len(hits) == 1


@pytest.mark.parametrize("name", REGIONS)
def test_blocks_stay_in_their_square_and_do_not_overlap(name):
    found = blocks(*REGIONS[name])
    for block in found:
        west, south, east, north = block.bounds
        assert west // SQUARE_M == (east - 1) // SQUARE_M
        assert south // SQUARE_M == (north - 1) // SQUARE_M
        assert west % 20 == south % 20 == east % 20 == north % 20 == 0
    for epsg in {b.epsg for b in found}:
        shapes = [box(*b.bounds) for b in found if b.epsg == epsg]
        for i, one in enumerate(shapes):
            assert all(one.intersection(other).area == 0 for other in shapes[:i])


@pytest.mark.parametrize("west", [300000, 500000, 760000])
def test_pixel_areas_sum_to_the_geodesic_area(west):
    grid = Grid(32633, west, 5822040, 700, 500, 10)
    outline = box(*grid.bounds).segmentize(100)
    lonlat = transform(
        outline, Transformer.from_crs(32633, 4326, always_xy=True).transform, interleaved=False
    )
    area, _ = Geod(ellps="WGS84").geometry_area_perimeter(lonlat)
    assert pixel_area_m2(grid).sum(dtype="float64") == pytest.approx(abs(area), rel=1e-6)

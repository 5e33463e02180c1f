"""Blocks cover a region once, in their native zones; pixel areas are true areas."""

import math

import mgrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely import box, transform

from landscribe.grid import (
    NEAR_M,
    SNAP_M,
    SQUARE_M,
    Block,
    Grid,
    blocks,
    blocks_near,
    ground_blocks,
    lonlat_box,
    pixel_area_m2,
    project,
)

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


@pytest.mark.parametrize(("gsd_m", "origin_m"), [(10, 0), (20, 0), (30, 15), (30, 0), (250, 0)])
def test_pixels_of_neighbouring_blocks_lie_on_one_lattice(gsd_m, origin_m):
    """No pixel twice, none left out: over the edges of squares, in a zone."""
    found = [b for b in blocks((12.3, 51.2, 14.1, 53.4), "EPSG:4326") if b.epsg == 32633]
    assert len(found) >= 6
    taken = set()
    for block in found:
        grid = block.grid(gsd_m, origin_m)
        assert (grid.west - origin_m) % gsd_m == (grid.north - origin_m) % gsd_m == 0
        west, south, east, north = (
            round((value - origin_m) / gsd_m) for value in (grid.bounds[i] for i in range(4))
        )
        corners = {(west, south), (east - 1, south), (west, north - 1), (east - 1, north - 1)}
        for other in taken:
            assert not any(
                other[0] <= x < other[2] and other[1] <= y < other[3] for x, y in corners
            )
        taken.add((west, south, east, north))
    rng = np.random.default_rng(0)
    outline = box(12.3, 51.2, 14.1, 53.4).bounds
    lon, lat = rng.uniform(outline[0], outline[2], 500), rng.uniform(outline[1], outline[3], 500)
    to_zone = Transformer.from_crs("EPSG:4326", "EPSG:32633", always_xy=True)
    for e, n in zip(*to_zone.transform(lon, lat), strict=True):
        x, y = (math.floor((value - origin_m) / gsd_m) for value in (e, n))
        assert sum(w <= x < east and s <= y < n_ for w, s, east, n_ in taken) == 1


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 4999), st.integers(1, 40), st.sampled_from([(10, 0), (30, 15), (450, 0)]))
def test_slivers_have_pixels_and_those_of_their_square_alone(start, length, lattice):
    """A coast may touch 20 m of a square, less than a pixel of a coarse sensor."""
    (gsd_m, origin_m), low = lattice, 5_800_000 + start * SNAP_M
    high = min(low + length * SNAP_M, 5_900_000)
    grid = Block("33UUU", 32633, (300_000, low, 400_000, high)).grid(gsd_m, origin_m)
    centres = grid.north - (np.arange(grid.height) + 0.5) * gsd_m
    assert grid.height >= 2 and (grid.north - origin_m) % gsd_m == 0
    assert centres.min() >= 5_800_000 and centres.max() <= 5_900_000
    assert centres.min() - gsd_m / 2 <= max(low, 5_800_000 + gsd_m / 2)
    assert centres.max() + gsd_m / 2 >= min(high, 5_900_000 - gsd_m / 2)


def test_pixels_that_divide_a_square_fill_their_block():
    for block in blocks(*REGIONS["two zones"]):
        assert block.grid(10).bounds == block.grid(20).bounds == block.bounds


def test_blocks_are_near_where_they_touch_also_across_zones():
    ground = lonlat_box((11.4, 51.9, 13.6, 53.2), "EPSG:4326")  # zones 32 and 33
    every = ground_blocks(ground)
    assert {block.epsg for block in every} == {32632, 32633} and len(every) > 6
    for block in every:
        near = blocks_near(block, every)
        assert block not in near
        own = box(*block.bounds)
        for other in every:
            if other == block:
                continue
            outline = project(lonlat_box(other.bounds, other.crs), "EPSG:4326", block.crs)
            assert (other in near) == (own.distance(outline) <= NEAR_M), (block.id, other.id)
            assert (other in near) == (block in blocks_near(other, every))


def test_blocks_are_warped_to_few_others(monkeypatch):
    """Each job of a country asks for its neighbours: with all pairs that took most of its start."""
    every, warped = blocks(*REGIONS["France"]), []
    blocks_near(every[0], every)  # reaches are told once
    watched = lambda *args: warped.append(args) or project(*args)  # noqa: E731
    monkeypatch.setattr("landscribe.grid.project", watched)
    for block in every:
        blocks_near(block, every)
    assert len(every) > 100 and len(warped) < 10 * len(every)


def test_blocks_on_both_sides_of_the_equator_are_near():
    every = ground_blocks(lonlat_box((9.1, -0.2, 9.3, 0.2), "EPSG:4326"))
    assert len(every) == 2 and blocks_near(every[0], every) == every[1:]

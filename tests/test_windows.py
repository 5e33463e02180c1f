"""Windows cover a raster once; weights of tiles sum to 1; what lies outside is reflected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from landscribe.mapping.tiles import Tiles
from landscribe.mapping.windows import Window, overlap, windows
from landscribe.training.predictor import TileSettings

SIDES = st.integers(1, 90)


@st.composite
def axes(draw):
    halo_px = draw(st.integers(0, 12))
    tile_px = 2 * halo_px + draw(st.integers(1, 30))
    return Tiles(draw(SIDES), tile_px, halo_px, draw(st.booleans()))


@given(SIDES, SIDES, st.integers(1, 100))
def test_windows_cover_a_raster_once(height, width, side_px):
    count = np.zeros((height, width), int)
    for window in windows(height, width, side_px):
        count[window.rows, window.cols] += 1
    assert (count == 1).all()


@given(st.data(), SIDES, SIDES, st.integers(1, 40))
def test_touching_windows_are_those_that_share_a_pixel(data, height, width, side_px):
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    part = Window(
        top, left, data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    )
    marked = np.zeros((height, width), bool)
    marked[part.rows, part.cols] = True
    every = windows(height, width, side_px)
    assert windows(height, width, side_px, part) == [
        w for w in every if marked[w.rows, w.cols].any()
    ]


@given(*[st.builds(Window, *[st.integers(0, 20)] * 2, *[st.integers(1, 15)] * 2)] * 2)
def test_an_overlap_is_the_same_pixels_in_both(one, other):
    raster = np.arange(40 * 40).reshape(40, 40)
    mine, theirs = overlap(one, other)
    shared = np.intersect1d(raster[one.rows, one.cols], raster[other.rows, other.cols])
    assert raster[one.rows, one.cols][mine].ravel().tolist() == shared.tolist()
    assert raster[other.rows, other.cols][theirs].ravel().tolist() == shared.tolist()


@given(axes())
def test_weights_sum_to_one_on_every_pixel(axis):
    total = np.zeros(axis.size_px)
    for tile in range(axis.count):
        places = axis.start(tile) + np.arange(axis.tile_px)
        inside = (places >= 0) & (places < axis.size_px)
        weights = axis.weights(tile)[inside]
        assert (weights >= 0).all()
        total[places[inside]] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


@given(axes(), st.data())
def test_touching_tiles_are_those_with_weight(axis, data):
    start = data.draw(st.integers(0, axis.size_px - 1))
    stop = data.draw(st.integers(start + 1, axis.size_px))
    weighing = []
    for tile in range(axis.count):
        places = axis.start(tile) + np.arange(axis.tile_px)
        inside = (places >= start) & (places < stop)
        if (axis.weights(tile)[inside] > 0).any():
            weighing.append(tile)
    assert list(axis.touching(slice(start, stop))) == weighing


def test_blended_weights_are_a_trapezoid():
    axis = Tiles(size_px=100, tile_px=12, halo_px=2, blend=True)
    ramp = [0.125, 0.375, 0.625, 0.875]
    assert axis.weights(3).tolist() == [*ramp, 1, 1, 1, 1, *ramp[::-1]]
    assert axis.weights(0).tolist() == [1] * 8 + ramp[::-1]


def test_unblended_tiles_count_in_their_centre_alone():
    axis = Tiles(size_px=100, tile_px=12, halo_px=2, blend=False)
    assert axis.weights(3).tolist() == [0] * 2 + [1] * 8 + [0] * 2


@given(axes())
def test_what_lies_outside_is_reflected_as_numpy_does_it(axis):
    line = np.random.default_rng(0).random(axis.size_px)
    every = range(axis.count)
    read = line[axis.sources(every)]
    end = axis.start(every[-1]) + axis.tile_px
    before, after = axis.halo_px, max(0, end - axis.size_px)
    if max(before, after) < axis.size_px:
        assert read.tolist() == np.pad(line, (before, after), "reflect")[: len(read)].tolist()


def test_past_its_reflection_the_edge_of_a_small_raster_is_repeated():
    axis = Tiles(size_px=3, tile_px=11, halo_px=4, blend=True)
    assert axis.sources(range(1)).tolist() == [2, 2, 2, 1, 0, 1, 2, 1, 0, 0, 0]


def test_a_tile_without_a_centre_is_refused():
    with pytest.raises(ValidationError, match="tile_px 64 with halo_px 32 leaves no centre"):
        TileSettings(tile_px=64, halo_px=32)

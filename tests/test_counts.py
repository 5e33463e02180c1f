"""Counts of a map under its labels equal those of a plain loop over pixels."""

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.scores.calibration import Calibration
from landscribe.scores.counts import UNMAPPED, Counts, count_pixels, map_files, match_blocks
from tests.made_map import GRIDS, MadeMap, make_map

LEGEND = list(range(1, 9))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadeMap:
    return make_map(tmp_path_factory.mktemp("map"))


@pytest.fixture(scope="module")
def counted(made) -> Counts:
    return count(made)


def count(made: MadeMap, legend: list[int] = LEGEND) -> Counts:
    files = [made.files(name) for name in ("classes", "probabilities", "labels")]
    return count_pixels(map_files(*files), gpd.read_parquet(made.polygons), legend, 64)


def test_votes_are_those_of_a_loop_over_pixels(made, counted):
    votes = Counter()
    for block, pixels in made.pixels.items():
        for polygon, shown in zip(pixels["polygon"].flat, pixels["classes"].flat, strict=True):
            if polygon:
                votes[block, int(polygon), UNMAPPED if shown == NODATA else int(shown)] += 1
    found = counted.votes.set_index(["block", "polygon"])[[*LEGEND, UNMAPPED]].stack()
    assert found[found > 0].to_dict() == dict(votes)
    assert found.sum() == (made.joined("polygon") > 0).sum()


def test_splits_share_out_every_labelled_pixel(made, counted):
    splits = ("train", "validation", "test")
    sums = sum(counted.confusion(split) for split in splits)
    truth, shown = made.joined("class_id"), made.joined("classes")
    for row, col in np.ndindex(sums.shape):
        both = (shown == LEGEND[row]) & (truth == LEGEND[col])
        assert sums[row, col] == both.sum()
    empty = sum(counted.unmapped(split) for split in splits)
    assert empty == ((truth != NODATA) & (shown == NODATA)).sum() > 0
    assert counted.confusion("nothing").shape == (8, 8) and not counted.confusion("nothing").any()


def test_the_mapped_area_counts_all_ground_labelled_or_not(made, counted):
    for i, class_id in enumerate(LEGEND):
        assert counted.mapped_ha[i] == pytest.approx(
            (made.joined("classes") == class_id).sum() / 100
        )
    mapped = (made.joined("classes") != NODATA).sum()
    assert counted.mapped_ha.sum() == pytest.approx(mapped / 100)


def test_only_mapped_test_pixels_are_calibrated(made, counted):
    assert counted.calibration.pixels.sum() == counted.confusion("test").sum()
    assert counted.calibration.right.sum() == counted.confusion("test").trace()


def test_the_legend_may_come_in_any_order(made, counted):
    turned = LEGEND[::-1]
    card_order = np.array([turned.index(i) for i in LEGEND])
    for path in made.files("probabilities"):  # bands follow the legend
        with rasterio.open(path, "r+") as raster:
            raster.write(raster.read()[::-1])
    other = count(made, turned)
    for path in made.files("probabilities"):
        with rasterio.open(path, "r+") as raster:
            raster.write(raster.read()[::-1])
    matrix = other.confusion("test")[np.ix_(card_order, card_order)]
    np.testing.assert_array_equal(matrix, counted.confusion("test"))
    np.testing.assert_allclose(other.mapped_ha[card_order], counted.mapped_ha)
    assert other.calibration.squares == counted.calibration.squares


def table(*rows: tuple) -> Counts:
    """Counts of polygons: class, split, pixels shown as 1, as 2, as 5, and not mapped."""
    columns = ["class_id", "split", 1, 2, 5, UNMAPPED]
    votes = pd.DataFrame(rows, columns=columns)
    return Counts([1, 2, 5], votes, np.zeros(3), Calibration())


def test_a_polygon_is_one_unit_of_the_class_that_most_of_it_shows():
    counts = table(
        (1, "test", 5, 4, 0, 90),  # most of what is mapped
        (2, "test", 3, 3, 3, 0),  # a tie: the first of the legend
        (5, "test", 0, 2, 2, 0),  # a tie of the last two
        (5, "test", 0, 0, 0, 7),  # nothing of it is mapped: no unit
        (2, "train", 0, 9, 0, 0),
    )
    assert counts.units("test").tolist() == [[1, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert counts.confusion("test").tolist() == [[5, 3, 0], [4, 3, 2], [0, 3, 2]]
    assert counts.unmapped("test") == 97
    assert len(counts.split("test")) == 3 and counts.unmapped("train") == 0


def test_files_are_matched_by_the_innermost_block_folder():
    old, new = Path("/data/32TPT/results/33UUU/classes.tif"), Path("/x/1CCV/classes.tif")
    labels = [Path("/x/1CCV/landuse/labels.tif"), Path("/y/33UUU/landuse/labels.tif")]
    assert match_blocks([old, new], labels) == {"33UUU": (old, labels[1]), "1CCV": (new, labels[0])}


@pytest.mark.parametrize(
    ("classes", "labels", "told"),
    [
        (["33UUU/c.tif", "a/33UUU/c.tif"], ["33UUU/l.tif"], "one of each"),
        (["33UUU/c.tif"], ["33UUU/l.tif", "a/33UUU/l.tif"], "one of each"),
        (["33UUU/c.tif"], ["33UVU/l.tif"], "33UVU .l.tif., but one of each of 33UUU was wanted"),
        (["33UUU/c.tif"], [], "blocks none"),
        (["33uuu/c.tif"], ["33UUU/l.tif"], "33uuu/c.tif: lies in no folder of a block"),
        (["33UUU.tif"], ["33UUU/l.tif"], "33UUU.tif: lies in no folder of a block"),
    ],
)
def test_files_that_do_not_match_are_told(classes, labels, told):
    with pytest.raises(InputError, match=told):
        match_blocks(list(map(Path, classes)), list(map(Path, labels)))


def test_a_raster_of_another_grid_is_told(tmp_path):
    made = make_map(tmp_path)
    path = made.files("probabilities")[1]
    with rasterio.open(path, "r+") as raster:
        raster.transform = raster.transform.translation(GRIDS["33UVU"].west, 0)
    with pytest.raises(InputError, match="were wanted, as .*classes.tif has it") as caught:
        count(made)
    assert str(path) in str(caught.value)

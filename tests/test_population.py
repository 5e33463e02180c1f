"""A sample is random, of each stratum's own pixels, and the same for any cut into strips."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.grid import Grid
from landscribe.mapping.areas import class_areas, in_own_zone
from landscribe.scores.population import MapPart, draw_pixels, map_parts, population
from tests.made_campaign import LEGEND, PLACES, make_campaign

REGIONS = ["north", "south"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_campaign(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def found(made):
    return population(map_parts(made.maps[2020], [], REGIONS))


def strata(found):
    codes = sorted(found.table.code.unique())
    return {code: i for i, code in enumerate(codes)}


def test_the_population_is_what_sum_areas_counts(made, found):
    north = [path for path in made.maps[2020] if "north" in path.parts]
    counted = class_areas(north, LEGEND).set_index("class_id")
    mine = found.table[found.table.region == "north"].groupby("code")[["pixels", "area_ha"]].sum()
    assert mine.pixels.to_dict() == counted.pixels[mine.index].to_dict()
    np.testing.assert_allclose(mine.area_ha, counted.area_ha[mine.index], atol=1e-4)


def test_the_cut_into_strips_changes_nothing(made, found):
    units = np.full(4, 50)
    wanted = draw_pixels(found, strata(found), units, seed=3)
    for strip_px in (13, 1000):
        again = population(map_parts(made.maps[2020][::-1], [], REGIONS), strip_px)
        assert again.digest == found.digest
        assert draw_pixels(again, strata(found), units, 3, strip_px).equals(wanted)
    assert not draw_pixels(found, strata(found), units, seed=4).equals(wanted)


def test_units_are_pixels_of_their_stratum_in_their_own_zone(made, found):
    drawn = draw_pixels(found, strata(found), np.array([60, 50, 40, 30]), seed=0)
    assert drawn.stratum.value_counts().sort_index().tolist() == [60, 50, 40, 30]
    assert not drawn.duplicated(["part", "row", "col"]).any()
    for row in drawn.itertuples():
        part = found.parts[row.part]
        assert made.shown[2020, part.region, part.block][row.row, row.col] == row.code
        assert strata(found)[row.code] == row.stratum
        if part.region == "north":
            assert in_own_zone(PLACES[part.region, part.block])[row.row, row.col]


def test_every_pixel_has_the_same_chance(tmp_path):
    grid, shown = Grid(32633, 500_000, 5_800_000, 6, 5, 10), np.ones((5, 6), "uint8")
    shown[2:4, 1:5], shown[0, 0] = 2, NODATA
    write_raster(tmp_path / "33UVU/classes.tif", shown[None], grid, NODATA, ["class"])
    found = population([MapPart("r", "33UVU", tmp_path / "33UVU/classes.tif")])
    times = np.zeros(shown.shape)
    for seed in range(120):
        drawn = draw_pixels(found, {1: 0, 2: 1}, np.array([7, 2]), seed)
        times[drawn.row, drawn.col] += 1
    assert times[0, 0] == 0
    for class_id, chance in ((1, 7 / 21), (2, 2 / 8)):
        share = times[shown == class_id] / 120
        assert share.mean() == pytest.approx(chance)
        assert abs(share - chance).max() < 4 * np.sqrt(chance * (1 - chance) / 120)


def test_change_is_coded_as_from_and_to(made):
    parts = map_parts(made.maps[2020], made.maps[2018], REGIONS)
    found = population(parts)
    assert set(found.table.code // 256) == set(found.table.code % 256) == {1, 2, 3, 7}
    one_year = population(map_parts(made.maps[2020], [], REGIONS))
    assert found.table.pixels.sum() == one_year.table.pixels.sum()


def test_more_units_than_pixels_are_refused(found):
    with pytest.raises(InputError, match="stratum 0 has .* pixels, but 1000000 units"):
        draw_pixels(found, strata(found), np.array([1_000_000, 2, 2, 2]), 0)


def test_regions_that_share_ground_are_refused(made):
    path = made.maps[2020][0]
    with pytest.raises(InputError, match="regions north and south share ground in block 33UYU"):
        population([MapPart("north", "33UYU", path), MapPart("south", "33UYU", path)])


def test_maps_of_one_year_only_are_refused(made):
    with pytest.raises(InputError, match="for one of the two years only"):
        map_parts(made.maps[2020], made.maps[2018][:2], REGIONS)
    with pytest.raises(InputError, match="no folder of the campaign's regions"):
        map_parts(made.maps[2020], [], ["east"])

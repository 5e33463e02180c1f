"""The drill of a country can tell: flat costs from rising ones, a right map from a wrong one."""

import numpy as np
import pandas as pd
import pytest

from landscribe.formats.rasters import NODATA, write_raster
from tests.benchmarks.touring.comparing import compared
from tests.benchmarks.touring.costs import by_place, growth, paced, slope
from tests.benchmarks.touring.land import country_blocks, lakes, outline
from tests.benchmarks.touring.landscape import Landscape, centres
from tests.benchmarks.touring.scenes import GSD_M, shots

PIXELS = {f"{number:02}UUU": 100 * (number % 7 + 1) for number in range(1, 61)}


@pytest.fixture(scope="module")
def ground():
    land = outline(250_000, 0)
    return Landscape(land, lakes(land), 0)


def jobs(rise, seed=0):
    """Two jobs of each block, whose cost grows with its size, and by a share `rise` over all."""
    rng, rows = np.random.default_rng(seed), []
    for rule, fixed in (("stack_scenes", 3.0), ("draw_map", 2.0)):
        for at, block in enumerate(rng.permutation(list(PIXELS))):
            cost = (fixed + PIXELS[block] / 500) * (1 + rise * at / 60) + rng.normal(0, 0.1)
            rows.append({"rule": rule, "block": block, "ended": len(rows), "cpu_s": cost})
    return pd.DataFrame(rows).assign(seconds=1.0)


def test_the_growth_of_costs_is_found_whatever_the_sizes_of_blocks():
    flat = by_place(jobs(0), PIXELS).sum(axis=1).to_numpy()
    ratio, (low, high) = growth(flat)
    assert low < 1 < high and ratio == pytest.approx(1, abs=0.03) and abs(slope(flat)) < 0.05
    rising = by_place(jobs(0.3), PIXELS).sum(axis=1).to_numpy()
    ratio, (low, _) = growth(rising)
    assert low > 1.1 and ratio == pytest.approx(1.25 / 1.05, abs=0.05) and slope(rising) > 0.2


def test_a_machine_that_others_slow_down_makes_no_costs():
    slow = jobs(0)
    slowed = slow.ended > 60
    slow.loc[slowed, "cpu_s"] *= 2
    paces = [(moment, 0.2 if moment > 60 else 0.1) for moment in range(0, 120, 4)]
    work = by_place(paced(slow, paces), PIXELS, "work").sum(axis=1).to_numpy()
    assert growth(work)[0] == pytest.approx(1, abs=0.05)


def test_a_country_has_its_blocks_three_zones_and_ground_that_nobody_delivers_twice(ground):
    blocks = country_blocks(ground.land)
    assert len(blocks) > 35 and len({block.epsg for block in blocks}) == 3
    tiles = {shot.tile for shot in shots(blocks, 0)}
    assert 20 < len(tiles) < len(blocks)
    assert len(shots(blocks, 0)) < 4 * len(tiles)  # some are missing


def test_the_ground_itself_is_a_perfect_map_of_the_whole_country(tmp_path):
    land, paths = outline(60_000, 0), []
    ground = Landscape(land, lakes(land), 0)
    for block in country_blocks(ground.land):
        grid = block.grid(GSD_M)
        classes = np.where(ground.inside(*centres(grid)), ground.on(grid), NODATA).astype("uint8")
        paths.append(tmp_path / f"{block.id}.tif")
        write_raster(paths[-1], classes[None], grid, NODATA, ["class"])
    found = compared(paths, ground)
    assert found.accuracy == pytest.approx(1) and found.unmapped == found.outside_px == 0
    assert found.whole.sum() == pytest.approx(land.area, rel=1e-3)
    less = compared(paths[:-1], ground)
    assert less.whole.sum() < found.whole.sum()

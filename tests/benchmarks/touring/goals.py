"""What the tour of a country has to show."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import NODATA
from landscribe.grid import Block
from tests.benchmarks.report import Goal
from tests.benchmarks.touring.comparing import Compared
from tests.benchmarks.touring.costs import by_place, growth, slope
from tests.benchmarks.touring.faults import Faults
from tests.benchmarks.touring.runs import Ran

_FETCHED = ("stack_scenes", "fetch_labels")  # of a block, before anything is learnt
_FAILED = re.compile(r"Error in rule (\w+):.*?output: (\S+)", re.DOTALL)
_BLOCK = re.compile(r"/(\d{1,2}[A-Z]{3})/")


def run_goals(ran: list[Ran], faults: Faults, blocks: list[Block]) -> list[Goal]:
    """Three blocks fail, all others go on; then just these and what hangs on them are made."""
    first, second, third = ran
    failed = {_BLOCK.search(output)[1] for _, output in _FAILED.findall(first.said)}
    whole = {(rule, block.id) for rule in _FETCHED for block in blocks}
    done = set(zip(first.jobs.rule, first.jobs.block, strict=True)) & whole
    lost = whole - done - {(rule, name) for rule in _FETCHED for name in faults.failing}
    again = set(second.jobs.name.radd(second.jobs.rule + " "))
    before = set(first.jobs.name.radd(first.jobs.rule + " "))
    stacked = set(second.jobs.block[second.jobs.rule == "stack_scenes"])
    count = len(blocks)
    return [
        Goal("M3.blocks", count, ">= 140", count),
        Goal("M3.zones", len({block.epsg for block in blocks}), "== 3", count),
        Goal("M3.jobs", sum(len(one.jobs) for one in ran), "< 10000", count),
        Goal("M3.failed", len(failed & faults.failing), "== 3", count),
        Goal("M3.failed_others", len(failed - faults.failing) + len(lost), "== 0", count),
        Goal("M3.retried", len(stacked & faults.failing), "== 3", len(second.jobs)),
        Goal("M3.made_again", len(again & before), "== 0", len(second.jobs)),
        Goal("M3.killed", len(first.killed) + len(second.killed), "== 2", count),
        Goal("M3.ended_well", int(second.code == third.code == 0), "== 1", len(second.jobs)),
        Goal("M3.rest", len(third.jobs), "== 0", len(second.jobs) + len(first.jobs)),
    ]


def cost_goals(jobs: pd.DataFrame, pixels: dict[str, int], ran: list[Ran]) -> list[Goal]:
    """The last blocks cost what the first ones do."""
    costs = by_place(jobs, pixels, "work").sum(axis=1).to_numpy()
    ratio, ends = growth(costs)
    raw, raw_ends = growth(by_place(jobs, pixels).sum(axis=1).to_numpy())
    return [
        Goal("M3.flat_cost", ratio, "<= 1.10", len(costs), ends),
        Goal("M3.flat_cost.seconds", raw, "<= 1.25", len(costs), raw_ends),
        Goal("M3.flat_cost.slope", slope(costs), "<= 0.10", len(costs)),
        Goal("M3.peak_mb", float(jobs.peak_mb.max()), "<= 2000", len(jobs)),
        Goal("M3.snakemake_mb", max(one.own_mb for one in ran), "<= 1000", len(jobs)),
    ]


def map_goals(
    found: Compared, results: Path, product: str, land_m2: float, page: Path
) -> list[Goal]:
    """The map is right, its areas are those of the country, and its papers say what it lacks."""
    areas = pd.read_csv(results / f"map/{product}/areas.csv")
    told = areas.area_ha.to_numpy() * 1e4
    mapped, pixels = told[areas.class_id != NODATA], int(areas.pixels.sum())
    by_class = np.abs(mapped - found.mapped_truth_m2).max() / mapped.sum()
    gaps = read_json(results / f"publish/{product}/provenance.json")["gaps"]
    lost = [{gap["scene"] for gap in rows} for rows in gaps.values() if rows]
    return [
        Goal("M3.area", abs(told.sum() / land_m2 - 1), "<= 0.001", pixels),
        Goal("M3.area_of_classes", float(by_class), "<= 0.01", pixels),
        Goal("M3.accuracy", found.accuracy, ">= 0.95", pixels),
        Goal("M3.accuracy_where_zones_meet", found.edge_accuracy, ">= 0.94", pixels),
        Goal("M3.not_mapped", found.unmapped, "<= 0.03", pixels),
        Goal("M3.not_mapped_where_zones_meet", found.edge_unmapped, "<= 0.03", pixels),
        Goal("M3.pixels_outside", found.outside_px, "<= 20", pixels),
        Goal("M3.blocks_with_gaps", len(lost), ">= 1", len(gaps)),
        Goal("M3.scenes_with_gaps", len(set().union(*lost)), "== 1", len(gaps)),
        Goal("M3.page_mb", page.stat().st_size / 1e6, "<= 5"),
    ]

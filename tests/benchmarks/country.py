"""A simulated country of 150 blocks through the whole workflow, from fetch to publish.

`make bench NAME=country`, about an hour on two cores; `--blocks 12` takes six minutes. It brings up
a STAC API of its own (tests/stac/up.sh), and ends it.

The country is made in code: a coast, islands and a lake, ground in three UTM zones, a season of
scenes with clouds and edges of swaths. Windows are small, so that most of a job is its start. In a
first run three blocks fail: the files of one are gone, those of the next are cut short, and a job
of the third is killed. The files are mended, and the same command is given again; in that second
run a job is killed, too, and Snakemake tries it again by itself. A third run has to make nothing.
Then the map is compared with the ground, pixel by pixel, and its page is opened.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd

from landscribe.command import command
from tests.benchmarks.report import RESULTS, report, table
from tests.benchmarks.touring.cards import MODEL, NAME, TASK, write_cards
from tests.benchmarks.touring.comparing import compared
from tests.benchmarks.touring.costs import by_place, growth, paced
from tests.benchmarks.touring.faults import Faults, chosen, mend, spoil
from tests.benchmarks.touring.figures import draw_costs, draw_map
from tests.benchmarks.touring.goals import cost_goals, map_goals, run_goals
from tests.benchmarks.touring.land import country, country_blocks, lakes
from tests.benchmarks.touring.landscape import Landscape
from tests.benchmarks.touring.pages import draw_page
from tests.benchmarks.touring.runs import CORES, Kill, Ran, run
from tests.benchmarks.touring.scenes import GSD_M, YEAR, shots, write_scenes
from tests.benchmarks.touring.serving import load, serving

FOLDER = RESULTS / "country"
PRODUCT = f"{NAME}/{YEAR}/{TASK}/{MODEL}"
SERVERS = Path(tempfile.gettempdir()) / "landscribe-country"  # a socket wants a short path


def main(blocks: int = 150, seed: int = 0) -> None:
    """Make a country, run the workflow on it three times, compare, and report.

    Args:
        blocks: how many the country has, about.
        seed: of the country, its scenes, and what fails.
    """
    land = country(blocks, seed)
    ground, placed = Landscape(land, lakes(land), seed), country_blocks(land)
    work = (FOLDER / "work").absolute()
    shutil.rmtree(work, ignore_errors=True)
    with serving(SERVERS) as served:
        polygons = write_cards(work, ground, served.api, seed)
        items = write_scenes(shots(placed, seed), ground, served.folder, served.files)
        load(served, items)
        told = f"{len(placed)} blocks, {len(items)} scenes, {polygons} labelled polygons"
        print(told, file=sys.stderr)
        faults = chosen(placed, items, seed)
        ran = tour(work, served.folder, faults)
    maps = sorted((work / f"results/map/{PRODUCT}").glob("*/classes.tif"))
    found = compared(maps, ground)
    jobs = worked(ran)
    pixels = {b.id: b.grid(GSD_M).width * b.grid(GSD_M).height for b in placed}
    costs = by_place(jobs, pixels)
    draw_costs(FOLDER / "costs.png", costs, jobs, f"What a block costs: {told}")
    draw_map(FOLDER / "map.png", maps, ground)
    page = work / f"results/publish/{NAME}/{YEAR}/{TASK}/index.html"
    draw_page(page, FOLDER / "page.png")
    rows = run_rows(ran) + rule_rows(jobs, pixels)
    goals = run_goals(ran, faults, placed) + cost_goals(jobs, pixels, ran)
    goals += map_goals(found, work / "results", PRODUCT, land.area, page)
    report("country", goals, rows)


def tour(work: Path, served: Path, faults: Faults) -> list[Ran]:
    """The three runs."""
    print(f"blocks that fail: {faults}", file=sys.stderr)
    spoil(served, faults)
    dies = Kill("stack_scenes", (faults.killed,))
    first = run(work, "first.log", [dies])
    mend(served)
    dies = Kill("predict_block", (f"/{faults.killed}/probabilities.tif",))
    second = run(work, "second.log", [dies], "--retries", "1")
    if second.code:
        raise RuntimeError(f"the second run failed; see {work}/second.log\n{second.said[-3000:]}")
    return [first, second, run(work, "third.log")]


def worked(ran: list[Ran]) -> pd.DataFrame:
    """Jobs of all runs, the last time that each ran, with what they took at the machine's pace."""
    tables = [paced(one.jobs, one.paces) for one in ran if len(one.jobs)]
    return pd.concat(tables, ignore_index=True).drop_duplicates(["rule", "name"], keep="last")


def run_rows(ran: list[Ran]) -> list[dict]:
    """What each run took."""
    rows = []
    for name, one in zip(("first", "second", "third"), ran, strict=True):
        rows.append(
            {
                "run": name,
                "jobs": len(one.jobs),
                "minutes": one.seconds / 60,
                "cpu of jobs [min]": float(one.jobs.cpu_s.sum() / 60),
                "cpu of snakemake [min]": one.own_cpu_s / 60,
                "idle cores": 1 - float(one.jobs.cpu_s.sum()) / (CORES * one.seconds),
                "snakemake [MB]": one.own_mb,
            }
        )
    print(table(rows), file=sys.stderr)
    return rows


def rule_rows(jobs: pd.DataFrame, pixels: dict[str, int]) -> list[dict]:
    """What the jobs of each rule took."""
    costs = by_place(jobs, pixels, "work")
    rows = []
    for rule, group in jobs.groupby("rule", sort=False):
        rows.append(
            {
                "rule": rule,
                "jobs": len(group),
                "seconds": float(group.seconds.mean()),
                "cpu [s]": float(group.cpu_s.mean()),
                "peak [MB]": float(group.peak_mb.max()),
                "last / first third": growth(costs[rule].to_numpy())[0] if rule in costs else None,
            }
        )
    print(table(rows), file=sys.stderr)
    return rows


if __name__ == "__main__":
    command(main)

"""What a run will take, before it runs: `make plan CONFIG=...` prints it. No pixel is read."""

from itertools import product
from pathlib import Path
from typing import Annotated

import pandas as pd
import tyro
import yaml
from rich.console import Console
from rich.table import Table

from landscribe import plan as plans
from landscribe.command import command
from landscribe.formats.json_file import write_json
from landscribe.grid import Block
from landscribe.imagery.composite import periods
from landscribe.imagery.locks import locked
from landscribe.imagery.providers import asked
from landscribe.imagery.search import Query, read_scenes, season_days
from landscribe.looks import Looks, counted_looks, estimated_looks
from landscribe.rates import Rates
from landscribe.runs import LOCKS, Plan, region_card, run_blocks, shared_lock_name
from landscribe.sensors import Sensor

_GB = 1e9
_WIDTH = 120  # characters of the tables at least


def planned(config: Path, profile: Path) -> tuple[dict, pd.DataFrame, pd.DataFrame]:
    """Summary of a run, and its hours and bytes per stage and rule, and its longest chain."""
    plan = Plan.read(yaml.safe_load(config.read_text()))
    rates = Rates.read(profile / "rates.yaml")
    blocks, searches = block_table(plan)
    run = {
        "archives": {archive: name for name, archive in plan.run.archives().items()},
        "composites": plan.run.composites is not None,
        "applicability": plan.run.trust.applicability,
        "smoothing": plan.run.smoothing is not None,
        "scenes": {(s["region"], s["year"], s["sensor"]): s["scenes"] for s in searches},
    }
    jobs = plans.job_table(blocks, plan.kinds, plan.run.task, run)
    jobs = plans.with_finish(plans.with_costs(jobs, rates))
    chain, stages = plans.longest_chain(jobs), plans.by_stage(jobs)
    sums = stages[["jobs", "core_hours", "gpu_hours", "read_bytes", "stored_bytes"]].sum()
    told = {"config": str(config), "profile": str(profile), "searches": searches}
    told |= {"rates": rates.title, "chain_hours": float(jobs.finish.max()), **sums.to_dict()}
    return told, stages, chain


def block_table(plan: Plan) -> tuple[pd.DataFrame, list[dict]]:
    """Blocks of a run as `plan.job_table` wants them, and what is known of each search."""
    sensors = {path.stem: Sensor.read(path) for path in plan.sensor_cards}
    blocks = {region: run_blocks(region) for region in plan.run.regions}
    rows, searches = [], []
    for region, year, name in product(plan.run.regions, plan.run.years, sensors):
        place = {"region": region, "year": year, "sensor": name}
        source, looks, scenes = _looks(plan, sensors[name], place, blocks[region])
        for block, seen in zip(blocks[region], looks, strict=True):
            sizes = block_sizes(block, sensors[name], seen, _periods(plan, year))
            rows.append({**place, "block": block.id, **sizes})
        told = {"blocks": len(blocks[region]), "scenes": scenes, "scenes_from": source}
        searches.append(place | told)
    return pd.DataFrame(rows), searches


def block_sizes(block: Block, sensor: Sensor, seen: Looks, periods: int) -> dict[str, float]:
    """Scenes of a block, and millions of its pixels, and of samples of its cube and composites.

    `read_samples` are those of the native pixels that its scenes hold.
    """
    grid = block.grid(sensor.gsd_m, sensor.origin_m)
    pixels = grid.width * grid.height / plans.MILLION
    return {
        "scenes": seen.scenes,
        "pixels": pixels,
        "samples": pixels * len(sensor.bands) * seen.times,
        "composed": pixels * len(sensor.bands) * periods,
        "read_samples": pixels * sensor.native_samples * seen.times * seen.coverage,
    }


def _looks(
    plan: Plan, sensor: Sensor, place: dict, blocks: list[Block]
) -> tuple[str, list[Looks], int]:
    """Where the number of scenes is from; the looks at each block, and the scenes of all.

    Args:
        place: `region`, `year` and `sensor` of the search.
    """
    shared, year = LOCKS / shared_lock_name(**place), place["year"]
    listed = Path("results/fetch/{region}/{year}/{sensor}/scenes.parquet".format(**place))
    if shared.exists():
        query = Query.of(region_card(place["region"]), sensor, year, plan.run.season)
        providers = asked(sensor, plan.catalogue_of(place["sensor"]))
        items = locked(shared, providers, query, sensor).items
        return f"lock {shared}", counted_looks(blocks, items), len(items)
    if listed.exists():
        items = read_scenes(listed)
        return f"scene list {listed}", counted_looks(blocks, items), len(items)
    looks = estimated_looks(blocks, sensor, *season_days(plan.run.season, year))
    told = f"estimate: revisit of {sensor.revisit_days:g} days, every scene there"
    return told, looks, sum(seen.scenes for seen in looks)


def _periods(plan: Plan, year: int) -> int:
    """Images of a season that composites make of each block."""
    how = plan.run.composites
    return len(periods(*season_days(plan.run.season, year), how.step)) if how else 0


def print_plan(told: dict, stages: pd.DataFrame, chain: pd.DataFrame) -> None:
    """Three tables: what is mapped, what it takes, and what it waits for."""
    console = Console(width=max(Console().width, _WIDTH))  # a pipe says 80
    rows = [
        [s["region"], s["year"], s["sensor"], s["blocks"], s["scenes"], s["scenes_from"]]
        for s in told["searches"]
    ]
    console.print(_table("What is mapped", "region year sensor blocks scenes scenes_from", rows))
    rows = [
        [s.stage, s.rule, s.jobs, *_hours(s.core_hours, s.gpu_hours, s.longest_hours)]
        + _bytes(s.read_bytes, s.stored_bytes)
        for s in stages.itertuples()
    ]
    total = [told["core_hours"], told["gpu_hours"], told["chain_hours"]]
    rows.append(["all", "", int(told["jobs"]), *_hours(*total)])
    rows[-1] += _bytes(told["read_bytes"], told["stored_bytes"])
    names = "stage rule jobs core-hours GPU-hours longest_[h] read_[GB] stored_[GB]"
    console.print(_table(f"What it takes, by rates of: {told['rates']}", names, rows))
    rows = [
        [c.rule, c.model, c.block, c.sensor, *_hours(c.hours, c.finish)] for c in chain.itertuples()
    ]
    title = f"The longest chain: {told['chain_hours']:.1f} hours, however many cores there are"
    console.print(_table(title, "rule model block sensor hours done_after", rows))


def _hours(*hours: float) -> list[str]:
    return [f"{value:,.2f}" for value in hours]


def _bytes(*counts: float) -> list[str]:
    return [f"{value / _GB:,.2f}" for value in counts]


def _table(title: str, names: str, rows: list[list]) -> Table:
    table = Table(title=title, title_justify="left")
    for i, name in enumerate(names.split()):
        numeric = rows and str(rows[0][i]).replace(",", "").replace(".", "").isdigit()
        table.add_column(name.replace("_", " "), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(f"{v:,}" if isinstance(v, int) and v > 9999 else str(v) for v in row))
    return table


def main(
    config: Path,
    profile: Path = Path("workflow/profiles/default"),
    json_file: Annotated[Path | None, tyro.conf.arg(name="json")] = None,
) -> None:
    """Print what a run will take: blocks, scenes, jobs, bytes, hours and its longest chain.

    Args:
        config: config of the run.
        profile: folder with rates.yaml, what was measured on such a machine.
        json_file: file to write the same to, JSON.
    """
    told, stages, chain = planned(config, profile)
    print_plan(told, stages, chain)
    if json_file:
        names = ["rule", "region", "year", "model", "block", "sensor", "hours", "finish"]
        rows = {"stages": stages.to_dict("records"), "chain": chain[names].to_dict("records")}
        write_json(json_file, told | rows)


if __name__ == "__main__":
    command(main)

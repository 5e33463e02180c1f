"""Plans: from blocks and measured rates to the jobs, hours, bytes and longest chain of a run."""

import pandas as pd

from landscribe.rates import Rates
from landscribe.steps import STEPS, Step

MILLION = 1e6
_KEYS = ["region", "year"]
_SENSOR = [*_KEYS, "sensor"]


def job_table(blocks: pd.DataFrame, models: dict[str, str], task: str, run: dict) -> pd.DataFrame:
    """Every job of a run, in the order of the stages.

    Args:
        blocks: a row per region, year, block and sensor: region, year, block, sensor, scenes,
            samples, pixels [millions], read_samples [millions of native pixels], composed
            [millions]. The sensor of the first row is the run's first.
        models: id -> kind.
        task: id of the task.
        run: `archives` (id -> sensor), `composites` and `smoothing` (bool), and `scenes`, (region,
            year, sensor) -> number.

    Returns:
        rule, stage, unit, region, year, sensor, task, archive, model, kind (of the model, or the
        sensor), block (empty where the rule has none), amount, read_amount and stored_amount
        [units]. Jobs that are of no sensor have the sizes of the first one.
    """
    regional = blocks.groupby(_SENSOR, as_index=False, sort=False).sum(numeric_only=True)
    regional["scenes"] = [
        run["scenes"][key] for key in regional[_SENSOR].itertuples(index=False, name=None)
    ]
    first, tables = blocks.sensor.iloc[0], []
    for step in steps_of(run):
        base = _archives(regional, run["archives"]) if "archive" in step.per else regional
        base = blocks if "block" in step.per else base
        if not {"sensor", "archive"} & set(step.per):
            base = base[base.sensor == first].assign(sensor=first if step.of_first else "")
        table = base.assign(rule=step.rule, stage=step.stage, unit=step.unit)
        table["amount"] = base[step.unit].astype(float)
        table["read_amount"] = base["read_samples"] if step.rule == "stack_scenes" else 0.0
        table["stored_amount"] = base[step.stored_unit or step.unit].astype(float)
        table["task"] = task if "task" in step.per else ""
        chosen = models if "model" in step.per else {"": ""}
        named = pd.DataFrame({"model": list(chosen), "kind": list(chosen.values())})
        table = table.merge(named, how="cross")
        table["kind"] = table["sensor"] if "sensor" in step.per else table["kind"]
        tables.append(table)
    names = ["rule", "stage", "unit", *_SENSOR, "task", "archive", "model", "kind", "block"]
    amounts = ["amount", "read_amount", "stored_amount"]
    found = pd.concat(tables, ignore_index=True).reindex(columns=[*names, *amounts])
    return found.fillna({"archive": "", "block": ""})


def steps_of(run: dict) -> list[Step]:
    """Steps that a run has: some only with an archive, composites, applicability or smoothing."""
    needs = {"import_scenes": run["archives"], "compose_periods": run["composites"]}
    measured = run["applicability"]
    needs |= {"sample_reference": measured, "measure_applicability": measured}
    needs["smooth_map"] = run["smoothing"]
    return [step for step in STEPS if needs.get(step.rule, True)]


def with_costs(jobs: pd.DataFrame, rates: Rates) -> pd.DataFrame:
    """Jobs with hours (wall), core_hours, gpu_hours, read_bytes and stored_bytes."""
    parts = []
    for (rule, kind), group in jobs.groupby(["rule", "kind"], sort=False):
        rate = rates.of(rule, kind or None)
        core_hours = (rate.fixed_core_s + rate.unit_core_s * group.amount) / 3600
        hours = core_hours / rate.cores
        parts.append(
            group.assign(
                hours=hours,
                core_hours=core_hours,
                gpu_hours=hours * rate.gpus,
                read_bytes=group.read_amount * rate.read_bytes,
                stored_bytes=rate.fixed_bytes + group.stored_amount * rate.stored_bytes,
            )
        )
    return pd.concat(parts).sort_index()


def with_finish(jobs: pd.DataFrame) -> pd.DataFrame:
    """Jobs with `finish`, the hours from the start if nothing waits but for what it needs.

    `via` is the index of the job that it waited for last (-1: none).
    """
    done: dict[str, pd.DataFrame] = {}
    for step in STEPS:
        table = jobs[jobs.rule == step.rule].assign(start=0.0, via=-1)
        for parent in step.after:
            if parent in done:
                table = _after(table, step, done[parent])
        if len(table):
            done[step.rule] = table.assign(finish=table.start + table.hours)
    return pd.concat(done.values()).sort_index()


def longest_chain(jobs: pd.DataFrame) -> pd.DataFrame:
    """Jobs of the longest chain, in their order, of what `with_finish` gave."""
    at, chain = jobs.finish.idxmax(), []
    while at >= 0:
        chain.append(at)
        at = int(jobs.via[at])
    return jobs.loc[chain[::-1]]


def by_stage(jobs: pd.DataFrame) -> pd.DataFrame:
    """Sums per stage and rule, in the order of the stages: jobs, hours and bytes."""
    sums = ["core_hours", "gpu_hours", "read_bytes", "stored_bytes"]
    groups = jobs.groupby(["stage", "rule"], sort=False)
    return (
        groups[sums]
        .sum()
        .assign(jobs=groups.size(), longest_hours=groups.hours.max())
        .reset_index()
    )


def _archives(regional: pd.DataFrame, archives: dict[str, str]) -> pd.DataFrame:
    """A row per archive, with the sizes of all regions and years of its sensor."""
    sums = regional.groupby("sensor").sum(numeric_only=True)
    rows = sums.loc[list(archives.values())].reset_index()
    return rows.assign(archive=list(archives), region="", year=0)


def _after(table: pd.DataFrame, step: Step, parent: pd.DataFrame) -> pd.DataFrame:
    """Jobs that start no earlier than the last job of a parent with the same wildcards ends."""
    of = next(other for other in STEPS if other.rule == parent.rule.iloc[0])
    known = (*step.per, "sensor") if step.of_first else step.per
    shared = [name for name in known if name in of.per]
    if shared:
        last = parent.loc[parent.groupby(shared).finish.idxmax(), [*shared, "finish"]]
    else:
        last = parent.loc[[parent.finish.idxmax()], ["finish"]]
    last = last.rename_axis("other").reset_index()
    met = table[shared].merge(last, how="left" if shared else "cross", on=shared or None)
    met.index = table.index
    later = met.finish.fillna(0) > table.start
    return table.assign(
        start=table.start.mask(later, met.finish), via=table.via.mask(later, met.other).astype(int)
    )

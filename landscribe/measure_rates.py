"""Rates of a profile from the benchmarks of finished runs: `python -m landscribe.measure_rates`."""

import math
from functools import cache
from pathlib import Path

import pandas as pd

from landscribe.cards import CONFIG, Model
from landscribe.command import InputError, command
from landscribe.formats.cubes import read_cube
from landscribe.formats.json_file import read_json
from landscribe.imagery.items import wanted_assets
from landscribe.plan import MILLION
from landscribe.rates import Rate, Rates, fitted, write_rates
from landscribe.sensors import Archive, Sensor
from landscribe.steps import STEPS, Step

_EMPTY = {"region": "*", "year": "*", "block": "*"}


def measured_jobs(results: Path, sensors: dict[str, Sensor]) -> pd.DataFrame:
    """A row per job of a finished run that left a benchmark, as `rates.fitted` wants them.

    Args:
        sensors: id -> card; jobs that are of no sensor have the sizes of the first one.
    """
    rows = []

    @cache  # as each of its blocks asks, and it opens the cubes of all
    def region_sizes(region: str, year: str, sensor: str) -> dict[str, float]:
        told = {"region": region, "year": year, "sensor": sensor}
        return run_sizes(results, sensors[sensor], told)

    for step in STEPS:
        for path in sorted((results / "benchmarks/rules" / step.rule).glob("*.tsv")):
            told = dict(zip(step.per, path.stem.split("."), strict=True))
            told.setdefault("sensor", _sensor_of(told.get("archive"), sensors))
            sizes = run_sizes(results, _card(told, sensors), told)
            if not sizes[step.unit]:
                continue  # nothing is left that says how large the job was
            read_amount = read_bytes = 0.0
            if step.rule == "stack_scenes":
                whole = region_sizes(told["region"], told["year"], told["sensor"])
                read_amount = sizes["read_samples"]
                read_bytes = whole["bytes"] * (read_amount / whole["read_samples"])
            rows += [
                {
                    "rule": step.rule,
                    "kind": _kind(step, told),
                    "unit": step.unit,
                    "amount": sizes[step.unit],
                    "seconds": repeat.s,
                    "cpu_seconds": repeat.cpu_time,
                    "read_amount": read_amount,
                    "read_bytes": read_bytes,
                    "stored_amount": sizes[step.stored_unit or step.unit],
                    "stored_bytes": _stored(results, step, told),
                }
                for repeat in pd.read_csv(path, sep="\t").itertuples()
            ]
    if not rows:
        raise InputError(f"{results}: no benchmarks of a finished run; make one, then measure")
    return pd.DataFrame(rows)


def run_sizes(results: Path, sensor: Sensor, told: dict[str, str]) -> dict[str, float]:
    """Scenes, and millions of pixels and samples, of a job's part of a run, of one sensor.

    `read_samples` are native ones and `bytes` those of their files, where the lock knows them.
    """
    place = "{region}/{year}/{block}/{sensor}".format(**(_EMPTY | told))
    listed = "{region}/{year}/{sensor}/scenes.lock.json".format(**(_EMPTY | told))
    cubes = [read_cube(path) for path in sorted((results / "fetch").glob(f"{place}/cube.zarr"))]
    locks = (results / "fetch").glob(listed)
    scenes = [scene for path in locks for scene in read_json(path)["scenes"]]
    pixels = [cube.sizes["y"] * cube.sizes["x"] / MILLION for cube in cubes]
    files = [scene["assets"].get(name, {}) for scene in scenes for name in wanted_assets(sensor)]
    sizes = [file.get("size") or 0 for file in files]
    composites = (results / "fetch").glob(f"{place}/composites.zarr")
    composed = [math.prod(read_cube(path).dn.shape) / MILLION for path in sorted(composites)]
    times = [cube.sizes["time"] for cube in cubes]
    return {
        "scenes": len(scenes),
        "pixels": sum(pixels),
        "samples": sum(p * len(sensor.bands) * t for p, t in zip(pixels, times, strict=True)),
        "read_samples": sensor.native_samples
        * sum(p * t for p, t in zip(pixels, times, strict=True)),
        "composed": sum(composed),
        "bytes": sum(sizes),
    }


def merged(known: list[Rate], new: list[Rate]) -> list[Rate]:
    """Rates with those of the same rule and kind replaced, in the order of the stages."""
    found = {(rate.rule, rate.kind or ""): rate for rate in [*known, *new]}
    order = [step.rule for step in STEPS]
    return [found[key] for rule in order for key in sorted(k for k in found if k[0] == rule)]


def _stored(results: Path, step: Step, told: dict[str, str]) -> int:
    paths = [results / name.format(**told) for name in step.stores]
    files = [f for path in paths for f in ([path] if path.is_file() else path.rglob("*"))]
    return sum(file.stat().st_size for file in files if file.is_file())


def _sensor_of(archive: str | None, sensors: dict[str, Sensor]) -> str:
    """Sensor whose sizes a job has that names none: its archive's, or else the first."""
    if archive:
        return Archive.read(CONFIG / "archives" / f"{archive}.yaml").sensor
    return next(iter(sensors))


def _card(told: dict[str, str], sensors: dict[str, Sensor]) -> Sensor:
    if told["sensor"] not in sensors:
        raise InputError(
            f"there are benchmarks of sensor {told['sensor']}, but its card is not among --sensors"
            f" ({', '.join(sensors)}); name it too"
        )
    return sensors[told["sensor"]]


def _kind(step: Step, told: dict[str, str]) -> str:
    """What a job's rate may be of: its kind of model, or its sensor."""
    if step.of_kind:
        return Model.read(CONFIG / "models" / f"{told['model']}.yaml").kind
    return told["sensor"] if step.unit == "samples" else ""


def _of_any(jobs: pd.DataFrame) -> pd.DataFrame:
    """Jobs, and those of sensors once more as of any: for sensors that nobody measured."""
    of_sensors = [step.rule for step in STEPS if step.unit == "samples"]
    return pd.concat([jobs, jobs[jobs.rule.isin(of_sensors)].assign(kind="")], ignore_index=True)


def main(
    results: list[Path],
    sensors: list[Path],
    measured_on: str,
    out: Path = Path("workflow/profiles/default/rates.yaml"),
    gpu_kinds: list[str] | None = None,
) -> None:
    """Derive rates from the benchmarks of finished runs, and renew those of a profile.

    Rates of rules that the runs do not have stay as they are. Runs of several sizes tell what of
    a job's time is fixed.

    Args:
        results: folders of finished runs, all of the same sensors.
        sensors: cards of these, in the order of the configs.
        measured_on: run and machine, for people.
        out: rates.yaml of a profile, to write.
        gpu_kinds: kinds of models that trained and predicted on one GPU each.
    """
    cards = {path.stem: Sensor.read(path) for path in sensors}
    jobs = pd.concat([measured_jobs(path, cards) for path in results], ignore_index=True)
    new = [_with_gpu(rate, gpu_kinds or []) for rate in fitted(_of_any(jobs), measured_on)]
    known = Rates.read(out).rates if out.exists() else []
    write_rates(out, Rates(title=measured_on, rates=merged(known, new)))
    print(f"{out}: {len(new)} rates of {len(jobs)} jobs")


def _with_gpu(rate: Rate, kinds: list[str]) -> Rate:
    return rate.model_copy(update={"gpus": 1}) if rate.kind in kinds else rate


if __name__ == "__main__":
    command(main)

"""Plans: how long Europe takes to plan, and how right a plan of real cubes is.

`python -m tests.benchmarks.plan`, about six minutes, on the STAC API that tests/stac/up.sh started
(`. FOLDER/addresses` first). Two parts:

- the DAGs of France and Europe by `snakemake -n`, and `make plan` of both: seconds and peak memory;
- Romania: 140 real dates of Sentinel-2 L2A through the API, a cube per year. Rates are measured on
  the cubes of two years; the plan of the other ones is held against what these then used:
  core-seconds, bytes of ranges that the file server sent, bytes on disk.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import yaml

from tests.benchmarks.report import Goal, report, table
from tests.workflow_runs import PROFILE, ROOT, SNAKEMAKE, environment

PYTHON = (sys.executable, "-m")
KNOWN, PLANNED = (2016, 2018), (2015, 2017, 2019, 2020, 2021)
BANDS = {"B02": "blue", "B03": "green", "B04": "red", "B08": "nir", "SCL": "scl"}
BLOCK = "34TER"
WITHIN = 0.25  # of what was used


def main() -> None:
    """Measure both parts, and report."""
    with TemporaryDirectory() as folder:
        dags = [dag(Path(folder), region) for region in ("france", "europe")]
        print(table(dags), file=sys.stderr, flush=True)
        cubes = romania(Path(folder))
    print("\n" + table(cubes), file=sys.stderr)
    report("plan", goals(dags, cubes), [*dags, *cubes])


def goals(dags: list[dict], cubes: list[dict]) -> list[Goal]:
    """Goals of the issue."""
    europe = dags[-1]
    found = [
        Goal("M5.europe_dag_s", europe["dag_s"], "<= 60", europe["jobs"]),
        Goal("M5.europe_dag_peak_mb", europe["dag_peak_mb"], "<= 1000", europe["jobs"]),
        Goal("M5.europe_plan_s", europe["plan_s"], "<= 60", europe["jobs"]),
    ]
    for row in cubes:
        off = abs(row["planned"] / row["used"] - 1)
        found.append(Goal(f"M5.romania_{row['what']}_off", off, f"<= {WITHIN}", len(PLANNED)))
    return found


def dag(folder: Path, region: str) -> dict:
    """Seconds and memory of a config's DAG and of its plan, by programs that know nothing yet."""
    told, here = folder / "plan.json", made_folder(folder / region)
    command = [*PYTHON, "landscribe.plan_run", "--config", f"config/{region}.yaml", "--json", told]
    plan_s, plan_mb = measured(here, *command, "--profile", PROFILE)
    shutil.rmtree(here / "results")
    flags = ["-n", "--quiet", "all", "--configfile", f"config/{region}.yaml"]
    dag_s, dag_mb = measured(here, *SNAKEMAKE, *flags)
    plan = json.loads(told.read_text())
    row = {"region": region, "blocks": plan["searches"][0]["blocks"], "jobs": plan["jobs"]}
    row |= {"dag_s": dag_s, "dag_peak_mb": dag_mb, "plan_s": plan_s, "plan_peak_mb": plan_mb}
    return row | {"core_hours": plan["core_hours"], "chain_hours": plan["chain_hours"]}


def romania(folder: Path) -> list[dict]:
    """What the plan of some years said, and what they used; a row per kind of cost."""
    here = made_folder(folder / "romania")
    write_cards(here)
    stack(here, KNOWN)
    shutil.copy(PROFILE / "rates.yaml", here / "rates.yaml")
    card = here / "config/sensors/romania.yaml"
    flags = ["--results", here / "results", "--sensors", card, "--measured-on", "Romania"]
    measured(here, *PYTHON, "landscribe.measure_rates", *flags, "--out", here / "rates.yaml")
    config = write_config(here, PLANNED)
    measured(here, *SNAKEMAKE, "--configfile", config, "--", "refresh")
    told = here / "plan.json"
    measured(
        here,
        *(*PYTHON, "landscribe.plan_run", "--config", config, "--profile", here, "--json", told),
    )
    (planned,) = (s for s in json.loads(told.read_text())["stages"] if s["rule"] == "stack_scenes")
    sent = sent_bytes()
    stack(here, PLANNED)
    used = {"core_s": 0.0, "read_bytes": sent_bytes() - sent, "stored_bytes": 0}
    for year in PLANNED:
        place = f"romania.{year}.{BLOCK}.romania.tsv"
        log = pd.read_csv(here / "results/benchmarks/rules/stack_scenes" / place, sep="\t")
        used["core_s"] += float(log.cpu_time.iloc[0])
        cube = here / f"results/fetch/romania/{year}/{BLOCK}/romania/cube.zarr"
        used["stored_bytes"] += sum(p.stat().st_size for p in cube.rglob("*") if p.is_file())
    expected = planned | {"core_s": planned["core_hours"] * 3600}
    return [
        {"what": what, "years": len(PLANNED), "planned": expected[what], "used": value}
        for what, value in used.items()
    ]


def write_cards(folder: Path) -> None:
    """Cards of the four bands that the real scenes have, and of their ground."""
    card = yaml.safe_load((ROOT / "config/sensors/sentinel-2-l2a.yaml").read_text())
    card["bands"] = [band for band in card["bands"] if band["name"] in BANDS]
    address = os.environ["LANDSCRIBE_STAC_API"]
    card["providers"] = [{"name": "local", "catalogue": address, "assets": BANDS}]
    (folder / "config/sensors/romania.yaml").write_text(yaml.safe_dump(card))
    region = {"title": "South-west Romania", "bounds": [22.146, 45.201, 22.158, 45.209]}
    (folder / "config/regions/romania.yaml").write_text(yaml.safe_dump(region))


def write_config(folder: Path, years: tuple[int, ...]) -> str:
    """Config of some years; of what it could make, cubes alone are asked for."""
    told = {"regions": ["romania"], "years": list(years), "sensors": ["romania"]}
    told |= {"task": "landuse", "models": ["forest"]}
    (folder / "config/run.yaml").write_text(yaml.safe_dump(told))
    return "config/run.yaml"


def stack(folder: Path, years: tuple[int, ...]) -> None:
    """Cubes of some years, by the workflow."""
    cubes = [f"results/fetch/romania/{year}/{BLOCK}/romania/cube.zarr" for year in years]
    config = write_config(folder, years)
    measured(folder, *SNAKEMAKE, "--cores", "1", "--configfile", config, "--", *cubes)


def made_folder(folder: Path) -> Path:
    """A folder to run in, with the project's cards."""
    shutil.copytree(ROOT / "config", folder / "config")
    return folder


def measured(folder: Path, *command: str | Path) -> tuple[float, float]:
    """Seconds and peak memory [MB] of a program and of all that it starts."""
    env = environment() | {"PYTHONPATH": str(ROOT)}
    begin = time.monotonic()
    with (folder / "said").open("w") as said:
        program = subprocess.Popen(command, cwd=folder, env=env, stdout=said, stderr=said)
        _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    if program.returncode:
        raise RuntimeError(
            f"{' '.join(map(str, command))}:\n{(folder / 'said').read_text()[-3000:]}"
        )
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def sent_bytes() -> int:
    """Bytes of ranges of files that the server sent so far, by its log.

    GDAL finds out how long a file is by a request for all of it, which it breaks off: of these tiny
    files that sends all, of real ones some 100 KB. It is not counted, as no plan counts it.
    """
    log = Path(os.environ["LANDSCRIBE_STAC"]) / "log/nginx.access.log"
    rows = (line.split('"')[2].split() for line in log.read_text().splitlines())
    return sum(int(size) for status, size in rows if status == "206")


if __name__ == "__main__":
    if "LANDSCRIBE_STAC_API" not in os.environ:
        sys.exit("error: no STAC API; run tests/stac/up.sh, and `. FOLDER/addresses` as it says")
    main()

"""A gazetteer of very many places: what each step takes, and what 13 million would take.

`python -m tests.benchmarks.gazetteer_scale [--rows 1000000]`, some ten minutes of one core. Two
made dumps in GeoNames' form, seeded: one of `rows` places in 250 countries with units of two
levels, and one of a tenth of that with other ids, whose places join the first by name and ground,
or are new. Names are Latin with forms in Cyrillic and Chinese; a few stand very often, most once.

Each step is a program of its own, its memory what the kernel says of it. `merge, scaled` runs with
the share of DuckDB's memory, and of the places that it takes at a time, that `rows` are of the 13.2
million of GeoNames: what does not fit there ends this run. Disk at 13.2 million is taken in
proportion, time by n log n, as these steps sort.
"""

import math
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import tyro
import yaml

from tests.benchmarks.gazetteer import size_mb
from tests.benchmarks.geonames_dump import write_dump
from tests.benchmarks.measured import measured
from tests.benchmarks.report import Goal, report, table

GEONAMES = 13_200_000  # rows of allCountries.txt
SECOND = 10  # the second source has a tenth of the places
GOALS = {"M1.scale_cpu_h": "<= 3", "M1.scale_peak_mb": "<= 4000", "M1.scale_disk_gb": "<= 60"}


def main(rows: int = 1_000_000, seed: int = 0) -> None:
    """Make the dumps, build the gazetteer, report.

    Args:
        rows: places of the first dump.
    """
    with TemporaryDirectory() as folder:
        card = write_sources(Path(folder), rows, seed)
        steps = build(card, Path(folder), rows / GEONAMES)
    grown = GEONAMES / rows
    for step in steps:
        step["cpu at 13.2 M [h]"] = step["cpu [s]"] * grown * (1 + math.log(grown, rows)) / 3600
        step["disk at 13.2 M [GB]"] = step["disk [MB]"] * grown / 1000
    print(table(steps), file=sys.stderr)
    found = {
        "M1.scale_cpu_h": sum(
            s["cpu at 13.2 M [h]"] for s in steps if s["step"] != "merge, scaled"
        ),
        "M1.scale_peak_mb": max(step["peak [MB]"] for step in steps),
        "M1.scale_disk_gb": sum(
            s["disk at 13.2 M [GB]"] for s in steps if s["step"] != "merge, scaled"
        ),
    }
    report("gazetteer_scale", [Goal(id_, found[id_], GOALS[id_], rows) for id_ in GOALS], steps)


def write_sources(folder: Path, rows: int, seed: int) -> Path:
    """Write both dumps and their card."""
    sources = []
    for number, (name, count) in enumerate((("first", rows), ("second", rows // SECOND))):
        (folder / name).mkdir()
        write_dump(folder / name / "allCountries.txt", count, seed + number, number * 10**8 + 1)
        told = {"name": name, "reader": "geonames", "path": str(folder / name), "version": "made"}
        sources.append(told | {"licence": "CC0-1.0", "attribution": "made"})
    card = folder / "card.yaml"
    card.write_text(yaml.safe_dump({"title": "Made", "sources": sources}))
    return card


def build(card: Path, folder: Path, share: float) -> list[dict]:
    """A row per step."""
    steps, read = [], [folder / f"{name}.parquet" for name in ("first", "second")]
    tables = {name: folder / f"{name}.parquet" for name in ("places", "names", "polygons")}
    flags = [flag for name, path in tables.items() for flag in (f"--{name}", path)]
    merge = ["--gazetteer", card, "--sources", *read, *flags]
    for step, module, wanted, written in (
        *(
            (
                f"read {p.stem}",
                "scripts.read_source",
                ["--gazetteer", card, "--source", p.stem, "--places", p],
                [p],
            )
            for p in read
        ),
        ("merge, scaled", "tests.benchmarks.scaled_merge", [str(share), *merge], tables.values()),
        ("merge", "scripts.merge_places", merge, tables.values()),
        (
            "index",
            "scripts.index_places",
            [*flags, "--store", folder / "store"],
            [folder / "store"],
        ),
    ):
        done = measured(module, *wanted)
        row = {
            "step": step,
            "wall [s]": done.wall_s,
            "cpu [s]": done.cpu_s,
            "peak [MB]": done.peak_mb,
        }
        steps.append(row | {"disk [MB]": sum(size_mb(path) for path in written)})
        print(steps[-1], file=sys.stderr, flush=True)
    return steps


if __name__ == "__main__":
    tyro.cli(main)

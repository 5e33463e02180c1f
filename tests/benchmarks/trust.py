"""Trust: whether calibrated maps are as sure as they are right, and sets keep their promise.

`python -m tests.benchmarks.trust`, some minutes after the demo, which Snakemake makes first where
it is missing; the part `series` needs LANDSCRIBE_DATA. See `trusting.demo` and `trusting.series`
for what is drawn from what. A calibration error may rise by .005 where nothing had to be mended.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tyro

from tests.benchmarks.report import RESULTS, Goal, report, table
from tests.benchmarks.trusting import demo, series
from tests.benchmarks.trusting.demo import Drawn, calibration_error
from tests.benchmarks.trusting.figures import draw_draws, draw_regions
from tests.benchmarks.trusting.series import WAYS, Told
from tests.workflow_runs import environment

TARGET, MARGIN, HARMLESS = 0.9, 0.03, 0.005


def main(results: Path = Path("results"), make: bool = True) -> None:
    """Measure, draw and report.

    Args:
        results: folder of a finished demo.
        make: let Snakemake make what is missing there.
    """
    if make:
        wanted = [str(p) for model in demo.MODELS for p in demo.files(results, model).values()]
        setting = "--nolock --profile workflow/profiles/default --cores 2 --configfile"
        command = [sys.executable, "-m", "snakemake", *dict.fromkeys(wanted), *setting.split()]
        command += ["config/demo.yaml"]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment())
    maps = {model: demo.measure(results, model) for model in demo.MODELS}
    fields = series.read_fields(Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")))
    told = series.tell_regions(fields)
    rows = [*demo_rows(maps), *series_rows(told)]
    draw_draws(RESULTS / "trust" / "demo.png", maps)
    draw_regions(RESULTS / "trust" / "regions.png", told)
    print(table(rows), file=sys.stderr)
    report("trust", [*demo_goals(maps), *series_goals(told)], rows)


def demo_rows(maps: dict[str, Drawn]) -> Iterator[dict]:
    """What was found of each map: means over draws, and the demo's own split."""
    for model, found in maps.items():
        rows, own = found.rows, found.own
        for name in ("all", "each"):
            yield {
                "part": f"{model}, draws, promise for {name}",
                "fields": len(rows),
                "coverage": rows[f"{name}_coverage_polygon"].mean(),
                "set_size": rows[f"{name}_set_size_polygon"].mean(),
                "least_class": rows[f"{name}_least_class"].mean(),
                "ece_before": rows.ece_before_pixel.mean(),
                "ece_after": rows.ece_after_pixel.mean(),
            }
        errors = own["reliability"]
        yield {
            "part": f"{model}, the demo's split",
            "fields": own["sample"]["polygons"],
            "coverage": own["coverage"]["per_polygon"]["value"],
            "set_size": own["coverage"]["set_size"]["per_polygon"]["value"],
            "least_class": min(
                row["per_polygon"]["value"]
                for row in own["coverage"]["classes"]
                if row["per_polygon"]
            ),
            "ece_before": errors["before"]["expected_calibration_error"]["per_pixel"],
            "ece_after": errors["after"]["expected_calibration_error"]["per_pixel"],
        }


def series_rows(told: Told) -> Iterator[dict]:
    """What was found of the fields, by way, region and area of applicability."""
    parts = {"all": np.ones(len(told.truth), bool), "inside": told.inside, "outside": ~told.inside}
    parts |= {name: told.regions == name for name in np.unique(told.regions)}
    for way in WAYS:
        for name, chosen in parts.items():
            yield {"part": f"series, {way}, {name}", **_series_row(told, way, chosen)}
    for name in ("all", "each"):
        yield {"part": f"series, random squares, promise for {name}", **_random_row(told, name)}


def demo_goals(maps: dict[str, Drawn]) -> Iterator[Goal]:
    """Goals of the demo's maps, of means over draws."""
    for model, found in maps.items():
        rows = found.rows
        coverage = rows.all_coverage_polygon
        spread = [float(v) for v in coverage.quantile((0.025, 0.975))]
        least, most = f">= {TARGET - MARGIN:.2f}", f"<= {TARGET + MARGIN:.2f}"
        name = f"M6.demo.{model}"
        yield Goal(f"{name}.coverage", coverage.mean(), least, len(rows), spread)
        yield Goal(f"{name}.coverage_not_above", coverage.mean(), most, len(rows), spread)
        limit = f"<= {rows.ece_before_pixel.mean() + HARMLESS:.4f}"
        yield Goal(f"{name}.ece_after", rows.ece_after_pixel.mean(), limit, len(rows))
        area = found.own["applicability"]
        inside, outside = (area[k]["accuracy"]["per_pixel"] for k in ("inside", "outside"))
        gain = inside["value"] - outside["value"] if outside else None
        yield Goal(f"{name}.inside_better_by", gain, "> 0", area["outside"]["pixels"])


def series_goals(told: Told) -> Iterator[Goal]:
    """Goals of the fields in regions that a forest saw nothing of."""
    inside, every = _series_row(told, "regions", told.inside), np.ones(len(told.truth), bool)
    whole, n = _series_row(told, "regions", every), int(told.inside.sum())
    yield Goal("M6.series.coverage", inside["coverage"], f">= {TARGET - MARGIN:.2f}", n)
    yield Goal("M6.series.coverage_not_above", inside["coverage"], f"<= {TARGET + MARGIN:.2f}", n)
    yield Goal(
        "M6.series.ece_after", whole["ece_after"], f"<= {whole['ece_before']:.4f}", len(every)
    )
    outside = _series_row(told, "regions", ~told.inside)
    gain = inside["accuracy"] - outside["accuracy"]
    yield Goal("M6.series.inside_better_by", gain, "> 0", int((~told.inside).sum()))
    found = _random_row(told, "all")
    yield Goal(
        "M6.series.random.coverage", found["coverage"], f">= {TARGET - MARGIN:.2f}", len(told.draws)
    )


def _series_row(told: Told, way: str, chosen: np.ndarray) -> dict:
    truth, held = told.truth[chosen], told.held[way][:, chosen]
    ones = np.ones(len(truth))
    hit = held[truth, np.arange(len(truth))]
    return {
        "fields": len(truth),
        "coverage": hit.mean(),
        "set_size": held.sum(axis=0).mean(),
        "least_class": min(hit[truth == k].mean() for k in np.unique(truth)),
        "ece_before": calibration_error(told.shares[:, chosen], truth, ones),
        "ece_after": calibration_error(told.rescaled[way][:, chosen], truth, ones),
        "accuracy": (told.shares[:, chosen].argmax(axis=0) == truth).mean(),
    }


def _random_row(told: Told, name: str) -> dict:
    """Means over draws of squares, in which a row counts the same."""
    rows = []
    for draw in told.draws:
        each = np.arange(len(draw["truth"]))
        hit = draw[name][draw["truth"], each]
        rows.append(
            {
                "coverage": hit.mean(),
                "set_size": draw[name].sum(axis=0).mean(),
                "least_class": min(hit[draw["truth"] == k].mean() for k in set(draw["truth"])),
                "ece_before": calibration_error(draw["before"], draw["truth"], each * 0 + 1.0),
                "ece_after": calibration_error(draw["after"], draw["truth"], each * 0 + 1.0),
                "accuracy": (draw["before"].argmax(axis=0) == draw["truth"]).mean(),
            }
        )
    return {"fields": len(rows)} | {k: np.mean([row[k] for row in rows]) for k in rows[0]}


if __name__ == "__main__":
    tyro.cli(main)

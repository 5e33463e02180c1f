"""Worked examples of two papers, and whether the intervals of accuracy and area hold the truth.

`python -m tests.benchmarks.accuracy`. First every number of the examples of Olofsson et al. 2014
(doi:10.1016/j.rse.2014.02.015) and Stehman 2014 (doi:10.1080/01431161.2014.930207). Then 2,000
surveys of 1,000 units for each of seven designs: three allocations with strata that are the map's
classes and with strata of an older map, and simple random sampling. The rows tell how often the
truth lies in our intervals and in normal ones, for classes of 30, 5 and 1 % of the map, some of
whose ground is hidden in the biggest stratum; a goal is how far that is from 95 %.
"""

import sys
from collections.abc import Iterable
from itertools import chain

import numpy as np
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.scores.accuracy import Sample, change_of, design_based, estimates, estimates_of_part
from landscribe.scores.allocation import allocated
from landscribe.scores.estimators import Z_95
from tests.benchmarks.report import Goal, report, table
from tests.examples_of_papers import (
    AREAS_HA,
    CLASSES,
    COUNTS,
    MAPPED_PX,
    OVERALL,
    PIXEL_HA,
    PRODUCERS,
    STEHMAN,
    USERS,
    stehman,
)
from tests.surveys import USERS as EXPECTED
from tests.surveys import Population, by_map, by_older_map

SURVEYS, UNITS, LEAST, SEED = 2000, 1000, 50, 0
RULES = ("proportional", "equal", "neyman")
SHOWN = {"30": 1, "5": 3, "1": 4}  # class share [%] -> its place
KINDS = ("area", "users", "producers")


def main() -> None:
    """Print the examples and the coverage, and report."""
    rows = coverage_rows(SURVEYS)
    print(f"Share of {SURVEYS} surveys\n" + table(rows) + "\n", file=sys.stderr)
    goals = [*olofsson_goals(), *stehman_goals(), *coverage_goals(rows), refusal_goal()]
    report("accuracy", goals, rows)


def olofsson_goals() -> list[Goal]:
    """Goals: each number of the example of Olofsson et al., to the digits stated."""
    found, units = design_based(COUNTS, MAPPED_PX * PIXEL_HA, CLASSES, True), int(COUNTS.sum())
    stated = [("overall", found.overall, OVERALL)]
    for kind, estimated, wanted in (
        ("users", found.users, USERS),
        ("producers", found.producers, PRODUCERS),
        ("area_ha", found.areas, AREAS_HA),
    ):
        names = [f"{kind}.{land.replace(' ', '_')}" for land in CLASSES]
        stated += zip(names, estimated, wanted, strict=True)
    pairs = (
        (
            Goal(f"M5.golden.olofsson.{name}", one.value, f"== {value}", units, one.interval),
            Goal(
                f"M5.golden.olofsson.{name}.to_each_side",
                Z_95 * one.standard_error,
                f"== {half}",
                units,
            ),
        )
        for name, one, (value, half) in stated
    )
    return list(chain(*pairs))


def stehman_goals() -> list[Goal]:
    """Goals: the numbers that Stehman states, and their standard errors."""
    found = estimates(stehman())
    ours = {
        "overall": found.overall,
        "users.B": found.users[1],
        "producers.B": found.producers[1],
        "area.A": found.areas[0],
        "area.C": found.areas[2],
    }
    goals = []
    for name, (value, error) in STEHMAN.items():
        one = ours[name]
        goals.append(Goal(f"M5.golden.stehman.{name}", one.value, f"== {value}", 40, one.interval))
        at = f"M5.golden.stehman.{name}.standard_error"
        goals.append(Goal(at, one.standard_error, f"== {error}", 40))
    return goals


def coverage_rows(surveys: int, units: int = UNITS) -> list[dict]:
    """How often the truth is in the intervals, by design, class and kind of estimate."""
    rows = []
    for strata, population in {"map": by_map(), "older_map": by_older_map()}.items():
        for rule in RULES:
            drawn = allocated(population.weights, units, rule, EXPECTED, LEAST)
            made = population.surveys(drawn, surveys, SEED)
            rows += _rows(f"{rule}.{strata}", population, made, surveys)
    population = by_map()
    made = population.simple_surveys(units, surveys, SEED)
    return rows + _rows("simple.poststratified", population, made, surveys)


def coverage_goals(rows: list[dict]) -> list[Goal]:
    """Goals: every coverage lies between 93 and 97 %."""
    return [
        Goal(
            f"M5.coverage.{row['design']}.{row['class']}.{row['interval of']}",
            abs(row["covered"] - 0.95),
            "<= 0.02",
            row["surveys"],
            _binomial(row["covered"], row["surveys"]),
        )
        for row in rows
    ]


def refusal_goal() -> Goal:
    """Goal: samples that allow no interval are refused."""
    whole = stehman()
    one_unit = np.zeros_like(whole.counts)
    one_unit[:, 0, 0] = 1
    cases = [
        Sample(whole.counts, whole.areas, whole.strata, whole.classes, probability=False),
        Sample(one_unit, whole.areas, whole.strata, whole.classes),
        Sample(whole.counts, whole.areas * [1, 1, 1, 0], whole.strata, whole.classes),
        Sample(-whole.counts, whole.areas, whole.strata, whole.classes),
        Sample(whole.counts, whole.areas * 0, whole.strata, whole.classes),
    ]
    asked = (
        estimates,
        lambda sample: estimates_of_part(sample, sample.counts, np.diag(sample.areas)),
        lambda sample: change_of(sample, sample.counts[:, 0, 1], sample.counts[:, 1, 0]),
    )
    refused = sum(_refuses(ask, case) for ask in asked for case in cases)
    return Goal("M5.refusals", refused, f"== {len(cases) * len(asked)}", len(cases) * len(asked))


def _rows(design: str, population: Population, made: Iterable[Sample], surveys: int) -> list[dict]:
    """Coverage of one design."""
    truth, names = population.truth(), [(k, c) for c in SHOWN for k in KINDS]
    hits, wald, spread = (dict.fromkeys(names, 0) for _ in range(3))
    values: dict[tuple, list] = {name: [] for name in names}
    done = 0
    for sample in tqdm(made, f"surveys, {design}", surveys, unit="survey", mininterval=1):
        found, done = estimates(sample), done + 1
        lists = {"area": found.areas, "users": found.users, "producers": found.producers}
        for kind, share in names:
            one, true = lists[kind][SHOWN[share]], truth[kind][SHOWN[share]]
            hits[kind, share] += _holds(one.interval, true)
            wald[kind, share] += _holds(one.wald, true)
            spread[kind, share] += one.standard_error or 0
            values[kind, share].append(np.nan if one.value is None else one.value)
    return [
        {
            "design": design,
            "class": share,
            "interval of": kind,
            "covered": hits[kind, share] / done,
            "by normal intervals": wald[kind, share] / done,
            "truth": float(truth[kind][SHOWN[share]]),
            "mean estimate": float(np.nanmean(values[kind, share])),
            "spread of estimates": float(np.nanstd(values[kind, share], ddof=1)),
            "mean standard error": spread[kind, share] / done,
            "surveys": done,
        }
        for kind, share in names
    ]


def _holds(interval: tuple[float, float] | None, true: float) -> bool:
    return interval is not None and interval[0] <= true <= interval[1]


def _refuses(ask: object, sample: Sample) -> bool:
    try:
        ask(sample)
    except InputError:
        return True
    return False


def _binomial(share: float, n: int) -> list[float]:
    half = Z_95 * np.sqrt(share * (1 - share) / n)
    return [float(share - half), float(share + half)]


if __name__ == "__main__":
    main()

"""The end of every benchmark: goals with what was measured, as one line of JSON and as a file."""

import json
import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from importlib import metadata
from pathlib import Path

from landscribe.formats.json_file import write_json
from landscribe.provenance import PACKAGES, git_commit, project_version

RESULTS = Path("results/benchmarks")
_GOAL = re.compile(r"(<=|>=|==|<|>)\s*(-?(?:\d+\.?\d*|\.\d+))")


@dataclass(frozen=True)
class Goal:
    """One number that a benchmark has to reach."""

    id: str  # begins with the line of the "Must show" list, such as M8.overall
    value: float | int | None  # None: could not be measured
    goal: str  # such as "<= 0.95", ">= .56", "== 0.947"
    n: int | None = None  # what the value was measured on
    interval: Sequence[float] | None = None
    met: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "met", is_met(self.value, self.goal))


def is_met(value: float | int | None, goal: str) -> bool:
    """Whether a value reaches a goal; one that was not measured does not.

    `==` compares to the last digit that the goal states: 0.9466 is == 0.947, and not == 0.9470.
    """
    parsed = _GOAL.fullmatch(goal.strip())
    if parsed is None:
        raise ValueError(f"goal {goal!r}: wanted <=, >=, ==, < or > and a number, as in '>= 0.56'")
    if value is None or value != value:
        return False
    sign, stated = parsed.groups()
    wanted = Decimal(stated)
    if sign == "==":
        half = Decimal(5).scaleb(wanted.as_tuple().exponent - 1)
        return abs(Decimal(repr(float(value))) - wanted) <= half
    found, limit = float(value), float(wanted)
    return {
        "<=": found <= limit,
        ">=": found >= limit,
        "<": found < limit,
        ">": found > limit,
    }[sign]


def report(name: str, goals: Sequence[Goal], rows: Sequence[dict]) -> Path:
    """Write `results/benchmarks/<name>/<name>.json` and print it as one line on stdout.

    Before that, a table of the goals goes to stderr.

    Args:
        rows: the benchmark's table, one dict per row; numbers, text or null.
    """
    result = {
        "benchmark": name,
        "goals": [_plain(asdict(goal)) for goal in goals],
        "rows": [_plain(row) for row in rows],
        "environment": environment(),
    }
    path = RESULTS / name / f"{name}.json"
    line = json.dumps(result, allow_nan=False)
    write_json(path, result)
    print(table([_told(goal) for goal in goals]), file=sys.stderr)
    print(line)
    return path


def environment() -> dict:
    """What the numbers were measured with."""
    return {
        "commit": git_commit(),
        "cpus": os.cpu_count(),
        "machine": platform.machine(),
        "packages": {package: metadata.version(package) for package in PACKAGES},
        "python": platform.python_version(),
        "system": platform.system(),
        "version": project_version(),
    }


def table(rows: Sequence[dict]) -> str:
    """Rows as text in columns, numbers to the right; the first row's keys are the head."""
    if not rows:
        return ""
    lines = [list(rows[0]), *([_cell(row.get(key)) for key in rows[0]] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    right = [not isinstance(value, str) for value in rows[0].values()]
    shown = [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([shown[0], "-" * (sum(widths) + 2 * len(widths) - 2), *shown[1:]])


def _told(goal: Goal) -> dict:
    return {
        "goal": goal.id,
        "wanted": goal.goal,
        "found": goal.value,
        "": "met" if goal.met else "MISSED",
    }


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 1000 else _long(value)


def _long(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, float | int) else str(value)


def _plain(values: dict) -> dict:
    """Numbers of numpy as those of Python."""
    return {key: _number(value) for key, value in values.items()}


def _number(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_number(one) for one in value]
    return value.item() if hasattr(value, "item") else value

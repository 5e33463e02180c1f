"""Foundation: whether encoders are the published ones, and what their features are worth.

`python -m tests.benchmarks.foundation`, some minutes; wants LANDSCRIBE_DATA. See `founding.parity`
(E1, E2) and `founding.fuel_moisture` (E2) for what is measured on what.
"""

import os
import sys
from pathlib import Path

import torch

from landscribe.command import command
from tests.benchmarks.founding import fuel_moisture
from tests.benchmarks.founding.parity import parity_goals, parity_rows
from tests.benchmarks.report import report, table


def main(draws: int = 20) -> None:
    """Measure and report.

    Args:
        draws: times that few labels are drawn.
    """
    data = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data"))
    with torch.no_grad():
        parity = list(parity_rows(data))
    print(table(parity), file=sys.stderr)
    errors = fuel_moisture.measure(data, draws)
    fuel = list(fuel_moisture.rows(errors))
    print(table(fuel), file=sys.stderr)
    goals = [*parity_goals(parity, data), *fuel_moisture.goals(errors)]
    report("foundation", goals, [*parity, *fuel])


if __name__ == "__main__":
    command(main)

"""JSON of what a step tells."""

import json
from pathlib import Path

from landscribe.command import written


def write_json(path: Path, values: dict) -> None:
    """JSON with sorted keys, so that equal values give equal bytes; NaN is refused."""
    with written(path) as part:
        part.write_text(json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: Path) -> dict:
    """What `write_json` wrote."""
    return json.loads(path.read_text())

"""Countries by their English names."""

import csv
from functools import cache
from pathlib import Path

from landscribe.places.names import normal

ENGLISH_NAMES = Path(__file__).with_name("english_names.csv")  # place, name, kind
_CODE = "code:"


def country_code(name: str) -> str:
    """ISO 3166-1 alpha-2 of an English name, or empty if it is none of a country."""
    return _codes().get(normal(name), "")


@cache
def _codes() -> dict[str, str]:
    with ENGLISH_NAMES.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] in ("main", "alternate")]
    codes = [(row["name"], row["place"].removeprefix(_CODE)) for row in rows]
    return {normal(name): code for name, code in codes if len(code) == 2}

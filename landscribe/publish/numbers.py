"""Numbers on the page: each is read from a file of the results and says from where.

`<span class="n" data-source="../scores.json#/overall_accuracy" data-value="0.61"
data-form="percent">61.0 %</span>`: the source is relative to the page, so that whoever has the
results can check each number. After `#` stands, in a JSON file, a JSON pointer (RFC 6901) or
`count:` and the pointer of a list; in a CSV file, `row/column` with rows counted from 0, or
`sum:` and all rows of a column from a first to a last one, such as `sum:0-7/area_ha`.
"""

import csv
import json
import math
from dataclasses import dataclass, field
from os.path import relpath
from pathlib import Path

from markupsafe import Markup

from landscribe.command import InputError

MINUS, THIN_SPACE, DASH = "\N{MINUS SIGN}", "\N{NARROW NO-BREAK SPACE}", "\N{EN DASH}"

_DIGITS = {"percent": 1, "bare_percent": 1, "tenth": 1, "decimal": 3}  # after the point
_UNITS = {"percent": "%", "whole_percent": "%", "area_ha": "ha"}


@dataclass
class Numbers:
    """Reads numbers for a page and writes them with their source."""

    folder: Path  # of the page
    _files: dict[Path, object] = field(default_factory=dict)

    def cite(self, path: Path, place: str, form: str) -> Markup:
        """The number at `place` of a file, as text that names it; `-` where it is undefined."""
        value = self.value(path, place)
        source = f"{relpath(path, self.folder)}#{place}"
        return Markup(
            '<span class="n" data-source="{}" data-value="{}" data-form="{}">{}</span>'
        ).format(source, json.dumps(value), form, text(value, form))

    def value(self, path: Path, place: str) -> float | int | None:
        """The number at `place` of a file; None where the file says null or nothing."""
        if path not in self._files:
            self._files[path] = _read(path)
        try:
            return _at(self._files[path], place)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise InputError(
                f"{path}: no number at {place} ({type(error).__name__}: {error}); the page needs"
                " it: make that file again"
            ) from None


def text(value: float | int | None, form: str) -> str:
    """A number for people.

    Args:
        form: percent (of a fraction), bare_percent (without its sign), whole_percent (with no more
            digits than it needs), count, area_ha, bare_ha (without its unit), tenth (1 digit),
            decimal (3 digits) or plain.
    """
    if value is None:
        return DASH
    scaled = value * 100 if "percent" in form else value
    if form.endswith("_ha"):
        shown = f"{scaled:,.1f}" if abs(scaled) < 1000 else f"{scaled:,.0f}"
    elif form == "count":
        shown = f"{scaled:,d}"
    elif form in _DIGITS:
        shown = f"{scaled:.{_DIGITS[form]}f}"
    else:
        shown = f"{scaled:g}"
    unit = f"{THIN_SPACE}{_UNITS[form]}" if form in _UNITS else ""
    return shown.replace("-", MINUS) + unit


def _read(path: Path) -> object:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return list(csv.DictReader(file))
    return json.loads(path.read_text())


def _at(values: object, place: str) -> float | int | None:
    kind, _, rest = place.partition(":")
    if kind == "count":
        return len(_pointed(values, rest))
    if kind == "sum":
        rows, column = rest.split("/")
        first, last = map(int, rows.split("-"))
        return _total([_number(row[column]) or 0 for row in values[first : last + 1]])
    found = _pointed(values, place if place.startswith("/") else f"/{place}")
    if isinstance(found, str):
        return _number(found)
    if found is not None and not isinstance(found, int | float):
        raise TypeError(f"{type(found).__name__} instead of a number")
    return found


def _pointed(values: object, pointer: str) -> object:
    for key in pointer.split("/")[1:]:
        key = key.replace("~1", "/").replace("~0", "~")
        values = values[int(key)] if isinstance(values, list) else values[key]
    return values


def _total(parts: list[float | int]) -> float | int:
    return sum(parts) if all(isinstance(n, int) for n in parts) else math.fsum(parts)


def _number(cell: str) -> float | int | None:
    if not cell:
        return None
    return int(cell) if cell.lstrip("-").isdigit() else float(cell)

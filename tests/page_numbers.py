"""Checks a page against the files that it was made from, apart from the code that wrote it.

`check_numbers(page)` looks up every `data-source` anew and compares it with what the page says;
`loose_digits(page)` lists digits that stand on the page without a source.
"""

import csv
import json
import math
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

NAMES = re.compile(  # that have a digit in them and are no numbers
    r"Sentinel-\d\w?|Level-\d\w|F1|EPSG:\d+|\d{1,2}[C-X][A-Z]{2}|s2cloudless|SHA-256|Apache-2\.0"
    r"|ODbL-1\.0|sentinel data \d{4}|shows all of it|, 0 shows",
    re.IGNORECASE,
)
_FREE = {"code", "pre", "time", "script", "style", "title", "summary"}  # names, dates, records
_VOID = {"img", "meta", "input", "link", "br", "hr", "path", "circle", "rect"}


class PageText(HTMLParser):
    """Numbers with a source, and the text that has none."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[dict] = []  # source, value, form, text
        self.text: list[str] = []
        self._open: list[tuple[str, bool, dict | None]] = []  # tag, may hold digits, its number

    def handle_starttag(self, tag: str, attrs: list) -> None:
        told, number = dict(attrs), None
        if "data-source" in told:
            kinds = ("source", "value", "form")
            number = {k: told[f"data-{k}"] for k in kinds} | {"text": ""}
            self.numbers.append(number)
        if tag not in _VOID:
            free = tag in _FREE or "data-source" in told or "data-quote" in told
            free = free or "key" in (told.get("class") or "") or told.get("id") == "citation"
            self._open.append((tag, free, number))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            while self._open and self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][2] is not None:
            self._open[-1][2]["text"] += data
        if not any(free for _, free, _ in self._open):
            self.text.append(data)


def read_page(page: Path) -> PageText:
    """Numbers and text of a page."""
    text = PageText()
    text.feed(page.read_text())
    return text


def check_numbers(page: Path) -> int:
    """Look up every number of a page in its file; how many there were."""
    numbers = read_page(page).numbers
    for number in numbers:
        path, _, place = number["source"].partition("#")
        value = looked_up((page.parent / path).resolve(), place)
        told = json.loads(number["value"])
        same = told == value or (place.startswith("sum:") and math.isclose(told, value))
        assert same, f"{number['source']}: page says {told}, file says {value}"
        assert shown_as(number["text"], number["form"], value), f"{number} shows not {value}"
    return len(numbers)


def loose_digits(page: Path) -> list[str]:
    """Pieces of text with digits that name no source."""
    pieces = (NAMES.sub("", piece) for piece in read_page(page).text)
    return [piece.strip() for piece in pieces if re.search(r"\d", piece)]


def looked_up(path: Path, place: str) -> float | int | None:
    """Number at a place of a JSON or CSV file."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        first, last, column = re.fullmatch(r"(?:sum:)?(\d+)(?:-(\d+))?/(.+)", place).groups()
        cells = [row[column] for row in rows[int(first) : int(last or first) + 1]]
        if not last:
            return json.loads(cells[0]) if cells[0] else None
        total = sum(map(Decimal, cells))
        return int(total) if all(c.isdigit() for c in cells) else float(total)
    value = json.loads(path.read_text())
    for key in place.removeprefix("count:").split("/")[1:]:
        value = value[int(key)] if isinstance(value, list) else value[key]
    return len(value) if place.startswith("count:") else value


def shown_as(text: str, form: str, value: float | int | None) -> bool:
    """Whether a text shows a value, to half of its last digit."""
    if value is None:
        return text == "–"
    plain = text.replace("\N{MINUS SIGN}", "-").replace(",", "")
    digits = re.match(r"-?[\d.]+(e[+-]?\d+)?", plain)[0]
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2]) if "e" not in digits else abs(value) * 1e-5
    want = value * 100 if "percent" in form else value
    units = {"percent": "%", "whole_percent": "%", "area_ha": "ha"}
    return abs(float(digits) - want) <= half * (1 + 1e-9) and plain.endswith(units.get(form, ""))

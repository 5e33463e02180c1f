"""Rows of a table in an SQL dump of MySQL or MariaDB, such as Wikimedia's, without a database."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from landscribe.command import InputError
from landscribe.places.dumps import Faults, lines

_COLUMN = re.compile(r"\s+`(\w+)` ")
_VALUE = r"(?:'(?:[^'\\]++|\\.)*+'|[^,'()]++)"  # possessive: long lines are read once
_ESCAPE = re.compile(r"\\(.)", re.S)
_ESCAPED = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "b": "\b", "Z": "\x1a"}
_LAST = "-- Dump completed"


def sql_rows(path: Path, columns: Sequence[str]) -> Iterator[tuple[str | None, ...]]:
    """Values of some columns of each row, as text; None for NULL.

    Bytes that are not UTF-8 become U+FFFD: some columns are cut in the middle of a character.
    """
    faults, listed, pattern, last = Faults(path), [], None, ""
    for number, line in lines(path, errors="replace"):
        last = line or last
        if line.startswith("INSERT INTO ") or (pattern and line.startswith("(")):
            pattern = pattern or _pattern(path, columns, listed)
            start = line.find("(", 0 if line.startswith("(") else line.find(" VALUES"))
            for match in _matches(pattern, line, start, number, faults):
                yield tuple(_value(match[column]) for column in columns)
        elif pattern is None and (match := _COLUMN.match(line)):
            listed.append(match[1])
    if not last.startswith(_LAST):
        raise InputError(
            f"{path}: ends early, without the line `{_LAST}`; download it again, whole"
        )
    faults.tell()


def _pattern(path: Path, columns: Sequence[str], listed: list[str]) -> re.Pattern:
    if missing := [name for name in columns if name not in listed]:
        raise InputError(
            f"{path}: no column {', '.join(missing)}, but {', '.join(listed) or 'none'}; another"
            " table's dump is wanted"
        )
    values = [f"(?P<{name}>{_VALUE})" if name in columns else _VALUE for name in listed]
    return re.compile(rf"\({','.join(values)}\)")


def _matches(
    pattern: re.Pattern, line: str, start: int, number: int, faults: Faults
) -> Iterator[re.Match]:
    """Each row of a line; what is neither a row nor a comma between two is a broken one."""
    while 0 <= start < len(line):
        faults.read += 1
        match = pattern.match(line, start)
        if match is None:
            faults.add(f"line {number}, character {start}", line[start : start + 60])
            faults.read += 1
            match = pattern.search(line, start + 1)
        if match is None:
            return
        yield match
        start = match.end() + line.startswith(",(", match.end())
        if len(line) - start < 2:  # ; at the end, or a comma where each row has a line
            return


def _value(text: str) -> str | None:
    if not text.startswith("'"):
        return None if text == "NULL" else text
    text = text[1:-1]
    return _ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), text) if "\\" in text else text

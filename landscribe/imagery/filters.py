"""Filters: CQL2-JSON conditions on the properties of a STAC item, tested on this machine.

APIs that know CQL2 are asked with the condition, but what they answer is tested here again, and
static catalogues and poor APIs know none. Follows OGC 21-065r2: a comparison with a property that
an item lacks is neither true nor false, and an item is found only where the whole is true.
"""

import operator
import re
from collections.abc import Callable
from datetime import datetime

from landscribe.imagery.times import parsed_time

_TOP = ("id", "collection", "geometry")  # not below `properties` in an item
_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "a_contains": lambda have, wanted: set(wanted) <= set(have),
    "a_overlaps": lambda have, wanted: bool(set(wanted) & set(have)),
}
_COUNTS = {"not": 1, "isNull": 1, "in": 2, "like": 2, "between": 3} | dict.fromkeys(_COMPARE, 2)


def fault_of(condition: object) -> str | None:
    """What is wrong with a condition, for people; None if it can be tested here."""
    if not isinstance(condition, dict) or not isinstance(condition.get("args"), list):
        return f"{condition!r} is no {{op: ..., args: [...]}}; write CQL2-JSON"
    op, args = condition.get("op"), condition["args"]
    if op in ("and", "or"):
        return next(filter(None, map(fault_of, args)), None) if args else f"{op} has no args"
    if op not in _COUNTS:
        return f"op {op!r} is not known here; there is and, or, {', '.join(_COUNTS)}"
    if len(args) != _COUNTS[op]:
        return f"{op} has {len(args)} args, but {_COUNTS[op]} were wanted"
    if op == "not":
        return fault_of(args[0])
    if not (isinstance(args[0], dict) and isinstance(args[0].get("property"), str)):
        return f"the first of the args of {op} is {args[0]!r}, but {{property: name}} was wanted"
    if op in ("in", "a_contains", "a_overlaps") and not isinstance(args[1], list):
        return f"the second of the args of {op} is {args[1]!r}, but a list was wanted"
    return None


def finds(condition: dict, item: dict) -> bool:
    """Whether a STAC item fulfils a condition without faults."""
    return _truth(condition, item) is True


def both(*conditions: dict | None) -> dict | None:
    """Condition that asks for all of those given; None where none is."""
    given = [condition for condition in conditions if condition]
    return {"op": "and", "args": given} if len(given) > 1 else (given or [None])[0]


def _truth(condition: dict, item: dict) -> bool | None:
    """True, False, or None: not known."""
    op, args = condition["op"], condition["args"]
    if op in ("and", "or"):
        found = [_truth(part, item) for part in args]
        decides = op == "or"
        return decides if decides in found else (None if None in found else not decides)
    if op == "not":
        found = _truth(args[0], item)
        return None if found is None else not found
    value, *others = (_value(arg, item) for arg in args)
    if op == "isNull":
        return value is None
    if value is None or None in others:
        return None
    try:
        return _tested(op, value, others)
    except (TypeError, ValueError):
        return False  # a number is not less than a text, and `soon` is no moment


def _tested(op: str, value: object, others: list) -> bool:
    if any(isinstance(other, datetime) for other in others):
        value = parsed_time(str(value))
    if op == "in":
        return value in others[0]
    if op == "like":
        parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in others[0])
        return re.fullmatch("".join(parts), str(value), re.DOTALL) is not None
    if op == "between":
        return others[0] <= value <= others[1]
    return _COMPARE[op](value, others[0])


def _value(arg: object, item: dict) -> object:
    """Value of a property, a moment or a literal."""
    if not isinstance(arg, dict):
        return arg
    if "timestamp" in arg or "date" in arg:
        return parsed_time(str(arg.get("timestamp", arg.get("date"))))
    name = str(arg.get("property")).removeprefix("properties.")
    return item.get(name) if name in _TOP else item["properties"].get(name)

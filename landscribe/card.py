"""What all cards share: a YAML file, checked as a whole, its faults told one per line."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from landscribe.command import InputError

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
SafePath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_./][A-Za-z0-9_./:+=@,%-]*$", max_length=400)
]
# A collection's id comes from whoever made the catalogue.
CollectionId = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)
]
Fraction = Annotated[float, Field(ge=0, le=1)]
C = TypeVar("C", bound="Card")


class Card(BaseModel):
    """A checked, read-only settings file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Card in a YAML file; `InputError` names every fault, one line each."""
        return check(cls, _yaml(path), str(path))


def check(kind: type[C], values: object, source: str) -> C:
    """Card from `values`; `InputError` lists everything wrong with them, one fault per line."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = [_fault(fault) for fault in error.errors()]
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    raise InputError(f"{source} is not valid ({count}):\n" + "\n".join(faults))


def twice(values: Iterable[object]) -> list[str]:
    """What stands more than once among some values, sorted."""
    return sorted({str(value) for value, count in Counter(values).items() if count > 1})


def _yaml(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text())
    except FileNotFoundError:
        have = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
        raise InputError(f"{path}: no such card; there is {have}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from None


def _fault(fault: dict) -> str:
    where = ".".join(map(str, fault["loc"])) or "card"
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = "unknown key; remove it or check its spelling"
    if fault["type"] == "missing":
        return f"  {where}: is missing; add it"
    got = (
        "" if isinstance(fault["input"], dict | list | BaseModel) else f" (got {fault['input']!r})"
    )
    return f"  {where}: {message}{got}"

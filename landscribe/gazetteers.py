"""Card of a gazetteer: which sources say where places are."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, field_validator

from landscribe.card import Card, Id, SafePath, twice
from landscribe.places.classes import CLASSES, NAME_KINDS

READERS = Path(__file__).parent / "places" / "readers"
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
_COLUMNS = ("id", "name", "class", "country", "population", "same", "code")
_NAMES = re.compile(rf"name:([a-z]{{2}}|{'|'.join(NAME_KINDS)})")


class PlaceSource(Card):
    """One file, or folder, of places, and the reader that knows its form."""

    model_config = ConfigDict(populate_by_name=True)

    name: Id = Field(description="short name, unique in the gazetteer")
    reader: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/places/readers"
    )
    path: SafePath = Field(description="file or folder, or pip:<distribution>/<file inside it>")
    version: str = Field(description="of the data: a date or a package version")
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named")
    countries: list[Country] = Field(
        default_factory=list, description="ISO 3166-1 alpha-2 of those to keep; none: all"
    )
    country: Country | None = Field(
        None, description="ISO 3166-1 alpha-2 of places that do not say theirs"
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="of a vector file: id, name, class, country, population, same, code,"
        " name:<language> or name:<kind> -> column",
    )
    class_: str | None = Field(
        None,
        alias="class",
        description="of a vector file: class of features that do not say theirs",
    )
    classes: dict[str, str] = Field(
        default_factory=dict,
        description="of a vector file: value of the class column -> class, where they differ",
    )
    prefix: Id | None = Field(
        None, description="of a vector file: what stands before an id; else the source's name"
    )
    layer: str | None = Field(None, description="of a vector file: layer, if it has several")
    encoding: str | None = Field(
        None, description="of a vector file: character set, if it does not say the right one"
    )

    @field_validator("reader")
    @classmethod
    def _is_there(cls, reader: str) -> str:
        have = sorted(p.stem for p in READERS.glob("*.py") if p.stem != "__init__")
        if reader not in have:
            raise ValueError(f"is not there; there is {', '.join(have)}")
        return reader

    @field_validator("columns")
    @classmethod
    def _are_known(cls, columns: dict[str, str]) -> dict[str, str]:
        if others := [c for c in columns if c not in _COLUMNS and not _NAMES.fullmatch(c)]:
            raise ValueError(
                f"{', '.join(others)} is none of {', '.join(_COLUMNS)}, name:<language> of two"
                f" letters, or name:<kind> with {', '.join(NAME_KINDS)}"
            )
        return columns

    @field_validator("class_", "classes")
    @classmethod
    def _are_classes(cls, named: str | dict[str, str] | None) -> str | dict[str, str] | None:
        values = named.values() if isinstance(named, dict) else [named or "site"]
        if others := sorted({value for value in values if value not in CLASSES}):
            raise ValueError(f"{', '.join(others)} is no class; there is {', '.join(CLASSES)}")
        return named


class Gazetteer(Card):
    """A table of places, merged from sources; where two differ, the one that stands first wins."""

    title: str = Field(description="name for people")
    sources: list[PlaceSource] = Field(min_length=1, description="in the order of trust")

    @field_validator("sources")
    @classmethod
    def _each_once(cls, sources: list[PlaceSource]) -> list[PlaceSource]:
        if again := twice(source.name for source in sources):
            raise ValueError(f"{', '.join(again)} stands twice; give each source its own name")
        return sources

    def source(self, name: str) -> PlaceSource:
        """Source of a name."""
        return next(source for source in self.sources if source.name == name)

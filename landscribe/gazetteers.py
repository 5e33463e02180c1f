"""Card of a gazetteer: which sources say where places are."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from landscribe.card import Card, Id, SafePath, twice

READERS = Path(__file__).parent / "places" / "readers"


class PlaceSource(Card):
    """One file, or folder, of places, and the reader that knows its form."""

    name: Id = Field(description="short name, unique in the gazetteer")
    reader: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/places/readers"
    )
    path: SafePath = Field(description="file or folder, or pip:<distribution>/<file inside it>")
    version: str = Field(description="of the data: a date or a package version")
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named")
    countries: list[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]] = Field(
        default_factory=list, description="ISO 3166-1 alpha-2 of those to keep; none: all"
    )

    @field_validator("reader")
    @classmethod
    def _is_there(cls, reader: str) -> str:
        have = sorted(p.stem for p in READERS.glob("*.py") if p.stem != "__init__")
        if reader not in have:
            raise ValueError(f"is not there; there is {', '.join(have)}")
        return reader


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

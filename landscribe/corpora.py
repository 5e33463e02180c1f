"""Card of a corpus: where texts come from, and under which licence."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from landscribe.card import Card, SafePath

READERS = Path(__file__).parent / "text" / "readers"


class Corpus(Card):
    """Texts of one kind."""

    title: str = Field(description="name for people")
    reader: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/text/readers"
    )
    paths: list[SafePath] = Field(
        min_length=1,
        description="files, folders or globs, pip:<distribution>/<file inside it>, or addresses",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        description="column of the documents table -> field of the file, where names differ",
    )
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] | None = Field(
        None, description="ISO 639-1 of all texts; none: found out from each text"
    )
    languages: list[Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]] = Field(
        default_factory=list, description="ISO 639-1 of those to keep; none: all"
    )
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named")
    most_characters: int = Field(
        1_000_000, gt=0, description="longer texts are rejected, with the reason"
    )
    shard_documents: int = Field(
        2_000, ge=1, description="documents of a shard, the unit of a job and of resuming"
    )

    @field_validator("reader")
    @classmethod
    def _is_there(cls, reader: str) -> str:
        have = sorted(p.stem for p in READERS.glob("*.py") if p.stem != "__init__")
        if reader not in have:
            raise ValueError(f"is not there; there is {', '.join(have)}")
        return reader

"""Card of a corpus: where texts come from, and under which licence."""

import codecs
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from landscribe.card import Card

READERS = Path(__file__).parent / "text" / "readers"
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Column = Literal["document", "title", "text", "language", "source", "outlet", "time"]
# It never stands in a command line, so that it may hold what a shell would take for more.
InputPath = Annotated[
    str,
    StringConstraints(
        pattern=r"^(https?://[A-Za-z0-9_./:+=@,%?&~;-]+|[\w./*?\[][\w./:+=@,%*?\[\]-]*)$",
        max_length=400,
    ),
]


class Corpus(Card):
    """Texts of one kind."""

    title: str = Field(description="name for people")
    reader: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] = Field(
        description="name of a file in landscribe/text/readers"
    )
    paths: list[InputPath] = Field(
        min_length=1,
        description="files, folders or globs, pip:<distribution>/<file inside it>, or addresses",
    )
    columns: dict[Column, str] = Field(
        default_factory=dict,
        description="column of the documents table -> field of the file, where names differ"
        " (document: the text's own id, else taken from the field id)",
    )
    encoding: str | None = Field(
        None, description="of all plain files, as Python names it; none: found out from each file"
    )
    language: Language | None = Field(
        None, description="ISO 639-1 of all texts; none: found out from each text"
    )
    languages: list[Language] = Field(
        default_factory=list, description="ISO 639-1 of those to keep; none: all"
    )
    licence: str = Field(description="SPDX id, or other")
    attribution: str = Field(description="who made it, as it has to be named")
    most_characters: int = Field(
        1_000_000,
        gt=0,
        le=100_000_000,
        description="longer texts are rejected, with the reason",
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

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            codecs.lookup(encoding or "utf-8")
        except LookupError:
            raise ValueError("is no encoding that Python knows, such as cp1252") from None
        return encoding

    @model_validator(mode="after")
    def _keeps_some(self) -> Self:
        if self.language and self.languages and self.language not in self.languages:
            raise ValueError(
                f"language: all texts are {self.language}, but `languages` keeps only"
                f" {', '.join(self.languages)}; correct one of the two"
            )
        return self

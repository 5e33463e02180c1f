"""Card of a geoparser: which gazetteer it knows, and what it learns from."""

from typing import Literal

from pydantic import Field, field_validator

from landscribe.card import Card, Id, SafePath, twice
from landscribe.text.gold import FORMS
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.resolver_settings import ResolverSettings


class Gold(Card):
    """Texts in which people marked the toponyms, and said which places they mean."""

    path: SafePath = Field(description="file or folder, or pip:<distribution>/<file inside it>")
    form: str = Field(description=f"one of {', '.join(FORMS)}")
    weight: float = Field(1.0, gt=0, description="of a document, against those of other gold")
    most: int | None = Field(
        None, ge=1, description="documents to learn from, drawn by the card's seed; none: all"
    )
    complete: bool = Field(
        True, description="whether every toponym is marked; else what is not marked is not judged"
    )

    @field_validator("form")
    @classmethod
    def _is_known(cls, form: str) -> str:
        if form not in FORMS:
            raise ValueError(f"is not known; there is {', '.join(FORMS)}")
        return form


class GeoparserCard(Card):
    """How texts become mentions with places."""

    title: str = Field(description="name for people")
    gazetteer: Id = Field(description="id of a card in config/gazetteers")
    languages: list[Literal["en", "fr"]] = Field(
        min_length=1, description="ISO 639-1 of texts that are read; others have no mentions"
    )
    gold: list[Gold] = Field(
        default_factory=list,
        description="to learn from; without any, toponyms are what spaCy finds, and places are"
        " learnt from names that only one place has, or that a text explains",
    )
    resolver: ResolverSettings = Field(
        ResolverSettings(), description="how the resolver is trained"
    )
    llm: LlmSettings | None = Field(
        None, description="language model to ask about unsure mentions; none: nobody is asked"
    )
    seed: int = Field(0, description="of all that is drawn in training")

    @field_validator("languages")
    @classmethod
    def _each_once(cls, languages: list[str]) -> list[str]:
        if again := twice(languages):
            raise ValueError(f"{', '.join(again)} stands twice; name each language once")
        return languages

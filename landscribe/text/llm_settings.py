"""Settings of the language model that helps the resolver; without them none is asked."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, model_validator

from landscribe.card import Card, Fraction, SafePath

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class LlmSettings(Card):
    """A language model, how it is asked, and how much its answers count.

    A key is no setting: it stands in an environment variable, of which this is the name. Messages
    about a fault here never show a value that may be a key put in the wrong place.
    """

    model: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="name of the model, as the server knows it and as results tell it"
    )
    endpoint: str | None = Field(
        None,
        description="base address of an OpenAI-compatible server, such as http://localhost:8000/v1;"
        " https where it is not on this machine: the texts and the key go there",
    )
    model_path: SafePath | None = Field(
        None,
        description="instead of an endpoint: folder of a model for transformers (safetensors), or"
        " one GGUF file; also as pip:<distribution>/<file inside it>",
    )
    key_variable: str | None = Field(
        None, description="name of the environment variable that holds the endpoint's key"
    )
    temperature: float = Field(0, ge=0, le=2, description="0: always the likeliest answer")
    seed: int = Field(0, ge=0, description="of the order of candidates, and of a warm model")
    timeout_s: float = Field(60, gt=0, description="longest wait for one answer [s]")
    retries: int = Field(3, ge=0, le=10, description="further calls where one failed for a while")
    give_up_after: int = Field(
        5, ge=1, description="mentions in a row without an answer, after which a job asks no more"
    )
    most_calls: int = Field(
        1_000, ge=0, description="calls in all, by all jobs and runs that share a cache"
    )
    most_tokens: int = Field(
        1_000_000, ge=0, description="tokens of prompts and answers in all, counted like calls"
    )
    answer_tokens: int = Field(
        60, ge=10, description="longest answer; models that think before they answer need thousands"
    )
    context_characters: int = Field(
        300, ge=0, description="characters of the text on either side of a mention that are shown"
    )
    below_probability: Fraction = Field(
        0.9, description="only mentions of which the resolver is less sure are asked about"
    )
    weight: float = Field(
        1.0, ge=0, le=10, description="log odds that a wholly confident answer is worth; 0: nothing"
    )

    @model_validator(mode="before")
    @classmethod
    def _show_no_key(cls, values: object) -> object:
        """Refuse here, as a whole, what a person may have put a key in: then no value is shown."""
        if not isinstance(values, dict):
            return values
        if unknown := sorted(set(map(str, values)) - set(cls.model_fields)):
            raise ValueError(f"{', '.join(unknown)}: unknown key; remove it or check its spelling")
        if fault := _address_fault(values.get("endpoint")):
            raise ValueError(f"endpoint: {fault}")
        name = values.get("key_variable")
        if name is not None and not (isinstance(name, str) and _VARIABLE.fullmatch(name)):
            raise ValueError(
                "key_variable: wants the name of an environment variable, such as LLM_KEY; put the"
                " key itself in that variable and in no file"
            )
        return values

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        if (self.endpoint is None) == (self.model_path is None):
            raise ValueError("endpoint or model_path: exactly one of them is wanted")
        if self.key_variable and not self.endpoint:
            raise ValueError("key_variable: a model on this machine has no key; remove it")
        return self

    @property
    def kind(self) -> str:
        """How the model is reached: endpoint or local."""
        return "endpoint" if self.endpoint else "local"


def _address_fault(endpoint: object) -> str:
    """What is wrong with the address of a server, without showing it; else empty."""
    if endpoint is None:
        return ""
    try:
        parts = urlsplit(endpoint if isinstance(endpoint, str) else "")
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        sound = False
    if not sound or re.search(r"[\s\x00-\x1f]", endpoint):
        return "wants an address such as http://localhost:8000/v1"
    if parts.username is not None or parts.query or parts.fragment:
        return "has a user, a query or a fragment; wants the plain address, and the key elsewhere"
    return ""

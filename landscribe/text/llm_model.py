"""What every language model is to the step that asks one: text in, text out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Reply:
    """What a model said."""

    text: str
    tokens: int | None = None  # of prompt and reply; None: not told


class NoReply(Exception):
    """A call that brought no text."""

    def __init__(self, kind: str, passes: bool = False, wait_s: float | None = None) -> None:
        """Say what kind of fault it was, if it may pass, and how long the server wants to wait."""
        super().__init__(kind)
        self.kind, self.passes, self.wait_s = kind, passes, wait_s


class Model(Protocol):
    """A language model."""

    def ask(self, prompt: str, ids: Sequence[str]) -> Reply:
        """Reply to a prompt, which offers `ids`; `NoReply` where there is none."""


def message(prompt: str) -> dict[str, str]:
    """A prompt as the one message of a chat: not every model knows a system's role."""
    return {"role": "user", "content": prompt}

"""How a map is smoothed: the key `smoothing` of a run."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from landscribe.card import Card


class Smoothing(Card):
    """How a map is smoothed after it was drawn; the raw map stays beside it."""

    method: Literal["bayes", "majority", "none"] = Field(
        description="bayes, logits of the probabilities drawn to those of the neighbours; majority,"
        " the class of most neighbours; none, only the smallest patches are merged"
    )
    window_px: int = Field(
        7, ge=3, le=21, description="side of the square of neighbours around a pixel, odd [px]"
    )
    neighbour_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="bayes: share of the neighbours, those of the highest logits, that count, 0-1",
    )
    smoothness: float = Field(
        20,
        gt=0,
        le=1000,
        description="bayes: variance that a class's logits have of themselves; the larger, the"
        " more neighbours count [logit²]",
    )
    class_smoothness: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        default_factory=dict,
        description="bayes: name of a class -> its own smoothness [logit²], such as a small one for"
        " narrow things",
    )
    mmu_ha: float = Field(
        0,
        ge=0,
        le=10_000,
        description="minimum mapping unit: smaller patches are given to a neighbour; 0: none [ha]",
    )

    @field_validator("window_px")
    @classmethod
    def _has_a_middle(cls, window_px: int) -> int:
        if window_px % 2 == 0:
            raise ValueError(
                f"{window_px} is even, so no pixel is in the middle; take {window_px + 1}"
            )
        return window_px

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.method == "none" and not self.mmu_ha:
            raise ValueError(
                "method none without mmu_ha changes nothing; add mmu_ha, or remove smoothing"
            )
        return self

    def smoothness_of(self, name: str) -> float:
        """Smoothness of a class by its name [logit²]."""
        return self.class_smoothness.get(name, self.smoothness)

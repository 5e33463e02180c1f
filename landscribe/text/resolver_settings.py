"""How a resolver is trained; apart from it, so that reading a card loads no trees."""

from pydantic import Field

from landscribe.card import Card


class ResolverSettings(Card):
    """How a resolver is trained."""

    first_trees: int = Field(60, ge=1, description="trees of the ranker of a mention alone")
    second_trees: int = Field(150, ge=1, description="trees of the ranker that sees all mentions")
    leaves: int = Field(32, ge=2, description="most leaves of a tree")
    leaf_rows: int = Field(80, ge=1, description="fewest candidates in a leaf")
    evidence_share: float = Field(
        0.5, gt=0, le=1, description="share of the evidence that a tree sees: no kind decides alone"
    )
    l2: float = Field(10, ge=0, description="penalty on what a leaf says, against chance")
    learning_rate: float = Field(0.1, gt=0, le=1, description="share of a tree that counts")
    unlisted_weight: float = Field(
        0.3, ge=0, description="weight of a copy of a document in which right places are hidden"
    )
    folds: int = Field(4, ge=2, description="of documents, to rank what was not trained on")

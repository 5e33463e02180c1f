"""What a resolver is trained on."""

from dataclasses import dataclass

from landscribe.text.mentions import Toponym


@dataclass(frozen=True)
class Example:
    """A document whose mentions are known."""

    text: str
    outlet: str
    mentions: tuple[Toponym, ...]
    points: tuple[tuple[float, float] | None, ...]  # lon, lat of each mention; none: no place
    ids: tuple[str | None, ...]  # of the place, where known
    judged: tuple[bool, ...]  # whether anybody looked at the mention; others are only context
    weight: float = 1.0

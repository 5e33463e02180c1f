"""A language model's opinion on mentions of which the resolver is not sure, joined with its own."""

from collections import Counter, deque
from collections.abc import Sequence
from math import fsum
from pathlib import Path

import numpy as np

from landscribe.command import InputError
from landscribe.places.lookup import Place, Places
from landscribe.scores.places import NEAR_KM, great_circle_km
from landscribe.text.llm import Counts, ask_llm
from landscribe.text.llm_questions import NONE, Offered, Question
from landscribe.text.llm_settings import LlmSettings
from landscribe.text.llm_weight import joined
from landscribe.text.mentions import Toponym
from landscribe.text.resolver import Resolved

_OFFERED = 8  # candidates that a model may choose from, the likeliest ones


class OpinionError(InputError):
    """Settings with which no model can be asked at all: no fault of a document."""


class SecondOpinion:
    """Asks a language model, one mention after the other, for as long as a process works."""

    def __init__(self, settings: LlmSettings, answers: Path, places: Places) -> None:
        """Args: answers: SQLite file of answers so far, that jobs of one machine may share."""
        self._settings, self._kept, self._places = settings, answers, places
        self._counts = Counts()
        self._told: Counter[str] = Counter()
        self._begin()

    def joined(
        self, document: dict, toponyms: Sequence[Toponym], resolved: Sequence[Resolved]
    ) -> list[Resolved]:
        """What the mentions of a document mean, after the model's opinion."""
        pairs = zip(toponyms, resolved, strict=True)
        return [self._joined(document, toponym, one) for toponym, one in pairs]

    def new_counts(self) -> Counter[str]:
        """What became of the questions since this was called last."""
        told = self._counts.told()
        failed = {f"failed: {kind}": count for kind, count in told["failed"].items()}
        whole = Counter({k: v for k, v in told.items() if isinstance(v, int)} | failed)
        new, self._told = whole - self._told, whole
        return new

    def _begin(self) -> None:
        self._questions: deque[Question] = deque()
        asked = iter(self._questions.popleft, None)  # one is there whenever an answer is drawn
        self._answers = ask_llm(asked, self._settings, self._kept, self._counts)

    def _joined(self, document: dict, toponym: Toponym, resolved: Resolved) -> Resolved:
        self._questions.append(self._question(document, toponym, resolved))
        try:
            answer = next(self._answers)
        except Exception as error:
            self._begin()  # what failed gives no more answers
            if isinstance(error, InputError):
                raise OpinionError(str(error)) from error
            raise
        if answer.place is None and not answer.none:
            return resolved
        before = {place.id: chance for place, chance in resolved.candidates}
        before[NONE] = max(0.0, 1 - fsum(before.values()))
        after = joined(before, answer, self._settings.weight)
        return decided([(place, after[place.id]) for place, _ in resolved.candidates], after[NONE])

    def _question(self, document: dict, toponym: Toponym, resolved: Resolved) -> Question:
        sure = resolved.probability >= self._settings.below_probability
        likeliest = () if sure else resolved.candidates[:_OFFERED]
        return Question(
            document["document"],
            document["text"],
            toponym.start,
            toponym.end,
            [self._offered(place) for place, _ in likeliest],
            resolved.probability,
        )

    def _offered(self, place: Place) -> Offered:
        around = self._places.by_id(place.parents).values()
        units = tuple(unit.name for unit in around if unit.class_ != "country")
        return Offered(place.id, place.name, place.class_, place.country, units, place.population)


def decided(chances: Sequence[tuple[Place, float]], none: float) -> Resolved:
    """The likeliest place of some, or none; sure of it as of all that are as good as there."""
    likely = sorted(chances, key=lambda pair: -pair[1])
    points = np.array([(place.lon, place.lat) for place, _ in likely])
    near = great_circle_km(*points[0], *points.T) <= NEAR_KM
    mass = float(np.array([chance for _, chance in likely])[near].sum())
    place = likely[0][0] if mass >= none else None
    return Resolved(place, mass if place else none, tuple(likely))

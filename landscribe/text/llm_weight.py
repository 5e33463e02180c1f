"""How a language model's answer changes the probabilities of a resolver."""

import math
from collections.abc import Iterable

from scipy.optimize import minimize_scalar

from landscribe.text.llm_questions import NONE, Answer

MOST_WEIGHT = 10.0


def joined(probabilities: dict[str, float], answer: Answer, weight: float) -> dict[str, float]:
    """Probabilities of places and of "none", after a model's answer; they sum to 1.

    The odds of what the model chose grow by exp(weight * confidence), those of all others keep
    their ratios: logarithmic pooling (Genest & Zidek 1986, doi:10.1214/ss/1177013825) of the
    resolver and a model that only says which. Nothing that was impossible becomes possible, and
    without an answer nothing changes.

    Args:
        probabilities: by id of the place, and of "none".
    """
    total = math.fsum(probabilities.values())
    if not (total > 0 and all(p >= 0 for p in probabilities.values())):
        raise ValueError(f"{probabilities}: no probabilities; wanted 0 or more, not all 0")
    chosen = NONE if answer.none else answer.place
    if chosen is not None and chosen not in probabilities:
        raise ValueError(f"answer {chosen} is not among {', '.join(probabilities)}")
    lift = math.exp(weight * answer.confidence)
    raised = {k: p / total * (lift if k == chosen else 1) for k, p in probabilities.items()}
    total = math.fsum(raised.values())
    return {key: p / total for key, p in raised.items()}


def fitted_weight(held_out: Iterable[tuple[dict[str, float], Answer, str]]) -> float:
    """Weight under which the truth of held-out mentions is likeliest, 0 to `MOST_WEIGHT`.

    Args:
        held_out: probabilities of the resolver, the model's answer, and the true id or "none".
            Mentions whose truth has no probability teach nothing and are passed over.
    """
    cases = [case for case in held_out if case[0].get(case[2], 0) > 0]

    def loss(weight: float) -> float:
        return -math.fsum(math.log(joined(p, answer, weight)[truth]) for p, answer, truth in cases)

    return float(minimize_scalar(loss, bounds=(0, MOST_WEIGHT), method="bounded").x) if cases else 0

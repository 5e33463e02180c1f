import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.text.llm_questions import NONE, Answer
from landscribe.text.llm_weight import fitted_weight, joined

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=8).filter(lambda v: sum(v) > 1e-6)
KEPT = Answer(None, False, "failed: timeout")


def named(shares):
    return {NONE if i == 0 else f"gn:{i}": share for i, share in enumerate(shares)}


def answers(shares, index, confidence):
    return Answer(f"gn:{index}" if index else None, index == 0, "", confidence)


@given(SHARES, st.data(), st.floats(0, 1), st.floats(0, 10))
def test_probabilities_stay_a_distribution_over_the_same_places(shares, data, confidence, weight):
    before = named(shares)
    chosen = data.draw(st.integers(0, len(shares) - 1))
    after = joined(before, answers(shares, chosen, confidence), weight)
    assert list(after) == list(before)
    assert math.fsum(after.values()) == pytest.approx(1)
    assert all(after[k] == 0 for k, p in before.items() if p == 0)
    key = list(before)[chosen]
    assert after[key] >= before[key] / sum(shares) - 1e-12


def test_only_the_odds_of_the_chosen_one_change():
    after = joined({"gn:1": 0.5, "gn:2": 0.3, NONE: 0.2}, Answer("gn:2", False, "", 0.5), 2)
    assert after["gn:1"] / after[NONE] == pytest.approx(2.5)
    assert after["gn:2"] / (1 - after["gn:2"]) == pytest.approx(0.3 / 0.7 * math.e)


def test_none_is_an_answer_like_a_place():
    after = joined({"gn:1": 0.5, NONE: 0.5}, Answer(None, True, NONE, 1), math.log(3))
    assert after == pytest.approx({"gn:1": 0.25, NONE: 0.75})


@given(SHARES, st.floats(0, 10))
def test_without_an_answer_or_weight_nothing_changes(shares, weight):
    before = named(shares)
    as_is = pytest.approx({key: p / math.fsum(shares) for key, p in before.items()})
    assert joined(before, KEPT, weight) == as_is
    assert joined(before, answers(shares, 0, 1), 0) == as_is


@pytest.mark.parametrize("shares", [{}, {"gn:1": 0.0}, {"gn:1": -1.0}, {"gn:1": math.nan}])
def test_what_is_no_distribution_is_refused(shares):
    with pytest.raises(ValueError, match="no probabilities"):
        joined(shares, KEPT, 1)


def test_an_answer_about_other_candidates_is_refused():
    with pytest.raises(ValueError, match="gn:9 is not among"):
        joined({"gn:1": 1.0}, Answer("gn:9", False, "chosen", 1), 1)


def test_the_fitted_weight_is_the_log_odds_of_the_model_being_right():
    rng = np.random.default_rng(0)
    even = {f"gn:{i}": 0.25 for i in range(4)}
    cases, right = [], 0
    for _ in range(400):
        truth, wrong = rng.permutation(4)[:2]
        good = rng.random() < 0.7
        right += good
        cases.append((even, Answer(f"gn:{truth if good else wrong}", False, "", 1), f"gn:{truth}"))
    share = right / 400
    assert fitted_weight(cases) == pytest.approx(math.log(share * 3 / (1 - share)), abs=1e-3)


def test_a_model_that_is_mostly_wrong_gets_no_weight():
    cases = [({"gn:1": 0.5, NONE: 0.5}, Answer("gn:1", False, "", 1), NONE)] * 3
    assert fitted_weight(cases) == pytest.approx(0, abs=1e-3)
    assert fitted_weight([({"gn:1": 1.0}, KEPT, "gn:2")]) == 0

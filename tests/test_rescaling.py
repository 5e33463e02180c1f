"""Rescaling finds what was done to probabilities, and leaves alone what is right."""

import numpy as np
import pytest
from scipy.optimize import minimize

from landscribe.trust.rescaling import (
    LEAST,
    Rescaling,
    isotonic,
    log_loss,
    rescaling,
    temperature,
)


def drawn(hot: float, n: int = 20_000, seed: int = 0):
    """Probabilities at a temperature, true classes drawn from those at 1, squares of 100 pixels."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4, n))
    true = np.exp(logits) / np.exp(logits).sum(0)
    told = np.exp(logits * hot) / np.exp(logits * hot).sum(0)
    truth = (true.cumsum(0) < rng.random(n)).sum(0).clip(max=3)
    return told, truth, np.ones(n), np.arange(n) // 100


@pytest.mark.parametrize("hot", [0.5, 1.0, 2.5])
def test_temperature_finds_how_hot_the_probabilities_were_made(hot):
    found = temperature(*drawn(hot)[:3])
    assert found.temperature == pytest.approx(hot, rel=0.05)  # none is below LEAST


def test_temperature_is_the_least_log_loss_that_another_search_finds():
    told, truth, _, _ = drawn(1.7, 3000)
    weights = np.random.default_rng(1).random(3000)
    other = minimize(
        lambda t: log_loss(Rescaling("temperature", float(t[0]))(told), truth, weights),
        [1.0],
        method="Nelder-Mead",
    )
    assert temperature(told, truth, weights).temperature == pytest.approx(other.x[0], rel=1e-3)


def test_no_temperature_changes_the_most_probable_class():
    told, *_ = drawn(1.0, 5000)
    for hot in (0.3, 4.0):
        scaled = Rescaling("temperature", hot)(told)
        assert (scaled.argmax(0) == told.argmax(0)).all()
        assert scaled.sum(0) == pytest.approx(1, abs=1e-5)


def test_curves_rise_and_follow_how_often_a_class_was_true():
    told, truth, weights, _ = drawn(2.5)
    found = isotonic(told, truth, weights)
    for number, (x, y) in enumerate(found.curves):
        assert (np.diff(y) >= 0).all() and (np.diff(x) >= 0).all()
        sure = told[number] > 0.9
        bent = np.interp(told[number, sure], x, y)
        assert bent.mean() == pytest.approx((truth[sure] == number).mean(), abs=0.02)


def test_the_way_that_others_squares_ask_for_is_taken():
    assert rescaling(*drawn(2.5))[0].method == "temperature"
    assert rescaling(*drawn(1.0))[0].temperature == pytest.approx(1, abs=0.05)
    told, truth, weights, squares = drawn(1.0)
    told[0] = told[0] ** 4  # one class alone is bent: no temperature can mend that
    found, losses = rescaling(told / told.sum(0), truth, weights, squares)
    assert found.method == "isotonic" and losses["isotonic"] < losses["temperature"]


def test_weights_decide_whom_it_serves():
    cold, hot = drawn(0.5), drawn(2.0, seed=1)
    both = [np.concatenate([a, b], axis=-1) for a, b in zip(cold, hot, strict=True)]
    weights = np.r_[np.full(20_000, 1e-6), np.ones(20_000)]
    assert temperature(both[0], both[1], weights).temperature == pytest.approx(2, rel=0.03)


def test_one_square_says_nothing():
    told, truth, weights, _ = drawn(2.5, 100)
    assert rescaling(told, truth, weights, np.zeros(100)) == (Rescaling(), {})


def test_what_was_stored_as_never_stays_possible():
    told = np.array([[1.0], [0.0]], "float32")
    for way in (Rescaling(), Rescaling("temperature", 3.0)):
        assert 0 < way(told)[1, 0] < 0.1 and way(told)[0, 0] > 0.9
    assert Rescaling()(told)[1, 0] == pytest.approx(LEAST, rel=1e-3)


def test_a_rescaling_comes_back_from_its_file():
    found = isotonic(*drawn(2.0, 500)[:3])
    assert Rescaling.of_dict(found.as_dict()) == found

"""Dissimilarity equals the brute-force version, and the threshold that of the paper's program."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.trust.applicability import Known, nearest, whisker


def cloud(n: int = 300, seed: int = 0):
    rng = np.random.default_rng(seed)
    features = rng.normal(0, (1, 5, 0.1, 1), (n, 4)).astype("float32")
    return features, rng.integers(0, 12, n), np.array([3.0, 1.0, 0.5, 0.0])


def test_dissimilarity_equals_brute_force():
    features, squares, importance = cloud()
    known = Known.of(features, squares, importance)
    scaled = (features - features.mean(0)) / features.std(0) * importance
    apart = np.sqrt(((scaled[:, None] - scaled[None]) ** 2).sum(2))
    mean = apart[np.triu_indices(len(apart), 1)].mean()
    assert known.mean_distance == pytest.approx(mean, rel=1e-5)
    asked = cloud(20, seed=1)[0]
    theirs = (asked - features.mean(0)) / features.std(0) * importance
    wanted = np.sqrt(((theirs[:, None] - scaled[None]) ** 2).sum(2)).min(1) / mean
    assert known.dissimilarity(asked) == pytest.approx(wanted, abs=2e-3)
    own = np.where(squares[:, None] == squares[None], np.inf, apart).min(1) / mean
    assert known.threshold == pytest.approx(whisker(own), abs=2e-3)


def test_the_whisker_is_an_observed_value_below_the_outliers():
    values = np.r_[np.arange(101) / 100, 1.9, 9.0]  # quartiles .255 and .765: whisker at 1.53
    assert whisker(values) == 1.0
    assert whisker(np.ones(5)) == 1


def test_nearest_is_the_same_in_parts(monkeypatch):
    features, squares, _ = cloud(1000)
    whole = nearest(features, features[:50], squares, squares[:50])
    monkeypatch.setattr("landscribe.trust.applicability._PART", 64)
    assert nearest(features, features[:50], squares, squares[:50]) == pytest.approx(whole)


def test_known_ground_is_inside_and_strange_ground_outside():
    features, squares, importance = cloud(600)
    known = Known.of(features, squares, importance)
    fresh = cloud(400, seed=5)[0]
    inside = known.dissimilarity(fresh) <= known.threshold
    assert inside.mean() > 0.9
    strange = fresh + np.float32([10, 0, 0, 0])
    assert (known.dissimilarity(strange) > known.threshold).all()
    unused = fresh + np.float32([0, 0, 0, 50])  # the model does not look at this feature
    assert (known.dissimilarity(unused) <= known.threshold).mean() == inside.mean()
    assert known.dissimilarity(features) == pytest.approx(0, abs=2e-3)


def test_a_unit_of_measure_changes_nothing():
    features, squares, importance = cloud()
    metres, kilometres = features * np.float32(1000), features
    asked = cloud(20, seed=1)[0]
    one = Known.of(metres, squares, importance).dissimilarity(asked * np.float32(1000))
    other = Known.of(kilometres, squares, importance).dissimilarity(asked)
    assert one == pytest.approx(other, abs=2e-3)


def test_what_nobody_can_compare_is_refused():
    features, squares, importance = cloud()
    with pytest.raises(InputError, match="lie in one square"):
        Known.of(features, np.zeros_like(squares), importance)
    with pytest.raises(InputError, match="all the same"):
        Known.of(np.ones_like(features), squares, importance)

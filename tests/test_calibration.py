"""Calibration: equal to other libraries, exact, and independent of how pixels come in."""

import numpy as np
import pytest
import torch
from sklearn.metrics import brier_score_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from landscribe.scores.calibration import BINS, Calibration


def sample(n=5000, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.dirichlet(np.full(classes, 0.6), n)
    stored = np.floor(raw * 10_000).astype("int64")
    stored[:, 0] += 10_000 - stored.sum(axis=1)
    stored[stored.max(axis=1) % 1000 == 0, :2] += [[1, -1]]  # no confidence on the edge of a bin
    stored = np.clip(stored, 0, 10_000)
    reference = np.array([rng.choice(classes, p=row) for row in raw**2 / (raw**2).sum(1)[:, None]])
    return stored.T.astype("uint16"), stored.argmax(axis=1), reference


def counted(stored, mapped, reference):
    calibration = Calibration()
    calibration.add(stored, mapped, reference)
    return calibration.as_dict()


def test_equals_other_libraries():
    stored, mapped, reference = sample()
    found, shares = counted(stored, mapped, reference), stored.T / 10_000
    theirs = multiclass_calibration_error(
        torch.from_numpy(shares), torch.from_numpy(reference), 4, n_bins=BINS, norm="l1"
    )
    assert found["expected_calibration_error"] == pytest.approx(float(theirs), abs=1e-6)
    brier = np.mean(((shares - np.eye(4)[reference]) ** 2).sum(axis=1))
    assert found["brier_score"] == pytest.approx(brier)
    rows = shares / shares.sum(axis=1, keepdims=True)
    assert brier == pytest.approx(
        brier_score_loss(reference, rows, labels=range(4), scale_by_half=False), abs=1e-3
    )


def test_bins_hold_each_pixel_once_with_its_confidence():
    stored, mapped, reference = sample()
    found = counted(stored, mapped, reference)
    confidence = stored[mapped, np.arange(len(mapped))] / 10_000
    assert sum(row["pixels"] for row in found["bins"]) == len(mapped)
    for row in found["bins"]:
        inside = (confidence > row["low"]) & (confidence <= row["high"])
        assert row["pixels"] == inside.sum()
        if inside.any():
            assert row["confidence"] == pytest.approx(confidence[inside].mean())
            assert row["accuracy"] == pytest.approx((mapped == reference)[inside].mean())
        else:
            assert row["confidence"] is None


def test_parts_in_any_order_give_the_same_bits():
    stored, mapped, reference = sample()
    parts = Calibration()
    for i in np.random.default_rng(1).permutation(10):
        part = np.s_[i * 500 : (i + 1) * 500]
        parts.add(stored[:, part], mapped[part], reference[part])
    assert parts.as_dict() == counted(stored, mapped, reference)


def test_edges_belong_to_the_bin_below():
    stored = np.array([[1000, 1001, 10_000, 0], [9000, 8999, 0, 10_000]], "uint16")
    found = counted(stored, np.zeros(4, int), np.zeros(4, int))
    assert [row["pixels"] for row in found["bins"]] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_the_best_and_the_worst_map():
    stored, first = np.array([[10_000] * 3, [0] * 3], "uint16"), np.zeros(3, int)
    best, worst = counted(stored, first, first), counted(stored, first, first + 1)
    assert (best["brier_score"], best["expected_calibration_error"]) == (0, 0)
    assert (worst["brier_score"], worst["expected_calibration_error"]) == (2, 1)


def test_confidence_is_that_of_the_class_on_the_map():
    stored = np.array([[7000], [3000]], "uint16")
    found = counted(stored, np.array([1]), np.array([1]))
    assert found["bins"][2]["confidence"] == pytest.approx(0.3)


def test_no_pixels_no_numbers():
    found = Calibration().as_dict()
    assert (found["brier_score"], found["expected_calibration_error"]) == (None, None)
    assert len(found["bins"]) == BINS

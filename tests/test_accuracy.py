"""Design-based estimates: the published example, an independent estimator, coverage, refusals."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.scores.accuracy import Z_95, design_based
from tests.benchmarks.olofsson import (
    CLASSES,
    COUNTS,
    MAPPED_PX,
    PIXEL_HA,
    coverage_rows,
    example_goals,
)


def example():
    return design_based(COUNTS, MAPPED_PX * PIXEL_HA, CLASSES, probability_sample=True)


def test_the_published_example_comes_out():
    found = example()
    assert found.overall.value == pytest.approx(0.947, abs=5e-4)
    assert Z_95 * found.overall.standard_error == pytest.approx(0.018, abs=5e-4)
    areas = [(area.value, Z_95 * area.standard_error) for area in found.areas]
    published = [(21158, 6158), (11686, 3756), (285770, 15510), (581386, 16282)]
    np.testing.assert_allclose(areas, published, atol=0.5)
    assert [goal.id for goal in example_goals(found) if not goal.met] == []


def test_producers_accuracy_agrees_with_a_ratio_estimator_of_single_units():
    """Combined ratio estimator of Stehman 2014, doi:10.1080/01431161.2014.930207."""
    found = example()
    for j in range(4):
        total_right = total_there = variance = 0.0
        strata = []
        for i, pixels in enumerate(MAPPED_PX):
            there = np.repeat(np.arange(4) == j, COUNTS[i]).astype(float)
            right = there * (i == j)
            total_right += pixels * right.mean()
            total_there += pixels * there.mean()
            strata.append((pixels, right, there))
        ratio = total_right / total_there
        for pixels, right, there in strata:
            variance += pixels**2 * np.var(right - ratio * there, ddof=1) / len(there)
        assert found.producers[j].value == pytest.approx(ratio)
        assert found.producers[j].standard_error == pytest.approx(variance**0.5 / total_there)


def test_areas_sum_to_the_map_and_scale_with_its_unit():
    found, in_m2 = example(), design_based(COUNTS, MAPPED_PX * 900, CLASSES, True)
    assert sum(area.value for area in found.areas) == pytest.approx(MAPPED_PX.sum() * PIXEL_HA)
    assert found.proportions.sum() == pytest.approx(1)
    assert in_m2.overall == found.overall
    for one, other in zip(found.areas, in_m2.areas, strict=True):
        assert other.value == pytest.approx(one.value * 1e4)
        assert other.interval == pytest.approx(tuple(end * 1e4 for end in one.interval))


def test_a_sample_in_proportion_to_area_needs_no_weights():
    counts = np.array([[30, 10], [4, 76]])
    found = design_based(counts, np.array([4.0, 8.0]), ["a", "b"], True)
    assert found.overall.value == pytest.approx(106 / 120)
    assert found.producers[0].value == pytest.approx(30 / 34)
    assert found.areas[1].value == pytest.approx(12 * 86 / 120)


def test_intervals_hold_the_truth_as_often_as_they_say():
    units = COUNTS.sum(axis=1) * 4
    covered = {row["interval of"]: row["covered"] for row in coverage_rows(units, 500, seed=3)}
    for name in ("overall", "user's, deforestation", "area share, stable forest"):
        assert 0.92 <= covered[name] <= 0.98, (name, covered[name])


def test_standard_errors_are_the_spread_over_surveys():
    for row in coverage_rows(COUNTS.sum(axis=1) * 4, 500, seed=4):
        assert row["mean standard error"] == pytest.approx(row["spread of estimates"], rel=0.15)
        assert row["mean estimate"] == pytest.approx(row["truth"], rel=0.02)


def test_labels_that_nobody_drew_at_random_get_no_interval():
    with pytest.raises(InputError, match="not at random.*no standard error and no interval"):
        design_based(COUNTS, MAPPED_PX, CLASSES, probability_sample=False)


def test_a_class_with_one_unit_is_named():
    counts = COUNTS.copy()
    counts[1] = [0, 1, 0, 0]
    with pytest.raises(InputError, match=r"fewer than 2 .* forest gain \(1\)"):
        design_based(counts, MAPPED_PX, CLASSES, True)


def test_a_class_that_is_not_on_the_map_needs_no_units():
    counts, mapped = COUNTS.copy(), MAPPED_PX.copy()
    counts[1], mapped[1] = 0, 0
    found = design_based(counts, mapped, CLASSES, True)
    assert found.users[1].value is None
    assert found.producers[1].value == 0
    assert found.areas[1].value > 0
    with pytest.raises(InputError, match="forest gain, which has no mapped area"):
        design_based(COUNTS, mapped, CLASSES, True)


def test_no_spread_gives_no_interval():
    found = design_based(np.array([[9, 0], [0, 7]]), np.array([1.0, 2.0]), ["a", "b"], True)
    assert found.overall.value == 1
    assert found.overall.interval is None
    assert found.users[0].interval is None


def test_a_class_that_the_sample_never_meets_is_undefined():
    found = design_based(np.array([[9, 0], [5, 0]]), np.array([1.0, 2.0]), ["a", "b"], True)
    assert found.producers[1].value is None
    assert (found.areas[1].value, found.areas[1].interval) == (0, None)


def test_intervals_stay_within_what_is_possible():
    found = example()
    assert found.producers[1].interval[1] == 1
    low = design_based(np.array([[9, 1], [1, 40]]), np.array([1.0, 90.0]), ["a", "b"], True)
    assert low.areas[0].interval[0] == 0


@pytest.mark.parametrize("areas", [[1.0, -1.0], [0.0, 0.0]])
def test_areas_that_cannot_be_are_refused(areas):
    with pytest.raises(InputError, match="0 or more"):
        design_based(np.array([[9, 1], [1, 4]]), np.array(areas), ["a", "b"], True)


def test_matrix_and_classes_have_to_fit():
    with pytest.raises(InputError, match="one row, one column and one area per class"):
        design_based(COUNTS, MAPPED_PX[:3], CLASSES, True)

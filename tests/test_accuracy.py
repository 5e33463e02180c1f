"""Design-based estimates: the published example, an independent estimator, coverage, refusals."""

import numpy as np
import pytest

from landscribe.command import InputError
from landscribe.scores.accuracy import (
    Z_95,
    Sample,
    change_of,
    design_based,
    estimates,
    estimates_of_part,
)
from tests.benchmarks.accuracy import olofsson_goals, refusal_goal, stehman_goals
from tests.examples_of_papers import CLASSES, COUNTS, MAPPED_PX, PIXEL_HA, stehman
from tests.surveys import by_map, by_older_map


def example():
    return design_based(COUNTS, MAPPED_PX * PIXEL_HA, CLASSES, probability_sample=True)


def test_the_published_example_comes_out():
    found = example()
    assert found.overall.value == pytest.approx(0.947, abs=5e-4)
    assert Z_95 * found.overall.standard_error == pytest.approx(0.018, abs=5e-4)
    areas = [(area.value, Z_95 * area.standard_error) for area in found.areas]
    published = [(21158, 6158), (11686, 3756), (285770, 15510), (581386, 16282)]
    np.testing.assert_allclose(areas, published, atol=0.5)
    assert [goal.id for goal in olofsson_goals() if not goal.met] == []


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


def test_the_example_with_other_strata_comes_out():
    assert [goal.id for goal in stehman_goals() if not goal.met] == []
    assert estimates(stehman()).proportions[1, 2] == pytest.approx(0.08)


def test_standard_errors_are_the_spread_over_surveys():
    population, units = by_older_map(), np.array([300, 300, 300, 150, 150])
    found = [estimates(sample) for sample in population.surveys(units, 250, seed=4)]
    truth = population.truth()
    for kind, lists in {
        "area": [one.areas for one in found],
        "users": [one.users for one in found],
        "producers": [one.producers for one in found],
    }.items():
        for j in range(4):
            values = [one[j].value for one in lists]
            errors = [one[j].standard_error for one in lists]
            assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15), (kind, j)
            assert np.mean(values) == pytest.approx(truth[kind][j], rel=0.02), (kind, j)


def test_intervals_hold_the_rare_class_where_normal_ones_do_not():
    population, units = by_map(), np.full(5, 200)
    true = population.truth()["area"][4]
    found = [estimates(sample).areas[4] for sample in population.surveys(units, 250, seed=3)]
    held = np.mean([one.interval[0] <= true <= one.interval[1] for one in found])
    normal = np.mean([one.wald[0] <= true <= one.wald[1] for one in found])
    assert 0.92 <= held <= 0.99
    assert normal < 0.75


def test_strata_that_are_the_map_give_the_same_with_and_without_its_areas():
    cube = np.zeros((4, 4, 4))
    cube[np.arange(4), np.arange(4)] = COUNTS
    known, sample = example(), Sample(cube, MAPPED_PX * PIXEL_HA, CLASSES, CLASSES)
    unknown = estimates(sample)
    for kind in ("users", "producers", "areas"):
        for one, other in zip(getattr(known, kind), getattr(unknown, kind), strict=True):
            assert one.value == pytest.approx(other.value)
            assert one.standard_error == pytest.approx(other.standard_error)
            assert one.wald == pytest.approx(other.wald)


def test_a_part_that_is_all_has_the_estimates_of_all():
    sample = stehman()
    shown = np.diag(sample.areas)
    whole, part = estimates(sample), estimates_of_part(sample, sample.counts, shown)
    np.testing.assert_allclose(part.proportions, whole.proportions)
    pairs = [(whole.overall, part.overall), *zip(whole.areas, part.areas, strict=True)]
    for one, other in pairs:
        assert other.value == pytest.approx(one.value)
        assert other.standard_error == pytest.approx(one.standard_error)
        assert other.interval == pytest.approx(one.interval, abs=1e-8)


def test_parts_are_estimated_without_bias():
    """A region that is 30 % of each stratum, where the map is worse."""
    rng, weights = np.random.default_rng(5), np.array([0.7, 0.3])
    right_in, right_out = np.array([0.7, 0.6]), np.array([0.9, 0.8])
    values, errors = [], []
    for _ in range(200):
        counts, part = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
        for h in range(2):
            inside = rng.random(150) < 0.3
            right = rng.random(150) < np.where(inside, right_in[h], right_out[h])
            for cube, units in ((counts, np.ones(150, bool)), (part, inside)):
                cube[h, h, h] = (right & units).sum()
                cube[h, h, 1 - h] = (~right & units).sum()
        found = estimates_of_part(
            Sample(counts, weights, ["a", "b"], ["a", "b"]), part, 0.3 * np.diag(weights)
        )
        values.append(found.overall.value)
        errors.append(found.overall.standard_error)
    assert np.mean(values) == pytest.approx(weights @ right_in, abs=0.01)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_net_change_is_gain_less_loss():
    sample = stehman()
    gained, lost = sample.counts[:, 0, 1], sample.counts[:, 1, 0]
    found = change_of(sample, gained, lost)
    assert found.net.value == pytest.approx(found.gain.value - found.loss.value)
    low, high = found.net.interval
    assert -1 <= low <= found.net.value <= high <= 1
    nothing = change_of(sample, gained * 0, lost * 0)
    assert nothing.net.value == 0
    assert nothing.net.interval[0] < 0 < nothing.net.interval[1]


def test_every_case_without_a_probability_sample_is_refused():
    assert refusal_goal().met


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


def test_units_that_all_agree_have_an_interval_but_no_normal_one():
    found = design_based(np.array([[9, 0], [0, 7]]), np.array([1.0, 2.0]), ["a", "b"], True)
    assert (found.overall.value, found.overall.standard_error) == (1, 0)
    assert found.overall.wald is None
    assert 0.6 < found.overall.interval[0] < 0.8
    assert found.overall.interval[1] == 1


def test_a_class_that_the_sample_never_meets_may_still_be_there():
    found = design_based(np.array([[9, 0], [5, 0]]), np.array([1.0, 2.0]), ["a", "b"], True)
    assert found.producers[1].value is None
    assert found.areas[1].value == 0
    assert found.areas[1].interval[0] == 0
    assert found.areas[1].interval[1] > 0.5


def test_intervals_stay_within_what_is_possible():
    found = example()
    assert found.producers[1].interval[1] == 1
    low = design_based(np.array([[9, 1], [1, 40]]), np.array([1.0, 90.0]), ["a", "b"], True)
    assert 0 < low.areas[0].interval[0] < 1
    assert low.areas[0].wald[0] == 0


@pytest.mark.parametrize("areas", [[1.0, -1.0], [0.0, 0.0]])
def test_areas_that_cannot_be_are_refused(areas):
    with pytest.raises(InputError, match="0 or more"):
        design_based(np.array([[9, 1], [1, 4]]), np.array(areas), ["a", "b"], True)


def test_matrix_and_classes_have_to_fit():
    with pytest.raises(InputError, match="one row, one column and one area per class"):
        design_based(COUNTS, MAPPED_PX[:3], CLASSES, True)

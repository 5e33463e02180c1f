"""Scores of places: known answers, brute force, and what must not change them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box

from landscribe.command import InputError
from landscribe.scores.places import (
    EARTH_KM,
    FARTHEST_KM,
    Predicted,
    accuracy_at,
    auc,
    end_to_end,
    every_score,
    expected_calibration_error,
    floor_predictions,
    great_circle_km,
    intervals,
    match_exact,
    match_overlap,
    recognition,
    reliability,
    resolution,
    tally,
    trust,
)
from landscribe.text.gold import GoldDocument, GoldMention

PARIS, LYON, TEXAS = (2.35, 48.85), (4.83, 45.76), (-95.56, 33.66)

lons, lats = st.floats(-180, 180), st.floats(-90, 90)
spans = st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda s: (s[0], s[0] + s[1]))
points = st.none() | st.tuples(lons, lats)
shares = st.lists(st.tuples(st.integers(0, 20).map(lambda n: n / 20), st.booleans()), min_size=1)


def _gold(start, end, point=None, place=None, bounds=None):
    return GoldMention(start, end, "x", "", *(point or (None, None)), place, bounds)


def _document(*mentions):
    return GoldDocument("", "", "", "en", tuple(mentions))


def _predicted(start, end, point=None, **more):
    return Predicted(start, end, *(point or (None, None)), **more)


@st.composite
def _corpora(draw):
    """Documents and predictions, about half of which are right."""
    documents, predictions = [], []
    for _ in range(draw(st.integers(1, 5))):
        gold = [
            _gold(*span, draw(points), draw(st.sampled_from([None, "gn:1"])))
            for span in draw(st.lists(spans, max_size=5))
        ]
        right = [
            _predicted(m.start, m.end, (m.lon, m.lat), place="gn:1", probability=0.5)
            for m in gold
            if m.located and draw(st.booleans())
        ]
        other = [_predicted(*span, draw(points)) for span in draw(st.lists(spans, max_size=4))]
        documents.append(_document(*gold))
        predictions.append(right + other)
    return documents, predictions


@given(lons, lats, lons, lats)
def test_distance_is_that_on_a_sphere(lon, lat, other_lon, other_lat):
    sphere = Geod(a=EARTH_KM * 1000, b=EARTH_KM * 1000)
    wanted = sphere.inv(lon, lat, other_lon, other_lat)[2] / 1000
    assert great_circle_km(lon, lat, other_lon, other_lat) == pytest.approx(wanted, abs=1e-3)


def test_distances_that_are_known():
    quarter = EARTH_KM * math.pi / 2
    found = great_circle_km(np.array([0, 0, 179]), np.array([0, 0, 0]), [90, 0, -179], [0, 90, 0])
    assert found == pytest.approx([quarter, quarter, EARTH_KM * math.radians(2)])
    assert great_circle_km(*PARIS, *LYON) == pytest.approx(392, abs=2)
    assert great_circle_km(0, 0, 180, 0) <= FARTHEST_KM


@given(st.lists(spans, max_size=7), st.lists(spans, max_size=7))
def test_greedy_overlap_equals_taking_the_best_pair_again_and_again(gold, predicted):
    def shared(i, j):
        (a, b), (c, d) = gold[i], predicted[j]
        return len(set(range(a, b)) & set(range(c, d))) / max(b - a, d - c)

    left = {(i, j) for i in range(len(gold)) for j in range(len(predicted)) if shared(i, j)}
    wanted = []
    while left:
        best = max(left, key=lambda pair: (shared(*pair), -pair[0], -pair[1]))
        wanted.append(best)
        left = {pair for pair in left if pair[0] != best[0] and pair[1] != best[1]}
    found = match_overlap([_gold(*s) for s in gold], [_predicted(*s) for s in predicted])
    assert found == wanted


@given(st.lists(spans, max_size=9), st.lists(spans, max_size=9))
def test_exact_matches_are_as_many_as_equal_spans_allow(gold, predicted):
    pairs = match_exact([_gold(*s) for s in gold], [_predicted(*s) for s in predicted])
    assert all(gold[i] == predicted[j] for i, j in pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)
    assert len(pairs) == sum(min(gold.count(s), predicted.count(s)) for s in set(gold))


def test_scores_of_a_case_made_by_hand():
    gold = _document(
        _gold(0, 5, PARIS, "gn:1"), _gold(10, 14, LYON, "gn:2"), _gold(20, 25, PARIS), _gold(30, 33)
    )
    predicted = [
        _predicted(0, 5, PARIS, place="gn:1"),  # right
        _predicted(9, 14, TEXAS, place="gn:3"),  # overlaps, far away
        _predicted(20, 25),  # not resolved
        _predicted(30, 33, LYON),  # on gold that is not located
        _predicted(40, 43, LYON),  # on nothing
    ]
    found = tally([gold], [predicted])
    far = float(great_circle_km(*LYON, *TEXAS))
    assert recognition(found) == pytest.approx({"precision": 3 / 5, "recall": 3 / 4, "f1": 6 / 9})
    overlap = {"precision": 4 / 5, "recall": 1, "f1": 8 / 9}
    assert recognition(found, overlap=True) == pytest.approx(overlap)
    assert end_to_end(found) == pytest.approx({"precision": 1 / 5, "recall": 1 / 3, "f1": 2 / 8})
    on_gold = resolution(found.on_gold)
    assert (on_gold["mentions"], on_gold["accuracy_161km"], on_gold["exact_id"]) == (3, 1 / 3, 0.5)
    assert on_gold["median_km"] == FARTHEST_KM
    assert on_gold["mean_km"] == pytest.approx(FARTHEST_KM * 2 / 3)
    every = every_score(found)
    assert (every["matched_spans.mentions"], every["matched_spans.unresolved"]) == (2, 1)
    assert every["matched_spans.mean_km"] == pytest.approx(far / 2)
    assert every["matched_spans.accuracy_161km"] == every["matched_spans.exact_id"] == 0.5


def test_161_km_is_near_and_more_is_not():
    one_km = 1 / (EARTH_KM * math.pi / 180)  # degrees of latitude
    gold = [_document(_gold(0, 1, (0, 0))) for _ in range(2)]
    predicted = [[_predicted(0, 1, (0, 160.9 * one_km))], [_predicted(0, 1, (0, 161.1 * one_km))]]
    assert tally(gold, predicted).on_gold["near"].tolist() == [True, False]


def test_auc_is_0_of_no_errors_1_of_the_largest_and_between_by_the_trapezoid():
    assert auc(np.zeros(5)) == 0
    assert auc(np.full(5, FARTHEST_KM)) == pytest.approx(1, abs=1e-5)
    assert auc(np.array([FARTHEST_KM, 0])) == pytest.approx(0.5, abs=1e-5)
    assert auc(np.array([math.e - 1, 0, 0])) == pytest.approx(0.25 / math.log(FARTHEST_KM))
    assert auc(np.array([1.0])) is None


def test_a_footprint_counts_where_the_point_is_far():
    gold = [_document(_gold(0, 1, PARIS)) for _ in range(3)]
    france, texas = box(-5, 42, 8, 51), box(-107, 26, -93, 37)
    predicted = [
        [_predicted(0, 1, (8, 42), footprint=france)],
        [_predicted(0, 1, TEXAS, footprint=texas)],
        [_predicted(0, 1, PARIS)],
    ]
    found = resolution(tally(gold, predicted).on_gold)
    shares_ = [found[n] for n in ("accuracy_161km", "in_footprint", "near_or_in_footprint")]
    assert shares_ == pytest.approx([1 / 3, 1 / 3, 2 / 3])


def test_a_point_is_held_against_the_bounds_of_gold_also_over_the_date_line():
    fiji, france = (177.0, -21.0, -178.0, -12.0), (-5.0, 42.0, 8.0, 51.0)
    cases = [(fiji, (179, -17)), (fiji, (-179, -17)), (fiji, (0, -17)), (france, PARIS)]
    cases += [(france, TEXAS), (france, (2, 52)), (france, None), (None, PARIS)]
    gold = [_document(_gold(0, 1, PARIS, bounds=bounds)) for bounds, _ in cases]
    judged = tally(gold, [[_predicted(0, 1, point)] for _, point in cases]).on_gold
    assert judged["in_bounds"].tolist()[:7] == [1, 1, 0, 1, 0, 0, 0]
    assert resolution(judged)["in_gold_bounds"] == pytest.approx(3 / 7)  # the last has no bounds


@given(shares)
def test_reliability_and_its_error_equal_brute_force(rows):
    probability, right = np.array(rows, float).T
    error, table = 0.0, reliability(probability, right)
    for i, row in enumerate(table):
        held = [(p, r) for p, r in rows if i / 10 < p <= (i + 1) / 10 or (i == 0 and p == 0)]
        assert row["mentions"] == len(held)
        if held:
            mean, accuracy = np.mean([p for p, _ in held]), np.mean([r for _, r in held])
            assert (row["probability"], row["accuracy"]) == pytest.approx((mean, accuracy))
            error += abs(mean - accuracy) * len(held) / len(rows)
    assert sum(row["mentions"] for row in table) == len(rows)
    assert expected_calibration_error(probability, right) == pytest.approx(error)


def test_calibration_errors_that_are_known():
    right = np.array([True, True, True, False])
    assert expected_calibration_error(np.full(4, 0.75), right) == 0
    assert expected_calibration_error(np.ones(4), right) == 0.25
    assert expected_calibration_error(np.zeros(0), np.zeros(0)) is None
    with pytest.raises(InputError, match="0 to 1"):
        reliability([0.5, math.nan], [True, True])


@given(shares, st.floats(0, 1), st.randoms())
def test_accuracy_at_a_coverage_does_not_depend_on_the_order_of_equals(rows, coverage, random):
    keep = max(1, round(coverage * len(rows)))
    found = accuracy_at(*np.array(rows, float).T, coverage)
    firsts = []
    for least in (True, False):  # among equal ones the wrong ones first, and the right ones first
        ordered = sorted(rows, key=lambda row: (-row[0], row[1] == least))
        firsts.append(np.mean([right for _, right in ordered[:keep]]))
    assert min(firsts) - 1e-12 <= found <= max(firsts) + 1e-12
    right = np.array([right for _, right in rows])
    assert accuracy_at(np.full(len(rows), 0.5), right, coverage) == pytest.approx(right.mean())
    random.shuffle(rows)
    assert accuracy_at(*np.array(rows, float).T, coverage) == pytest.approx(found)


def test_the_surest_come_first_and_what_is_not_resolved_last():
    gold = [_document(*(_gold(i, i + 1, PARIS) for i in range(10)))]
    predicted = [_predicted(i, i + 1, PARIS, probability=0.5 + i / 20) for i in range(8)]
    predicted.append(_predicted(8, 9, TEXAS, probability=0.1))
    predicted.append(_predicted(9, 10, probability=1.0))  # sure that it is none of the places
    found = trust(tally(gold, [predicted]).on_gold)
    assert (found["accuracy_90"], found["accuracy_80"]) == pytest.approx((8 / 9, 1))
    gaps = [1 - (0.5 + i / 20) for i in range(8)] + [0.1]
    assert found["calibration_error"] == pytest.approx(sum(gaps) / 9)


@settings(max_examples=60, deadline=None)
@given(_corpora(), st.randoms())
def test_a_drawn_tally_is_that_of_the_drawn_documents(corpus, random):
    documents, predictions = corpus
    drawn = [random.randrange(len(documents)) for _ in range(7)]
    wanted = tally([documents[i] for i in drawn], [predictions[i] for i in drawn])
    found = tally(documents, predictions).drawn(np.array(drawn))
    for name in ("counts", "on_gold", "matched"):
        rows = getattr(found, name).tolist()
        assert str(rows) == str(getattr(wanted, name).tolist())  # as text, nan equals nan


@settings(max_examples=60, deadline=None)
@given(_corpora())
def test_order_of_documents_does_not_count_and_shares_are_shares(corpus):
    documents, predictions = corpus
    found = every_score(tally(documents, predictions))
    assert every_score(tally(documents[::-1], predictions[::-1])) == pytest.approx(found)
    for name, value in found.items():
        if (
            value is not None
            and "_km" not in name
            and name.split(".")[1]
            not in (
                "mentions",
                "unresolved",
                "auc",
            )
        ):
            assert 0 <= value <= 1, name
    assert (found["exact.f1"] or 0) <= (found["overlap.f1"] or 0)
    assert found["gold_spans.near_or_in_footprint"] == found["gold_spans.accuracy_161km"]


@settings(max_examples=60, deadline=None)
@given(_corpora())
def test_gold_as_prediction_is_perfect_and_nothing_predicted_is_nothing(corpus):
    documents, _ = corpus
    same = [[_predicted(m.start, m.end, (m.lon, m.lat)) for m in d.mentions] for d in documents]
    best, none = (
        every_score(tally(documents, same)),
        every_score(tally(documents, [[]] * len(same))),
    )
    if best["exact.f1"] is not None:
        assert best["exact.f1"] == best["overlap.f1"] == 1
        assert (none["exact.precision"], none["exact.recall"], none["exact.f1"]) == (None, 0, 0)
    if best["gold_spans.mentions"]:
        assert none["gold_spans.mean_km"] == FARTHEST_KM
        assert none["end_to_end.f1"] == none["gold_spans.accuracy_161km"] == 0
    assert none["matched_spans.mean_km"] is None


def test_an_interval_of_single_mentions_is_that_of_a_share():
    right, count = 60, 200
    gold = [_document(_gold(0, 1, PARIS)) for _ in range(count)]
    predicted = [[_predicted(0, 1, PARIS if i < right else TEXAS)] for i in range(count)]
    found = tally(gold, predicted)
    low, high = intervals(found, seed=3)["gold_spans.accuracy_161km"]
    half = 1.96 * math.sqrt(0.3 * 0.7 / count)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.012)
    assert intervals(found, recognition, 20)["f1"] == (1, 1)
    again = [intervals(found, end_to_end, 50, seed) for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]


def test_an_interval_of_what_cannot_be_told_is_none():
    found = intervals(tally([_document(_gold(0, 1))], [[]]), draws=5)
    assert found["gold_spans.accuracy_161km"] is None
    assert found["exact.recall"] == (0, 0)
    assert intervals(tally([], []), draws=5)["exact.recall"] is None


def test_the_floor_takes_the_first_place_of_each_name():
    mentions = (GoldMention(0, 5, "Paris"), GoldMention(9, 13, "Lyon"))
    first = {"Paris": ("gn:1", *PARIS)}.get
    assert floor_predictions(_document(*mentions), first) == [
        Predicted(0, 5, *PARIS, "gn:1"),
        Predicted(9, 13),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"lon": 1.0},
        {"lat": 1.0},
        {"lon": math.nan, "lat": math.nan},
        {"lon": 48.0, "lat": 148.0},
        {"probability": 1.1},
        {"probability": math.nan},
    ],
)
def test_predictions_that_cannot_be_are_refused(wrong):
    with pytest.raises(InputError):
        Predicted(0, 1, **wrong)


def test_predictions_have_to_be_for_the_same_documents():
    with pytest.raises(InputError, match="for 1 documents, but 2 of gold"):
        tally([_document(), _document()], [[]])

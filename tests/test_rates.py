"""Rates give back what they were measured on, and say what nobody measured."""

import pandas as pd
import pytest

from landscribe.cards import check
from landscribe.command import InputError
from landscribe.rates import Rates, fitted, write_rates


def measured(amounts, seconds, rule="draw_map", kind=""):
    return pd.DataFrame(
        {
            "rule": rule,
            "kind": kind,
            "unit": "pixels",
            "amount": amounts,
            "seconds": seconds,
            "cpu_seconds": [2 * s for s in seconds],
            "read_amount": amounts,
            "read_bytes": [8 * a for a in amounts],
            "stored_amount": amounts,
            "stored_bytes": [100 + 3 * a for a in amounts],
        }
    )


def test_several_sizes_tell_what_is_fixed():
    (rate,) = fitted(measured([1, 5, 20], [4.5, 6.5, 14]), "here")
    assert (rate.fixed_core_s, rate.unit_core_s) == pytest.approx((8, 1))
    assert (rate.cores, rate.read_bytes) == pytest.approx((2, 8))
    assert (rate.fixed_bytes, rate.stored_bytes) == pytest.approx((100, 3))
    assert (rate.jobs, rate.sizes, rate.kind) == (3, 3, None)


def test_one_size_gives_its_seconds_back():
    (rate,) = fitted(measured([4, 4], [10, 14]), "here")
    assert (rate.fixed_core_s, rate.unit_core_s, rate.sizes) == (0, 6, 1)


def test_no_rate_is_below_zero():
    (rate,) = fitted(measured([1, 10], [5, 1]), "here")
    assert rate.fixed_core_s >= 0 and rate.unit_core_s >= 0


def test_rates_come_back_from_their_file(tmp_path):
    jobs = pd.concat([measured([1, 5], [4, 8]), measured([1, 5], [2, 9], "train_model", "forest")])
    rates = Rates(title="here: 2 cores, 'quoted'", rates=fitted(jobs, "a run: this"))
    write_rates(tmp_path / "rates.yaml", rates)
    again = Rates.read(tmp_path / "rates.yaml")
    assert again.of("train_model", "forest").unit_core_s == pytest.approx(3.5, rel=1e-5)
    own = again.of("draw_map", None).model_copy(update={"kind": "radar", "unit_core_s": 9.0})
    for rates in ([own, *again.rates], [*again.rates, own]):  # whichever stands first
        found = Rates(title="here", rates=rates)
        assert found.of("draw_map", "radar") == own and found.of("draw_map", "x").kind is None
    assert again.of("draw_map", "forest").rule == "draw_map"
    with pytest.raises(InputError, match="no rate for train_model of kind segment"):
        again.of("train_model", "segment")
    with pytest.raises(InputError, match="no rate for sum_areas; there is draw_map, train_model"):
        again.of("sum_areas", None)


def test_a_rate_stands_once():
    (rate,) = fitted(measured([1], [1]), "x")
    with pytest.raises(InputError, match="draw_map stands twice"):
        check(Rates, {"title": "t", "rates": [rate.model_dump()] * 2}, "rates")

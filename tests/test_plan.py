"""A plan has a job for each of its steps, and hours and chains are sums that can be redone."""

import re
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from landscribe.plan import by_stage, job_table, longest_chain, steps_of, with_costs, with_finish
from landscribe.rates import Rate, Rates
from landscribe.steps import STEPS

RUN = {
    "archives": {},
    "composites": True,
    "scenes": {("r", 2020, "eye"): 30, ("r", 2020, "ear"): 8},
}
MODELS = {"forest": "forest", "unet": "segment"}
EYE = pd.DataFrame(
    {
        "region": "r",
        "year": 2020,
        "block": ["33UUT", "33UUU", "33UUV"],
        "sensor": "eye",
        "scenes": [10, 10, 10],
        "pixels": [1.0, 100.0, 20.0],
        "samples": [10.0, 1000.0, 200.0],
        "read_samples": [9.0, 900.0, 180.0],
        "composed": [4.0, 400.0, 80.0],
    }
)
EAR = EYE.assign(sensor="ear", scenes=3, samples=EYE.samples / 2, composed=EYE.composed / 4)
BLOCKS = pd.concat([EYE, EAR], ignore_index=True)


def rate(rule, unit, **more):
    told = {
        "fixed_core_s": 3,
        "unit_core_s": 4.5,
        "cores": 1.5,
        "jobs": 1,
        "sizes": 2,
        "measured_on": "x",
    }
    return Rate(rule=rule, unit=unit, **(told | more))


RATES = Rates(title="made", rates=[rate(step.rule, step.unit) for step in STEPS])


@pytest.fixture
def jobs():
    table = job_table(BLOCKS, MODELS, "landuse", RUN)
    return with_finish(with_costs(table, RATES))


def test_every_rule_of_the_workflow_is_a_step():
    rules = {
        name
        for path in Path("workflow/rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(), re.M)
    }
    of_texts = {"read_corpus", "read_source", "merge_places", "index_places"}  # not of blocks
    of_texts |= {"train_geoparser", "geoparse_documents", "join_mentions", "show_documents"}
    assert {step.rule for step in STEPS} == rules - {"refresh_locks"} - of_texts
    seen = set()
    for step in STEPS:
        assert set(step.after) <= seen  # each comes after those that it waits for
        seen.add(step.rule)


def test_amounts_of_regions_are_sums_of_their_blocks(jobs):
    assert set(jobs[jobs.rule == "sum_areas"].amount) == {121.0}
    assert list(jobs[jobs.rule == "search_scenes"].amount) == [30, 8]
    stacked = jobs[jobs.rule == "stack_scenes"]
    assert list(stacked.amount) == [10, 1000, 200, 5, 500, 100]
    composed = jobs[jobs.rule == "compose_periods"]
    assert list(composed[composed.sensor == "eye"].stored_amount) == [4, 400, 80]
    assert len(jobs[jobs.rule == "fetch_labels"]) == 3
    assert len(jobs[jobs.rule == "predict_block"]) == 6
    assert not (jobs.rule == "import_scenes").any()


def test_an_archive_is_imported_once_with_the_scenes_of_its_sensor():
    two = BLOCKS.assign(year=2021)
    scenes = RUN["scenes"] | {("r", 2021, "eye"): 5, ("r", 2021, "ear"): 2}
    run = RUN | {"archives": {"attic": "ear"}, "scenes": scenes}
    table = job_table(pd.concat([BLOCKS, two]), MODELS, "landuse", run)
    (job,) = table[table.rule == "import_scenes"].itertuples()
    assert (job.archive, job.sensor, job.amount) == ("attic", "ear", 10)
    assert len(table[table.rule == "search_scenes"]) == 4


def test_labels_wait_for_the_first_sensor_alone():
    slow = pd.concat([EYE, EAR.assign(samples=EYE.samples * 100)], ignore_index=True)
    table = with_finish(with_costs(job_table(slow, MODELS, "landuse", RUN), RATES))
    stacked = table[table.rule == "stack_scenes"].groupby("sensor").finish.max()
    labels = table[table.rule == "fetch_labels"]
    assert (labels.start < stacked["ear"]).all() and labels.start.max() == stacked["eye"]
    assert table[table.rule == "train_model"].start.min() >= stacked["ear"]


def test_a_rate_of_a_sensor_is_used_for_it_alone():
    own = rate("stack_scenes", "samples", kind="ear", fixed_core_s=0, unit_core_s=3600, cores=1)
    rates = Rates(title="made", rates=[*RATES.rates, own])
    table = with_costs(job_table(BLOCKS, MODELS, "landuse", RUN), rates)
    stacked = table[table.rule == "stack_scenes"]
    assert list(stacked[stacked.sensor == "ear"].core_hours) == [5, 500, 100]
    assert stacked[stacked.sensor == "eye"].core_hours.iloc[1] == pytest.approx(4503 / 3600)


def test_hours_and_bytes_follow_the_rates():
    one = Rates(
        title="m",
        rates=[
            rate(s.rule, s.unit, gpus=2, read_bytes=5, stored_bytes=7, fixed_bytes=11)
            for s in STEPS
        ],
    )
    table = with_costs(job_table(BLOCKS, MODELS, "landuse", RUN), one)
    job = table[(table.rule == "stack_scenes") & (table.block == "33UUU")].iloc[0]
    assert job.sensor == "eye"
    assert job.hours == pytest.approx((2 + 3 * 1000) / 3600)
    assert job.core_hours == pytest.approx(job.hours * 1.5)
    assert job.gpu_hours == pytest.approx(job.hours * 2)
    assert (job.read_bytes, job.stored_bytes) == (4500, 11 + 7000)
    sums = by_stage(table)
    assert sums.core_hours.sum() == pytest.approx(table.core_hours.sum())
    assert sums.jobs.sum() == len(table)


def test_the_longest_chain_is_that_of_brute_force(jobs):
    """All ways through the steps, by hand: the largest block and the slower of equal models."""
    hours = {step.rule: jobs[jobs.rule == step.rule].hours.max() for step in steps_of(RUN)}
    straight = ["search_scenes", "stack_scenes"]
    ways = product(
        (["compose_periods"], ["fetch_labels", "split_labels"]),
        (["plot_scores"], ["describe_product"]),
    )
    rest = ["train_model", "predict_block", "calibrate_map", "draw_map", "sum_areas", "score_map"]
    longest = max(
        sum(hours[r] for r in [*straight, *one, *rest, *other, "build_page"]) for one, other in ways
    )
    assert jobs.finish.max() == pytest.approx(longest)
    chain = longest_chain(jobs)
    assert chain.hours.sum() == pytest.approx(longest)
    assert list(chain.rule)[0] == "search_scenes" and list(chain.rule)[-1] == "build_page"
    assert set(chain.block) <= {"", "33UUU"}
    assert (chain.finish.diff().dropna() > 0).all()

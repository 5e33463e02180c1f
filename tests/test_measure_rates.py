"""Rates of a made benchmark, used in a plan of the same blocks, give its seconds and bytes."""

import pandas as pd
import pytest

from landscribe.command import InputError
from landscribe.formats.cubes import lay_out_cube
from landscribe.formats.json_file import write_json
from landscribe.grid import Grid
from landscribe.measure_rates import main, measured_jobs, merged
from landscribe.plan import MILLION
from landscribe.rates import Rates, fitted
from tests.made_cube import SENSOR

SIDES_PX = {"33UUT": 256, "33UUU": 512, "33UUV": 1024}
NATIVE = 1.25  # samples of B02 and B05 per pixel of 10 m


@pytest.fixture
def results(tmp_path):
    """A run of three blocks with two times each, whose stacking took 3 s and 7 s a million."""
    times = pd.to_datetime(["2020-06-01", "2020-06-06"]).values
    attrs = {"scale_factor": 1, "add_offset": 0, "nodata": 0}
    benchmarks = tmp_path / "benchmarks/rules/stack_scenes"
    benchmarks.mkdir(parents=True)
    for block, side in SIDES_PX.items():
        cube = tmp_path / "fetch/r/2020" / block / "made/cube.zarr"
        bands = {"B02": 0.49, "B05": 0.7}
        lay_out_cube(cube, Grid(32633, 0, 0, side, side, 10), times, bands, "uint16", attrs)
        (cube / "shard").write_bytes(b"0" * side)
        seconds = 3 + 7 * side * side * 4 / MILLION
        (benchmarks / f"r.2020.{block}.made.tsv").write_text(
            f"s\tcpu_time\n{seconds}\t{seconds / 2}\n"
        )
    files = {
        "B02": {"size": 300},
        "B05": {"size": 100},
        "SCL": {"size": 50},
        "visual": {"size": 9000},
    }
    write_json(tmp_path / "fetch/r/2020/made/scenes.lock.json", {"scenes": [{"assets": files}] * 2})
    return tmp_path


def test_a_made_benchmark_is_given_back(results):
    jobs = measured_jobs(results, {"made": SENSOR})
    (rate,) = fitted(jobs, "made")
    assert (rate.fixed_core_s, rate.unit_core_s, rate.cores) == pytest.approx((1.5, 3.5, 0.5))
    seconds = (rate.fixed_core_s + rate.unit_core_s * jobs.amount) / rate.cores
    assert list(seconds) == pytest.approx(list(jobs.seconds))
    pixels = sum(side**2 for side in SIDES_PX.values()) / MILLION
    assert rate.read_bytes == pytest.approx(900 / (pixels * NATIVE * 2))
    assert jobs.stored_bytes.min() >= 256


def test_jobs_of_another_sensor_have_sizes_of_their_own(results):
    one = measured_jobs(results, {"made": SENSOR})
    with pytest.raises(InputError, match="benchmarks of sensor made, but .*among --sensors .radar"):
        measured_jobs(results, {"radar": SENSOR})
    two = measured_jobs(results, {"radar": SENSOR, "made": SENSOR})
    pd.testing.assert_frame_equal(one, two)


def test_rates_that_nobody_measured_anew_stay(results, tmp_path):
    card = tmp_path / "made.yaml"
    card.write_text(SENSOR.model_dump_json())
    main([results], [card], "first", tmp_path / "rates.yaml")
    stacked, of_made = Rates.read(tmp_path / "rates.yaml").rates
    assert (stacked.kind, of_made.kind) == (None, "made")
    assert stacked == of_made.model_copy(update={"kind": None})
    other = stacked.model_copy(update={"rule": "search_scenes", "unit": "scenes"})
    again = stacked.model_copy(update={"unit_core_s": 1.0})
    assert merged([stacked, other], [again]) == [other, again]


def test_a_folder_without_benchmarks_is_told(tmp_path):
    with pytest.raises(InputError, match="no benchmarks of a finished run"):
        measured_jobs(tmp_path, {"made": SENSOR})

"""Settings of a smoothing: faults are told, and flags say the same as the config."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import tyro
import yaml

from landscribe.card import check
from landscribe.command import InputError
from landscribe.runs import Plan
from landscribe.smoothing import Smoothing

RUN = yaml.safe_load(Path("config/demo.yaml").read_text())
HERE = SimpleNamespace(region="beetzsee", year="2017", task="landuse")
OWN = {"method": "bayes", "mmu_ha": 0.5, "class_smoothness": {"water": 5}}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"method": "bayes", "window_px": 8}, "8 is even, .* take 9"),
        ({"method": "none"}, "changes nothing; add mmu_ha"),
        ({"method": "blur"}, "method: .*'bayes', 'majority' or 'none'"),
        ({"method": "bayes", "cloud": 9}, "cloud: unknown key"),
        ({"method": "bayes", "smoothness": 0}, "smoothness: .*greater than 0"),
    ],
)
def test_faults_are_told(values, told):
    with pytest.raises(InputError, match=told):
        check(Smoothing, values, "smoothing")


def test_a_class_that_the_legend_lacks_is_told():
    with pytest.raises(SystemExit, match="class_smoothness: lava is no class of .*; there is"):
        Plan.read(RUN | {"smoothing": OWN | {"class_smoothness": {"lava": 2}}})


def test_flags_say_what_the_config_says():
    plan = Plan.read(RUN | {"smoothing": OWN})
    assert tyro.cli(Smoothing, args=plan.smoothing_flags.split()) == plan.run.smoothing
    assert plan.run.smoothing.smoothness_of("water") == 5
    assert plan.run.smoothing.smoothness_of("forest") == 20


def test_smoothed_maps_are_there_only_if_asked_for():
    plain, plan = Plan.read(RUN), Plan.read(RUN | {"smoothing": OWN})
    assert plain.smoothed(HERE) == [] and plain.smoothing_flags == ""
    assert len(plan.smoothed(HERE)) == 2
    one = SimpleNamespace(**vars(HERE), model="unet")
    assert plan.smoothed(one) == ["results/map/beetzsee/2017/landuse/unet/33UUU/smoothed.tif"]
    assert set(plan.smoothed(HERE)) == set(plan.maps) - set(plain.maps)
    assert not [path for path in plain.maps if re.search("smoothed", path)]

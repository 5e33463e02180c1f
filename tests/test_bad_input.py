"""Bad input and full disks end every command in one message, without a traceback or a half file."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copy

import geopandas as gpd
import numpy as np
import pyarrow.parquet as pq
import pytest
import rasterio
import yaml
from shapely import box

from tests.made_cube import BLOCK, SENSOR, scene

LABELS = "33UUU/task/labels.tif"
POLYGONS = "33UUU/task/polygons.parquet"
CARDS = "--region region.yaml --sensor sensor.yaml"
SHOWN = "--region region.yaml --sensors sensor.yaml"
LOCKED = "--scenes scenes.parquet --lock lock.json"
CUBE = "33UUU/sensor/cube.zarr"
TRUTH = "--labels 33UUU/task/labels.tif --polygons polygons.parquet"
TAUGHT = f"--task task.yaml --sensors sensor.yaml --cubes {CUBE} {TRUTH} --device cpu"
FIT = "--weights fit/tiny/w.safetensors --description fit/tiny/model.json"
MAP = "--classes tiny/33UUU/c.tif --confidence tiny/33UUU/p.tif --observations tiny/33UUU/n.tif"
FOUND = "--areas tiny/areas.csv --scores tiny/scores.json --trust tiny/33UUU/entropy.tif"
FOUND += " tiny/33UUU/set_sizes.tif tiny/33UUU/sets.tif"
FLOW = f"""
import_scenes --archive archive.yaml --sensor sensor.yaml > --catalogue ./catalogue
search_scenes {CARDS} --year 2020 --catalogue ./catalogue > {LOCKED.replace("lock ", "lock-file ")}
stack_scenes {CARDS} {LOCKED} --block 33UUU > --cube {CUBE} \
  --gaps 33UUU/sensor/gaps.parquet
fetch_labels --task task.yaml --cube {CUBE} > --labels 33UUU/task/labels.tif \
  --polygons 33UUU/task/polygons.parquet
split_labels --task task.yaml --polygons 33UUU/task/polygons.parquet > --out polygons.parquet
train_model --model tiny.yaml {TAUGHT} > {FIT}
train_model --model net.yaml {TAUGHT} > {FIT.replace("tiny", "net")}
predict_block {FIT} --cubes {CUBE} > --out tiny/33UUU/shares.tif
sample_reference {FIT} --sensors sensor.yaml --cubes {CUBE} {TRUTH} > --out fit/tiny/r.safetensors
calibrate_map --task task.yaml --probabilities tiny/33UUU/shares.tif {TRUTH} > --out tiny/c.json
draw_map --region region.yaml --task task.yaml --cube {CUBE} \
  --probabilities tiny/33UUU/shares.tif --calibration tiny/c.json > {MAP} \
  --entropy tiny/33UUU/entropy.tif --set-sizes tiny/33UUU/set_sizes.tif \
  --sets tiny/33UUU/sets.tif
measure_applicability {FIT} --reference fit/tiny/r.safetensors --cubes {CUBE} \
  > --out tiny/33UUU/a.tif
smooth_map --task task.yaml --classes tiny/33UUU/c.tif --probabilities tiny/33UUU/shares.tif \
  --method bayes --mmu-ha 1 > --out tiny/33UUU/s.tif
sum_areas --region region.yaml --task task.yaml --classes tiny/33UUU/c.tif > --areas tiny/areas.csv
score_map --task task.yaml --classes tiny/33UUU/c.tif --probabilities tiny/33UUU/shares.tif \
  {TRUTH} > --out tiny/scores.json
score_trust --task task.yaml --model tiny.yaml --region region.yaml --year 2020 \
  --probabilities tiny/33UUU/shares.tif {TRUTH} --calibration tiny/c.json \
  --classes tiny/33UUU/c.tif > --out tiny/trust.json \
  --rescaled tiny/rescaled.png --coverage tiny/coverage.png --accuracy tiny/away.png
plot_scores --scores tiny/scores.json --model tiny.yaml --region region.yaml --year 2020 \
  --classes tiny/33UUU/c.tif {TRUTH} > --confusion tiny/confusion.png \
  --accuracy tiny/accuracy.png --reliability tiny/reliability.png --errors tiny/errors.png
describe_product {SHOWN} --task task.yaml --model tiny.yaml --scenes scenes.parquet \
  --locks lock.json {FIT} {MAP} {FOUND} --gaps 33UUU/sensor/gaps.parquet --page ./page.html \
  --calibration tiny/c.json --trust-scores tiny/trust.json --year 2020 \
  > --map-item tiny/map.json --model-item tiny/model.json --provenance tiny/provenance.json
build_page {SHOWN} --task task.yaml --locks lock.json --cubes {CUBE} {FOUND} {MAP} \
  --descriptions fit/tiny/model.json --calibrations tiny/c.json --trusts tiny/trust.json \
  --year 2020 --figures tiny/confusion.png \
  tiny/accuracy.png tiny/reliability.png tiny/errors.png --products tiny/map.json \
  tiny/model.json tiny/provenance.json > --out ./page.html
""".strip().split("\n")
MADE = f"""
region: {{title: R, bounds: {list(BLOCK.bounds)}, crs: "EPSG:32633"}}
tiny: {{title: M, kind: forest, settings: {{trees: 2, context: false}}}}
net: {{title: N, kind: segment, settings: {{width: 8, depth: 1, epochs: 1, tiles_per_epoch: 8}}}}
archive:
  {{title: A, sensor: sensor, root: FOLDER/archive, datetime_format: "%Y%m%d", platform: made,
  pattern: '(?P<datetime>\\d+)_(?P<band>B\\d+)\\.tif', scene_id: "S{{datetime}}", licence: other,
  attribution: I}}
task:
  title: T
  legend:
    - {{id: 1, name: c0, title: C 0, colour: "#004488", labels: [farm]}}
    - {{id: 2, name: c1, title: C 1, colour: "#448800", labels: [forest]}}
  labels: {{source: FOLDER/labels.gpkg, column: class, feature: id, probability_sample: false,
    licence: other, attribution: I}}
  split: {{square_m: 200, validation: 0.2, test: 0.3}}
"""
# Libraries take seconds to load: they are loaded once, and each command is a fork of that process.
FORKS = """
import importlib, json, os, runpy, sys, tempfile, traceback
import landscribe.models.forest, landscribe.models.segment
for name in sys.argv[1:]:
    importlib.import_module(name)
    del sys.modules[name]
for line in sys.stdin:
    sys.argv = json.loads(line)
    with tempfile.TemporaryFile("w+") as told:
        if (child := os.fork()) == 0:
            os.dup2(told.fileno(), 1)
            os.dup2(told.fileno(), 2)
            code = 1
            try:
                runpy.run_module(sys.argv[0], run_name="__main__")
                code = 0
            except SystemExit as end:
                print(end.code, file=sys.stderr, flush=True)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)  # to free what was loaded would take seconds
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        told.seek(0)
        print(json.dumps([code, told.read()]), flush=True)
"""


def words(line: str, made: Path, out: Path) -> list[str]:
    """Script and flags of a line of FLOW; files lie below `made`, those after > below `out`."""
    given, new = ([*part.split()] for part in line.split(">"))
    name, *given = (str(made / w) if {".", "/"} & set(w) else w for w in given)
    return [f"scripts.{name}", *given, *(str(out / w) if {".", "/"} & set(w) else w for w in new)]


def write_labels(path: Path, classes=("farm", "forest"), crs=32633, shift_m=0) -> None:
    """81 squares of ground of two classes in turn."""
    at = BLOCK.bounds[:2] + 100 * np.stack(np.mgrid[:9, :9], -1).reshape(81, 2)
    shapes = gpd.GeoSeries([box(x, y, x + 80, y + 80) for x, y in at + shift_m], crs=32633)
    shapes = shapes.to_crs(crs) if crs else shapes.set_crs(None, allow_override=True)
    table = {"class": [classes[n % 2] for n in range(81)], "id": range(81)}
    gpd.GeoDataFrame(table, geometry=shapes).to_file(path)


@pytest.fixture(scope="module")
def run():
    """Function that runs a command, as of the shell: exit code, and all that it told."""
    names = sorted({words(line, Path(), Path())[0] for line in FLOW})
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", FORKS, *names], **pipes) as process:

        def command(given: list[str]) -> tuple[int, str]:
            print(json.dumps(given), file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        yield command
        process.stdin.close()


@pytest.fixture(scope="module")
def made(run, tmp_path_factory) -> Path:
    """Folder of a whole run of a small block, each file written by its own command."""
    folder = tmp_path_factory.mktemp("made")
    scene(folder / "raw", 11, seed=1)
    (folder / "archive").mkdir()
    for band in ("B02", "B05"):
        copy(folder / f"raw/11_{band}.tif", folder / f"archive/20200611_{band}.tif")
    cards = yaml.safe_load(MADE.replace("FOLDER", str(folder)))
    cards["sensor"] = SENSOR.model_dump() | {"clouds": {"method": "none"}}
    for name, card in cards.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(card))
    write_labels(folder / "labels.gpkg")
    for line in FLOW:
        code, told = run(words(line, folder, folder))
        assert code == 0, told
    return folder


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A disk without a free byte."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
    if (
        not sys.platform.startswith("linux")
        or subprocess.run(mount, capture_output=True).returncode
    ):
        pytest.skip("this machine lets nobody mount a small disk")
    try:
        with pytest.raises(OSError), (folder / "filler").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fails(run, given: list[str], *told: str) -> str:
    """The one message, with these words in it, in which a command ends."""
    code, said = run(given)
    assert "Traceback" not in said, said
    assert code == 1 and said.count("error: ") == 1, said
    message = said.partition("error: ")[2]
    assert not [word for word in told if word not in message], message
    return message


@pytest.mark.parametrize("line", FLOW, ids=lambda line: " ".join(line.split()[:3:2]))
def test_a_full_disk_is_told_and_gets_no_half_file(run, made, disk, line):
    given = words(line, made, disk)
    told = fails(run, given)
    assert "no space left" in told.lower() or f"{disk}/" in told
    assert not [w for w in given if w.startswith(f"{disk}/") and Path(w).exists()]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"classes": ("farm", "moor")},
            ["labels.gpkg: 1 values", "moor (40)", "give each a class"],
        ),
        ({"crs": None}, ["labels.gpkg: has no CRS", "give the file one"]),
    ],
)
def test_labels_that_cannot_be_used_are_told(run, made, tmp_path, change, told):
    fails(run, labelled(made, tmp_path, **change), *told)
    assert not list(tmp_path.rglob("*.tif")) and not list(tmp_path.rglob("*.parquet"))


def test_labels_of_other_ground_are_told_once_all_blocks_have_looked(run, made, tmp_path):
    code, said = run(labelled(made, tmp_path, shift_m=50_000))
    assert code == 0, said
    left = sorted(tmp_path.rglob("*"))
    split = changed(made, tmp_path, "split_labels", polygons=tmp_path / POLYGONS)
    fails(run, split, "no polygon of the legend touches any block (33UUU)", "name another label")
    assert sorted(tmp_path.rglob("*")) == left


def test_labels_of_another_crs_are_warped(run, made, tmp_path):
    code, said = run(labelled(made, tmp_path, crs=3035))
    assert code == 0, said
    with rasterio.open(made / LABELS) as one, rasterio.open(tmp_path / LABELS) as two:
        assert one.crs == two.crs and one.transform == two.transform
        assert (one.read(1) != two.read(1)).mean() < 0.01


def labelled(made: Path, out: Path, **change) -> list[str]:
    """`fetch_labels` with labels of its own, to `out`."""
    write_labels(out / "labels.gpkg", **change)
    card = (made / "task.yaml").read_text().replace(str(made / "labels"), str(out / "labels"))
    (out / "task.yaml").write_text(card)
    return changed(made, out, "fetch_labels", task=out / "task.yaml")


def changed(made: Path, out: Path, name: str, **values: str | Path) -> list[str]:
    """Words of a command with some flags changed."""
    given = words(next(line for line in FLOW if line.startswith(name)), made, out)
    for flag, value in values.items():
        given[given.index(f"--{flag}") + 1] = str(value)
    return given


def bad_files(made: Path, out: Path) -> dict[str, tuple[list[str], list[str]]]:
    """Commands with input that cannot be right, and what has to be told."""
    sensor = yaml.safe_load((made / "sensor.yaml").read_text())
    sensor["bands"][1]["name"] = "B08"
    (out / "sensor.yaml").write_text(yaml.safe_dump(sensor))
    (out / "card.yaml").write_text("titel: T\nlegend: []\nlabels: {}\nsplit: none\n")
    pq.write_table(pq.read_table(made / "scenes.parquet")[:0], out / "none.parquet")
    (out / "text.tif").write_text("no raster")
    other = {"sensor": out / "sensor.yaml"}
    others = {"sensors": out / "sensor.yaml"}
    swapped = {"sensors": f"{made}/sensor.yaml", "cubes": f"{made}/33UUU/radar/cube.zarr"}
    apart = ["cube 1 is", "33UUU/radar/cube.zarr, but that of 33UUU/sensor was wanted"]
    stack = ["33UUU", "none of 0 scenes touches it", "widen the season"]
    faults = ["card.yaml", "titel: unknown key", "legend: ", "labels.source: is missing", "split: "]
    return {
        "cube's band": (changed(made, out, "train", **others), ["no band B08", "has B02, B05"]),
        "cube's place": (changed(made, out, "train", **swapped), apart),
        "scene's band": (changed(made, out, "stack", **other), ["B08"]),
        "no scene": (changed(made, out, "stack", scenes=out / "none.parquet"), stack),
        "block": (changed(made, out, "stack", block="32TPT"), ["32TPT: not in the", "has 33UUU"]),
        "card": (changed(made, out, "sum_areas", task=out / "card.yaml"), faults),
        "raster": (changed(made, out, "sum_areas", classes=out / "text.tif"), ["text.tif"]),
    }


@pytest.mark.parametrize(
    "what", ["cube's band", "cube's place", "scene's band", "no scene", "block", "card", "raster"]
)
def test_input_that_cannot_be_right_is_told(run, made, tmp_path, what):
    given, told = bad_files(made, tmp_path)[what]
    before = sorted(tmp_path.iterdir())
    fails(run, given, *told)
    left = {p for p in tmp_path.rglob("*") if p.is_file() or p.suffix == ".zarr"}
    assert left == set(before)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {
                "sensors": ["eye"],
                "task": "mood",
                "models": ["oracle"],
                "catalogue": "archive:attic",
            },
            ["sensors/eye.yaml", "tasks/mood.yaml", "models/oracle.yaml", "archives/attic.yaml"],
        ),
        (
            {
                "regions": ["a b"],
                "sensors": ["x;touch MARK"],
                "task": "'t'",
                "models": ["$(touch MARK)"],
            },
            ["4 faults", "regions.0", "sensors.0", "task", "models.0"],
        ),
    ],
)
def test_a_run_of_unknown_or_strange_ids_is_told_and_runs_nothing(tmp_path, change, told):
    config = tmp_path / "run.yaml"
    text = json.dumps(yaml.safe_load(Path("config/demo.yaml").read_text()) | change)
    config.write_text(text.replace("MARK", str(tmp_path / "mark")))
    snakemake = [Path(sys.executable).parent / "snakemake", "-n", "--configfile", config]
    done = subprocess.run(snakemake, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "Traceback" not in said
    assert not [word for word in told if word not in said], said
    assert not (tmp_path / "mark").exists()

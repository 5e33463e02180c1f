"""Maps are real cloud-optimised GeoTIFFs that say the same as the probabilities."""

import errno
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import xarray as xr
from rio_cogeo import cog_validate
from scipy.ndimage import gaussian_filter
from shapely import box, segmentize

from landscribe.cards import LandClass, Task
from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.formats.rasters import (
    NODATA,
    PROBABILITY_NODATA,
    PROBABILITY_SCALE,
    probability_profile,
    raster_grid,
    write_raster,
)
from landscribe.grid import Grid, project
from landscribe.mapping.cog import CONFIDENCE_STEP, ENTROPY_STEP, category_names
from landscribe.mapping.draw import MapFiles, draw_map, trust_layers
from landscribe.trust.calibrate import Calibration
from landscribe.trust.rescaling import Rescaling
from tests.test_predict import tiny_disk

LAYERS = ("classes", "confidence", "observations", "entropy", "set_sizes", "sets")
CARD = Path("config/tasks/landuse.yaml")
LEGEND = Task.read(CARD).legend
AS_IS = Calibration(Rescaling(), np.full(len(LEGEND), 0.7))
GRID = Grid(32633, 330000, 5822040, 1300, 1100, 10)


def made_probabilities(grid: Grid = GRID) -> np.ndarray:
    """Smooth fields (class, y, x) uint16 that sum to 10,000; a corner was not observed."""
    rng = np.random.default_rng(0)
    fields = rng.normal(size=(len(LEGEND), grid.height, grid.width)).astype("float32")
    odds = np.exp(12 * gaussian_filter(fields, (0, 4, 4)))
    pixels = np.rint(odds / odds.sum(0) / PROBABILITY_SCALE).astype("uint16")
    pixels[:, :301, :77] = PROBABILITY_NODATA
    return pixels


def write_probabilities(path: Path, pixels: np.ndarray, grid: Grid = GRID) -> Path:
    with rasterio.open(path, "w", **probability_profile(grid, len(pixels))) as raster:
        raster.write(pixels)
        raster.descriptions = [f"class {c.id}" for c in LEGEND]
    return path


def made_cube(grid: Grid = GRID) -> xr.Dataset:
    """Cube of one band with all that a map needs of it."""
    shape = (grid.height, grid.width)
    count = np.random.default_rng(1).integers(0, 9, shape, dtype="uint8")
    ones = np.ones((1, *shape), "uint8")
    return xr.Dataset(
        {
            "dn": (("time", "band", "y", "x"), ones[:, None].astype("uint16")),
            "mask": (("time", "y", "x"), ones),
            "valid_count": (("y", "x"), count),
        },
        {
            "band": np.array(["B02"], dtype=object),
            "x": grid.west + grid.gsd_m * (np.arange(grid.width) + 0.5),
            "y": grid.north - grid.gsd_m * (np.arange(grid.height) + 0.5),
        },
    ).rio.write_crs(grid.crs)


def files_in(folder: Path) -> MapFiles:
    return MapFiles(*(folder / f"{name}.tif" for name in LAYERS))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("map")
    source = write_probabilities(folder / "probabilities.tif", made_probabilities())
    draw_map(source, made_cube(), LEGEND, AS_IS, files_in(folder / "out"))
    return folder / "out"


def test_each_layer_is_a_valid_cog_with_overviews(drawn):
    for name in LAYERS:
        valid, errors, warnings = cog_validate(drawn / f"{name}.tif", strict=True, quiet=True)
        assert (valid, errors, warnings) == (True, [], [])
        with rasterio.open(drawn / f"{name}.tif") as raster:
            assert raster.overviews(1) == [2, 4]
            assert raster_grid(raster) == GRID
            wanted = (0, ("uint16",), 1) if name == "sets" else (NODATA, ("uint8",), 1)
            assert (raster.nodata, raster.dtypes, raster.count) == wanted
    files = ["classes.tif.aux.xml", *(f"{name}.tif" for name in LAYERS)]
    assert sorted(p.name for p in drawn.iterdir()) == sorted(files)


def test_layers_say_what_the_probabilities_say(drawn):
    pixels = made_probabilities().astype(int)
    missing = pixels[0] == PROBABILITY_NODATA
    read = {}
    for name in LAYERS:
        with rasterio.open(drawn / f"{name}.tif") as raster:
            read[name] = raster.read(1)
    ids = np.array([c.id for c in LEGEND])
    assert (read["classes"] == np.where(missing, NODATA, ids[pixels.argmax(0)])).all()
    assert (read["confidence"][missing] == NODATA).all()
    told = read["confidence"] * CONFIDENCE_STEP
    apart = abs(told - pixels.max(0) * PROBABILITY_SCALE)[~missing].max()
    assert apart <= CONFIDENCE_STEP / 2 + 1e-6
    assert (read["observations"] == made_cube().valid_count.values).all()
    shares = np.where(missing, 1250, pixels) / pixels.sum(0).clip(1) * np.where(missing, 0, 1)
    held = pixels * PROBABILITY_SCALE >= 1 - 0.7 - 1e-9
    np.put_along_axis(held, pixels.argmax(0)[None], True, 0)
    assert (read["set_sizes"] == np.where(missing, NODATA, held.sum(0))).all()
    for bit in range(len(LEGEND)):
        assert ((read["sets"] >> bit & 1) == np.where(missing, 0, held[bit])).all()
    logs = np.log(np.where(shares > 0, shares, 1))
    entropy = -(shares * logs).sum(0) / np.log(len(LEGEND))
    assert (read["entropy"][missing] == NODATA).all()
    assert abs(read["entropy"] * ENTROPY_STEP - entropy)[~missing].max() <= 0.008


def test_layers_name_their_content(drawn):
    with rasterio.open(drawn / "classes.tif") as raster:
        assert raster.colorinterp[0].name == "palette"
        colours = raster.colormap(1)
        for land in LEGEND:
            assert colours[land.id] == (*bytes.fromhex(land.colour[1:]), 255)
            assert raster.tags(1)[f"class_{land.id}"] == land.name
        assert colours[NODATA][3] == 0
        assert (raster.descriptions, raster.units) == (("class of the legend",), ("class id",))
    with rasterio.open(drawn / "confidence.tif") as raster:
        assert (raster.scales, raster.units) == ((CONFIDENCE_STEP,), ("1",))
    with rasterio.open(drawn / "observations.tif") as raster:
        assert raster.descriptions == ("clear observations",)
    with rasterio.open(drawn / "sets.tif") as raster:
        assert raster.units == ("bits",)
        assert [raster.tags(1)[f"bit_{n}"] for n in range(8)] == [c.name for c in LEGEND]
    with rasterio.open(drawn / "entropy.tif") as raster:
        assert raster.descriptions == ("entropy, as a share of the highest",)


def test_rescaling_changes_the_confidence_and_never_the_class():
    pixels, hot = made_probabilities(), Calibration(Rescaling("temperature", 2.0), np.zeros(8))
    one, other = (trust_layers(pixels, LEGEND, found) for found in (AS_IS, hot))
    assert (one["classes"] == other["classes"]).all()
    seen = one["classes"] != NODATA
    assert (other["confidence"][seen] <= one["confidence"][seen]).all()
    assert other["confidence"][seen].mean() < 0.9 * one["confidence"][seen].mean()
    assert (other["set_sizes"][seen] == 1).all()


def test_a_map_without_a_promise_has_sets_of_all_classes():
    found = trust_layers(made_probabilities(), LEGEND, Calibration.none(len(LEGEND)))
    assert set(np.unique(found["set_sizes"])) == {len(LEGEND), NODATA}
    assert set(np.unique(found["sets"])) == {2 ** len(LEGEND) - 1, 0}


def test_a_long_legend_has_a_band_for_each_16_classes(tmp_path):
    legend = [
        LandClass(id=n, name=f"c{n}", title=f"C {n}", colour=f"#0000{n:02x}", labels=[str(n)])
        for n in range(1, 20)
    ]
    grid = Grid(32633, 330000, 5822040, 40, 30, 10)
    pixels = np.full((19, 30, 40), 526, "uint16")
    with rasterio.open(tmp_path / "p.tif", "w", **probability_profile(grid, 19)) as raster:
        raster.write(pixels)
        raster.descriptions = [f"class {c.id}" for c in legend]
    draw_map(tmp_path / "p.tif", made_cube(grid), legend, Calibration.none(19), files_in(tmp_path))
    with rasterio.open(tmp_path / "sets.tif") as raster:
        assert raster.count == 2 and raster.tags(2)["bit_2"] == "c19"
        assert (raster.read() == np.array([65535, 7])[:, None, None]).all()


def test_gdal_reads_the_names_of_the_classes(drawn, tmp_path):
    rasterio.shutil.copy(drawn / "classes.tif", tmp_path / "x.vrt", driver="VRT")
    names = [e.text for e in ElementTree.parse(tmp_path / "x.vrt").iter("Category")]
    assert names == [None, *(c.title for c in LEGEND)]
    assert category_names(LEGEND) == (drawn / "classes.tif.aux.xml").read_bytes()


def test_class_overviews_hold_a_most_frequent_class(drawn):
    with rasterio.open(drawn / "classes.tif") as raster:
        fine = raster.read(1)
    with rasterio.open(drawn / "classes.tif", overview_level=0) as raster:
        coarse = raster.read(1)
    squares = fine.reshape(550, 2, 650, 2).swapaxes(1, 2).reshape(550, 650, 4)
    votes = np.stack([(squares == c.id).sum(2) for c in LEGEND])  # (class, y, x)
    empty = votes.sum(0) == 0
    assert (coarse[empty] == NODATA).all()
    ids = np.array([c.id for c in LEGEND])
    chosen = np.take_along_axis(votes, np.searchsorted(ids, coarse).clip(0, 7)[None], 0)[0]
    assert (chosen == votes.max(0))[~empty].all()
    assert (coarse[~empty] != NODATA).all()


def test_confidence_overviews_do_not_average_over_nodata(drawn):
    with rasterio.open(drawn / "confidence.tif") as raster:
        fine = raster.read(1)
    with rasterio.open(drawn / "confidence.tif", overview_level=0) as raster:
        coarse = raster.read(1)
    squares = np.ma.masked_equal(fine.reshape(550, 2, 650, 2).astype(float), NODATA)
    means = squares.mean(axis=(1, 3))
    assert (coarse[means.mask] == NODATA).all()
    assert abs(coarse - means).max() <= 0.5


def test_ties_go_to_the_class_that_the_legend_names_first():
    tied = np.zeros((len(LEGEND), 1, 2), "uint16")
    tied[[2, 5], 0, 0] = 5000
    tied[:, 0, 1] = 1250
    found = trust_layers(tied, LEGEND, AS_IS)
    classes, confidence = found["classes"], found["confidence"]
    assert classes.tolist() == [[LEGEND[2].id, LEGEND[0].id]]
    assert confidence.tolist() == [[100, 25]]


def test_the_same_input_gives_the_same_bytes(drawn, tmp_path):
    source = write_probabilities(tmp_path / "p.tif", made_probabilities())
    draw_map(source, made_cube(), LEGEND, AS_IS, files_in(tmp_path / "out"))
    for path in drawn.iterdir():
        one, two = path.read_bytes(), (tmp_path / "out" / path.name).read_bytes()
        assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


def test_a_map_smaller_than_a_block_is_a_cog_too(tmp_path):
    grid = Grid(32633, 330000, 5822040, 40, 30, 10)
    pixels = np.full((len(LEGEND), 30, 40), 1250, "uint16")
    source = write_probabilities(tmp_path / "p.tif", pixels, grid)
    assert draw_map(source, made_cube(grid), LEGEND, AS_IS, files_in(tmp_path)) == 1
    assert cog_validate(tmp_path / "classes.tif", strict=True, quiet=True)[0]


def test_what_does_not_fit_is_refused(tmp_path):
    files, source = files_in(tmp_path / "out"), tmp_path / "p.tif"
    write_probabilities(source, made_probabilities())
    with pytest.raises(InputError, match="class 8, but the legend has class 1, class 2;"):
        draw_map(source, made_cube(), LEGEND[:2], AS_IS, files)
    with pytest.raises(InputError, match="the cube on"):
        draw_map(
            source, made_cube(Grid(32633, 330010, 5822040, 1300, 1100, 10)), LEGEND, AS_IS, files
        )
    with pytest.raises(InputError, match="no raster"):
        draw_map(tmp_path / "none.tif", made_cube(), LEGEND, AS_IS, files)
    source.write_bytes(source.read_bytes()[:-200_000])
    with pytest.raises(InputError, match="is damaged|no raster"):
        draw_map(source, made_cube(), LEGEND, AS_IS, files)
    assert not files.classes.parent.exists() or list(files.classes.parent.iterdir()) == []


def test_ground_outside_the_region_is_empty_in_all_layers(tmp_path):
    source = write_probabilities(tmp_path / "p.tif", made_probabilities())
    west, south, east, north = GRID.bounds
    half = box(west, south, (west + east) / 2, north)
    ground = project(segmentize(half, 500), GRID.crs, "EPSG:4326")
    whole = draw_map(source, made_cube(), LEGEND, AS_IS, files_in(tmp_path / "whole"))
    share = draw_map(source, made_cube(), LEGEND, AS_IS, files_in(tmp_path / "half"), ground)
    assert 0.4 * whole < share < 0.6 * whole
    for name in LAYERS:
        with (
            rasterio.open(tmp_path / f"whole/{name}.tif") as one,
            rasterio.open(tmp_path / f"half/{name}.tif") as two,
        ):
            middle, kept, nodata = one.width // 2, two.read(1), two.nodata
            assert (kept[:, :middle] == one.read(1)[:, :middle]).all()
            assert (kept[:, middle:] == nodata).all() and (kept[:, :middle] != nodata).any()


@pytest.mark.parametrize("short_kb", [8, 150])  # the last blocks are written on closing
def test_blocks_that_gdal_loses_on_closing_are_noticed(tmp_path, short_kb):
    grid = Grid(32633, 330000, 5822040, 512, 512, 10)
    noise = np.random.default_rng(0).integers(0, 60_000, (4, 512, 512), dtype="uint16")
    names = ["a", "b", "c", "d"]
    write_raster(tmp_path / "whole.tif", noise, grid, 65535, names)
    size_kb = (tmp_path / "whole.tif").stat().st_size // 1024
    with tiny_disk(tmp_path / "disk", size_kb - short_kb) as disk:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            write_raster(disk / "x.tif", noise, grid, 65535, names)
        assert list(disk.iterdir()) == []


def command(source: Path, cube: Path, files: MapFiles) -> list[str]:
    calibration = source.with_name("calibration.json")
    rows = [{"class_id": land.id, "threshold": None} for land in LEGEND]
    write_json(calibration, {"rescaling": Rescaling().as_dict(), "sets": {"thresholds": rows}})
    region = source.with_name("region.yaml")
    region.write_text(f"{{title: R, crs: {GRID.crs}, bounds: {list(GRID.bounds)}}}")
    given = {
        "region": region,
        "task": CARD,
        "cube": cube,
        "probabilities": source,
        "calibration": calibration,
    }
    given |= vars(files)
    flags = [
        text for name, path in given.items() for text in (f"--{name.replace('_', '-')}", str(path))
    ]
    return [sys.executable, "-m", "scripts.draw_map", *flags]


@pytest.mark.parametrize("size_kb", [300, 3500])  # full while layers are drawn, or at the copies
def test_a_full_disk_ends_in_one_message_and_no_part(tmp_path, size_kb):
    source = write_probabilities(tmp_path / "p.tif", made_probabilities())
    made_cube().to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False)
    with tiny_disk(tmp_path / "disk", size_kb) as disk:
        files = files_in(disk / "out")
        done = subprocess.run(
            command(source, tmp_path / "cube.zarr", files), capture_output=True, text=True
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert done.stderr.count("error: ") == 1
        assert os.strerror(errno.ENOSPC).lower() in done.stderr.lower() or "MB free" in done.stderr
        assert list((disk / "out").iterdir()) == []


def test_the_command_tells_how_much_is_mapped(tmp_path):
    source = write_probabilities(tmp_path / "p.tif", made_probabilities())
    made_cube().to_zarr(tmp_path / "cube.zarr", zarr_format=3, consolidated=False)
    done = subprocess.run(
        command(source, tmp_path / "cube.zarr", files_in(tmp_path / "out")),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    share = 1 - 301 * 77 / (GRID.width * GRID.height)
    assert f"{share:.1%} of the pixels have a class" in done.stdout

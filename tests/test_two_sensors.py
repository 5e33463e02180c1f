"""Two sensors are as one with the bands of both: in samples, in models, and on the map."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
import xarray as xr
import yaml

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.cubes import cube_grid, read_cube, read_cubes
from landscribe.formats.rasters import PROBABILITY_NODATA
from landscribe.grid import Grid
from landscribe.imagery.composite import composite
from landscribe.sensors import Sensor
from landscribe.training.predictor import Signature
from landscribe.training.samples import read_samples
from scripts import predict_block, train_model
from tests.made_cube import SENSOR
from tests.made_map import GRIDS, make_map

EYE, EAR = ("B02", "B05"), ("VV", "VH")
BANDS = [*EYE, *EAR]


@dataclass
class Made:
    """Folder with cubes `<block>/<sensor>/cube.zarr` of two sensors, labels, cards, a model."""

    folder: Path

    def cubes(self, *sensors, blocks=tuple(GRIDS)):
        return tuple(self.folder / b / s / "cube.zarr" for b in blocks for s in sensors)

    def labels(self):
        return tuple(self.folder / block / "landuse/labels.tif" for block in GRIDS)

    def cards(self, *sensors):
        return tuple(self.folder / f"{sensor}.yaml" for sensor in sensors)

    def train(self, cubes, sensors=("eye", "ear")):
        files = [self.folder / name for name in ("tiny.yaml", "landuse.yaml", "polygons.parquet")]
        model, task, polygons = files
        out = self.folder / "model.safetensors", self.folder / "model.json"
        inputs = (self.cards(*sensors), cubes, self.labels(), polygons)
        train_model.main(model, task, *inputs, *out, threads=1, device="cpu")

    def predict(self, cubes, name):
        files = self.folder / "model.safetensors", self.folder / "model.json"
        out = self.folder / name / "p.tif"
        predict_block.main(*files, cubes, out, window_px=128, threads=1, device="cpu")
        with rasterio.open(out) as raster:
            return raster.read()


def cube(grid, dn, bands, mask, scale, offset=0.0) -> xr.Dataset:
    """Cube of `dn` (time, band, y, x) with mask (time, y, x)."""
    times = np.arange(len(dn)).astype("M8[D]").astype("M8[ns]")
    told = {"scale_factor": scale, "add_offset": offset, "nodata": 0}
    return xr.Dataset(
        {
            "dn": (("time", "band", "y", "x"), dn, told),
            "mask": (("time", "y", "x"), mask.astype("uint8")),
            "valid_count": (("y", "x"), (mask == 1).sum(0).astype("uint8")),
        },
        {
            "time": times,
            "band": np.array(bands, dtype=object),
            "x": grid.west + grid.gsd_m * (np.arange(grid.width) + 0.5),
            "y": grid.north - grid.gsd_m * (np.arange(grid.height) + 0.5),
        },
    ).rio.write_crs(grid.crs)


def write(path: Path, data: xr.Dataset) -> None:
    data.to_zarr(path, mode="w", zarr_format=3, consolidated=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    """Two blocks; the eye lacks their first rows, the ear their first columns."""
    made = Made(tmp_path_factory.mktemp("two"))
    make_map(made.folder)
    rng = np.random.default_rng(3)
    for block, grid in GRIDS.items():
        size = (grid.height, grid.width)
        clear = rng.choice([1, 2], (3, *size), p=[0.8, 0.2])
        clear[:, :9] = 2
        heard = np.ones((2, *size), "uint8")
        heard[:, :, :5] = 0
        eye = cube(grid, rng.integers(1, 9000, (3, 2, *size), "uint16"), EYE, clear, 1e-4)
        ear = cube(grid, rng.integers(-2500, 0, (2, 2, *size), "int16"), EAR, heard, 0.01, 2.5)
        both = np.concatenate([composite(eye).values, composite(ear).values])
        seen = np.isfinite(both).all(0)[None].astype("uint8")
        one = cube(grid, both[None], BANDS, seen, 1.0)
        for name, data in {"eye": eye, "ear": ear, "both": one}.items():
            write(made.folder / block / name / "cube.zarr", data)
    for name, bands in {"eye": EYE, "ear": EAR}.items():
        card = SENSOR.model_dump() | {"clouds": {"method": "none"}}
        card["bands"] = [{**card["bands"][0], "name": band} for band in bands]
        (made.folder / f"{name}.yaml").write_text(yaml.safe_dump(card))
    model = {"title": "M", "kind": "forest", "settings": {"trees": 3, "context": False}}
    (made.folder / "tiny.yaml").write_text(yaml.safe_dump(model))
    threads = torch.get_num_threads()
    made.train(made.cubes("eye", "ear"))
    yield made
    torch.set_num_threads(threads)


def test_samples_have_the_bands_of_all_sensors_in_order(made):
    blocks = [made.cubes("eye", "ear", blocks=(block,)) for block in GRIDS]
    signature = Signature(tuple(BANDS), (0.1,) * len(BANDS), (1, 2), 10.0)
    samples = read_samples(blocks, made.labels(), made.folder / "polygons.parquet", signature)
    for block, sample in zip(GRIDS, samples, strict=True):
        eye, ear = (read_cube(made.folder / block / s / "cube.zarr") for s in ("eye", "ear"))
        wanted = np.concatenate([composite(eye).values, composite(ear).values])
        np.testing.assert_array_equal(sample.reflectance, wanted)
        assert sample.reflectance[2:, 20, 20].max() < 2.5  # the scale of each cube is its own


def test_a_signature_names_the_bands_of_all_sensors(made):
    sensors = [Sensor.read(path) for path in made.cards("eye", "ear")]
    task = Task.read(made.folder / "landuse.yaml")
    assert Signature.of(sensors, task).bands == tuple(BANDS)
    told = json.loads((made.folder / "model.json").read_text())
    assert told["signature"]["bands"] == BANDS


def test_a_block_is_predicted_as_from_one_cube_with_all_bands(made):
    block = tuple(GRIDS)[:1]
    two = made.predict(made.cubes("eye", "ear", blocks=block), "two")
    one = made.predict(made.cubes("both", blocks=block), "one")
    np.testing.assert_array_equal(two, one)
    turned = made.predict(made.cubes("ear", "eye", blocks=block), "turned")
    np.testing.assert_array_equal(two, turned)
    assert len(np.unique(two[:, 50])) > 3


def test_what_one_sensor_did_not_see_is_not_mapped(made):
    found = made.predict(made.cubes("eye", "ear", blocks=tuple(GRIDS)[:1]), "holes")
    assert (found[:, :9] == PROBABILITY_NODATA).all()  # heard, not seen
    assert (found[:, :, :5] == PROBABILITY_NODATA).all()  # seen, not heard
    assert (found[:, 9:, 5:] != PROBABILITY_NODATA).mean() > 0.9


def test_a_cube_that_is_missing_is_told(made):
    with pytest.raises(
        InputError, match="no band VV, VH in .*: .*/33UUU/eye/cube.zarr has B02, B05"
    ):
        made.predict(made.cubes("eye", blocks=tuple(GRIDS)[:1]), "missing")
    with pytest.raises(InputError, match="band VV, VH in two cubes .*/ear/cube.zarr has VV, VH"):
        made.predict(made.cubes("eye", "ear", "ear", blocks=tuple(GRIDS)[:1]), "twice")
    assert not (made.folder / "missing").exists()


def test_cubes_of_other_ground_are_refused(made):
    first, second = GRIDS
    cubes = made.cubes("eye", blocks=(first,)) + made.cubes("ear", blocks=(second,))
    with pytest.raises(InputError, match="33UVU/ear/cube.zarr: lies on .* name cubes of one block"):
        made.predict(cubes, "apart")


def test_a_cube_without_any_wanted_band_is_left_out(made):
    cubes = made.cubes("eye", "ear", blocks=tuple(GRIDS)[:1])
    (found,) = read_cubes(cubes, ["VH"])
    assert found.band.values.tolist() == ["VH"] and isinstance(cube_grid(found), Grid)

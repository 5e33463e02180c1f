"""Classes that differ in time alone are told apart by models that see it, however they map."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import torch
import yaml

from landscribe.command import InputError
from landscribe.formats.json_file import read_json, write_json
from landscribe.formats.rasters import PROBABILITY_NODATA
from landscribe.map_raster import main as map_raster
from landscribe.mapping.cube_ground import block_ground
from landscribe.training.checkpoints import load_model
from scripts import measure_applicability, predict_block, sample_reference, train_model
from tests.made_cube import SENSOR
from tests.made_map import GRIDS, make_map
from tests.made_series import BANDS, EAR, EYE, PERIODS, made_cubes, write_cubes

KINDS = {  # one is shown pixels, as tiles without context, the other goes down the block
    "forest": {"trees": 20, "context": False, "halo_px": 0, "tile_px": 64},
    "segment": {"width": 8, "depth": 1, "epochs": 16, "tiles_per_epoch": 96, "train_px": 32}
    | {"learning_rate": 0.01},
}
BLOCK = next(iter(GRIDS))


class Run:
    """Folder with composites of two blocks, labels, cards, and what was made of them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, make_map(folder)
        for block, grid in GRIDS.items():
            write_cubes(folder / block, made_cubes(grid, self.made.pixels[block]["class_id"] % 24))
        for name, bands in {"eye": EYE, "ear": EAR}.items():
            card = SENSOR.model_dump() | {"clouds": {"method": "none"}}
            card["bands"] = [{**card["bands"][0], "name": band} for band in bands]
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(card))

    def cubes(self, *blocks: str) -> tuple[Path, ...]:
        """Composites of both sensors."""
        return tuple(
            self.folder / b / s / "composites.zarr" for b in blocks for s in ("eye", "ear")
        )

    def train(self, kind: str, sees: str = "periods") -> tuple[Path, Path]:
        """Weights and description of a model."""
        place = self.folder / f"{kind}-{sees}"
        card = {"title": "M", "kind": kind, "sees": sees, "settings": KINDS[kind]}
        (self.folder / "model.yaml").write_text(yaml.safe_dump(card))
        files = place / "model.safetensors", place / "model.json"
        if not files[0].exists():
            train_model.main(
                *(self.folder / "model.yaml", self.made.task, self.cards()),
                *(self.cubes(*GRIDS), self.made.files("labels"), self.made.polygons, *files),
                threads=1,
                device="cpu",
            )
        return files

    def cards(self) -> tuple[Path, Path]:
        """Of the sensors."""
        return self.folder / "eye.yaml", self.folder / "ear.yaml"

    def predict(self, files: tuple[Path, Path], window_px: int = 128) -> np.ndarray:
        """Stored probabilities (class, y, x) of the first block."""
        out = files[0].parent / f"p{window_px}.tif"
        if not out.exists():
            predict_block.main(
                *(*files, self.cubes(BLOCK), out), window_px=window_px, threads=1, device="cpu"
            )
        with rasterio.open(out) as raster:
            return raster.read()

    def agreement(self, files: tuple[Path, Path]) -> float:
        """Share of the labelled pixels of the first block that are mapped as they are."""
        stored, pixels = self.predict(files), self.made.pixels[BLOCK]
        legend = np.array(read_json(files[1])["signature"]["classes"])
        seen = (pixels["polygon"] > 0) & (stored[0] != PROBABILITY_NODATA)
        return (legend[stored.argmax(0)] == pixels["class_id"])[seen].mean()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    threads = torch.get_num_threads()
    yield Run(tmp_path_factory.mktemp("series"))
    torch.set_num_threads(threads)


@pytest.mark.parametrize("kind", KINDS)
def test_time_tells_what_the_median_does_not(run, kind):
    assert run.agreement(run.train(kind)) > 0.85
    assert run.agreement(run.train(kind, "season")) < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_says_what_it_sees(run, kind):
    files = run.train(kind)
    told = json.loads(files[1].read_text())["signature"]
    assert told["bands"] == list(BANDS) and told["periods"] == list(PERIODS)
    assert load_model(*files).signature.channels[-1] == "08-01 VH"
    season = read_json(run.train(kind, "season")[1])["signature"]
    assert season["periods"] == []
    assert load_model(*run.train(kind, "season")).signature.channels == BANDS


def test_a_model_without_periods_in_its_description_sees_the_season(run, tmp_path):
    weights, description = run.train("forest", "season")
    told = read_json(description)
    del told["signature"]["periods"]
    write_json(tmp_path / "model.json", told)
    assert load_model(weights, tmp_path / "model.json").signature.periods == ()


@pytest.mark.parametrize("kind", KINDS)
def test_windows_do_not_change_the_map(run, kind):
    files = run.train(kind)
    whole = run.predict(files, 1024).astype(int)
    assert np.abs(run.predict(files) - whole).max() <= 1
    eye, ear = made_cubes(GRIDS[BLOCK])
    seen = (eye.mask == 1).any("time") & (ear.mask == 1).any("time")
    np.testing.assert_array_equal(whole[0] != PROBABILITY_NODATA, seen.values)


@pytest.mark.parametrize("kind", KINDS)
def test_the_map_is_what_the_model_says_of_the_whole_block(run, kind):
    files = run.train(kind)
    model = load_model(*files)
    ground = block_ground(run.cubes(BLOCK), (), model.signature)
    image = ground.read(slice(0, ground.grid.height), slice(0, ground.grid.width))
    shares, seen = model.probabilities(image[None])[0], np.isfinite(image).all(axis=0)
    inside = np.s_[:, 8:-8, 8:-8]
    found = run.predict(files)[inside] * 1e-4
    assert np.abs(found - shares[inside])[:, seen[8:-8, 8:-8]].max() < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_applicability_is_measured_by_what_a_model_sees(run, kind):
    files = run.train(kind)
    reference, out = files[0].parent / "reference.safetensors", files[0].parent / "a.tif"
    labels, polygons = run.made.files("labels"), run.made.polygons
    sample_reference.main(*files, run.cards(), run.cubes(*GRIDS), labels, polygons, reference)
    measure_applicability.main(
        *(*files, reference, run.cubes(BLOCK), out), window_px=128, threads=1, device="cpu"
    )
    with rasterio.open(out) as raster:
        found = raster.read(1)
    assert (found[:6, :9] == 255).all() and (found <= 100)[
        run.made.pixels[BLOCK]["polygon"] > 0
    ].mean() > 0.8


def test_a_raster_is_mapped_by_the_names_or_numbers_of_channels(run, tmp_path):
    files = run.train("forest")
    model = load_model(*files)
    ground = block_ground(run.cubes(BLOCK), (), model.signature)
    image = ground.read(slice(0, ground.grid.height), slice(0, ground.grid.width))
    names, turned = model.signature.channels, np.random.default_rng(2).permutation(len(image))
    profile = {"driver": "GTiff", "count": len(image), "dtype": "float32", "nodata": np.nan}
    profile |= {"width": ground.grid.width, "height": ground.grid.height, "crs": ground.grid.crs}
    path = tmp_path / "image.tif"
    with rasterio.open(path, "w", transform=ground.grid.transform, **profile) as raster:
        raster.write(image[turned])
        raster.descriptions = [names[i] for i in turned]
    task, numbers = run.made.task, tuple(int(np.flatnonzero(turned == i)[0]) + 1 for i in range(16))
    legend = np.array(model.signature.classes)
    wanted = legend[model.probabilities(image[None])[0].argmax(0)]
    for given in ((), numbers):
        out = tmp_path / str(len(given))
        map_raster(path, files[0].parent, task, out, bands=given, device="cpu")
        with rasterio.open(out / "classes.tif") as raster:
            found = raster.read(1)
        assert (found == wanted)[np.isfinite(image).all(axis=0)].all()
    with pytest.raises(InputError, match="bands 1, 2 of its 16, but the model wants 16: 05-01 B02"):
        map_raster(path, files[0].parent, task, tmp_path / "few", bands=(1, 2))


def test_composites_of_other_periods_are_refused(run, tmp_path):
    files = run.train("forest")
    other = [one.isel(time=slice(0, 3)) for one in made_cubes(GRIDS[BLOCK])]
    paths = write_cubes(tmp_path / BLOCK, other)
    with pytest.raises(InputError, match="has periods from 05-01, 06-01, 07-01, but the model"):
        predict_block.main(*files, paths, tmp_path / "p.tif", device="cpu")

"""A raster of any origin is mapped as the whole image would be, and what does not fit is told."""

import subprocess
import sys

import numpy as np
import pytest
import rasterio
import yaml
from rio_cogeo import cog_validate

from landscribe.cards import Model
from landscribe.command import InputError
from landscribe.formats.rasters import NODATA
from landscribe.map_raster import main
from landscribe.training.checkpoints import save_model
from tests.made_network import made_network
from tests.test_predict import BANDS, GRID

LEGEND = [
    {"id": i, "name": n, "title": n.title(), "colour": c, "labels": [n]}
    for i, n, c in ((1, "water", "#0000ff"), (2, "wood", "#00ff00"), (5, "town", "#ff0000"))
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model, its task, and an image with a hole."""
    folder = tmp_path_factory.mktemp("made")
    card = Model(title="x", kind="segment", settings={})
    save_model(folder / "model.safetensors", folder / "model.json", card, made_network(), {})
    labels = {"source": "x.gpkg", "column": "c", "feature": "f", "licence": "other"}
    labels |= {"probability_sample": False, "attribution": "nobody"}
    split = {"square_m": 960, "validation": 0.2, "test": 0.2}
    task = {"title": "Made", "legend": LEGEND, "labels": labels, "split": split}
    (folder / "task.yaml").write_text(yaml.safe_dump(task))
    task["legend"] = LEGEND[:2]
    (folder / "other.yaml").write_text(yaml.safe_dump(task))
    pixels = np.random.default_rng(0).integers(1, 10_000, (2, GRID.height, GRID.width), "uint16")
    pixels[:, 100:150, 200:260] = 0
    profile = {"driver": "GTiff", "count": 2, "dtype": "uint16", "nodata": 0, "crs": GRID.crs}
    profile |= {"width": GRID.width, "height": GRID.height, "transform": GRID.transform}
    with rasterio.open(folder / "image.tif", "w", **profile) as raster:
        raster.write(pixels)
        raster.descriptions = BANDS
    return folder


@pytest.mark.parametrize("window_px", [64, 1024])
def test_the_map_is_that_of_the_whole_image(folder, tmp_path, window_px, capsys):
    main(
        *(folder / "image.tif", folder, folder / "task.yaml", tmp_path / "map"),
        scale=1e-4,
        window_px=window_px,
    )
    share = 1 - 50 * 60 / (GRID.width * GRID.height)
    assert f"{share:.1%} of the pixels have a class" in capsys.readouterr().out
    with rasterio.open(folder / "image.tif") as raster:
        image = raster.read() * np.float32(1e-4)
    image[:, 100:150, 200:260] = np.nan
    wanted = made_network().probabilities(image[None])[0]
    with rasterio.open(tmp_path / "map/classes.tif") as raster:
        found = raster.read(1)
        assert raster.tags(1)["class_5"] == "town" and raster.colormap(1)[1] == (0, 0, 255, 255)
    seen = np.isfinite(image[0])
    assert (found[~seen] == NODATA).all()
    assert (found == np.array([1, 2, 5])[wanted.argmax(0)])[seen].all()
    with rasterio.open(tmp_path / "map/confidence.tif") as raster:
        confidence = raster.read(1) * raster.scales[0]
    np.testing.assert_allclose(confidence[seen], wanted.max(0)[seen], atol=0.0026)
    names = sorted(path.name for path in (tmp_path / "map").iterdir())
    assert names == ["classes.tif", "classes.tif.aux.xml", "confidence.tif"]
    assert all(cog_validate(tmp_path / "map" / name, quiet=True)[0] for name in names[::2])


def test_a_task_of_other_classes_is_refused(folder, tmp_path):
    with pytest.raises(InputError, match="has classes 1, 2, but the model gives 1, 2, 5"):
        main(folder / "image.tif", folder, folder / "other.yaml", tmp_path / "map")
    assert not (tmp_path / "map").exists()


def test_the_command_tells_faults_in_lines(folder, tmp_path):
    (tmp_path / "none.tif").write_text("none")
    flags = ["--model", str(folder), "--task", str(folder / "task.yaml"), "--out", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "landscribe.map_raster", str(tmp_path / "none.tif"), *flags],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and "no raster that GDAL reads" in done.stderr
    assert "Traceback" not in done.stderr

"""Map an image with rslearn: its five commands, one after the other in one process.

The image is one window. It is ingested to rslearn's tile store and materialized from there, as its
documents ask for; each writes it once more. Files and settings are those of its own examples.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import rasterio
from peer_run import Asked, repair_torchvision, run

repair_torchvision()
warnings.filterwarnings("ignore")

import rslearn.lightning_cli  # noqa: E402, F401  (else imported while the time is taken)
from rslearn.main import main as rslearn_main  # noqa: E402


def map_image(asked: Asked) -> None:
    """Write the class map of an image."""
    folder = asked.out.parent.absolute() / "rslearn"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "source").mkdir(parents=True)
    (folder / "source" / asked.image.name).symlink_to(asked.image.absolute())
    with rasterio.open(asked.image) as raster:
        bands = [f"B{number}" for number in raster.indexes]
        crs, gsd_m = raster.crs.to_string(), raster.transform.a
        box = ",".join(str(value) for value in raster.bounds)
    (folder / "config.json").write_text(json.dumps(_dataset(folder, bands)))
    (folder / "model.json").write_text(json.dumps(_model(asked, folder, bands)))
    window = f"--group all --name scene --crs {crs} --resolution {gsd_m:g} --src_x_res 1"
    window += f" --src_crs {crs} --src_y_res 1 --box={box}"
    _command("dataset", "add_windows", "--root", str(folder), *window.split())
    for step in ("prepare", "ingest", "materialize"):
        _command("dataset", step, "--root", str(folder), "--workers", "0")
    _command("model", "predict", "--config", str(folder / "model.json"))
    (found,) = folder.glob("windows/all/scene/layers/output/*/geotiff.tif")
    shutil.copy(found, asked.out)
    shutil.rmtree(folder)


def _command(*words: str) -> None:
    sys.argv = ["rslearn", *words]
    rslearn_main()


def _dataset(folder: Path, bands: list[str]) -> dict:
    source = {
        "class_path": "rslearn.data_sources.local_files.LocalFiles",
        "init_args": {"src_dir": str(folder / "source")},
    }
    scene = {"dtype": "uint16", "bands": bands}
    output = {"dtype": "uint8", "bands": ["class"]}
    return {
        "layers": {
            "scene": {"type": "raster", "band_sets": [scene], "data_source": source},
            "output": {"type": "raster", "band_sets": [output]},
        }
    }


def _model(asked: Asked, folder: Path, bands: list[str]) -> dict:
    """Config of its command line: model, data, and who writes."""
    task = {
        "class_path": "rslearn.train.tasks.segmentation.SegmentationTask",
        "init_args": {"num_classes": asked.classes},
    }
    head = "rslearn.train.tasks.segmentation.SegmentationHead"
    network = {"class_path": "peer_rslearn_network.Scripted"}
    network["init_args"] = {"path": str(asked.network.absolute())}
    model = {
        "class_path": "rslearn.models.singletask.SingleTaskModel",
        "init_args": {"encoder": [network], "decoder": [{"class_path": head}]},
    }
    image = {"data_type": "raster", "layers": ["scene"], "bands": bands, "passthrough": True}
    split = {"groups": ["all"], "load_all_crops": True, "skip_targets": True}
    split |= {"crop_size": asked.crop, "overlap_pixels": asked.overlap}
    merger = {
        "class_path": "rslearn.train.prediction_writer.RasterMerger",
        "init_args": {"overlap_pixels": asked.overlap},
    }
    writer = {
        "class_path": "rslearn.train.prediction_writer.RslearnWriter",
        "init_args": {"path": str(folder), "output_layer": "output", "merger": merger},
    }
    return {
        "model": {
            "class_path": "rslearn.train.lightning_module.RslearnLightningModule",
            "init_args": {"model": model, "task": task},
        },
        "data": {
            "class_path": "rslearn.train.data_module.RslearnDataModule",
            "init_args": {
                **{"path": str(folder), "inputs": {"image": image}, "task": task},
                **{"batch_size": asked.batch, "num_workers": 0, "predict_config": split},
            },
        },
        "trainer": {
            **{"accelerator": "cpu", "logger": False, "callbacks": [writer]},
            "default_root_dir": str(folder),
        },
    }


if __name__ == "__main__":
    run(map_image, "rslearn")

"""The network that all run: the demo's U-Net on eight bands, trained briefly on the demo's labels.

It is kept twice with the same weights: as a model of ours, and as a TorchScript file that needs no
code of ours, for the peers. That one takes pixels as they stand in the scene, and is traced as it
is: nothing of it is folded or fused.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from landscribe.cards import Model, Task
from landscribe.command import written
from landscribe.formats.contract import SPLITS
from landscribe.formats.rasters import NODATA
from landscribe.models import segment
from landscribe.pairs.labels import block_labels
from landscribe.pairs.splits import split_polygons
from landscribe.sensors import Sensor
from landscribe.training.checkpoints import load_model, save_model
from landscribe.training.predictor import Sample, Signature, Work
from tests.benchmarks.inferring.scene import BANDS, GRID, base_image

SCALE = 1e-4  # reflectance = pixel * SCALE
SETTINGS = {"epochs": 12, "patience": 12, "tiles_per_epoch": 64}  # for about a minute
_SENSOR, _TASK = "config/sensors/sentinel-2-l1c.yaml", "config/tasks/landuse.yaml"


@dataclass(frozen=True)
class Network:
    """Files of the network."""

    weights: Path
    description: Path
    script: Path  # TorchScript: pixels (n, band, y, x) float32 -> logits (n, class, y, x)


def network(folder: Path) -> Network:
    """The trained network in a folder; trained where it is missing, else kept."""
    files = Network(*(folder / name for name in ("model.safetensors", "model.json", "network.pt")))
    if not files.script.exists():
        _train(files)
        _export(files)
    return files


class OfPixels(nn.Module):
    """A network of reflectance that takes pixels as they stand in a file."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        """Logits (n, k, y, x) of pixels (n, b, y, x) float32."""
        return self.network(pixels * SCALE)


def _train(files: Network) -> None:
    sensor = Sensor.read(Path(_SENSOR))
    sensor = sensor.model_copy(update={"bands": [b for b in sensor.bands if b.name in BANDS]})
    task = Task.read(Path(_TASK))
    card = Model(title="Small U-Net on eight bands", kind="segment", settings=SETTINGS)
    work = Work(files.weights.parent / "checkpoints", 1, "cpu", seed=0)
    signature = Signature.of([sensor], task)
    trained = segment.train([_sample(task)], signature, card.resolved(), work)
    save_model(files.weights, files.description, card, trained, {})
    shutil.rmtree(work.folder)


def _sample(task: Task) -> Sample:
    (classes, polygons), table = block_labels(task, GRID)
    of = np.full(int(polygons.max()) + 1, NODATA, "uint8")
    table = split_polygons({"scene": table}, task)
    of[table.polygon] = [SPLITS.index(split) for split in table.split]
    reflectance = base_image().astype("float32") * np.float32(SCALE)
    return Sample(reflectance, classes.astype("uint8"), polygons, of[polygons])


def _export(files: Network) -> None:
    model = load_model(files.weights, files.description)
    example = torch.full((1, len(BANDS), 256, 256), 1000.0)
    with torch.inference_mode(), written(files.script) as part:
        torch.jit.trace(OfPixels(model.network).eval(), example).save(part)

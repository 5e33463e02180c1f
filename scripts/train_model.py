"""Model card and labelled cubes -> a trained model."""

import importlib
import shutil
from pathlib import Path

from landscribe.cards import Model, Task
from landscribe.command import command
from landscribe.formats.cubes import cube_periods, read_cube
from landscribe.sensors import Sensor
from landscribe.training.blocks import cubes_by_block, labelled_blocks
from landscribe.training.checkpoints import save_model
from landscribe.training.data import TRAIN, VALIDATION
from landscribe.training.predictor import Signature, Work
from landscribe.training.samples import counts, read_samples


def main(
    model: Path,
    task: Path,
    sensors: tuple[Path, ...],
    cubes: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    weights: Path,
    description: Path,
    threads: int = 2,
    device: str = "auto",
    seed: int = 0,
) -> None:
    """Train a model on the training squares; stop early on the validation squares.

    A training that was killed goes on from its last checkpoint.

    Args:
        model: card in config/models: kind and settings.
        task: card in config/tasks: the legend.
        sensors: cards in config/sensors: the bands, in their order.
        cubes: cubes in folders named `<block>/<sensor>/`: those of all sensors of a block, then
            those of the next block.
        labels: label raster of each block, in the same order.
        polygons: polygons of all blocks, with their splits.
        weights: model.safetensors to write.
        description: model.json to write.
        threads: processor threads to use; part of the result, as sums depend on their order.
        device: cpu, cuda or auto.
        seed: of every random draw.
    """
    card = Model.read(model)
    blocks = cubes_by_block(cubes, [path.stem for path in sensors], labels)
    periods = cube_periods(read_cube(cubes[0])) if card.sees == "periods" else ()
    signature = Signature.of([Sensor.read(path) for path in sensors], Task.read(task), periods)
    blocks, labelled = labelled_blocks(blocks, labels, polygons)
    samples = read_samples(blocks, labelled, polygons, signature)
    folder = weights.parent / "checkpoints"
    kind = importlib.import_module(f"landscribe.models.{card.kind}")
    trained = kind.train(samples, signature, card.resolved(), Work(folder, threads, device, seed))
    splits = {"train": TRAIN, "validation": VALIDATION}
    about = {name: counts(samples, polygons, split) for name, split in splits.items()}
    save_model(weights, description, card, trained, {"card": model.stem, "samples": about})
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{weights}: {card.title}, trained on {about['train']['polygons']} polygons")


if __name__ == "__main__":
    command(main)

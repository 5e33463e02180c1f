"""Trained model and labelled cubes -> some training pixels as the model sees them."""

from pathlib import Path

from landscribe.command import command
from landscribe.formats.json_file import read_json
from landscribe.formats.polygons import read_polygons
from landscribe.training.blocks import cubes_by_block, labelled_blocks
from landscribe.training.checkpoints import load_model
from landscribe.training.samples import read_samples
from landscribe.trust.reference import sample_reference, write_reference


def main(
    weights: Path,
    description: Path,
    sensors: tuple[Path, ...],
    cubes: tuple[Path, ...],
    labels: tuple[Path, ...],
    polygons: Path,
    out: Path,
) -> None:
    """Keep some training pixels as a model sees them, to tell what it has not seen.

    Args:
        weights: model.safetensors.
        description: model.json.
        sensors: cards in config/sensors, in the order of the training.
        cubes: cubes in folders named `<block>/<sensor>/`: those of all sensors of a block, then
            those of the next block.
        labels: label raster of each block, in the same order.
        polygons: polygons of all blocks, with their splits.
        out: reference.safetensors to write.
    """
    model = load_model(weights, description)
    blocks = cubes_by_block(cubes, [path.stem for path in sensors], labels)
    blocks, labelled = labelled_blocks(blocks, labels, polygons)
    samples = read_samples(blocks, labelled, polygons, model.signature)
    names = [path.parents[1].name for path in labelled]
    tensors = sample_reference(model, samples, names, read_polygons(polygons))
    write_reference(out, tensors, read_json(description)["sha256"])
    pixels, features = tensors["features"].shape
    print(f"{out}: {pixels} pixels by {features} features")


if __name__ == "__main__":
    command(main)

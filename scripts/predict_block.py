"""Model and cubes -> class probabilities of a block."""

from pathlib import Path
from typing import Literal

import torch

from landscribe.command import command
from landscribe.formats import WINDOW_PX, read_cubes
from landscribe.mapping.predict import fingerprint, place, predict_block
from landscribe.training.checkpoints import load_model


def main(
    weights: Path,
    description: Path,
    cubes: tuple[Path, ...],
    out: Path,
    window_px: int = WINDOW_PX,
    threads: int = 2,
    device: Literal["cpu", "cuda", "auto"] = "auto",
) -> None:
    """Predict the class probabilities of a block, window by window.

    Memory is bounded by the window. A run that was killed keeps its finished windows, and ends with
    the same bits as one that was left alone.

    Args:
        weights: model.safetensors.
        description: its model.json.
        cubes: cubes of the block, one per sensor, with the bands and the pixel size that the model
            learnt from.
        out: GeoTIFF to write: one band per class, uint16 in steps of 0.0001, nodata 65535.
        window_px: side of a window [px]; changes memory, not the result.
        threads: processor threads to use; part of the result, as sums depend on their order.
        device: cpu, cuda or auto.
    """
    torch.set_num_threads(threads)
    model = load_model(weights, description)
    pixels = read_cubes(cubes, model.signature.bands)
    where, batch = place(model, device)
    mark = fingerprint(weights, description, cubes, (window_px, threads, where))
    share = predict_block(model, pixels, out, window_px, batch, mark)
    print(f"{out}: {len(model.signature.classes)} classes, {share:.1%} of the pixels have a value")


if __name__ == "__main__":
    command(main)

"""Model, its reference and the cubes of a block -> how unlike the training pixels the block is."""

from pathlib import Path
from typing import Literal

import torch

from landscribe.command import command
from landscribe.formats import WINDOW_PX, read_cubes, read_json
from landscribe.mapping.applicability import measure_applicability
from landscribe.mapping.predict import fingerprint, place
from landscribe.provenance import code_version, file_digest
from landscribe.training.checkpoints import load_model
from landscribe.trust.reference import read_reference


def main(
    weights: Path,
    description: Path,
    reference: Path,
    cubes: tuple[Path, ...],
    out: Path,
    window_px: int = WINDOW_PX,
    threads: int = 2,
    device: Literal["cpu", "cuda", "auto"] = "auto",
) -> None:
    """Measure where in a block a model is applicable: where the ground is like what it learnt from.

    Args:
        weights: model.safetensors.
        description: its model.json.
        reference: its reference.safetensors.
        cubes: cubes of the block, one per sensor, as the model was given them.
        out: cloud-optimised GeoTIFF to write: dissimilarity as a share of the threshold, in steps
            of 0.01 up to 2, nodata 255; above 1 the scores say nothing.
        window_px: side of a window [px]; changes memory, not the result.
        threads: processor threads to use; part of the result, as sums depend on their order.
        device: cpu, cuda or auto.
    """
    torch.set_num_threads(threads)
    model = load_model(weights, description)
    known = read_reference(reference, read_json(description)["sha256"])
    pixels = read_cubes(cubes, model.signature.bands)
    where, batch = place(model, device)
    own = code_version("scripts/measure_applicability.py"), file_digest(reference)
    mark = fingerprint(weights, description, cubes, (window_px, threads, where, *own))
    share = measure_applicability(model, known, pixels, out, window_px, batch, mark)
    print(f"{out}: {share:.1%} of the observed pixels are inside the area of applicability")


if __name__ == "__main__":
    command(main)

"""Model, its reference and the cubes of a block -> how unlike the training pixels the block is."""

from pathlib import Path
from typing import Literal

from landscribe.command import command
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.json_file import read_json
from landscribe.mapping.applicability import measure_applicability
from landscribe.mapping.cube_ground import block_ground
from landscribe.mapping.predict import bring, fingerprint
from landscribe.provenance import code_version, file_digest
from landscribe.training.checkpoints import load_model
from landscribe.trust.reference import read_reference


def main(
    weights: Path,
    description: Path,
    reference: Path,
    cubes: tuple[Path, ...],
    out: Path,
    around: tuple[Path, ...] = (),
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
        around: cubes of the blocks around it, as of predict_block.
        out: cloud-optimised GeoTIFF to write: dissimilarity as a share of the threshold, in steps
            of 0.01 up to 2, nodata 255; above 1 the scores say nothing.
        window_px: side of a window [px]; changes memory, not the result.
        threads: processor threads to use.
        device: cpu, cuda or auto.
    """
    model = load_model(weights, description)
    known = read_reference(reference, read_json(description)["sha256"])
    ground = block_ground(cubes, around, model.signature)
    place = bring(model, device, threads=threads)
    own = code_version("scripts/measure_applicability.py"), file_digest(reference)
    mark = fingerprint((weights, description), cubes, around, window_px, place, own)
    share = measure_applicability(model, known, ground, out, window_px, place, mark)
    print(f"{out}: {share:.1%} of the observed pixels are inside the area of applicability")


if __name__ == "__main__":
    command(main)

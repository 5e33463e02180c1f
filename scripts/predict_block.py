"""Model and cubes -> class probabilities of a block."""

from pathlib import Path
from typing import Literal

from landscribe.command import command
from landscribe.formats.contract import WINDOW_PX
from landscribe.mapping.cube_ground import block_ground
from landscribe.mapping.predict import bring, fingerprint, predict_block
from landscribe.training.checkpoints import load_model


def main(
    weights: Path,
    description: Path,
    cubes: tuple[Path, ...],
    out: Path,
    around: tuple[Path, ...] = (),
    window_px: int = WINDOW_PX,
    threads: int = 2,
    device: Literal["cpu", "cuda", "auto"] = "auto",
    precision: Literal["float32", "bfloat16", "auto"] = "auto",
) -> None:
    """Predict the class probabilities of a block, window by window.

    Memory is bounded by the window. A run that was killed keeps its finished windows, and ends with
    the same bits as one that was left alone.

    Args:
        weights: model.safetensors.
        description: its model.json.
        cubes: cubes of the block, one per sensor, with the bands and the pixel size that the model
            learnt from.
        around: cubes of the blocks around it, `<block>/<sensor>/<cube>`: the model looks at them
            past the block's edges, so that maps of blocks meet without a seam.
        out: GeoTIFF to write: one band per class, uint16 in steps of 0.0001, nodata 65535.
        window_px: side of a window, or of a square of its area [px]; changes memory, not the map.
        threads: processor threads to use.
        device: cpu, cuda or auto.
        precision: of a network's sums; auto: bfloat16 where the device gains by it.
    """
    model = load_model(weights, description)
    ground = block_ground(cubes, around, model.signature)
    place = bring(model, device, precision, threads)
    mark = fingerprint((weights, description), cubes, around, window_px, place)
    share = predict_block(model, ground, out, window_px, place, mark)
    print(f"{out}: {len(model.signature.classes)} classes, {share:.1%} of the pixels have a value")


if __name__ == "__main__":
    command(main)

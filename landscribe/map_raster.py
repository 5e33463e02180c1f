"""Map one raster from the command line: any GeoTIFF in, classes and confidence out."""

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from landscribe.cards import LandClass, Task
from landscribe.command import InputError, command
from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import NODATA
from landscribe.mapping.cog import CONFIDENCE_STEP, layers_drawn, write_category_names
from landscribe.mapping.kept_windows import KeptWindows
from landscribe.mapping.predict import bring, fingerprint, map_windows, predict_windows
from landscribe.mapping.raster_ground import RasterGround
from landscribe.mapping.stored import check_numbers
from landscribe.training.checkpoints import load_model

LAYERS = ("classes", "confidence")


def main(
    image: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="IMAGE")],
    model: Path,
    task: Path,
    out: Path,
    bands: tuple[int, ...] = (),
    scale: float | None = None,
    offset: float | None = None,
    window_px: int = WINDOW_PX,
    threads: int = 2,
    device: Literal["cpu", "cuda", "auto"] = "auto",
    precision: Literal["float32", "bfloat16", "auto"] = "auto",
) -> None:
    """Draw the map of a raster that a model of a run has never seen.

    Memory is bounded by the window, whatever the size of the raster. A run that was killed goes on.

    For example, with the U-Net of a finished run and a mosaic of its bands:

        python -m landscribe.map_raster mosaic.tif --model results/train/.../unet
        --task config/tasks/landuse.yaml --out mosaic-map --scale 0.0001

    Args:
        image: raster that GDAL reads, in metres, with the pixel size that the model learnt from.
        model: folder of model.safetensors and model.json.
        task: card in config/tasks that the model was trained for: names and colours.
        out: folder to write: classes.tif and confidence.tif, cloud-optimised.
        bands: numbers in the raster, from 1, of the channels that the model wants, in its order (of
            a model that sees periods: all bands of the first, then those of the next); none: found
            by their names, such as B02, or of periods "05-01 B02".
        scale: of the raster's numbers to reflectance; none: what the raster says.
        offset: added after scaling; none: what the raster says.
        window_px: side of a window, or of a square of its area [px]; changes memory, not the map.
        threads: processor threads to use.
        device: cpu, cuda or auto.
        precision: of a network's sums; auto: bfloat16 where the device gains by it.
    """
    files = model / "model.safetensors", model / "model.json"
    trained, legend = load_model(*files), Task.read(task).legend
    if (have := tuple(land.id for land in legend)) != trained.signature.classes:
        raise InputError(
            f"{task}: has classes {', '.join(map(str, have))}, but the model gives"
            f" {', '.join(map(str, trained.signature.classes))}; name the task of its training"
        )
    ground = RasterGround(image, trained.signature.channels, bands, scale, offset)
    place = bring(trained, device, precision, threads)
    mark = fingerprint(files, [image], [], window_px, place, (str((bands, scale, offset)),))
    every = map_windows(trained, ground.grid, window_px, place)
    with KeptWindows(out / LAYERS[0], mark, every, "map windows") as kept:
        tell = partial(classes_and_confidence, legend=legend)
        predict_windows(trained, ground, every, kept.todo, place, kept.keep, tell)
    share = _draw(kept, ground, legend, out)
    kept.remove()
    print(f"{out}: {share:.1%} of the pixels have a class")


def classes_and_confidence(
    probabilities: np.ndarray, observed: np.ndarray, legend: list[LandClass]
) -> np.ndarray:
    """Class id, and its probability in CONFIDENCE_STEP, (layer, y, x) uint8.

    Args:
        probabilities: (class, y, x) float32.
        observed: (y, x) bool; others are nodata.
    """
    best, ids = probabilities.argmax(axis=0), np.array([land.id for land in legend], "uint8")
    share = np.take_along_axis(probabilities, best[None], 0)[0]
    check_numbers(share, observed)
    confidence = np.rint(share / np.float32(CONFIDENCE_STEP)).clip(0, 1 / CONFIDENCE_STEP)
    found = np.stack([ids[best], np.where(observed, confidence, NODATA).astype("uint8")])
    found[:, ~observed] = NODATA
    return found


def _draw(kept: KeptWindows, ground: RasterGround, legend: list[LandClass], out: Path) -> float:
    """Write the layers; gives the share of pixels that have a class."""
    grid, mapped = ground.grid, 0
    paths = {name: out / f"{name}.tif" for name in LAYERS}
    with layers_drawn(paths, grid, legend) as layers:
        for where, pixels in kept.parts(WINDOW_PX):
            for layer, drawn in zip(layers.values(), pixels, strict=True):
                layer.write(drawn, 1, window=where)
            mapped += int((pixels[0] != NODATA).sum())
    write_category_names(paths["classes"], legend)
    return mapped / (grid.width * grid.height)


if __name__ == "__main__":
    command(main)

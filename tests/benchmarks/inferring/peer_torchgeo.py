"""Map an image with torchgeo: its dataset and grid sampler, and a stitcher of one's own.

torchgeo has none: half the overlap is cut off each chip, but at the edges of the image.
"""

import warnings

import numpy as np
import rasterio
import torch
from peer_run import Asked, repair_torchvision, run

repair_torchvision()
warnings.filterwarnings("ignore")

from torch.utils.data import DataLoader  # noqa: E402
from torchgeo.datasets import RasterDataset, stack_samples  # noqa: E402
from torchgeo.samplers import GridGeoSampler  # noqa: E402


def map_image(asked: Asked) -> None:
    """Write the class map of an image."""
    network = asked.load()
    chips = RasterDataset(paths=[asked.image])
    sampler = GridGeoSampler(chips, size=asked.crop, stride=asked.crop - asked.overlap)
    loader = DataLoader(chips, asked.batch, sampler=sampler, collate_fn=stack_samples)
    with rasterio.open(asked.image) as raster:
        shape, (west, north) = raster.shape, (raster.transform.c, raster.transform.f)
        gsd_m = raster.transform.a
    classes = np.zeros(shape, "uint8")
    with torch.inference_mode():
        for batch in loader:
            found = network(batch["image"]).argmax(1).to(torch.uint8).numpy()
            for chip, (x, y, *_) in zip(found, batch["bounds"], strict=True):
                top, left = round((north - y.stop) / gsd_m), round((x.start - west) / gsd_m)
                stitch(classes, chip, top, left, asked.overlap // 2)
    asked.write(classes)


def stitch(classes: np.ndarray, chip: np.ndarray, top: int, left: int, cut: int) -> None:
    """Put a chip to its place, less `cut` pixels at each side that is not the image's edge.

    The last chips may reach past the image.
    """
    place = []
    for start, length, size in zip((top, left), chip.shape, classes.shape, strict=True):
        first = 0 if start <= 0 else start + cut
        last = size if start + length >= size else start + length - cut
        place.append((slice(first, last), slice(first - start, last - start)))
    (rows, chip_rows), (cols, chip_cols) = place
    classes[rows, cols] = chip[chip_rows, chip_cols]


if __name__ == "__main__":
    run(map_image, "torchgeo")

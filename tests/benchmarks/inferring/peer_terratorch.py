"""Map an image with terratorch's tiled inference: the whole image and its logits are in memory."""

import warnings

import rasterio
import torch
from peer_run import Asked, repair_torchvision, run

repair_torchvision()
warnings.filterwarnings("ignore")

from terratorch.tasks.tiled_inference import tiled_inference  # noqa: E402


def map_image(asked: Asked) -> None:
    """Write the class map of an image; blending and the border it cuts off are its defaults."""
    network = asked.load()
    with rasterio.open(asked.image) as raster:
        image = torch.from_numpy(raster.read().astype("float32"))
    logits = tiled_inference(
        network,
        image[None],
        crop=asked.crop,
        stride=asked.crop - asked.overlap,
        batch_size=asked.batch,
    )
    asked.write(logits[0].argmax(0).numpy())


if __name__ == "__main__":
    run(map_image, "terratorch")

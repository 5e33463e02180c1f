"""The pure forward pass: the network on pixels that are in memory, nothing read, nothing written.

Crops do not overlap, so no system that stitches can be as quick; the best size of a crop counts.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch

from landscribe.mapping.windows import Window
from landscribe.training.checkpoints import load_model
from tests.benchmarks.inferring.network import SCALE
from tests.benchmarks.inferring.scene import base_image, mirrored

CROPS_PX = (256, 512)


def forward_cpu_s(model: Path, side_px: int, crop_px: int) -> float:
    """CPU-seconds of a pass over a scene, crop by crop."""
    network = load_model(model / "model.safetensors", model / "model.json").network
    image = mirrored(base_image(), Window(0, 0, side_px, side_px)).astype("float32") * SCALE
    whole = torch.from_numpy(np.ascontiguousarray(image))[None]
    torch.set_num_threads(1)
    with torch.inference_mode():
        network(whole[:, :, :crop_px, :crop_px])  # the first call prepares the others
        begin = time.process_time()
        for top in range(0, side_px, crop_px):
            for left in range(0, side_px, crop_px):
                network(whole[:, :, top : top + crop_px, left : left + crop_px])
        return time.process_time() - begin


if __name__ == "__main__":
    folder, side = Path(sys.argv[1]), int(sys.argv[2])
    print(json.dumps({str(crop): forward_cpu_s(folder, side, crop) for crop in CROPS_PX}))

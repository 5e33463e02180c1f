"""The class map that all should draw: each pixel sees all that the network can see around it.

As if the network ran once over the whole scene. Windows of WINDOW_PX are told with MARGIN_PX of
their surroundings, which is more than the network's reach; where the scene ends, the network's own
padding begins. So crops leave no trace, however a system stitches them.
"""

from pathlib import Path

import numpy as np
import rasterio
import torch
from rasterio.windows import Window as RasterWindow

from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import NODATA, written_raster
from landscribe.mapping.windows import Window, overlap, windows
from tests.benchmarks.inferring.network import Network

WINDOW_PX = 1024
MARGIN_PX = 128  # the U-Net sees about 72; a multiple of 8, so that its pooling is in step


def reference_map(scene: Path, network: Network, path: Path) -> Path:
    """Class raster (legend ids) of a scene; drawn where it is missing, else kept."""
    if path.exists():
        return path
    classes = np.array(read_json(network.description)["signature"]["classes"], "uint8")
    script = torch.jit.load(network.script).eval()
    with written_raster(path) as part, rasterio.open(scene) as image:
        profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "nodata": NODATA}
        profile |= {"crs": image.crs, "transform": image.transform, "compress": "deflate"}
        profile |= {"width": image.width, "height": image.height, "tiled": True}
        with rasterio.open(part, "w", **profile, blockxsize=512, blockysize=512) as raster:
            for window in windows(image.height, image.width, WINDOW_PX):
                seen = around(window, image.height, image.width)
                pixels = image.read(window=_of_rasterio(seen)).astype("float32")
                with torch.inference_mode():
                    told = script(_filled(pixels)).argmax(1).numpy()[0]
                here = overlap(seen, window)[0]
                raster.write(classes[told[here]], 1, window=_of_rasterio(window))
    return path


def around(window: Window, height: int, width: int) -> Window:
    """A window with its margin, as far as the raster reaches."""
    top, left = max(0, window.top - MARGIN_PX), max(0, window.left - MARGIN_PX)
    bottom = min(height, window.rows.stop + MARGIN_PX)
    right = min(width, window.cols.stop + MARGIN_PX)
    return Window(top, left, bottom - top, right - left)


def _filled(pixels: np.ndarray) -> torch.Tensor:
    """Pixels (1, band, y, x), with missing ones below and to the right to a multiple of 8."""
    more = [(0, -size % 8) for size in pixels.shape[1:]]
    return torch.from_numpy(np.pad(pixels, [(0, 0), *more], constant_values=np.nan))[None]


def _of_rasterio(window: Window) -> RasterWindow:
    return RasterWindow.from_slices(window.rows, window.cols)

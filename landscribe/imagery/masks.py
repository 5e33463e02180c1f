"""Masks: which pixels of a scene show the ground."""

from functools import reduce
from pathlib import Path

import numpy as np
import zarr
from cv2 import MORPH_ELLIPSE, getStructuringElement
from scipy.ndimage import binary_dilation, convolve

from landscribe.formats import MASK_CLEAR, MASK_CLOUD, MASK_GAP, MASK_MISSING, open_layers
from landscribe.sensors import S2CLOUDLESS_BANDS, Clouds, Sensor

_STRIP_PX = 1020  # rows that are averaged at once


def pixel_mask(
    bands: list[np.ndarray], classes: np.ndarray | None, sensor: Sensor, gap: bool
) -> np.ndarray:
    """Mask (y, x) uint8 by what a pixel alone says: clear, cloud, missing, or lost in a gap.

    Args:
        bands: (y, x) numbers of the cube each; a pixel that any of them lacks is missing.
        classes: (y, x) of the asset that tells clouds, if the sensor has one.
        gap: whether something of these pixels could not be read; what is missing then is a gap.
    """
    missing = reduce(np.logical_or, (band == sensor.cube_numbers.nodata for band in bands))
    cloud = np.zeros_like(missing)
    if sensor.clouds.method == "scl":
        cloud = ~np.isin(classes, sensor.clouds.scl_clear)
    elif sensor.clouds.method == "bits":
        cloud = (classes & sum(1 << bit for bit in sensor.clouds.bits)) != 0
    if classes is not None and gap:
        missing |= classes == sensor.nodata
    mask = np.full(missing.shape, MASK_CLEAR, "uint8")
    mask[cloud] = MASK_CLOUD
    mask[missing] = MASK_GAP if gap else MASK_MISSING
    return mask


def write_cloud_mask(cube: Path, time: int, sensor: Sensor) -> None:
    """Find the clouds of one pass by s2cloudless, and mark them in the mask of a cube.

    Clouds are larger than pixels: the detector looks at means of `resolution_m`, 36 times fewer
    than 10 m pixels. On the demo's scene that takes 1 s in place of 38 s and masks as much (21.8
    and 21.2 % at the threshold 0.4). A whole block has 2.8 million of them, so it is done at once,
    without seams. A pixel that is cloud already stays cloud, so it may be done again.
    """
    dn, mask = open_layers(cube, "dn", "mask")
    step = round(sensor.clouds.resolution_m / sensor.gsd_m)
    cloud = cloud_mask(_coarse(dn, time, step, sensor), sensor.clouds)
    for top in range(0, mask.shape[1], mask.shards[1]):
        rows = np.arange(top, min(top + mask.shards[1], mask.shape[1]))
        cols = np.arange(mask.shape[2])
        here = mask[time, rows[0] : rows[-1] + 1]
        found = (here == MASK_CLEAR) & cloud[np.ix_(rows // step, cols // step)]
        mask[time, rows[0] : rows[-1] + 1] = np.where(found, MASK_CLOUD, here)


def cloud_mask(reflectance: np.ndarray, clouds: Clouds) -> np.ndarray:
    """Cloud (y, x) bool of an image (y, x, band) float32 on pixels of `clouds.resolution_m`.

    s2cloudless gives each pixel a cloud probability (gradient boosting on its ten bands); that is
    averaged over a disc, held against the threshold, and the mask grown by a disc.
    """
    from s2cloudless import S2PixelCloudDetector  # a second, that other masks do not need

    detector = S2PixelCloudDetector(
        threshold=clouds.threshold, average_over=None, dilation_size=None
    )
    probability = detector.get_cloud_probability_maps(reflectance[None])[0]
    disc = _disc(clouds.average_m / clouds.resolution_m).astype("float32")
    mean = convolve(probability.astype("float32"), disc / disc.sum(), mode="reflect")
    return binary_dilation(mean > clouds.threshold, _disc(clouds.dilate_m / clouds.resolution_m))


def _coarse(dn: zarr.Array, time: int, step: int, sensor: Sensor) -> np.ndarray:
    """Reflectance (y, x, band) float32 of the detector's bands on means of step * step pixels."""
    names = sensor.band_names()
    _, _, height, width = dn.shape
    down, across = -(-height // step), -(-width // step)
    found = np.empty((down, across, len(S2CLOUDLESS_BANDS)), "float32")
    rows = _STRIP_PX // step
    for at, band in enumerate(S2CLOUDLESS_BANDS):
        for first in range(0, down, rows):
            strip = dn[time, names.index(band), first * step : (first + rows) * step]
            fine = strip.astype("float32") * sensor.scale + sensor.offset
            fine = np.pad(fine, [(0, -n % step) for n in fine.shape], mode="edge")
            means = fine.reshape(len(fine) // step, step, across, step).mean((1, 3))
            found[first : first + rows, :, at] = means
    return found


def _disc(diameter_px: float) -> np.ndarray:
    side = max(1, round(diameter_px))
    return getStructuringElement(MORPH_ELLIPSE, (side, side)).astype(bool)

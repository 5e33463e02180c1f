"""Series: features that tell a pixel by how its bands change over the periods of a season.

What surrounds a pixel changes less, and for each period it would be 12 times as much for a year of
months: 2,112 features of ten bands, 2.2 GB of a tile of 512 px. So context is that of the season's
median, and of each period there are the bands and indices alone: 344 features, twice the time of
one image.
"""

import numpy as np

from landscribe.imagery.context import context_features
from landscribe.sensors import POLARIZATIONS


def series_features(channels: np.ndarray, bands: list[str], periods: int) -> np.ndarray:
    """Features (feature, y, x) float32 of images of several periods.

    Args:
        channels: (channel, y, x) float32, by period then band, as `context_features` wants each.
        bands: names of the bands, `BANDS` of context among them.
    """
    images = channels.reshape(periods, len(bands), *channels.shape[1:])
    season, _ = context_features(np.median(images, axis=0), bands)
    return np.concatenate([season, *(_own(image, bands) for image in images)])


def _own(image: np.ndarray, bands: list[str]) -> np.ndarray:
    """Bands and indices (feature, y, x) of an image (band, y, x)."""
    optical, _ = context_features(image, bands, ("own",))
    radar = image[[number for number, name in enumerate(bands) if name in POLARIZATIONS]]
    return np.concatenate([optical, np.nan_to_num(radar)])

"""Clouds are found at their own scale, and grow by what the card says."""

import numpy as np

from landscribe.imagery.masks import cloud_mask
from landscribe.sensors import S2CLOUDLESS_BANDS, Clouds

# Top-of-atmosphere reflectances of a thick cloud and of a field, by band of the detector.
CLOUD = np.array([0.6, 0.62, 0.63, 0.65, 0.7, 0.72, 0.4, 0.02, 0.5, 0.4], "float32")
FIELD = np.array([0.13, 0.1, 0.08, 0.12, 0.25, 0.28, 0.08, 0.001, 0.2, 0.12], "float32")


def test_a_cloud_is_masked_and_the_mask_grows():
    assert len(S2CLOUDLESS_BANDS) == len(CLOUD)
    image = np.tile(FIELD, (40, 40, 1))
    image[10:24, 10:24] = CLOUD
    plain = Clouds(method="s2cloudless", average_m=60, dilate_m=0)
    mask = cloud_mask(image, plain)
    assert mask[10:24, 10:24].all() and mask.sum() == 14 * 14
    grown = cloud_mask(image, plain.model_copy(update={"dilate_m": 300}))
    assert grown[8, 16] and not grown[7, 16]
    assert (grown & mask).sum() == mask.sum()


def test_clear_ground_is_clear():
    assert not cloud_mask(np.tile(FIELD, (20, 20, 1)), Clouds(method="s2cloudless")).any()

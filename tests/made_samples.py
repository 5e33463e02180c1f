"""A small labelled block whose classes can be learnt, made in code."""

import numpy as np

from landscribe.training.predictor import Sample, Signature

BANDS = ("B02", "B03", "B04", "B08")
SIGNATURE = Signature(BANDS, (0.49, 0.56, 0.66, 0.83), (1, 4, 7), 10.0)


def sample(side: int = 128, seed: int = 0) -> Sample:
    """Stripes of three classes; each is a polygon: three of four train, the rest validates."""
    rng = np.random.default_rng(seed)
    classes = np.full((side, side), 255, "uint8")
    polygons = np.zeros((side, side), "uint32")
    splits = np.full((side, side), 255, "uint8")
    image = rng.normal(0.2, 0.02, (len(BANDS), side, side)).astype("float32")
    for n, left in enumerate(range(0, side - 7, 8)):
        part = np.s_[:, left : left + 7]
        classes[part], polygons[part] = SIGNATURE.classes[n % 3], n + 1
        splits[part] = 0 if n % 4 else 1
        image[n % 3][part] += 0.3
    image[:, :4, :4] = np.nan
    return Sample(image, classes, polygons, splits)

"""Worked examples of papers on accuracy: what was drawn, and what is published for it."""

import numpy as np

from landscribe.scores.accuracy import Sample

# Olofsson et al. 2014, doi:10.1016/j.rse.2014.02.015, Table 8 and page 54.
CLASSES = ["deforestation", "forest gain", "stable forest", "stable non-forest"]
COUNTS = np.array([[66, 0, 5, 4], [0, 55, 8, 12], [1, 0, 153, 11], [2, 1, 9, 313]])
MAPPED_PX = np.array([200_000, 150_000, 3_200_000, 6_450_000])  # Landsat pixels
PIXEL_HA = 30 * 30 / 1e4
# Value and half of the interval. The paper prints +- 0.23 and +- 0.01 for producer's accuracy of
# the second and the last, but its Eq. 7 gives 0.25 and 0.02 for its Table 8 (a ratio estimator
# computed unit by unit agrees, see test_accuracy.py).
OVERALL = ("0.947", "0.018")
USERS = [("0.88", "0.07"), ("0.73", "0.10"), ("0.93", "0.04"), ("0.96", "0.02")]
PRODUCERS = [("0.75", "0.21"), ("0.85", "0.25"), ("0.93", "0.03"), ("0.96", "0.02")]
AREAS_HA = [("21158", "6158"), ("11686", "3756"), ("285770", "15510"), ("581386", "16282")]

# Stehman 2014, doi:10.1080/01431161.2014.930207, Table 2: 10 units in each of 4 strata.
_STRATUM = "A" * 10 + "B" * 10 + "C" * 10 + "D" * 10
_MAP = "AAAAAAABBB" + "ABBBBBBBBB" + "BBCCCCCCBB" + "D" * 10
_REFERENCE = "AAAAACBABC" + "ABBBBBAABB" + "CCCCCDDBBA" + "DDDDDDDCCB"
STEHMAN_PX = np.array([40_000, 30_000, 20_000, 10_000])
# Value and standard error, pages 4932 to 4936. That of producer's accuracy of B is what Eq. 28
# gives for the table.
STEHMAN = {
    "overall": ("0.63", "0.085"),
    "users.B": ("0.574", "0.125"),
    "producers.B": ("0.794", "0.117"),
    "area.A": ("0.35", "0.082"),
    "area.C": ("0.20", "0.064"),
}


def stehman() -> Sample:
    """The example of Stehman 2014; areas are shares of the map."""
    counts = np.zeros((4, 4, 4))
    for unit in zip(_STRATUM, _MAP, _REFERENCE, strict=True):
        counts[tuple("ABCD".index(letter) for letter in unit)] += 1
    areas = STEHMAN_PX / STEHMAN_PX.sum()
    return Sample(counts, areas, list("ABCD"), list("ABCD"), pixels=STEHMAN_PX)

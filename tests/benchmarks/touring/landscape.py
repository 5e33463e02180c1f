"""The ground of a made country: which class lies where, and how it looks on a day of the season.

All of it is a function of place and seed, so that any grid of any CRS shows the same ground.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from pyproj import Transformer
from scipy.ndimage import map_coordinates
from shapely.geometry.base import BaseGeometry

from landscribe.grid import Grid
from tests.benchmarks.touring.land import EQUAL_AREA

BANDS = {"B03": 0.56, "B04": 0.665, "B08": 0.833, "B11": 1.614}  # centres [µm]
CLASSES = ("arable", "grass", "broadleaf", "conifer", "built", "water")  # legend ids from 1
WATER = CLASSES.index("water") + 1
_BIAS = (0.35, 0.1, 0.0, 0.0, -0.5, -0.5)  # how much of the land each class has
_SPECTRA = np.array(  # reflectance (class, band) in the middle of the season
    [
        [0.090, 0.085, 0.310, 0.215],
        [0.075, 0.055, 0.380, 0.185],
        [0.055, 0.035, 0.430, 0.150],
        [0.038, 0.026, 0.250, 0.085],
        [0.120, 0.130, 0.215, 0.235],
        [0.050, 0.032, 0.024, 0.013],
    ]
)
_GREENER = (0.30, 0.08, 0.10, 0.02, 0.0, 0.0)  # change of the near infrared over the season
_PERIODS = (0.12, 0.05, 0.02, 0.009)  # of the fields that classes are made of [side of the country]
_STEEP = 0.6  # how much smaller the shorter periods are
_VIGOUR_M, _VIGOUR = 35_000, 0.08  # brightness within a class, as a share
_CLOUD_M = (110_000, 30_000)
_LATTICE = 64  # cells until a field comes again


@dataclass(frozen=True)
class Landscape:
    """Ground around and in a country.

    Args:
        land: outline of the country, in EQUAL_AREA.
        lakes: ground inside that is water, in EQUAL_AREA.
    """

    land: BaseGeometry
    lakes: BaseGeometry
    seed: int

    def on(self, grid: Grid) -> np.ndarray:
        """Class (y, x) uint8 in the middle of each pixel."""
        return self.classes(*centres(grid))

    def classes(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Class uint8 at places in EQUAL_AREA, of any shape.

        West of the country's middle lies the sea, east of it another country.
        """
        periods = [share * np.sqrt(self.land.area) for share in _PERIODS]
        fields = [_field(x, y, periods, (self.seed, k)) + bias for k, bias in enumerate(_BIAS)]
        found = (np.argmax(fields, axis=0) + 1).astype("uint8")
        sea = ~self.inside(x, y) & (x < shapely.centroid(self.land).x)
        found[sea | shapely.contains_xy(self.lakes, x, y)] = WATER
        return found

    def inside(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Whether places are in the country."""
        shapely.prepare(self.land)
        return shapely.contains_xy(self.land, x, y)

    def reflectance(
        self, classes: np.ndarray, x: np.ndarray, y: np.ndarray, late: float
    ) -> np.ndarray:
        """Reflectance (band, y, x) without noise.

        Args:
            late: how late in the season it is, -0.5 to 0.5.
        """
        nir = _SPECTRA[:, 2] * (1 - late * np.array(_GREENER))
        spectra = np.column_stack([_SPECTRA[:, :2], nir, _SPECTRA[:, 3]])
        vigour = 1 + _VIGOUR * _field(x, y, (_VIGOUR_M,), (self.seed, 90))
        return np.moveaxis(spectra[classes - 1], -1, 0) * vigour

    def clouds(self, x: np.ndarray, y: np.ndarray, day: int, fraction: float) -> np.ndarray:
        """Whether clouds hide places on a day.

        Args:
            fraction: share of the ground that they hide, about.
        """
        seed = (self.seed, 1000 + day)
        anywhere = _field(*_ANYWHERE, _CLOUD_M, seed)
        return _field(x, y, _CLOUD_M, seed) > np.quantile(anywhere, 1 - fraction)


def centres(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Places x, y (y, x) in EQUAL_AREA of the middles of pixels."""
    x = grid.west + (np.arange(grid.width) + 0.5) * grid.gsd_m
    y = grid.north - (np.arange(grid.height) + 0.5) * grid.gsd_m
    to_equal_area = Transformer.from_crs(grid.crs, EQUAL_AREA, always_xy=True).transform
    return to_equal_area(*np.meshgrid(x, y))


def _field(
    x: np.ndarray, y: np.ndarray, periods_m: Sequence[float], seed: tuple[int, int]
) -> np.ndarray:
    """Smooth field at places, of a spread of about 1."""
    total, power = np.zeros(np.shape(x)), 0.0
    for octave, period in enumerate(periods_m):
        lattice = np.random.default_rng((*seed, octave)).standard_normal((_LATTICE, _LATTICE))
        at = np.stack([np.asarray(y) / period, np.asarray(x) / period]) * 2
        size = _STEEP**octave
        total += size * map_coordinates(lattice, at, order=3, mode="grid-wrap")
        power += size**2
    return total / np.sqrt(power)


_ANYWHERE = tuple(np.random.default_rng(0).uniform(4e6, 5.3e6, (2, 4000)))

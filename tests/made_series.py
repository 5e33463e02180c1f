"""Monthly composites of two sensors on ground whose classes differ in nothing but time."""

from itertools import permutations
from pathlib import Path

import numpy as np
import xarray as xr
from scipy.ndimage import uniform_filter

from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid
from tests.test_two_sensors import cube, write

EYE, EAR = ("B02", "B08"), ("VV", "VH")
BANDS = (*EYE, *EAR)
PERIODS = ("05-01", "06-01", "07-01", "08-01")
GRID = Grid(32633, 330000, 5822040, 96, 80, 10)
_LEVELS = (1000, 3000, 5000, 7000)  # every class has each once, so the season's median is the same


def made_cubes(
    grid: Grid = GRID, classes: np.ndarray | None = None, year: int = 2020, composed: bool = True
) -> list[xr.Dataset]:
    """Cubes of the eye, with clouds, and of the ear, which tells nothing apart.

    Args:
        classes: (y, x) uint8 ids, NODATA elsewhere; by default columns of some.
        composed: whether they say that they are composites.
    """
    rng, size = np.random.default_rng(5), (grid.height, grid.width)
    if classes is None:
        classes = np.broadcast_to(np.arange(grid.width, dtype="uint8") // 8 % 5, size)
    order = np.array([*permutations(range(len(PERIODS)))])  # (class, time)
    levels = np.array(_LEVELS)[order[np.where(classes == NODATA, 0, classes)]]  # (y, x, time)
    seen = levels.transpose(2, 0, 1)[:, None] + rng.normal(0, 150, (len(PERIODS), 2, *size))
    mask = np.where(uniform_filter(rng.random((len(PERIODS), *size)), (0, 5, 5)) > 0.56, 2, 1)
    mask[:, :6, :9] = 2  # never clear
    heard = rng.integers(-2500, 0, (len(PERIODS), 2, *size), "int16")
    ears = np.ones((len(PERIODS), *size), "uint8")
    ears[1:3, :, :20] = 0
    made = [
        cube(grid, seen.astype("uint16"), EYE, mask, 1e-4),
        cube(grid, heard, EAR, ears, 0.01, 2.5),
    ]
    times = np.array([f"{year}-{period}" for period in PERIODS], "M8[ns]")
    made = [one.assign_coords(time=times) for one in made]
    if composed:
        made = [
            one.assign(gap_count=(("y", "x"), (one.mask != 1).sum("time").data)) for one in made
        ]
    return made


def write_cubes(folder: Path, made: list[xr.Dataset]) -> tuple[Path, Path]:
    """Paths `<folder>/<sensor>/composites.zarr`, of the eye and the ear."""
    paths = tuple(folder / name / "composites.zarr" for name in ("eye", "ear"))
    for path, one in zip(paths, made, strict=True):
        write(path, one)
    return paths

"""Ground of cubes: composites of what the sensors of a block have observed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from landscribe.formats.contract import CHUNK_PX
from landscribe.formats.cubes import cube_grid, read_cubes
from landscribe.imagery.composite import composite
from landscribe.mapping.ground import Ground, Surrounded

_STRIP_VALUES = 2**22  # about as many values of a band are composed at once


class CubeGround:
    """Composites of the cubes of one block."""

    reaches_out = False

    def __init__(self, cubes: Sequence[xr.Dataset], bands: Sequence[str]) -> None:
        """Ground of cubes on one grid, each band in one of them, as `read_cubes` gives them."""
        self.grid, self.bands = cube_grid(cubes[0]), tuple(bands)
        self._cubes = cubes

    def strip_px(self, width: int, readers: int) -> int:
        """Rows of a chunk: with less, a chunk would be unpacked several times."""
        return CHUNK_PX

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Composites (band, y, x) float32, in the order of the bands."""
        shape = (len(self.bands), rows.stop - rows.start, cols.stop - cols.start)
        found = np.empty(shape, "float32")
        for cube in self._cubes:
            self._compose(cube, rows, cols, found)
        return found

    def _compose(self, cube: xr.Dataset, rows: slice, cols: slice, found: np.ndarray) -> None:
        """Write the composite of a part of a cube to `found`, each of its bands to its place there.

        A long season of many bands is large: it is composed band by band, and in strips.
        """
        values = cube.sizes["time"] * (cols.stop - cols.start) * CHUNK_PX
        step = max(1, _STRIP_VALUES // values) * CHUNK_PX
        for first in range(rows.start // CHUNK_PX * CHUNK_PX, rows.stop, step):
            strip = slice(max(first, rows.start), min(first + step, rows.stop))
            part = cube.isel(y=strip, x=cols)
            part = part.assign(mask=part.mask.load())
            for band, name in enumerate(cube.band.values):
                image = composite(part.isel(band=[band])).values[0]
                place = slice(strip.start - rows.start, strip.stop - rows.start)
                found[self.bands.index(name), place] = image


def block_ground(cubes: Sequence[Path], around: Sequence[Path], bands: Sequence[str]) -> Ground:
    """Ground of a block, which goes on into other blocks if there are any.

    Args:
        cubes: those of the block's sensors.
        around: those of other blocks, in a folder per block: `<block>/<sensor>/<cube>`.
    """
    block = CubeGround(read_cubes(cubes, bands), bands)
    folders: dict[Path, list[Path]] = {}
    for path in around:
        folders.setdefault(path.parents[1], []).append(path)
    others = [CubeGround(read_cubes(paths, bands), bands) for paths in folders.values()]
    return Surrounded(block, others) if others else block

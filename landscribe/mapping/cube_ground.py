"""Ground of cubes: what the sensors of a block have observed, composed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from landscribe.formats.contract import CHUNK_PX, channel_names
from landscribe.formats.cubes import cube_grid, read_cubes
from landscribe.imagery.channels import read_channels
from landscribe.mapping.ground import Ground, Surrounded
from landscribe.training.predictor import Signature


class CubeGround:
    """Channels of the cubes of one block."""

    reaches_out = False

    def __init__(
        self, cubes: Sequence[xr.Dataset], bands: Sequence[str], periods: Sequence[str] = ()
    ) -> None:
        """Ground of cubes on one grid, each band in one of them, as `read_cubes` gives them.

        Args:
            periods: all those of the cubes, to be seen each; none: one image of the season.
        """
        self.grid, self.channels = cube_grid(cubes[0]), channel_names(bands, periods)
        self._cubes, self._bands, self._periods = cubes, tuple(bands), tuple(periods)

    def strip_px(self, width: int, readers: int) -> int:
        """Rows of a chunk: with less, a chunk would be unpacked several times."""
        return CHUNK_PX

    def read(self, rows: slice, cols: slice) -> np.ndarray:
        """Channels (channel, y, x) float32, see `read_channels`."""
        return read_channels(self._cubes, self._bands, self._periods, rows, cols)


def block_ground(cubes: Sequence[Path], around: Sequence[Path], signature: Signature) -> Ground:
    """Ground of a block as a model sees it, which goes on into other blocks if there are any.

    Args:
        cubes: those of the block's sensors.
        around: those of other blocks, in a folder per block: `<block>/<sensor>/<cube>`.
    """
    folders: dict[Path, list[Path]] = {}
    for path in around:
        folders.setdefault(path.parents[1], []).append(path)
    seen = signature.bands, signature.periods
    block, *others = (CubeGround(read_cubes(p, *seen), *seen) for p in (cubes, *folders.values()))
    return Surrounded(block, others) if others else block

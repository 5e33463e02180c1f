"""Windows that are kept on disk while others are made, so that a run that was killed goes on."""

import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rasterio.windows import Window as RasterWindow
from tqdm import tqdm

from landscribe.command import written
from landscribe.mapping.windows import Window, overlap, windows


class KeptWindows:
    """Windows of one raster in a folder `windows-<mark>` beside it; several threads may keep."""

    def __init__(self, out: Path, mark: str, every: Sequence[Window], what: str) -> None:
        """Windows of a raster `out`; what runs of other marks left beside it is thrown away.

        Args:
            every: windows that cover the raster once.
            what: is done to a window, for the progress bar.
        """
        self.folder, self.every, self.what = out.parent / f"windows-{mark}", every, what
        for other in out.parent.glob("windows-*"):
            if other != self.folder:
                shutil.rmtree(other)
        self.todo = [window for window in every if not self._file(window).exists()]
        self._bounds = np.array([(w.top, w.rows.stop, w.left, w.cols.stop) for w in every])

    def __enter__(self) -> "KeptWindows":
        kept = len(self.every) - len(self.todo)
        if kept:
            print(f"kept {kept} of {len(self.every)} windows from an earlier run", flush=True)
        bar = {"desc": self.what, "unit": "window", "mininterval": 1}
        self._bar = tqdm(total=len(self.every), initial=kept, **bar)
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def keep(self, window: Window, pixels: np.ndarray) -> None:
        """Keep the pixels (..., y, x) of a window."""
        file = io.BytesIO()
        np.save(file, pixels)  # to a path it would not say that the disk is full
        with written(self._file(window)) as part:
            part.write_bytes(file.getbuffer())
        self._bar.update()

    def parts(self, side_px: int) -> Iterator[tuple[RasterWindow, np.ndarray]]:
        """All pixels (..., y, x) of the raster, in squares that fit the blocks of a GeoTIFF."""
        _, bottom, _, right = self._bounds.max(axis=0).tolist()
        for part in windows(bottom, right, side_px):
            yield RasterWindow.from_slices(part.rows, part.cols), self.read(part)

    def read(self, part: Window) -> np.ndarray:
        """Pixels (..., y, x) of any part of the raster, from the windows that it touches."""
        top, bottom, left, right = self._bounds.T
        touches = (top < part.rows.stop) & (bottom > part.top)
        touches &= (left < part.cols.stop) & (right > part.left)
        pixels = None
        for number in np.flatnonzero(touches):
            held = np.load(self._file(self.every[number]), mmap_mode="r")
            if pixels is None:
                pixels = np.empty((*held.shape[:-2], part.height, part.width), held.dtype)
            there, here = overlap(self.every[number], part)
            pixels[..., *here] = held[..., *there]
        return pixels

    def remove(self) -> None:
        """Remove them all; the raster is written."""
        shutil.rmtree(self.folder)

    def _file(self, window: Window) -> Path:
        return self.folder / f"{window.name}.npy"

"""Applicability of a block: how unlike the training pixels its pixels are, as a layer of the map.

The same windows and tiles as for its probabilities, so memory is bounded by the window, and a
killed run goes on.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from landscribe.formats.contract import WINDOW_PX
from landscribe.formats.rasters import NODATA, PROBABILITY_SCALE
from landscribe.mapping.cog import DISSIMILARITY_STEP, layers_drawn
from landscribe.mapping.ground import Ground
from landscribe.mapping.kept_windows import KeptWindows
from landscribe.mapping.predict import Place, map_windows, predict_windows
from landscribe.mapping.stored import stored
from landscribe.training.predictor import Image, Predictor, Streamed, TileSettings
from landscribe.trust.applicability import Known
from landscribe.trust.reference import features_of

_MOST = 200  # steps that are told apart


def measure_applicability(
    model: Predictor,
    known: Known,
    ground: Ground,
    out: Path,
    window_px: int,
    place: Place,
    mark: str,
) -> float:
    """Write the dissimilarity of a block; gives the share of its observed pixels that are inside.

    Args:
        mark: changes with anything that could change a bit of a window.
    """
    measure = (_Stream if isinstance(model, Streamed) else _Measure)(model, known)
    every = map_windows(measure, ground.grid, window_px, place)
    with KeptWindows(out, mark, every, "measure windows") as kept:
        predict_windows(measure, ground, every, kept.todo, place, kept.keep, _steps)
    seen = inside = 0
    with layers_drawn({"applicability": out}, ground.grid) as layers:
        raster = layers["applicability"]
        raster.update_tags(1, threshold=f"{known.threshold:.6g}")
        for where, steps in kept.parts(WINDOW_PX):
            raster.write(steps, 1, window=where)
            seen += int((steps != NODATA).sum())
            inside += int((steps <= round(1 / DISSIMILARITY_STEP)).sum())
    kept.remove()
    return inside / max(seen, 1)


class _Measure:
    """Dissimilarity in the form of a model with one class, so that blocks are told by windows.

    Its `probability` is the dissimilarity as a share of the highest that is stored.
    """

    def __init__(self, model: Predictor, known: Known) -> None:
        self.model, self.known, self.settings = model, known, model.settings
        self.signature = replace(model.signature, classes=(1,))
        self.history: list[dict] = []

    def probabilities(self, tiles: np.ndarray) -> np.ndarray:
        """Share (n, 1, y, x) float32 of reflectance (n, channel, y, x); 0 where it is missing."""
        out = np.zeros((len(tiles), 1, *tiles.shape[2:]), "float32")
        inside = _centre(self.settings, tiles.shape[2:])
        for share, tile in zip(out, tiles, strict=True):
            seen = np.isfinite(tile).all(0) & inside
            if seen.any():
                share[0, seen] = self.shares(features_of(self.model, tile[None])[0][:, seen].T)
        return out

    def shares(self, features: np.ndarray) -> np.ndarray:
        """Share (pixel) of features (pixel, feature)."""
        most = np.float32(self.known.threshold * _MOST * DISSIMILARITY_STEP)
        return np.minimum(self.known.dissimilarity(features) / most, 1)

    def tensors(self) -> dict[str, np.ndarray]:
        """None of its own."""
        return {}


class _Stream(_Measure):
    """The same of a model that goes down the ground row by row."""

    def __init__(self, model: Streamed, known: Known) -> None:
        super().__init__(model, known)
        self.reach_px, self.multiple_px = model.reach_px, model.multiple_px

    def stream(
        self, image: Image, height: int, dtype: torch.dtype, features: bool = False
    ) -> Image:
        """Share (1, y, x) float32 of rows."""
        rows = self.model.stream(image, height, dtype, features=True)

        def shares(first: int, stop: int) -> np.ndarray:
            found = rows(first, stop)
            return self.shares(found.reshape(len(found), -1).T).reshape(1, *found.shape[1:])

        return shares


def _centre(settings: TileSettings, shape: tuple[int, int]) -> np.ndarray:
    """Pixels (y, x) bool of a tile that a map takes from it: without blending, none of the halo."""
    inside = np.ones(shape, bool)
    if settings.halo_px and not settings.blend:
        inside[:] = False
        inside[settings.halo_px : -settings.halo_px, settings.halo_px : -settings.halo_px] = True
    return inside


def _steps(shares: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """Layer (y, x) uint8 in DISSIMILARITY_STEP, of shares (1, y, x) and what was observed."""
    counts = stored(shares, observed)[0]
    steps = np.rint(counts * np.float32(PROBABILITY_SCALE * _MOST))
    return np.where(observed, steps, NODATA).astype("uint8")

"""What every model kind offers to training and mapping: the one protocol between them.

A kind is a file of `landscribe/models` with

- `Settings`: a card with the kind's settings; of a kind that is shown tiles a `TileSettings`;
- `train(samples, signature, settings, work) -> Predictor`: learn from labelled cubes;
- `load(tensors, signature, settings) -> Predictor`: from what `Predictor.tensors` gave;

and no registry: a model card names the file.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np
from pydantic import Field, model_validator

from landscribe.cards import Card, Task
from landscribe.formats.contract import channel_names
from landscribe.sensors import POLARIZATIONS, Sensor

if TYPE_CHECKING:
    import torch  # a second of each job; those that draw and smooth maps come by here

Image = Callable[[int, int], np.ndarray]  # first row, row after the last -> (channel, y, x)


@dataclass(frozen=True)
class Signature:
    """What goes in and what comes out of a model."""

    bands: tuple[str, ...]  # of each image, in the order of the input
    wavelengths_um: tuple[float, ...]  # centre of each band
    classes: tuple[int, ...]  # legend ids in the order of the output
    gsd_m: float
    periods: tuple[str, ...] = ()  # first day of each image, MM-DD; none: one of the season

    @property
    def channels(self) -> tuple[str, ...]:
        """What goes in, in its order: the bands of each period, or those of the season."""
        return channel_names(self.bands, self.periods)

    @property
    def radar(self) -> np.ndarray:
        """Which channels (channel) bool are a radar's, in decibels."""
        return np.tile(np.isin(self.bands, POLARIZATIONS), max(1, len(self.periods)))

    @classmethod
    def of(cls, sensors: Sequence[Sensor], task: Task, periods: Sequence[str] = ()) -> Self:
        """Signature of a model that sees the cubes of sensors and gives a task's classes.

        Args:
            periods: of the cubes, if the model sees each, see `cube_periods`.
        """
        bands = [band for sensor in sensors for band in sensor.bands]
        return cls(
            tuple(band.name for band in bands),
            tuple(band.wavelength_um for band in bands),
            tuple(land.id for land in task.legend),
            sensors[0].gsd_m,
            tuple(periods),
        )

    def as_dict(self) -> dict:
        """For model.json."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


@dataclass(frozen=True)
class Sample:
    """One block to learn from."""

    reflectance: np.ndarray  # (channel, y, x) float32, radar bands in dB, NaN where not observed
    classes: np.ndarray  # (y, x) uint8 legend ids, 255 where unlabelled
    polygons: np.ndarray  # (y, x) uint32 polygon ids, 0 where unlabelled
    splits: np.ndarray  # (y, x) uint8 index into formats.SPLITS, 255 where unlabelled


class TileSettings(Card):
    """Settings that every kind has: how a map is cut for it."""

    tile_px: int = Field(256, ge=64, multiple_of=16, description="side of a model input [px]")
    halo_px: int = Field(
        32, ge=0, description="edge of a tile that only gives context, or is blended [px]"
    )
    blend: bool = Field(
        True, description="weigh overlapping tiles towards their centres; false: cut the halo off"
    )
    batch: int = Field(8, ge=1, description="tiles predicted at once")

    @model_validator(mode="after")
    def _centre(self) -> Self:
        if self.tile_px <= 2 * self.halo_px:
            raise ValueError(
                f"tile_px {self.tile_px} with halo_px {self.halo_px} leaves no centre; make tile_px"
                f" more than {2 * self.halo_px}"
            )
        return self


class Predictor(Protocol):
    """A trained model."""

    settings: Card
    signature: Signature
    history: list[dict]  # one row per epoch or per fit, for the learning curve; numbers only

    def probabilities(self, tiles: np.ndarray) -> np.ndarray:
        """Class probabilities (n, class, y, x) float32 of reflectance (n, channel, y, x).

        NaN is missing. They sum to 1 over the classes everywhere, also where the input is missing.
        """

    def tensors(self) -> dict[str, np.ndarray]:
        """Weights by name, as model.safetensors holds them."""

    # A kind may also have `features(tiles) -> (n, feature, y, x) float32`: what the model tells
    # pixels apart by, and `importance` (feature) float32: how much each of them counts. By these
    # the area of applicability is measured; without them by the channels, all alike.


@runtime_checkable
class Streamed(Predictor, Protocol):
    """A model that goes down an image row by row: a map needs no tiles, and has no seams."""

    reach_px: int  # no pixel depends on one that is farther away, along a row or a column
    multiple_px: int  # sides of an image are multiples of it

    def stream(
        self, image: Image, height: int, dtype: "torch.dtype", features: bool = False
    ) -> Image:
        """Class probabilities (class, y, x) float32 of any rows, as those of the whole image.

        Args:
            image: gives reflectance (channel, y, x) of rows, NaN where missing; it is asked for
                each row once, from the first that matters down.
            height: rows of the image.
            dtype: what sums are made in.
            features: gives those of the model instead, see `Predictor`.
        """


@dataclass(frozen=True)
class Work:
    """Where and on what a training runs."""

    folder: Path  # for checkpoints; survives a kill, removed once the model is written
    threads: int
    device: str  # cpu, cuda or auto
    seed: int

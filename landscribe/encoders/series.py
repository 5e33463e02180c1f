"""Pixel series of many sensors as tokens of channel groups, whose weights are those of Presto.

Tseng et al. 2023, arXiv:2304.14065. Each group of channels is a token of each date; groups that do
not change with time are one token, the place is another. What was not observed is not shown.

Letters of shapes: n samples, t dates, b bands, l tokens, k shown tokens, d channels, c classes.
"""

import math
from typing import NamedTuple, Self

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from landscribe.card import Card
from landscribe.command import InputError
from landscribe.encoders.masking import hidden_error, put_back, taken
from landscribe.encoders.transformer import Block, start
from landscribe.encoders.weights import load_strictly

PUBLISHED_GROUPS = {
    "S1": ("VV", "VH"),
    "S2_RGB": ("B02", "B03", "B04"),
    "S2_Red_Edge": ("B05", "B06", "B07"),
    "S2_NIR_10m": ("B08",),
    "S2_NIR_20m": ("B8A",),
    "S2_SWIR": ("B11", "B12"),
    "ERA5": ("temperature", "precipitation"),
    "SRTM": ("elevation", "slope"),
    "NDVI": ("NDVI",),
}
PUBLISHED_SCALES = {  # band -> what is added, then what it is divided by
    **dict.fromkeys(("VV", "VH"), (25.0, 25.0)),  # [dB]
    **dict.fromkeys("B02 B03 B04 B05 B06 B07 B08 B8A B11 B12".split(), (0.0, 1e4)),  # numbers
    "temperature": (-272.15, 35.0),  # [K]
    "precipitation": (0.0, 0.03),  # [m] a month, the mean of its days
    "elevation": (0.0, 2000.0),  # [m]
    "slope": (0.0, 50.0),  # [degrees]
    "NDVI": (0.0, 1.0),
}


class Settings(Card):
    """How large the networks are and what they are shown; defaults are those of Presto."""

    groups: dict[str, tuple[str, ...]] = Field(
        PUBLISHED_GROUPS, min_length=1, description="channel group -> its bands, in input order"
    )
    static: tuple[str, ...] = Field(("SRTM",), description="groups that do not change with time")
    land_cover_classes: int = Field(
        9, ge=0, description="classes of a land-cover series beside the bands; 0: none"
    )
    longest: int = Field(24, ge=1, description="most dates of a series")
    dim: int = Field(128, ge=16, multiple_of=16, description="channels of a token")
    depth: int = Field(2, ge=1, description="blocks of the encoder")
    heads: int = Field(8, ge=1, description="heads of its attention")
    decoder_depth: int = Field(2, ge=1, description="blocks of the decoder")
    decoder_heads: int = Field(8, ge=1, description="heads of its attention")
    mlp_ratio: float = Field(4.0, gt=0, description="width of a block's layers, in its channels")
    layers: tuple[int, ...] | None = Field(
        None, min_length=1, description="blocks whose features are given, from 0; null: all"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        wrong = [group for group in self.static if group not in self.groups]
        if wrong:
            raise ValueError(f"static {wrong} are no groups; there are {', '.join(self.groups)}")
        empty = [group for group, bands in self.groups.items() if not bands]
        if empty or len(set(self.bands)) < len(self.bands):
            raise ValueError("groups: each wants bands, and a band stands in one group")
        if self.dim % self.heads or self.dim % self.decoder_heads:
            raise ValueError(f"dim {self.dim} cannot be dealt to the heads; make it divide")
        wrong = [layer for layer in self.layers or () if not 0 <= layer < self.depth]
        if wrong:
            raise ValueError(f"layers {wrong} are not there; there are 0 to {self.depth - 1}")
        return self

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands in the order of groups."""
        return tuple(band for bands in self.groups.values() for band in bands)

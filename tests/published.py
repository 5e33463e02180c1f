"""Reference outputs of published encoders, of the real data."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from landscribe.encoders import mae, series
from landscribe.encoders.weights import read_weights

PRITHVI = {  # model of the reference -> its settings
    f"{kind}_T{dates}": mae.Settings(
        dates=dates,
        image_px=64,
        dim=48,
        depth=2,
        heads=3,
        decoder_dim=32,
        decoder_depth=1,
        decoder_heads=2,
        temporal=kind == "tl",
        location=kind == "tl",
    )
    for kind in ("base", "tl")
    for dates in (1, 3)
}


@dataclass(frozen=True)
class PrithviCase:
    """One input of one model, and what came out."""

    model: str
    side_px: int
    state: dict[str, Tensor]
    image: Tensor  # (n, b, t, y, x)
    coords: tuple[Tensor | None, Tensor | None]  # (n, t, 2) year, day of year; (n, 2) lat, lon
    features: list[Tensor]  # (n, 1 + l, d) of each block


def prithvi_cases(data: Path) -> Iterator[PrithviCase]:
    """All models of the reference at both sizes: the one they were made for, and another."""
    with np.load(data / "weights/prithvi_reference.npz") as file:
        found = {name: torch.from_numpy(file[name]) for name in file.files}
    for model in PRITHVI:
        start = f"{model}/state/"
        state = {k.removeprefix(start): v for k, v in found.items() if k.startswith(start)}
        for side in (64, 96):
            case = f"{model}/{side}"
            coords = [found.get(f"{case}/{k}_coords") for k in ("temporal", "location")]
            features = [found[f"{case}/features_{i}"] for i in range(2)]
            yield PrithviCase(model, side, state, found[f"{case}/x"], tuple(coords), features)


@dataclass(frozen=True)
class PrestoCase:
    """Pixel series, and what the published encoder makes of them."""

    bands: Tensor  # (n, t, b)
    month: Tensor  # (n, t)
    coords: Tensor  # (n, 2)
    land_cover: Tensor  # (n, t)
    hidden: Tensor  # (n, t, b) bool
    pooled: Tensor  # (n, d) of all
    pooled_hidden: Tensor  # (n, d) of what is not hidden


def presto_case(data: Path) -> PrestoCase:
    """The reference of Presto, of real fuel-moisture samples."""
    with np.load(data / "weights/presto_reference.npz") as file:
        found = {name: torch.from_numpy(file[name]) for name in file.files}
    return PrestoCase(
        found["x_normalised"],
        found["month"],
        found["latlon"],
        found["dynamic_world"],
        found["mask"].bool(),
        found["encoder_pooled"],
        found["encoder_pooled_masked"],
    )


def presto(data: Path) -> series.SeriesMae:
    """Presto with its published weights."""
    network = series.SeriesMae(series.Settings())
    series.load(network, read_weights(data / "weights/presto_default_model.pt"))
    return network.eval()

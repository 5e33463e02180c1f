"""Reference: some training pixels as a model sees them, to compare new ground with."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save
from tqdm import tqdm

from landscribe.command import InputError, written
from landscribe.mapping.tiles import Tiles, tile_axes
from landscribe.training.data import pixels_by_class
from landscribe.training.predictor import Predictor, Sample, Streamed
from landscribe.trust.applicability import Known

PIXELS = 2000  # at most; each polygon gives as many as any other, if it has them


def features_of(model: Predictor, tiles: np.ndarray) -> np.ndarray:
    """What a model tells pixels apart by, (n, feature, y, x) float32; missing ones are 0.

    Args:
        tiles: (n, channel, y, x) float32, NaN missing.
    """
    own = getattr(model, "features", None)
    return np.nan_to_num(tiles) if own is None else np.nan_to_num(own(tiles))


def sample_reference(
    model: Predictor, samples: Sequence[Sample], blocks: Sequence[str], polygons: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Tensors: features (pixel, feature), squares (pixel), importance (feature).

    Args:
        blocks: id of the block of each sample.
        polygons: with block, polygon and square, of all blocks.
    """
    squares = polygons.set_index(["block", "polygon"]).square
    _, numbers = np.unique(squares, return_inverse=True)
    of_square = pd.Series(numbers, squares.index)
    parts, where = [], []
    for block, at in tqdm(_chosen(samples, model.signature.classes), desc="see", unit="block"):
        parts.append(_seen(model, samples[block], at))
        ids = samples[block].polygons[at[:, 0], at[:, 1]]
        where.append(of_square[[(blocks[block], int(i)) for i in ids]].to_numpy("int64"))
    features = np.concatenate(parts)
    weights = getattr(model, "importance", np.ones(features.shape[1]))
    tensors = {"features": features, "squares": np.concatenate(where)}
    return tensors | {"importance": weights.astype("float32")}


def write_reference(path: Path, tensors: dict[str, np.ndarray], model_sha256: str) -> None:
    """Safetensors of `sample_reference`, with the digest of the weights that they belong to."""
    whole = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    with written(path) as part:
        part.write_bytes(save(whole, {"model_sha256": model_sha256}))


def read_reference(path: Path, model_sha256: str) -> Known:
    """What new ground is compared with; it has to belong to those weights."""
    try:
        with safe_open(path, "numpy") as file:
            found = (file.metadata() or {}).get("model_sha256")
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise InputError(f"{path}: not a reference ({error}); run sample_reference") from None
    if found != model_sha256:
        raise InputError(f"{path}: belongs to other weights; run sample_reference again")
    return Known.of(tensors["features"], tensors["squares"], tensors["importance"])


def _chosen(samples: Sequence[Sample], classes: tuple[int, ...]) -> list[tuple[int, np.ndarray]]:
    """Rows and columns (pixel, 2) of training pixels, by block: as many of each polygon."""
    rng = np.random.default_rng(0)
    every = [polygon for kind in pixels_by_class(list(samples), classes) for polygon in kind]
    drawn = rng.permutation(len(every))[:PIXELS]
    most = max(1, PIXELS // len(drawn))
    found: dict[int, list[np.ndarray]] = {}
    for number in drawn:
        block, rows, cols = every[number]
        chosen = rng.permutation(len(rows))[:most]
        found.setdefault(block, []).append(np.stack([rows[chosen], cols[chosen]], axis=1))
    return [(block, np.concatenate(found[block])) for block in sorted(found)]


def _seen(model: Predictor, sample: Sample, at: np.ndarray) -> np.ndarray:
    """Features (pixel, feature) of pixels (pixel, 2), on the tiles that a map would be cut into."""
    axes = _axes(model, *sample.classes.shape)
    tile = np.stack([at[:, i] // axis.stride_px for i, axis in enumerate(axes)], axis=1)
    order, parts = [], []
    for key, image in _tiles(sample, axes, np.unique(tile, axis=0)):
        mine = np.flatnonzero((tile == key).all(axis=1))
        rows, cols = (at[mine, i] - axis.start(int(key[i])) for i, axis in enumerate(axes))
        order.append(mine)
        parts.append(features_of(model, image[None])[0][:, rows, cols].T)
    return np.concatenate(parts)[np.argsort(np.concatenate(order))]


def _axes(model: Predictor, height: int, width: int) -> tuple[Tiles, Tiles]:
    """Tiles that show as much of what is around a pixel as the model looks at."""
    if not isinstance(model, Streamed):
        return tile_axes(height, width, model.settings)
    side, halo = 2 * model.reach_px + 8 * model.multiple_px, model.reach_px
    return Tiles(height, side, halo, blend=False), Tiles(width, side, halo, blend=False)


def _tiles(
    sample: Sample, axes: tuple[Tiles, Tiles], keys: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for key in tqdm(keys, desc="compute features", unit="tile", mininterval=1):
        rows, cols = (axis.sources(range(i, i + 1)) for axis, i in zip(axes, key, strict=True))
        yield key, sample.reflectance[:, rows[:, None], cols]

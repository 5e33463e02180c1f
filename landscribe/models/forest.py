"""Forest: a random forest on pixels with context features, the honest baseline.

Breiman 2001, doi:10.1023/A:1010933404324, by scikit-learn. Each pixel is told by its bands and by
what surrounds it (`landscribe.imagery.context`), with periods also by how its bands change over
them (`landscribe.imagery.series`); classes weigh the same, and so that a few large fields do not
outvote many small ones, a pixel weighs less the more pixels its polygon has. Some polygons are
shown a second time, as if they never ended (`landscribe.training.boundless`).
"""

import numpy as np
from pydantic import Field
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree._tree import Tree
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.imagery.context import SUPPORT_PX, context_features
from landscribe.imagery.series import series_features
from landscribe.mapping.windows import windows
from landscribe.training.data import TRAIN, class_indices, cut, pixels_by_class
from landscribe.training.predictor import Sample, Signature, TileSettings, Work

_BOUNDLESS_PX = 64  # side of a boundless polygon's tile
_BOUNDLESS_PIXELS = 25  # taken from each
_NODE_FIELDS = ("left_child", "right_child", "feature", "threshold", "missing_go_to_left")


class Settings(TileSettings):
    """How the forest is grown, and how a map is cut for it."""

    tile_px: int = Field(512, ge=64, multiple_of=16, description="side of a model input [px]")
    halo_px: int = Field(SUPPORT_PX, ge=0, description="edge that only gives context [px]")
    blend: bool = Field(False, description="pixels know their context: tiles need no blending")
    batch: int = Field(1, ge=1, description="tiles predicted at once")
    trees: int = Field(150, ge=1, description="number of trees")
    leaf_pixels: int = Field(8, ge=1, description="smallest number of training pixels in a leaf")
    features_per_split: float = Field(0.2, gt=0, le=1, description="share of features tried")
    pixels: int = Field(20_000, ge=100, description="training pixels drawn, over all polygons")
    boundless_polygons: int = Field(
        40, ge=0, description="polygons of each class also shown as if they never ended"
    )
    boundless_weight: float = Field(
        0.3, ge=0, description="weight of their pixels, as a share of that of all others"
    )
    context: bool = Field(True, description="false: the channels alone, as the plainest baseline")


def train(
    samples: list[Sample], signature: Signature, settings: Settings, work: Work
) -> "Predictor":
    """Grow a forest on pixels of the training split, and of boundless polygons."""
    pixels = _pixels(samples, signature, settings, work.seed)
    twins = None
    if settings.context and settings.boundless_polygons:
        twins = boundless_pixels(samples, signature, settings, work.seed)
    return grow(*weighted(*pixels, twins, settings), signature, settings, work)


def weighted(
    features: np.ndarray,
    classes: np.ndarray,
    polygons: np.ndarray,
    twins: tuple[np.ndarray, np.ndarray, np.ndarray] | None,
    settings: Settings,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (pixel, feature), classes and weights of pixels, and of their boundless twins."""
    weights = polygon_weights(classes, polygons)
    if twins is None:
        return features, classes, weights
    more = polygon_weights(*twins[1:])
    more *= settings.boundless_weight * weights.sum() / more.sum()
    features = np.concatenate([features, twins[0]])
    return features, np.r_[classes, twins[1]], np.r_[weights, more]


def grow(
    features: np.ndarray,
    classes: np.ndarray,
    weights: np.ndarray,
    signature: Signature,
    settings: Settings,
    work: Work,
) -> "Predictor":
    """Grow a forest on a table of features (pixel, feature), with class and weight of each."""
    forest = RandomForestClassifier(
        settings.trees,
        min_samples_leaf=settings.leaf_pixels,
        max_features=settings.features_per_split,
        n_jobs=work.threads,
        random_state=work.seed,
    )
    target = class_indices(classes, signature.classes)
    forest.fit(features, target, sample_weight=weights)
    agreement = forest.score(features, target, weights)
    history = [{"trees": settings.trees, "pixels": len(classes), "train_agreement": agreement}]
    trees = [tree.tree_ for tree in forest.estimators_]
    columns = forest.classes_.astype("int64")
    importance = forest.feature_importances_.astype("float32")  # of impurity, summed over splits
    return Predictor(trees, columns, signature, settings, history, work.threads, importance)


def load(tensors: dict[str, np.ndarray], signature: Signature, settings: Settings) -> "Predictor":
    """Forest from what `Predictor.tensors` gave."""
    ends = np.cumsum(tensors["node_count"])
    parts = [slice(end - n, end) for end, n in zip(ends, tensors["node_count"], strict=True)]
    features = int(tensors["features"][0])
    trees = [_tree(tensors, part, features) for part in parts]
    columns, importance = tensors["columns"], tensors["importance"]
    return Predictor(trees, columns, signature, settings, [], 1, importance)


def polygon_weights(classes: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Weight of each pixel: 1/sqrt(pixels of its polygon), then each class sums to the same.

    The square root lies between every pixel counting the same (large fields decide) and every
    polygon counting the same (slivers decide); see the ablation of the benchmark `landuse`. All
    sum to the number of pixels.
    """
    _, polygon, size = np.unique(polygons, return_inverse=True, return_counts=True)
    weights = size[polygon] ** -0.5
    _, of = np.unique(classes, return_inverse=True)
    total = np.bincount(of, weights)
    return weights / total[of] * len(classes) / len(total)


def boundless_pixels(
    samples: list[Sample], signature: Signature, settings: Settings, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (pixel, feature), classes and polygons of some polygons that never end."""
    rng = np.random.default_rng((seed, 1))
    drawn = [
        of_class[i]
        for of_class in pixels_by_class(samples, signature.classes)
        for i in rng.permutation(len(of_class))[: settings.boundless_polygons]
    ]
    parts = []
    bar = tqdm(drawn, desc="compute boundless polygons", unit="polygon")
    for polygon, (block, rows, cols) in enumerate(bar):
        at = rng.integers(len(rows))
        # Gaussians mirror a tile at its edges, so in a small one too the polygon never ends.
        tile, _ = cut(samples[block], rows[at], cols[at], _BOUNDLESS_PX, boundlessly=True)
        seen = np.flatnonzero(np.isfinite(tile).all(0))
        chosen = rng.choice(seen, min(_BOUNDLESS_PIXELS, len(seen)), replace=False)
        features = _features(tile, signature, settings).reshape(-1, _BOUNDLESS_PX**2)[:, chosen]
        class_id = samples[block].classes[rows[at], cols[at]]
        parts.append((features.T, np.full(len(chosen), class_id), np.full(len(chosen), polygon)))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


class Predictor:
    """A grown forest; see `landscribe.training.predictor.Predictor`."""

    def __init__(
        self,
        trees: list[Tree],
        columns: np.ndarray,
        signature: Signature,
        settings: Settings,
        history: list[dict],
        threads: int,
        importance: np.ndarray,
    ) -> None:
        self.trees, self.columns, self.importance = trees, columns, importance
        self.signature, self.settings = signature, settings
        self.history, self.threads = history, threads

    def probabilities(self, tiles: np.ndarray) -> np.ndarray:
        """Class probabilities (n, class, y, x) float32 of reflectance (n, channel, y, x).

        The trees are asked for pixels that a map can use: observed, and not of a tile's halo, which
        only gives context. All others get equal shares.
        """
        n, _, height, width = tiles.shape
        classes = len(self.signature.classes)
        out = np.full((n, classes, height, width), 1 / classes, "float32")
        for shares, tile in zip(out, tiles, strict=True):
            asked = np.isfinite(tile).all(0) & self._centre(height, width)
            table = _features(tile, self.signature, self.settings)[:, asked].T
            shares[:, asked] = 0
            if asked.any():
                rows, cols = np.nonzero(asked)
                shares[self.columns[:, None], rows, cols] = self.shares(table).T
        return out

    def _centre(self, height: int, width: int) -> np.ndarray:
        """Pixels (y, x) bool outside the halo; all, where an image is no larger than that."""
        halo = self.settings.halo_px
        centre = np.ones((height, width), bool)
        if min(height, width) > 2 * halo and not self.settings.blend:
            centre[:halo], centre[height - halo :] = False, False
            centre[:, :halo], centre[:, width - halo :] = False, False
        return centre

    def tensors(self) -> dict[str, np.ndarray]:
        """Nodes of all trees, one after the other, and the class shares in them."""
        states = [tree.__getstate__() for tree in self.trees]
        nodes = np.concatenate([state["nodes"] for state in states])
        tensors = {name: np.ascontiguousarray(nodes[name]) for name in _NODE_FIELDS}
        tensors["values"] = np.concatenate([state["values"] for state in states])[:, 0]
        tensors["node_count"] = np.array([state["node_count"] for state in states], "int64")
        tensors["features"] = np.array([self.trees[0].n_features], "int64")
        return tensors | {"columns": self.columns, "importance": self.importance}

    def shares(self, table: np.ndarray) -> np.ndarray:
        """Class shares (pixel, class) in a pixel's leaf, mean over the trees.

        Args:
            table: features (pixel, feature) float32. Classes are those of `columns`.
        """
        table = np.ascontiguousarray(table)
        total = np.zeros((len(table), len(self.columns)))
        for tree in self.trees:
            total += tree.predict(table)
        return (total / len(self.trees)).astype("float32")

    def features(self, tiles: np.ndarray) -> np.ndarray:
        """Context features (n, feature, y, x) float32, which `importance` weighs."""
        return np.stack([_features(tile, self.signature, self.settings) for tile in tiles])


def _pixels(
    samples: list[Sample], signature: Signature, settings: Settings, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features (pixel, feature), classes and polygons of pixels drawn from the training split."""
    rng = np.random.default_rng(seed)
    usable = [(s.splits == TRAIN) & np.isfinite(s.reflectance).all(0) for s in samples]
    total = sum(int(mask.sum()) for mask in usable)
    if not total:
        raise InputError(
            "no training pixel has a label and a clear observation; check the season, the clouds"
            " and the split"
        )
    share = min(1.0, settings.pixels / total)
    parts = []
    for number, (sample, mask) in enumerate(
        zip(tqdm(samples, desc="compute features", unit="block"), usable, strict=True)
    ):
        chosen = np.flatnonzero(mask)
        chosen = np.sort(rng.choice(chosen, round(len(chosen) * share), replace=False))
        if not len(chosen):
            continue
        # Polygon ids start from 1 in every block; the block's number keeps them apart.
        polygons = sample.polygons.ravel()[chosen].astype("int64") + (number << 32)
        rows = _features_of(sample, chosen, signature, settings)
        parts.append((rows, sample.classes.ravel()[chosen], polygons))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


def _features_of(
    sample: Sample, chosen: np.ndarray, signature: Signature, settings: Settings
) -> np.ndarray:
    """Features (pixel, feature) of some pixels of a block, window by window: they need much room.

    Args:
        chosen: flat indices (pixel) into the block.
    """
    rows, cols = np.divmod(chosen, sample.classes.shape[1])
    side, order, parts = settings.tile_px, [], []
    for window in windows(*sample.classes.shape, side):
        inside = (rows // side == window.top // side) & (cols // side == window.left // side)
        if not inside.any():
            continue
        top, left = max(0, window.top - SUPPORT_PX), max(0, window.left - SUPPORT_PX)
        down, across = (
            slice(top, window.rows.stop + SUPPORT_PX),
            slice(left, window.cols.stop + SUPPORT_PX),
        )
        features = _features(sample.reflectance[:, down, across], signature, settings)
        order.append(np.flatnonzero(inside))
        parts.append(features[:, rows[inside] - top, cols[inside] - left].T)
    return np.concatenate(parts)[np.argsort(np.concatenate(order))]


def _features(tile: np.ndarray, signature: Signature, settings: Settings) -> np.ndarray:
    """Features (feature, y, x) float32; missing ones are 0, as such pixels are not mapped."""
    if not settings.context:
        return np.nan_to_num(tile)
    if signature.periods:
        return series_features(tile, list(signature.bands), len(signature.periods))
    return context_features(tile, list(signature.bands))[0]


def _tree(tensors: dict[str, np.ndarray], part: slice, features: int) -> Tree:
    values = tensors["values"][part]
    tree = Tree(features, np.array([values.shape[1]], dtype=np.intp), 1)
    nodes = np.zeros(len(values), dtype=tree.__getstate__()["nodes"].dtype)
    for name in _NODE_FIELDS:
        nodes[name] = tensors[name][part]
    state = {"max_depth": 0, "node_count": len(values), "nodes": nodes}
    tree.__setstate__(state | {"values": values[:, None, :].astype("float64")})
    return tree

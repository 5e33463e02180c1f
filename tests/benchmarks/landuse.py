"""Land use from one scene: every model on ground that it did not see, in one table.

`python -m tests.benchmarks.landuse`, about an hour on two cores. Input is the demo's: its cube
and its labels, which Snakemake makes first where they are missing. The same 20,000 labelled pixels
are told by all models, in five folds, three times over:

- polygon: no polygon of the labels in two folds, classes spread evenly;
- block: no square of 1.92 km in two folds; a polygon that crosses an edge lies in both, and helps;
- square: as block, with each polygon whole, in the square that holds most of it.

`all` scores every pixel, `clear` those that the cloud mask leaves on a map. Intervals (95 %) come
from 2,000 draws of polygons with replacement: the pixels of a polygon were labelled together.
The rows `coordinates` and `commonest class` are controls, `outline` needs to know where a polygon
ends and is no map.
"""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import lightgbm
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from landscribe.cards import Model, Task
from landscribe.formats.cubes import MASK_CLEAR, MASK_CLOUD, read_cube
from landscribe.formats.polygons import read_polygons
from landscribe.formats.rasters import NODATA
from landscribe.imagery.composite import composite
from landscribe.imagery.context import BANDS, FAMILIES, context_features
from landscribe.models import forest, segment
from landscribe.pairs.groups import fold_groups
from landscribe.sensors import Sensor
from landscribe.training.predictor import Sample, Signature, Work
from landscribe.training.samples import read_samples
from tests.benchmarks.report import RESULTS, Goal, report, table
from tests.workflow_runs import environment

GROUND = Path("results/fetch/beetzsee/2017/33UUU")
POLYGONS = Path("results/train/beetzsee/2017/landuse/polygons.parquet")
PIXELS, FOLDS, SQUARE_PX, DRAWS, SEED, THREADS = 20_000, 5, 192, 2000, 0, 2
TRIAL = ("own", "neighbourhoods", "deviations")  # families of the first trial
MEASURES = ("accuracy", "balanced", "macro_f1")


@dataclass(frozen=True)
class Ground:
    """The scene, and the labelled pixels that are told."""

    sample: Sample  # splits are those of the demo; clouds are missing
    signature: Signature
    clear: np.ndarray  # (pixel) bool
    at: np.ndarray  # (pixel) place in a raveled raster
    classes: np.ndarray  # (pixel) index into the legend
    features: np.ndarray  # (pixel) polygon, one number for all its parts
    tables: dict[str, np.ndarray]  # "clouds" (in them) and "clear" (masked): (pixel, feature)
    families: np.ndarray  # (feature) family of each column, "bands" being the first of "own"

    def columns(self, families: tuple[str, ...]) -> np.ndarray:
        """Columns of some families; "bands" are a part of "own"."""
        return np.isin(self.families, [*families, *(["bands"] if "own" in families else [])])


Tell = Callable[[Ground, np.ndarray], np.ndarray]  # folds of pixels -> (pixel, class) shares


def main() -> None:
    """Fold, train, tell, score, and report."""
    warnings.filterwarnings("ignore", message=".*feature names.*")
    ground = read_ground()
    rows, told = [], {}
    for folds in ("polygon", "block", "square"):
        fold = FOLD_RULES[folds](ground)
        for name, tell in models(folds):
            shares = tell(ground, fold)
            told[folds, name] = shares.argmax(1)
            rows += list(scored(ground, folds, name, told[folds, name], told))
            if name in ("forest", "unet"):
                votes = outline_votes(shares, ground)
                rows += list(scored(ground, folds, f"{name} + outline", votes.argmax(1), told))
            print(table(rows[-2:]), file=sys.stderr, flush=True)
    print("\n" + table(rows) + "\n", file=sys.stderr)
    plot(rows, RESULTS / "landuse" / "landuse.png")
    report("landuse", goals(rows), rows)


def models(folds: str) -> Iterator[tuple[str, Tell]]:
    """Models by name, first those that show what each part of the forest brings."""
    yield "commonest class", commonest_class
    yield "coordinates", coordinates
    if folds != "square":
        yield "forest: bands", grown(("bands",), clouds=True, weigh=False)
        yield "forest: trial", grown(TRIAL, clouds=True, weigh=False)
    if folds == "polygon":
        yield "  + weights", grown(TRIAL, clouds=True)
        yield "  + profiles", grown((*TRIAL, "profiles", "edges"), clouds=True)
        yield "  + texture", grown((*TRIAL, "texture"), clouds=True)
    if folds != "square":
        yield "  + profiles, texture", grown(tuple(FAMILIES), clouds=True)
    if folds == "polygon":
        yield "  + clouds masked", grown(tuple(FAMILIES))
    yield "forest", grown(tuple(FAMILIES), endless=True)
    yield "boosting", boosted
    if folds != "square":
        yield "unet", networks


@cache
def card(name: str) -> forest.Settings | segment.Settings:
    """Settings of a model card of the demo."""
    return Model.read(Path(f"config/models/{name}.yaml")).resolved()


def read_ground() -> Ground:
    """Ground of the demo; the workflow makes what is missing."""
    wanted = [GROUND / "sentinel-2-l1c/cube.zarr", GROUND / "landuse/labels.tif", POLYGONS]
    setting = "--nolock --profile workflow/profiles/default --cores 2 --configfile config/demo.yaml"
    command = [sys.executable, "-m", "snakemake", *map(str, wanted), *setting.split()]
    subprocess.run(command, check=True, stdout=sys.stderr, env=environment())
    sensor = Sensor.read(Path("config/sensors/sentinel-2-l1c.yaml"))
    signature = Signature.of([sensor], Task.read(Path("config/tasks/landuse.yaml")))
    sample = read_samples([(wanted[0],)], (wanted[1],), POLYGONS, signature)[0]
    labelled = np.flatnonzero(sample.classes != NODATA)
    at = np.sort(np.random.default_rng(SEED).choice(labelled, PIXELS, replace=False))
    polygons = read_polygons(POLYGONS)
    _, feature = np.unique(polygons.feature, return_inverse=True)
    of = np.zeros(int(sample.polygons.max()) + 1, "int64")
    of[polygons.polygon] = feature
    cube = read_cube(wanted[0], sensor.band_names())
    seen = cube.assign(mask=cube.mask.where(cube.mask != MASK_CLOUD, MASK_CLEAR))
    images = {"clouds": composite(seen).values, "clear": sample.reflectance}
    return Ground(
        sample,
        signature,
        np.isfinite(sample.reflectance).all(0).ravel()[at],
        at,
        np.searchsorted(signature.classes, sample.classes.ravel()[at]),
        of[sample.polygons.ravel()[at]],
        {name: _table(image, signature, at) for name, image in images.items()},
        _families(sample.reflectance[:, :64, :64], signature),
    )


def polygon_folds(ground: Ground) -> np.ndarray:
    """Fold of each pixel: those of one polygon share it."""
    return _folds(ground.features, ground.classes)


def block_folds(ground: Ground) -> np.ndarray:
    """Fold of each pixel: those of one square share it."""
    return _folds(_squares(ground.sample.classes.shape)[ground.at], ground.classes)


def square_folds(ground: Ground) -> np.ndarray:
    """Fold of each pixel: those of one polygon share it, and all polygons of one square."""
    squares = pd.Series(_squares(ground.sample.classes.shape)[ground.at])
    squares = squares.groupby(ground.features).agg(lambda s: s.mode()[0])
    return _folds(squares[ground.features].to_numpy(), ground.classes)


FOLD_RULES = {"polygon": polygon_folds, "block": block_folds, "square": square_folds}


def grown(
    families: tuple[str, ...], clouds: bool = False, weigh: bool = True, endless: bool = False
) -> Tell:
    """Forest of the card on some families of features.

    Args:
        clouds: learn from clouds too, and map them.
        weigh: pixels of large polygons less; otherwise only the classes are balanced.
        endless: show it boundless polygons too, as the card does.
    """

    def tell(ground: Ground, fold: np.ndarray) -> np.ndarray:
        features = ground.tables["clouds" if clouds else "clear"][:, ground.columns(families)]
        # A polygon of its own for each pixel makes all of a class weigh the same.
        polygons = ground.features if weigh else np.arange(len(fold))
        shares = np.zeros((len(fold), len(ground.signature.classes)))
        legend = np.array(ground.signature.classes)
        for number, train, test in _parts(ground, fold, clouds):
            rows = features[train], legend[ground.classes[train]], polygons[train]
            twins = _twins(ground, fold, number) if endless else None
            rows = forest.weighted(*rows, twins, card("forest"))
            work = Work(Path(), THREADS, "cpu", SEED)
            model = forest.grow(*rows, ground.signature, card("forest"), work)
            shares[np.ix_(test, model.columns)] = model.shares(features[test])
        return shares

    return tell


def boosted(ground: Ground, fold: np.ndarray) -> np.ndarray:
    """Gradient boosting (LightGBM) on the forest's features, pixels and weights.

    Its depth, pace and number of trees are the best of some tries on polygon folds.
    """
    shares = np.zeros((len(fold), len(ground.signature.classes)))
    table_ = ground.tables["clear"]
    for _, train, test in _parts(ground, fold, clouds=False):
        model = lightgbm.LGBMClassifier(
            n_estimators=150,
            learning_rate=0.06,
            num_leaves=15,
            min_child_samples=80,
            colsample_bytree=0.3,
            subsample=0.7,
            subsample_freq=1,
            reg_lambda=5,
            n_jobs=THREADS,
            verbose=-1,
            random_state=SEED,
        )
        weights = forest.polygon_weights(ground.classes[train], ground.features[train])
        model.fit(table_[train], ground.classes[train], sample_weight=weights)
        shares[np.ix_(test, model.classes_)] = model.predict_proba(table_[test])
    return shares


def networks(ground: Ground, fold: np.ndarray) -> np.ndarray:
    """The U-Net of the card; the fold after the one that is told stops its training early.

    All labelled pixels of the folds teach it, not only those that are told.
    """
    shares = np.zeros((len(fold), len(ground.signature.classes)))
    for number in range(FOLDS):
        sample = replace(ground.sample, splits=_splits(ground, fold, number))
        with TemporaryDirectory() as folder:
            work = Work(Path(folder), THREADS, "auto", SEED)
            model = segment.train([sample], ground.signature, card("unet"), work)
        test = np.flatnonzero(fold == number)
        image = model.probabilities(sample.reflectance[None])[0]
        shares[test] = image.reshape(len(image), -1)[:, ground.at[test]].T
    return shares


def commonest_class(ground: Ground, fold: np.ndarray) -> np.ndarray:
    """Control: whatever the ground, the class that training has most of."""
    shares = np.zeros((len(fold), len(ground.signature.classes)))
    for _, train, test in _parts(ground, fold, clouds=True):
        shares[test, np.bincount(ground.classes[train]).argmax()] = 1
    return shares


def coordinates(ground: Ground, fold: np.ndarray) -> np.ndarray:
    """Control: a forest that knows only where a pixel lies; what it gets is leakage of place."""
    places = np.stack(np.divmod(ground.at, ground.sample.classes.shape[1]), 1).astype("float32")
    blind = replace(ground, tables={"clouds": places}, families=np.array(["place"] * 2))
    return grown(("place",), clouds=True)(blind, fold)


def outline_votes(shares: np.ndarray, ground: Ground) -> np.ndarray:
    """Mean share of all clear pixels of a polygon, for each of them."""
    sums = (
        pd.DataFrame(np.where(ground.clear[:, None], shares, 0))
        .groupby(ground.features)
        .transform("sum")
    )
    return sums.to_numpy()


def scored(ground: Ground, folds: str, name: str, told: np.ndarray, others: dict) -> Iterator[dict]:
    """Rows of a model: on all pixels where it maps them, and on the clear ones."""
    for pixels, kept in (("all", np.ones(len(told), bool)), ("clear", ground.clear)):
        masked = name.split(" +")[0] in ("forest", "boosting", "unet")
        if masked and pixels == "all":
            continue
        matrices = _matrices(ground, told, kept)
        row = {"folds": folds, "model": name, "pixels": pixels, "n": int(kept.sum())}
        found, drawn = _measures(matrices.sum(0)[None])[0], _measures(_draws(matrices))
        for number, measure in enumerate(MEASURES):
            low, high = np.percentile(drawn[:, number], [2.5, 97.5])
            row |= {measure: found[number], f"{measure}_low": low, f"{measure}_high": high}
        if (folds, "forest") in others:
            twin = _measures(_draws(_matrices(ground, others[folds, "forest"], kept)))
            low, high = np.percentile((drawn - twin)[:, 1], [2.5, 97.5])
            row |= {"less_forest_low": low, "less_forest_high": high}
        yield row


def goals(rows: list[dict]) -> list[Goal]:
    """Goals of the issue: the forest on both kinds of folds, the best model on polygons."""

    def goal(name: str, row: dict, measure: str, wanted: str) -> Goal:
        interval = (row[f"{measure}_low"], row[f"{measure}_high"])
        return Goal(f"M7.{name}.{measure}", row[measure], wanted, row["n"], interval)

    def row(folds: str, model: str, pixels: str = "clear") -> dict:
        keys = (folds, model, pixels)
        return next(r for r in rows if (r["folds"], r["model"], r["pixels"]) == keys)

    found = []
    for folds, accuracy, balanced in (("polygon", ".58", ".52"), ("block", ".61", ".53")):
        for name, told in (
            (f"forest.{folds}", row(folds, "forest")),
            (f"forest_on_all_pixels.{folds}", row(folds, "  + profiles, texture", "all")),
        ):
            found.append(goal(name, told, "accuracy", f">= {accuracy}"))
            found.append(goal(name, told, "balanced", f">= {balanced}"))
    maps = [row("polygon", name) for name in ("forest", "boosting", "unet")]
    best = max(maps, key=lambda r: r["balanced"])
    return [*found, goal(f"best_is_{best['model']}.polygon", best, "balanced", ">= .56")]


def plot(rows: list[dict], path: Path) -> None:
    """Balanced accuracy of each model with its interval, one panel for each kind of folds."""
    shown = [row for row in rows if row["pixels"] == "clear"]
    names = list(dict.fromkeys(row["model"] for row in shown))[::-1]
    figure, panels = plt.subplots(1, 3, figsize=(12, 5), sharey=True, layout="constrained")
    for panel, folds in zip(panels, FOLD_RULES, strict=True):
        for row in (row for row in shown if row["folds"] == folds):
            y, x = names.index(row["model"]), row["balanced"]
            reach = [[x - row["balanced_low"]], [row["balanced_high"] - x]]
            mark = "s" if "outline" in row["model"] else "o"
            panel.errorbar(x, y, xerr=reach, fmt=mark, color="#2b6cb8", capsize=3)
        panel.set(title=f"{folds} folds", xlabel="balanced accuracy on clear pixels", xlim=(0, 1))
        panel.grid(axis="x", alpha=0.4)
    panels[0].set_yticks(range(len(names)), [name.strip() for name in names])
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _table(image: np.ndarray, signature: Signature, at: np.ndarray) -> np.ndarray:
    found, _ = context_features(image, list(signature.bands))
    return found.reshape(len(found), -1)[:, at].T.copy()


def _families(image: np.ndarray, signature: Signature) -> np.ndarray:
    """Family of each column of a table."""
    found = []
    for family in FAMILIES:
        _, names = context_features(image, list(signature.bands), (family,))
        found += ["bands" if name in BANDS else family for name in names]
    return np.array(found)


def _squares(shape: tuple[int, int]) -> np.ndarray:
    """Square (y * x) of each pixel."""
    rows, cols = np.indices(shape) // SQUARE_PX
    return (rows * 1000 + cols).ravel()


def _folds(groups: np.ndarray, classes: np.ndarray) -> np.ndarray:
    return fold_groups(groups, classes, np.ones(len(groups)), FOLDS, SEED)


def _parts(
    ground: Ground, fold: np.ndarray, clouds: bool
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Number of each fold, pixels that train, and pixels that are told."""
    for number in range(FOLDS):
        usable = clouds | ground.clear
        yield number, np.flatnonzero((fold != number) & usable), np.flatnonzero(fold == number)


def _twins(ground: Ground, fold: np.ndarray, number: int) -> tuple[np.ndarray, ...]:
    """Pixels of boundless polygons of all folds but one."""
    splits = _splits(ground, fold, number)
    sample = replace(ground.sample, splits=np.where(splits == 1, 0, splits).astype("uint8"))
    return forest.boundless_pixels([sample], ground.signature, card("forest"), SEED)


def _splits(ground: Ground, fold: np.ndarray, number: int) -> np.ndarray:
    """Splits (y, x) uint8 of all labelled pixels, as those that are told of in their polygon.

    A fold tests, the next one validates, the others train. Where a square's edge cuts a polygon,
    the part in each square has the fold of that square.
    """
    shape = ground.sample.classes.shape
    every = np.flatnonzero(ground.sample.classes.ravel() != NODATA)
    polygons, squares = ground.sample.polygons.ravel().astype("int64"), _squares(shape)
    keys = polygons * 10**6 + squares
    of = pd.Series(fold).groupby(keys[ground.at]).first().reindex(keys[every]).to_numpy()
    split = np.where(of == number, 2, np.where(of == (number + 1) % FOLDS, 1, 0))
    out = np.full(keys.size, NODATA, "uint8")
    out[every] = np.where(np.isnan(of), NODATA, split)  # NaN: none of its pixels is told
    return out.reshape(shape)


def _matrices(ground: Ground, told: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Pixels (polygon, reference class, told class)."""
    size = len(ground.signature.classes)
    out = np.zeros((ground.features.max() + 1, size, size))
    np.add.at(out, (ground.features[kept], ground.classes[kept], told[kept]), 1)
    return out


def _draws(matrices: np.ndarray) -> np.ndarray:
    """Error matrices (draw, reference, told) of polygons drawn with replacement."""
    filled = matrices[matrices.sum((1, 2)) > 0]
    rng = np.random.default_rng(SEED)
    times = rng.multinomial(len(filled), np.full(len(filled), 1 / len(filled)), DRAWS)
    return (times @ filled.reshape(len(filled), -1)).reshape(DRAWS, *matrices.shape[1:])


def _measures(matrices: np.ndarray) -> np.ndarray:
    """MEASURES of error matrices (draw, reference, told); (draw, measure)."""
    hits, truth = np.einsum("drr->dr", matrices), matrices.sum(2)
    recall = np.where(truth > 0, hits / np.maximum(truth, 1), np.nan)
    both = truth + matrices.sum(1)
    f1 = np.where(both > 0, 2 * hits / np.maximum(both, 1), np.nan)
    total = hits.sum(1) / truth.sum(1)
    return np.stack([total, np.nanmean(recall, 1), np.nanmean(f1, 1)], 1)


if __name__ == "__main__":
    main()

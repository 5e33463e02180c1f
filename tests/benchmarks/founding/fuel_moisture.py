"""E2 on real fuel-moisture series: Presto's features against what went in and a random network.

Live fuel moisture of shrubs and trees of the western USA (Rao et al. 2020,
doi:10.1016/j.rse.2020.111797) with the series and the split by site of Tseng et al. 2023,
arXiv:2304.14065. How strong a ridge is comes from folds by site, of the labels drawn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from landscribe.encoders import series
from tests.benchmarks.report import Goal
from tests.published import presto

FEW = 150
_CHANNELS = [*range(10), *range(11, 18)]  # of the files; the tenth is B09, which Presto leaves out
_STRENGTHS = np.logspace(-1, 5, 19)
_NETWORKS = 5  # with random weights
_FORESTS = 3


@dataclass(frozen=True)
class Fuel:
    """Samples of all sites."""

    bands: np.ndarray  # (n, t, b) float32, scaled
    month: np.ndarray  # (n, t)
    lat_lon: np.ndarray  # (n, 2) [degrees]
    land_cover: np.ndarray  # (n, t)
    moisture: np.ndarray  # (n,) [% of dry weight]
    site: np.ndarray  # (n,) names
    test: np.ndarray  # (n,) bool; no site is in both parts


@dataclass(frozen=True)
class Errors:
    """Root mean squared errors on the test sites [% of dry weight]."""

    few: dict[str, np.ndarray]  # features -> (draws,) of a ridge
    ridge: dict[str, float]  # of all labels
    forest: dict[str, np.ndarray]  # (seeds,) of all labels


def read_fuel(data: Path) -> Fuel:
    """Samples of the real data."""
    folder = data / "dev_pixel_series_lfmc_algae/fuel_moisture"
    names = "s1_s2_era5_srtm month latlon dynamic_world target site is_test".split()
    raw, *rest, test = (np.load(folder / f"{name}.npy") for name in names)
    scales = [series.PUBLISHED_SCALES[band] for band in series.Settings().bands]
    bands = [
        (raw[..., i] + add) / by for i, (add, by) in zip(_CHANNELS, scales, strict=True)
    ]  # (n, t) each
    return Fuel(np.stack(bands, -1).astype("float32"), *rest, test == 1)


def measure(data: Path, draws: int) -> Errors:
    """Errors of all features: few labels drawn that many times, and all labels."""
    fuel = read_fuel(data)
    shown = {"presto": _features(presto(data).encoder, fuel), **_plain(fuel)}
    blind = [_features(_random_encoder(seed), fuel) for seed in range(_NETWORKS)]
    every, few = np.flatnonzero(~fuel.test), {}
    for draw in range(draws):
        drawn = np.random.default_rng(draw).choice(every, FEW, replace=False)
        for name, x in {**shown, "random network": blind[draw % _NETWORKS]}.items():
            few.setdefault(name, []).append(_ridge_error(x, fuel, drawn))
    shown["random network"] = blind[0]
    ridge = {name: _ridge_error(x, fuel, every) for name, x in shown.items()}
    forest = {
        name: np.array([_forest_error(shown[name], fuel, every, s) for s in range(_FORESTS)])
        for name in ("presto", "bands", "random network")
    }
    return Errors({name: np.array(errors) for name, errors in few.items()}, ridge, forest)


def rows(errors: Errors) -> Iterator[dict]:
    """Errors by features."""
    for name, found in errors.few.items():
        forest = errors.forest.get(name)
        yield {
            "part": f"fuel moisture, {name}",
            f"ridge_{FEW}": found.mean(),
            "least": found.min(),
            "most": found.max(),
            "ridge_all": errors.ridge[name],
            "forest_all": None if forest is None else forest.mean(),
        }


def goals(errors: Errors) -> Iterator[Goal]:
    """Goals of these errors; intervals of few labels are over the draws of labels."""
    ours = errors.few["presto"]
    for name, goal, limit in [("bands", "raw", "<= 0.90"), ("random network", "random", "<= 0.93")]:
        value, interval = _ratio(ours, errors.few[name])
        yield Goal(f"E2.few_labels.vs_{goal}", value, limit, len(ours), interval)
    forest = errors.forest["presto"]
    span = (forest.min(), forest.max())
    yield Goal("E2.all_labels.forest_rmse", forest.mean(), "<= 26.0", len(forest), span)


def _plain(fuel: Fuel) -> dict[str, np.ndarray]:
    """What goes into Presto: bands alone, and with all else that it is told."""
    bands = fuel.bands.reshape(len(fuel.bands), -1)
    lat, lon = np.deg2rad(fuel.lat_lon).T
    turn = fuel.month * (2 * np.pi / 12)
    place = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    known = [bands, np.stack(place, 1), np.sin(turn), np.cos(turn)]
    cover = np.eye(series.Settings().land_cover_classes)[fuel.land_cover].reshape(len(bands), -1)
    return {
        "bands": bands,
        "bands, place and month": np.concatenate(known, 1),
        "bands, place, month and land cover": np.concatenate([*known, cover], 1),
    }


def _random_encoder(seed: int) -> series.SeriesEncoder:
    torch.manual_seed(seed)
    return series.build(series.Settings()).eval()


@torch.inference_mode()
def _features(encoder: series.SeriesEncoder, fuel: Fuel) -> np.ndarray:
    given = (fuel.bands, fuel.month, fuel.lat_lon.astype("float32"), fuel.land_cover)
    return encoder(*map(torch.from_numpy, given))[-1].numpy()


def _ridge_error(x: np.ndarray, fuel: Fuel, drawn: np.ndarray) -> float:
    folds = list(GroupKFold(5).split(drawn, groups=fuel.site[drawn]))
    ridge = RidgeCV(_STRENGTHS, cv=folds, scoring="neg_mean_squared_error")
    return _error(make_pipeline(StandardScaler(), ridge).fit, x, fuel, drawn)


def _forest_error(x: np.ndarray, fuel: Fuel, drawn: np.ndarray, seed: int) -> float:
    return _error(RandomForestRegressor(100, random_state=seed).fit, x, fuel, drawn)


def _error(fit: Callable, x: np.ndarray, fuel: Fuel, drawn: np.ndarray) -> float:
    told = fit(x[drawn], fuel.moisture[drawn]).predict(x[fuel.test])
    return float(np.sqrt(np.mean((told - fuel.moisture[fuel.test]) ** 2)))


def _ratio(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, list[float]]:
    """Ratio of mean errors, and its 95 % interval by resampling the draws, of both together."""
    drawn = np.random.default_rng(0).integers(len(ours), size=(2000, len(ours)))
    ratios = ours[drawn].mean(1) / theirs[drawn].mean(1)
    return ours.mean() / theirs.mean(), [float(v) for v in np.quantile(ratios, (0.025, 0.975))]

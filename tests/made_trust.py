"""Layers and scores of trust of a made map, as the stages map and evaluate leave them."""

from pathlib import Path

import numpy as np
import rasterio

from landscribe.cards import Task
from landscribe.formats.json_file import write_json
from landscribe.formats.rasters import NODATA
from landscribe.grid import Grid, pixel_area_m2
from landscribe.trust.conformal import packed

TASK_CARD = Path(__file__).parents[1] / "config/tasks/landuse.yaml"
LEGEND = Task.read(TASK_CARD).legend
NOTE = "Of the pixels of a polygon, at least the share `coverage` have their class in the set."
TOLD = {"value": 0.93, "interval": [0.88, 0.97]}


def write_trust(maps: Path, scores: Path, grids: dict[str, Grid], skill: float) -> None:
    """Write the layers of all blocks, calibration.json and trust.json of one model.

    Args:
        maps: folder of the maps, with `<block>/classes.tif`.
        scores: folder of the scores.
        skill: between 0 and 1; the lower, the more classes are in a set.
    """
    random, mapped, inside = np.random.default_rng(9), np.zeros(256), np.zeros(256)
    for block, grid in grids.items():
        with rasterio.open(maps / block / "classes.tif") as raster:
            classes, where = raster.read(1), raster.profile
        held, away = _held(classes, random, skill), _away(classes, random)
        seen = classes != NODATA
        layers = {
            "entropy": (np.where(seen, random.integers(0, 201, seen.shape), NODATA), 0.005),
            "set_sizes": (np.where(seen, held.sum(0), NODATA), 1),
            "applicability": (away, 0.01),
        }
        for name, (pixels, scale) in layers.items():
            _write(maps / block / f"{name}.tif", pixels[None].astype("uint8"), where, scale)
        sets = where | {"dtype": "uint16", "nodata": 0}
        _write(maps / block / "sets.tif", packed(held), sets, 1)
        area_ha = pixel_area_m2(grid).astype(float) / 1e4
        mapped += np.bincount(classes.ravel(), area_ha.ravel(), 256)
        inside += np.bincount(classes.ravel(), np.where(away <= 100, area_ha, 0).ravel(), 256)
    write_json(maps / "calibration.json", calibration())
    write_json(scores / "trust.json", trust_scores(mapped, inside, skill))


def calibration(squares: int = 31) -> dict:
    """calibration.json; with fewer than 9 squares it promises nothing."""
    thresholds = [{"class_id": land.id, "threshold": 0.9} for land in LEGEND]
    sets = {"coverage": 0.9, "each_class": False, "note": NOTE, "squares_needed": 9}
    return {
        "rescaling": {"method": "temperature", "temperature": 0.8005, "curves": []},
        "sets": sets | {"thresholds": thresholds},
        "sample": {"split": "validation", "polygons": 119, "squares": squares, "pixels": 72622},
    }


def trust_scores(mapped: np.ndarray, inside: np.ndarray, skill: float) -> dict:
    """trust.json, in which the last class was never tested."""
    means = {"per_polygon": TOLD, "per_pixel": TOLD}
    nothing = {"per_polygon": None, "per_pixel": None}
    rows = [
        {
            **land.model_dump(include={"id", "name", "title", "colour"}),
            "polygons": 0 if land is LEGEND[-1] else 7,
            **(nothing if land is LEGEND[-1] else means),
            "set_size": nothing if land is LEGEND[-1] else {"per_polygon": {"value": 2.5}},
        }
        for land in LEGEND
    ]
    errors = {"per_polygon": 0.1, "per_pixel": 0.2 * skill}
    coverage = {"target": 0.9, "each_class": False, "note": NOTE, **means, "classes": rows}
    part = {"pixels": 4000, "accuracy": means, "coverage": means}
    return {
        "sample": {"split": "test", "pixels": 70122, "polygons": 113, "squares": 31, "note": NOTE},
        "rescaling": "temperature",
        "temperature": 0.8005,
        "reliability": {
            "before": {"expected_calibration_error": errors | {"per_pixel": 0.1}, "bins": []},
            "after": {"expected_calibration_error": errors, "bins": []},
        },
        "coverage": coverage | {"set_size": {"per_polygon": {"value": 3.25}}},
        "applicability": {"inside": part, "outside": part, "bins": []},
        "areas": _areas(mapped, inside),
    }


def _areas(mapped: np.ndarray, inside: np.ndarray) -> dict:
    def told(shown_ha: float, inside_ha: float) -> dict:
        share = float(inside_ha / shown_ha) if shown_ha else None
        areas = {"mapped_ha": float(shown_ha), "inside_ha": float(inside_ha)}
        return areas | {"inside_share": share}

    rows = [
        land.model_dump(include={"id", "name", "title", "colour"})
        | told(mapped[land.id], inside[land.id])
        for land in LEGEND
    ]
    ids = [land.id for land in LEGEND]
    return told(mapped[ids].sum(), inside[ids].sum()) | {"classes": rows}


def _held(classes: np.ndarray, random: np.random.Generator, skill: float) -> np.ndarray:
    """Sets (class, y, x) bool: always with the class on the map, empty where there is none."""
    held = random.random((len(LEGEND), *classes.shape)) < 0.6 - 0.5 * skill
    for number, land in enumerate(LEGEND):
        held[number] |= classes == land.id
    return held & (classes != NODATA)


def _away(classes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Dissimilarity in hundredths of the threshold, with the values at the edges of steps."""
    away = random.integers(0, 201, classes.shape)
    away[10, :8] = (0, 1, 20, 21, 100, 101, 199, 200)
    return np.where(classes == NODATA, NODATA, away).astype("uint8")


def _write(path: Path, pixels: np.ndarray, where: dict, scale: float) -> None:
    profile = {name: where[name] for name in ("crs", "transform", "width", "height")}
    profile |= {"dtype": pixels.dtype, "nodata": where["nodata"], "count": len(pixels)}
    with rasterio.open(path, "w", driver="COG", compress="deflate", **profile) as raster:
        raster.write(pixels)
        raster.scales = (scale,) * len(pixels)

"""What smoothing and a minimum mapping unit do to the maps of the demo, and what they cost.

`python -m tests.benchmarks.smoothing`, some 5 minutes of one core, after `make demo`. Each way of
smoothing is a program of its own, `scripts.smooth_map`, on the map of each model. Agreement is
that of the demo's test polygons, which no model saw; a gain is that over the raw map, on the same
pixels. Intervals (95 %) come from 2,000 draws of polygons with replacement, the same draws for both
maps. The settings are the defaults; other rows are there to see how much they matter, and were not
used to choose any.

Two made rasters say what a block costs: mirrored copies of the demo, 2048 px a side for the method,
and 10,980 px for the patches. Memory is at least what the benchmark itself held when a program
began, so it is an upper bound.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from rasterio.windows import Window

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.polygons import read_polygons
from landscribe.formats.rasters import NODATA, probability_profile, raster_grid
from landscribe.grid import Grid
from landscribe.mapping.patches import part_numbers
from landscribe.scores.counts import MapFiles, count_pixels
from tests.benchmarks.measured import Measured, measured
from tests.benchmarks.report import Goal, report, table

PLACE, BLOCK, TASK = "beetzsee/2017/landuse", "33UUU", Path("config/tasks/landuse.yaml")
WAYS = {  # name -> flags; raw has none
    "raw": "",
    "majority": "--method majority",
    "bayes": "--method bayes",
    "mmu": "--method none --mmu-ha 0.5",
    "majority + mmu": "--method majority --mmu-ha 0.5",
    "bayes + mmu": "--method bayes --mmu-ha 0.5",
    "bayes, 3 px": "--method bayes --window-px 3",
    "bayes, 11 px": "--method bayes --window-px 11",
    "bayes, smoothness 5": "--method bayes --smoothness 5",
    "bayes, smoothness 100": "--method bayes --smoothness 100",
}
MEASURES = ("overall", "balanced", "macro_f1")
UNIT_HA, DRAWS, SEED, SIDE_PX, BLOCK_PX = 0.5, 2000, 0, 2048, 10_980
LEGEND = Task.read(TASK).legend
IDS = [land.id for land in LEGEND]


def main(results: Path = Path("results")) -> None:
    """Smooth, score, and report.

    Args:
        results: of a finished demo.
    """
    rows, goals = [], []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for model in ("forest", "unet"):
            found = list(scored(results, model, folder))
            print("\n" + table([shown(row) for row in found]), file=sys.stderr, flush=True)
            rows += found
        goals += [goal for row in rows for goal in gains(row)]
        made = list(cost(results, folder))
    print("\n" + table(made), file=sys.stderr)
    goals.append(Goal("S1.bayes.cpu_s", made[0]["cpu_s"], "< 20", SIDE_PX**2))
    goals.append(Goal("S1.mmu.peak_mb", made[1]["peak_mb"], "<= 500", BLOCK_PX**2))
    report("smoothing", goals, [*rows, *made])


def scored(results: Path, model: str, folder: Path) -> Iterator[dict]:
    """A row per way of smoothing the map of a model."""
    raw = results / "map" / PLACE / model / BLOCK / "classes.tif"
    shares = results / "infer" / PLACE / model / BLOCK / "probabilities.tif"
    before, first = layer(raw), None
    for way, flags in WAYS.items():
        path, took = raw, Measured(0, 0, 0)
        if flags:
            path = folder / f"{model}-{len(list(folder.iterdir()))}.tif"
            took = smoothed(raw, shares, flags, path)
        after, matrices = layer(path), polygons_by_class(results, shares, path)
        drawn = measures(draws(matrices))
        whole = measures(matrices.sum(0)[None])[0]
        first = (whole, drawn) if first is None else first
        yield {
            "model": model,
            "way": way,
            **dict(zip(MEASURES, whole.tolist(), strict=True)),
            **named("gain", whole - first[0]),
            **patch_counts(after),
            "changed": (after != before).sum() / (before != NODATA).sum(),
            **largest_change(before, after),
            "cpu_s": took.cpu_s,
            "peak_mb": took.peak_mb,
            "polygons": len(matrices),
            **named("interval", np.percentile(drawn, (2.5, 97.5), axis=0).T),
            **named("gain_interval", np.percentile(drawn - first[1], (2.5, 97.5), axis=0).T),
        }


def named(what: str, values: np.ndarray) -> dict:
    """Numbers of each measure under its name."""
    return {f"{name}_{what}": value.tolist() for name, value in zip(MEASURES, values, strict=True)}


def shown(row: dict) -> dict:
    """A row without its intervals, for people."""
    return {key: value for key, value in row.items() if not key.endswith("interval")}


def gains(row: dict) -> list[Goal]:
    """Goals of a row: a smoothed map agrees no worse than the raw one."""
    if row["way"] not in ("majority", "bayes", "bayes + mmu"):
        return []
    way = f"S1.{row['way'].replace(' + ', '_')}"
    told = (">= 0", row["polygons"])
    return [
        Goal(f"{way}.{m}_gain.{row['model']}", row[f"{m}_gain"], *told, row[f"{m}_gain_interval"])
        for m in MEASURES
    ]


def cost(results: Path, folder: Path) -> Iterator[dict]:
    """Rows of what made rasters take: the method on 2048 px, the patches of a whole block."""
    model = results / "map" / PLACE / "forest" / BLOCK / "classes.tif"
    shares = results / "infer" / PLACE / "forest" / BLOCK / "probabilities.tif"
    for way, flags, side in (
        ("bayes", "--method bayes", SIDE_PX),
        ("mmu", "--method none --mmu-ha 0.5", BLOCK_PX),
    ):
        files = [mirrored(path, folder / f"{side}-{path.name}", side) for path in (model, shares)]
        took = smoothed(*files, flags, folder / f"{side}.tif")
        yield {"way": f"{way}, {side} px", "cpu_s": took.cpu_s, "peak_mb": took.peak_mb}


def smoothed(raw: Path, shares: Path, flags: str, out: Path) -> Measured:
    """Smooth a map as a program of its own."""
    given = ("--task", TASK, "--classes", raw, "--probabilities", shares, "--out", out)
    return measured("scripts.smooth_map", *given, *flags.split())


def polygons_by_class(results: Path, shares: Path, path: Path) -> np.ndarray:
    """Pixels (polygon, map class, reference class) of the test polygons; parts of one are one."""
    known = read_polygons(results / "train" / PLACE / "polygons.parquet")
    labels = results / "fetch/beetzsee/2017" / BLOCK / "landuse/labels.tif"
    votes = count_pixels([MapFiles(BLOCK, path, shares, labels)], known, IDS).split("test")
    votes = votes.merge(known[["block", "polygon", "feature"]], on=["block", "polygon"])
    _, feature = np.unique(votes.feature, return_inverse=True)
    out = np.zeros((feature.max() + 1, len(IDS), len(IDS)))
    reference = np.searchsorted(IDS, votes.class_id)
    for place, class_id in enumerate(IDS):
        np.add.at(out[:, place], (feature, reference), votes[class_id].to_numpy())
    return out


def draws(matrices: np.ndarray) -> np.ndarray:
    """Matrices (draw, map, reference) of polygons drawn with replacement."""
    count = len(matrices)
    times = np.random.default_rng(SEED).multinomial(count, np.full(count, 1 / count), DRAWS)
    return (times @ matrices.reshape(count, -1)).reshape(DRAWS, *matrices.shape[1:])


def measures(matrices: np.ndarray) -> np.ndarray:
    """MEASURES (draw, measure) of error matrices (draw, map, reference)."""
    hits, truth = np.einsum("drr->dr", matrices), matrices.sum(1)
    recall = np.where(truth > 0, hits / np.maximum(truth, 1), np.nan)
    both = truth + matrices.sum(2)
    f1 = np.where(both > 0, 2 * hits / np.maximum(both, 1), np.nan)
    total = hits.sum(1) / truth.sum(1)
    return np.stack([total, np.nanmean(recall, 1), np.nanmean(f1, 1)], 1)


def patch_counts(classes: np.ndarray) -> dict[str, int]:
    """Patches of a map, and how many of them are below the unit."""
    numbers, count = part_numbers(classes)
    pixels = np.bincount(numbers[classes != NODATA], minlength=count)
    small = (pixels > 0) & (pixels * 0.01 < UNIT_HA)  # pixels of 10 m
    return {"patches": int((pixels > 0).sum()), "below_unit": int(small.sum())}


def largest_change(before: np.ndarray, after: np.ndarray) -> dict:
    """Class whose area changes most, and by which share of it."""
    changes = {
        land.name: (after == land.id).sum() / (before == land.id).sum() - 1
        for land in LEGEND
        if (before == land.id).any()
    }
    name = max(changes, key=lambda name: abs(changes[name]))
    return {"most_changed": name, "area_change": changes[name]}


def layer(path: Path) -> np.ndarray:
    """Pixels (y, x) of a map."""
    with rasterio.open(path) as raster:
        return raster.read(1)


def mirrored(path: Path, out: Path, side: int) -> Path:
    """A larger raster of mirrored copies, with all that the small one says of itself."""
    with rasterio.open(path) as source:
        grid, pixels = raster_grid(source), source.read()
        grid = Grid(grid.epsg, grid.west, grid.north, side, side, grid.gsd_m)
        own = {"count": len(pixels), "dtype": pixels.dtype, "nodata": source.nodata}
        if side == BLOCK_PX and len(pixels) > 1:  # nobody reads its pixels
            own["sparse_ok"] = True
        with rasterio.open(out, "w", **probability_profile(grid, len(pixels)) | own) as target:
            target.descriptions = source.descriptions
            if len(pixels) == 1:
                target.write_colormap(1, source.colormap(1))
                target.update_tags(1, **source.tags(1))
            if "sparse_ok" not in own:
                both = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
                both = np.concatenate([both, both[:, :, ::-1]], axis=2)
                cols = np.arange(side) % both.shape[2]
                for top in range(0, side, 256):
                    rows = np.arange(top, min(top + 256, side))
                    strip = both[:, rows % both.shape[1]][:, :, cols]
                    target.write(strip, window=Window(0, top, side, len(rows)))
    return out


if __name__ == "__main__":
    command(main)

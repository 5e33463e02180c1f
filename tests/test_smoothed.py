"""scores.json tells of a smoothed map what scikit-learn tells, on the pixels of the raw one."""

from pathlib import Path

import geopandas as gpd
import rasterio
from sklearn.metrics import accuracy_score, f1_score

from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import NODATA
from landscribe.mapping.smoothed import smoothing_tag
from landscribe.smoothing import Smoothing
from scripts.score_map import main
from tests.made_map import make_map

HOW = Smoothing(method="majority", window_px=3)


def test_scores_of_a_smoothed_map_stand_beside_those_of_the_raw_one(tmp_path: Path) -> None:
    made = make_map(tmp_path / "map")
    kinds = [made.files(name) for name in ("classes", "probabilities", "labels")]
    main(made.task, *kinds, made.polygons, tmp_path / "raw.json")
    smoothed = []
    for path in kinds[0]:  # a smoothed map that calls every mapped pixel by the first class
        with rasterio.open(path) as raster:
            pixels, profile = raster.read(1), raster.profile
        pixels[pixels != NODATA] = 1
        smoothed.append(path.with_name("smoothed.tif"))
        with rasterio.open(smoothed[-1], "w", **profile) as raster:
            raster.write(pixels, 1)
            raster.update_tags(**smoothing_tag(HOW))
    out = tmp_path / "both.json"
    main(made.task, *kinds, made.polygons, out, smoothed=tuple(smoothed))
    both, raw = read_json(out), read_json(tmp_path / "raw.json")
    found = both.pop("smoothed")
    assert both == raw and found["settings"] == HOW.model_dump()
    truth = []
    polygons = gpd.read_parquet(made.polygons)
    for block, pixels in made.pixels.items():
        mine = polygons[(polygons.block == block) & (polygons.split == "test")]
        seen = pixels["classes"] != NODATA
        for row in mine.itertuples():
            truth += [row.class_id] * int((seen & (pixels["polygon"] == row.polygon)).sum())
    guess = [1] * len(truth)
    assert found["pixels"] == len(truth) == raw["sample"]["pixels"]
    assert abs(found["overall_accuracy"] - accuracy_score(truth, guess)) < 1e-12
    assert abs(found["macro_f1"] - f1_score(truth, guess, average="macro", zero_division=0)) < 1e-12
    assert set(found["validation"]) >= {"overall_accuracy", "balanced_accuracy", "macro_f1"}

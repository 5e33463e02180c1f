"""Scores of a map: equal to scikit-learn on whole arrays, and honest about what they are."""

import json
import tracemalloc

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    precision_recall_fscore_support,
)

from landscribe.cards import Task
from landscribe.command import InputError
from landscribe.formats.json_file import read_json
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.scores.accuracy import design_based
from landscribe.scores.agreement import class_measures, measures, scores
from landscribe.scores.counts import count_pixels, map_files, read_areas
from scripts.score_map import main
from tests.made_map import GRIDS, MadeMap, make_map

LEGEND = list(range(1, 9))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> MadeMap:
    return make_map(tmp_path_factory.mktemp("map"))


def scored(made: MadeMap, window_px: int = 64) -> dict:
    maps = map_files(*(made.files(name) for name in ("classes", "probabilities", "labels")))
    counts = count_pixels(maps, gpd.read_parquet(made.polygons), LEGEND, window_px)
    return scores(counts, Task.read(made.task))


def whole(made: MadeMap, split: str) -> pd.DataFrame:
    """Labelled pixels of a split, all at once: map, truth, polygon, square, stored_1 ..."""
    table = gpd.read_parquet(made.polygons)
    parts = []
    for block, pixels in made.pixels.items():
        part = {"map": pixels["classes"], "truth": pixels["class_id"], "id": pixels["polygon"]}
        part |= {f"p{i}": band for i, band in zip(LEGEND, pixels["probabilities"], strict=True)}
        flat = pd.DataFrame({name: array.ravel() for name, array in part.items()})
        mine = table[(table.block == block) & (table.split == split)]
        flat = flat.merge(mine, left_on="id", right_on="polygon")
        parts.append(flat)
    return pd.concat(parts)


def test_equals_scikit_learn_on_whole_arrays(made):
    found, test = scored(made), whole(made, "test")
    shown = test[test["map"] != NODATA]
    truth, mapped = shown.truth, shown["map"]
    ours = np.array(found["confusion"])
    np.testing.assert_array_equal(ours, confusion_matrix(truth, mapped, labels=LEGEND).T)
    assert found["overall_accuracy"] == pytest.approx(accuracy_score(truth, mapped))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, mapped))
    each = precision_recall_fscore_support(truth, mapped, labels=LEGEND, zero_division=np.nan)
    for i, row in enumerate(found["classes"]):
        for name, value in zip(
            ("users_accuracy", "producers_accuracy", "f1"), (e[i] for e in each[:3]), strict=True
        ):
            assert row[name] == (None if np.isnan(value) else pytest.approx(value))
        assert (row["reference_pixels"], row["map_pixels"]) == (ours[:, i].sum(), ours[i].sum())
    f1 = precision_recall_fscore_support(truth, mapped, average="macro", zero_division=0)[2]
    assert found["macro_f1"] == pytest.approx(f1)
    for split in ("train", "validation"):
        other = whole(made, split)
        other = other[other["map"] != NODATA]
        assert found[split]["pixels"] == len(other)
        share = accuracy_score(other.truth, other["map"])
        assert found[split]["overall_accuracy"] == pytest.approx(share)


def test_calibration_is_that_of_the_test_pixels(made):
    found, test = scored(made)["reliability"], whole(made, "test")
    test = test[test["map"] != NODATA]
    shares = test[[f"p{i}" for i in LEGEND]].to_numpy() / 10_000
    truth = np.eye(8)[test.truth - 1]
    assert found["brier_score"] == pytest.approx(((shares - truth) ** 2).sum(1).mean())
    assert sum(row["pixels"] for row in found["bins"]) == len(test)


def test_what_the_map_leaves_empty_is_counted_and_scored_nowhere(made):
    found, test = scored(made), whole(made, "test")
    empty = test["map"] == NODATA
    assert found["unmapped_pixels"] == empty.sum() > 0
    assert found["sample"]["pixels"] == np.sum(found["confusion"]) == (~empty).sum()
    seen = test[~empty].drop_duplicates(["block", "id"])
    assert found["sample"]["polygons"] == len(seen)
    assert found["sample"]["polygons"] < len(test.drop_duplicates(["block", "id"]))
    assert found["sample"]["squares"] == seen.square.nunique()
    per_class = seen.groupby("truth").size().reindex(LEGEND, fill_value=0)
    assert [row["polygons"] for row in found["classes"]] == per_class.tolist()
    assert "leaves empty take part in no score" in found["sample"]["note"]


@pytest.mark.parametrize("window_px", [16, 37, 1024])
def test_the_cut_into_windows_changes_nothing(made, window_px):
    assert json.dumps(scored(made, window_px)) == json.dumps(scored(made, 64))


def test_the_order_of_files_does_not_matter(made):
    names = [made.files(name) for name in ("classes", "probabilities", "labels")]
    assert map_files(names[0], names[1][::-1], names[2][::-1]) == map_files(*names)


def test_labels_of_volunteers_get_no_interval(made):
    found = scored(made)
    assert found["design_based"] is None
    assert not found["sample"]["probability_sample"]
    for word in ("volunteers", "not at random", "OpenStreetMap contributors", "no standard error"):
        assert word in found["sample"]["note"]
    assert "interval" not in json.dumps({k: v for k, v in found.items() if k != "sample"})


def test_a_probability_sample_gets_estimates_for_the_whole_map(tmp_path):
    made = make_map(tmp_path / "map", by_chance=True, one_pixel=True)
    found, test = scored(made), whole(made, "test")
    test = test[test["map"] != NODATA]
    counts = confusion_matrix(test.truth, test["map"], labels=LEGEND).T
    mapped = np.array([(made.joined("classes") == i).sum() * 0.01 for i in LEGEND])
    expected = design_based(counts, mapped, LEGEND, True)
    estimates = found["design_based"]
    assert estimates["counts"] == counts.tolist()
    assert estimates["overall_accuracy"]["value"] == pytest.approx(expected.overall.value)
    assert estimates["overall_accuracy"]["interval"] == pytest.approx(expected.overall.interval)
    for i, row in enumerate(estimates["classes"]):
        assert row["mapped_ha"] == pytest.approx(mapped[i])
        assert row["area_ha"]["value"] == pytest.approx(expected.areas[i].value)
        producers = row["producers_accuracy"]
        assert producers["value"] == pytest.approx(expected.producers[i].value)
        assert producers["interval"] == pytest.approx(expected.producers[i].interval)
    assert "probability sample" in found["sample"]["note"]
    assert "volunteers" not in found["sample"]["note"]


def test_pixels_of_one_polygon_are_one_unit(tmp_path):
    made = make_map(tmp_path / "map", by_chance=True)
    maps = map_files(*(made.files(name) for name in ("classes", "probabilities", "labels")))
    counts = count_pixels(maps, gpd.read_parquet(made.polygons), LEGEND)
    test = whole(made, "test")
    test = test[test["map"] != NODATA]
    most = test.groupby(["block", "id"])[["map", "truth"]].agg(lambda v: v.mode().iloc[0])
    expected = confusion_matrix(most.truth, most["map"], labels=LEGEND).T
    np.testing.assert_array_equal(counts.units("test"), expected)
    assert expected.sum() == len(most)


def test_areas_of_the_table_are_taken(tmp_path, made):
    (tmp_path / "areas.csv").write_text(
        "class_id,name,title,pixels,area_ha,share\n"
        + "\n".join(f"{i},n,t,1,{i * 1.5},0.1" for i in [*LEGEND[::-1], 255])
    )
    np.testing.assert_allclose(read_areas(tmp_path / "areas.csv", [2, 1]), [3.0, 1.5])
    with pytest.raises(InputError, match="no row of class 9"):
        read_areas(tmp_path / "areas.csv", [1, 9])


def test_no_pixels_no_scores():
    none = np.zeros((3, 3), int)
    assert measures(none) == {
        "overall_accuracy": None,
        "balanced_accuracy": None,
        "macro_f1": None,
        "pixels": 0,
    }
    assert class_measures(none)[0]["f1"] is None


def test_memory_is_that_of_a_window(tmp_path):
    made = make_map(tmp_path / "map")
    grid = GRIDS["33UUU"].__class__(32633, 330000, 5822040, 3000, 3000, 10)
    rng = np.random.default_rng(0)
    labels = np.stack([np.full((3000, 3000), NODATA), np.zeros((3000, 3000))]).astype("uint32")
    first = gpd.read_parquet(made.polygons).query("block == '33UUU' and split == 'test'").iloc[0]
    labels[:, :9, 2000:2009] = np.array([first.class_id, first.polygon])[:, None, None]
    folder = made.folder / "33UUU"
    write_raster(folder / "landuse/labels.tif", labels, grid, NODATA, ["class", "polygon"])
    classes = rng.integers(1, 9, (1, 3000, 3000)).astype("uint8")
    write_raster(folder / "classes.tif", classes, grid, NODATA, ["class"])
    stored = np.full((8, 3000, 3000), 1250, "uint16")
    write_raster(folder / "probabilities.tif", stored, grid, 65535, [str(i) for i in LEGEND])
    del labels, stored
    tracemalloc.start()
    scored(made, window_px=256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < classes.size  # bytes: one band of the smallest of the rasters


def run(made: MadeMap, out, **changed):
    names = {name: made.files(name) for name in ("classes", "probabilities", "labels")}
    main(**({"task": made.task, "polygons": made.polygons, "out": out} | names | changed))


def test_the_script_writes_what_the_functions_give(made, tmp_path, capsys):
    run(made, tmp_path / "scores.json")
    assert read_json(tmp_path / "scores.json") == scored(made)
    assert "test pixels in" in capsys.readouterr().out


def faulty(folder, change) -> MadeMap:
    made = make_map(folder)
    change(made)
    return made


def strange_class(made):
    with rasterio.open(made.files("classes")[0], "r+") as raster:
        raster.write(np.full((1, 2, 2), 77, "uint8"), window=((5, 7), (40, 42)))


def stale_table(made):
    table = gpd.read_parquet(made.polygons)
    table[table.polygon > 3].to_parquet(made.polygons)


def other_class(made):
    table = gpd.read_parquet(made.polygons)
    table.assign(class_id=table.class_id % 7 + 1).to_parquet(made.polygons)


def no_test(made):
    gpd.read_parquet(made.polygons).assign(split="train").to_parquet(made.polygons)


def no_probabilities(made):
    path = made.files("probabilities")[0]
    with rasterio.open(path, "r+") as raster:
        raster.write(np.full((8, raster.height, raster.width), 65535, "uint16"))


def few_bands(made):
    path, grid = made.files("probabilities")[0], GRIDS["33UUU"]
    pixels = np.zeros((3, grid.height, grid.width), "uint16")
    write_raster(path, pixels, grid, 65535, ["a", "b", "c"])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (strange_class, "shows class 77, which the legend"),
        (stale_table, "the split table lacks"),
        (other_class, "with another class"),
        (no_test, "no test pixel is on the map"),
        (no_probabilities, "has none where"),
        (few_bands, "3 bands"),
    ],
)
def test_files_that_do_not_belong_together_are_told(tmp_path, change, told):
    made = faulty(tmp_path / "map", change)
    with pytest.raises(InputError, match=told):
        run(made, tmp_path / "out/scores.json")
    assert not list(tmp_path.glob("out/*"))


def test_a_block_without_its_labels_is_told(made, tmp_path):
    with pytest.raises(InputError, match="33UVU.* wanted"):
        run(made, tmp_path / "scores.json", labels=made.files("labels")[:1])
    with pytest.raises(InputError, match="blocks none"):
        run(made, tmp_path / "scores.json", classes=(), labels=(), probabilities=())

"""GeoPackages for interpreters: what they show, what they hide, what may not be changed."""

import sqlite3

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from shapely.affinity import translate

from landscribe.campaigns import Campaign
from landscribe.card import check
from landscribe.command import InputError
from landscribe.scores.interpretation import read_interpreted, read_sample
from tests.made_campaign import CARD, LEGEND, edit_units, interpret, make_campaign

CAMPAIGN = check(Campaign, CARD | {"second_readings": 0.1}, "card")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make_campaign(tmp_path_factory.mktemp("maps"))


@pytest.fixture(scope="module")
def files(made):
    """Sample, and what came back."""
    sample, back = made.folder / "sample.gpkg", made.folder / "back.gpkg"
    made.sample(CAMPAIGN, sample)
    interpret(made, sample, back, {"reference": 2020})
    return sample, back


def read(path, files):
    return read_interpreted(path, files[0], CAMPAIGN, LEGEND)


def test_a_sample_comes_back_as_it_was_written(made, files):
    drawn, found = made.design(CAMPAIGN), read_sample(files[0])
    assert found.digest == drawn.digest
    pd.testing.assert_frame_equal(found.units, drawn.units, check_dtype=False)


def test_interpreters_see_empty_fields_and_nothing_of_the_map(files):
    units = pyogrio.read_dataframe(files[0], layer="units")
    shown = {"id", "block", "reference", "confidence", "comment", "second", "second_reference"}
    assert set(units) == shown | {"geometry"}
    assert units[["reference", "confidence", "comment", "second_reference"]].isna().all(axis=None)
    assert (units.second == "yes").sum() == 40
    assert units.crs.to_epsg() == 4326
    assert set(pyogrio.read_dataframe(files[0], layer="outlines")) == {"id", "geometry"}


def test_qgis_finds_its_styles(files):
    with sqlite3.connect(files[0]) as database:
        rows = database.execute(
            "select f_table_name, f_geometry_column, useAsDefault, styleQML from layer_styles"
        ).fetchall()
        contents = dict(database.execute("select table_name, data_type from gpkg_contents"))
        columns = {
            name: column
            for name, column in database.execute(
                "select table_name, column_name from gpkg_geometry_columns"
            )
        }
    assert {name for name, *_ in rows} == {"units", "outlines"} == set(columns)
    assert all(columns[name] == geometry and default for name, geometry, default, _ in rows)
    assert contents["layer_styles"] == contents["design"] == "attributes"
    assert all(qml.startswith("<!DOCTYPE qgis") for *_, qml in rows)


def test_readings_come_back_by_id(made, files):
    found = read(files[1], files)
    names = {land.id: land.name for land in LEGEND}
    for unit, row in zip(found.design.units.itertuples(), found.units.itertuples(), strict=True):
        true = made.truth[2020, unit.region, unit.block][unit.row, unit.col]
        assert (unit.id, names[int(true)]) == (row.id, row.reference)


def changed(files, change):
    units = change(pyogrio.read_dataframe(files[1], layer="units"))
    path = files[1].with_name("changed.gpkg")
    edit_units(files[1], path, units)
    return path


def _set(field, value):
    def change(units):
        units.loc[units.id == 7, field] = value
        return units

    return change


def _moved(units):
    units.loc[units.id == 7, "geometry"] = translate(units.geometry[units.id == 7].iloc[0], 0.001)
    return units


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda units: units[~units.id.isin([3, 9])], r"unit 3, 9 is missing \(\d of \w+"),
        (_set("id", 999), "unit 999 was not drawn; remove it"),
        (lambda units: gpd.GeoDataFrame(pd.concat([units, units[:1]])), "is there twice"),
        (_moved, "unit 7 has moved; put it back"),
        (_set("reference", "moon"), r"reference is 'moon' \(unit 7\), but it has to be one of"),
        (_set("confidence", "sure"), "confidence is 'sure'"),
        (lambda units: units.drop(columns="comment"), "no field comment"),
        (lambda units: units.drop(columns="id"), "no field id"),
    ],
)
def test_what_is_not_as_it_was_drawn_is_refused(files, change, told):
    with pytest.raises(InputError, match=told):
        read(changed(files, change), files)


def test_units_in_another_order_are_the_same(files):
    path = changed(files, lambda units: units.sample(frac=1, random_state=1))
    assert read(path, files).units.equals(read(files[1], files).units)


def test_a_changed_design_is_refused(files, tmp_path):
    path = tmp_path / "edited.gpkg"
    path.write_bytes(files[1].read_bytes())
    with sqlite3.connect(path) as database:
        database.execute("update design set code = code + 1 where id = 7")
    with pytest.raises(InputError, match="not as they were drawn"):
        read(path, files)


def test_a_sample_of_another_map_or_seed_is_refused(made, files, tmp_path):
    other = check(Campaign, CARD | {"second_readings": 0.1, "seed": 6}, "card")
    made.sample(other, tmp_path / "other.gpkg")
    with pytest.raises(InputError, match="another draw"):
        read(tmp_path / "other.gpkg", files)
    earlier = check(Campaign, CARD | {"second_readings": 0.1, "year": 2018}, "card")
    made.sample(earlier, tmp_path / "earlier.gpkg")
    with pytest.raises(InputError, match="drawn from another map"):
        read(tmp_path / "earlier.gpkg", files)


def test_files_that_are_no_sample_are_refused(files, tmp_path):
    points = gpd.GeoDataFrame({"id": [1]}, geometry=gpd.points_from_xy([1], [2]), crs=4326)
    points.to_file(tmp_path / "points.gpkg", layer="units")
    with pytest.raises(InputError, match="no layer or table"):
        read(tmp_path / "points.gpkg", files)
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "nothing.gpkg", files)

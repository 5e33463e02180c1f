"""The GeoPackage that interpreters fill in with QGIS, written and read back.

Layer `units` holds what they read: points with empty fields. Layer `outlines` shows the pixels.
What the map says stands apart, in the table `design`, which the form does not show: an interpreter
who knows the map's class tends to agree with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from landscribe.campaigns import Campaign
from landscribe.cards import LandClass
from landscribe.command import InputError, some, written
from landscribe.scores.design import Design
from landscribe.scores.form import CONFIDENCES, outlines_style, units_style

_STYLES = "layer_styles"
_TABLES = ("strata", "population", "design", "campaign")
_MOVED = 1e-6  # degrees that a point may have moved, about 0.1 m
_FIELDS = {
    "id": "Number of the unit",
    "reference_before": "Class in {before}",
    "reference": "Class in {year}",
    "confidence": "How sure",
    "comment": "Comment",
    "second": "To be read by a second person too",
    "second_reference_before": "Second reading: class in {before}",
    "second_reference": "Second reading: class in {year}",
}


@dataclass(frozen=True)
class Readings:
    """What came back, checked; a row per unit of the design, in the order of ids."""

    design: Design
    units: pd.DataFrame  # id, reference, confidence, comment, second_reference, ...; null: unread


def write_sample(
    path: Path, name: str, design: Design, campaign: Campaign, legend: Sequence[LandClass]
) -> None:
    """GeoPackage of a sample, ready to be read.

    Layers: units (points), outlines (pixels); tables: design (what the map says), strata (areas,
    units, inclusion probabilities), population (areas by stratum, region and class), campaign
    (whose sample it is, and of which map), layer_styles (for QGIS).
    """
    fields = _fields(campaign)
    points = gpd.points_from_xy(design.units.lon, design.units.lat, crs=4326)
    second = np.where(design.units.second, "yes", None)
    columns = {"id": design.units.id, "block": design.units.block}
    columns |= {
        field: pd.Series([None] * len(points), dtype=str) for field in fields if field != "id"
    }
    units = gpd.GeoDataFrame(columns | {"second": second}, geometry=points)
    outlines = gpd.GeoDataFrame(
        {"id": design.units.id}, geometry=design.outlines.to_numpy(), crs=4326
    )
    told = {
        "campaign": name,
        "title": campaign.title,
        "map_digest": design.map_digest,
        "design_digest": design.digest,
    }
    tables = {
        "design": design.units,
        "strata": design.strata,
        "population": design.population,
        "campaign": pd.DataFrame({"key": list(told), "value": list(told.values())}),
    }
    with written(path) as part:
        pyogrio.write_dataframe(units, part, layer="units", driver="GPKG")
        pyogrio.write_dataframe(outlines, part, layer="outlines", driver="GPKG", append=False)
        for table, rows in tables.items():
            pyogrio.write_dataframe(rows, part, layer=table, driver="GPKG")
        lists = _lists(fields, legend)
        styles = {"units": units_style(fields, lists), "outlines": outlines_style()}
        pyogrio.write_dataframe(
            _style_rows(styles), part, layer=_STYLES, driver="GPKG", layer_options={"FID": "id"}
        )


def read_sample(path: Path) -> Design:
    """Design in a GeoPackage that `write_sample` wrote."""
    tables = {name: _table(path, name) for name in _TABLES}
    outlines = _table(path, "outlines").sort_values("id").geometry.reset_index(drop=True)
    told = dict(tables["campaign"][["key", "value"]].itertuples(index=False, name=None))
    units = tables["design"].sort_values("id", ignore_index=True)
    units["second"] = units.second.astype(bool)
    design = Design(
        tables["strata"], tables["population"], units, outlines, told.get("map_digest", "")
    )
    if told.get("design_digest") != design.digest:
        raise InputError(
            f"{path}: its tables design, strata or population are not as they were drawn (digest"
            f" {design.digest[:12]}, written {str(told.get('design_digest'))[:12]}); take the file"
            " that interpreters got, and let them edit the layer `units` only"
        )
    return design


def read_interpreted(
    path: Path, sample: Path, campaign: Campaign, legend: Sequence[LandClass]
) -> Readings:
    """Readings of interpreters; `InputError` names all that is not as it was drawn.

    Args:
        path: what came back.
        sample: what was drawn.
    """
    drawn, back = read_sample(sample), read_sample(path)
    faults = []
    if back.map_digest != drawn.map_digest:
        faults.append(
            f"was drawn from another map (digest {back.map_digest[:12]}) than the one of this"
            f" campaign ({drawn.map_digest[:12]}); an interpretation tells of the map that it was"
            " drawn from: draw that map again from the same cards, or begin a new campaign"
        )
    elif back.digest != drawn.digest:
        faults.append(
            "is another draw than that of this campaign's card; set seed, units, strata and"
            " allocation to what they were"
        )
    units = _table(path, "units")
    faults += _unit_faults(units, drawn) if not faults else []
    fields = [name for name in _fields(campaign) if name != "id"]
    if missing := [name for name in fields if name not in units]:
        faults.append(f"layer units has no field {some(missing)}; take the file that was sent out")
    faults += _value_faults(units, fields, [land.name for land in legend])
    if faults:
        raise InputError("\n".join(f"{path}: {fault}" for fault in faults))
    rows = units.sort_values("id", ignore_index=True)[["id", *fields]]
    return Readings(drawn, rows.replace({"": None}))


def _fields(campaign: Campaign) -> dict[str, str]:
    """Fields of the form: name -> what it is called there."""
    told = {"year": campaign.year, "before": campaign.before}
    return {
        name: title.format(**told)
        for name, title in _FIELDS.items()
        if campaign.before is not None or not name.endswith("_before")
        if campaign.second_readings or not name.startswith("second")
    }


def _lists(fields: dict[str, str], legend: Sequence[LandClass]) -> dict[str, dict[str, str]]:
    classes = {land.name: land.title for land in legend}
    lists = {name: classes for name in fields if "reference" in name}
    return lists | {"confidence": CONFIDENCES}


def _style_rows(styles: dict[str, str]) -> pd.DataFrame:
    """Table that QGIS looks styles up in."""
    return pd.DataFrame(
        {
            "f_table_catalog": "",
            "f_table_schema": "",
            "f_table_name": list(styles),
            "f_geometry_column": "geom",
            "styleName": list(styles),
            "styleQML": list(styles.values()),
            "styleSLD": "",
            "useAsDefault": True,
            "description": "Form for interpreters",
            "owner": "",
            "ui": None,
            "update_time": datetime(2000, 1, 1, tzinfo=UTC),
        }
    ).astype({"ui": str})


def _table(path: Path, layer: str) -> pd.DataFrame:
    try:
        return pyogrio.read_dataframe(path, layer=layer)
    except DataLayerError:
        raise InputError(
            f"{path}: no layer or table {layer}, so this is not what draw_sample wrote; take the"
            " file that interpreters got"
        ) from None
    except DataSourceError as error:
        raise InputError(f"{path}: cannot be read ({error}); correct `interpreted`") from None


def _unit_faults(units: gpd.GeoDataFrame, drawn: Design) -> list[str]:
    """Faults of the units themselves: missing, added, twice, or moved."""
    faults, wanted = [], drawn.units
    if "id" not in units:
        return ["layer units has no field id; take the file that was sent out"]
    ids = units.id
    if len(again := ids[ids.duplicated()].unique()):
        faults.append(f"unit {some(list(map(str, again)))} is there twice; remove the copies")
    if len(gone := wanted.id[~wanted.id.isin(ids)]):
        strata = wanted[wanted.id.isin(gone)].stratum.map(drawn.strata.name).value_counts()
        told = ", ".join(f"{count} of {name}" for name, count in strata.items())
        faults.append(
            f"unit {some(list(map(str, gone)))} is missing ({told}); units that cannot be read stay"
            " in the layer, with an empty class and a comment"
        )
    if len(more := ids[~ids.isin(wanted.id)]):
        faults.append(
            f"unit {some(list(map(str, more)))} was not drawn; remove it: units that people add"
            " are no probability sample"
        )
    if not faults:
        at = units.sort_values("id", ignore_index=True).geometry
        away = np.hypot(at.x - wanted.lon, at.y - wanted.lat)
        if (moved := wanted.id[~(away <= _MOVED)]).size:
            faults.append(f"unit {some(list(map(str, moved)))} has moved; put it back")
    return faults


def _value_faults(units: pd.DataFrame, fields: Sequence[str], names: Sequence[str]) -> list[str]:
    """Faults of what was filled in."""
    faults = []
    for field in fields:
        if field not in units or not ("reference" in field or field == "confidence"):
            continue
        known = list(CONFIDENCES) if field == "confidence" else list(names)
        given = units[field][units[field].notna() & (units[field] != "")]
        if (strange := given[~given.isin(known)]).size:
            ids = units.id[strange.index] if "id" in units else strange.index
            told = [f"{value!r} (unit {i})" for value, i in zip(strange, ids, strict=True)]
            faults.append(f"{field} is {some(told)}, but it has to be one of {', '.join(known)}")
    return faults

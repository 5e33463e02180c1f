"""The design of a campaign: strata, how many units each has, and the units that were drawn."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from landscribe.campaigns import Campaign
from landscribe.cards import LandClass
from landscribe.scores.allocation import allocated, units_for
from landscribe.scores.population import (
    FROM,
    Population,
    draw_pixels,
    part_grid,
)

ALL, RARE = "all", "rare"  # names of strata that are no class
_SHUFFLED, _SECOND = 1_000_000, 1_000_001  # streams of the seed, beside those of the strata


@dataclass(frozen=True)
class Design:
    """What was drawn from what; rows of `units` and `outlines` are in the order of their ids."""

    strata: pd.DataFrame  # stratum, name, title, codes, pixels, area_ha, units, and so on
    population: pd.DataFrame  # stratum, region, code, pixels, area_ha
    units: pd.DataFrame  # id, stratum, region, block, row, col, code, second, lon, lat
    outlines: gpd.GeoSeries  # of the pixels, lon, lat
    map_digest: str

    @property
    def digest(self) -> str:
        """Changes with anything of the design."""
        texts = [
            table.to_csv(index=False, float_format="%.6f")
            for table in (self.strata, self.population, self.units)
        ]
        return hashlib.sha256("\n".join([self.map_digest, *texts]).encode()).hexdigest()


def code_names(codes: Sequence[int], legend: Sequence[LandClass], change: bool) -> pd.DataFrame:
    """Name and title of codes: of a class, or of a change from one class to another."""
    names = {land.id: (land.name, land.title) for land in legend}
    rows = []
    for code in codes:
        before, after = divmod(code, FROM)
        if change and before == after:
            name, title = f"stable-{names[after][0]}", f"{names[after][1]}, unchanged"
        elif change:
            name = f"{names[before][0]}-to-{names[after][0]}"
            title = f"{names[before][1]} to {names[after][1]}"
        else:
            name, title = names[after]
        rows.append({"code": code, "name": name, "title": title})
    return pd.DataFrame(rows, columns=["code", "name", "title"])


def draw_design(
    found: Population, campaign: Campaign, legend: Sequence[LandClass], strip_px: int = 256
) -> Design:
    """Strata, allocation and units of a campaign; the same for the same map, card and seed."""
    stratum_of, strata = _strata(found.table, campaign, legend)
    table = found.table.assign(stratum=found.table.code.map(stratum_of))
    keys = ["stratum", "region", "code"]
    summed = table.groupby(keys, as_index=False)[["pixels", "area_ha"]].sum()
    strata["units"] = _units(strata, campaign)
    strata["inclusion_probability"] = strata.units / strata.pixels
    units = strata.units.to_numpy()
    drawn = draw_pixels(found, stratum_of, units, campaign.seed, strip_px)
    order = np.random.default_rng([campaign.seed, _SHUFFLED]).permutation(len(drawn))
    drawn = drawn.iloc[order].reset_index(drop=True)
    drawn["id"] = np.arange(1, len(drawn) + 1)
    twice = np.random.default_rng([campaign.seed, _SECOND]).permutation(len(drawn))
    second = np.zeros(len(drawn), bool)
    second[twice[: int(np.ceil(campaign.second_readings * len(drawn)))]] = True
    drawn["second"] = second
    drawn["region"] = [found.parts[place].region for place in drawn.part]
    drawn["block"] = [found.parts[place].block for place in drawn.part]
    outlines = _outlines(found, drawn)
    centres = _centres(found, drawn)
    drawn["lon"], drawn["lat"] = centres[:, 0].round(8), centres[:, 1].round(8)
    columns = ["id", "stratum", "region", "block", "row", "col", "code", "second", "lon", "lat"]
    return Design(strata, summed, drawn[columns], outlines, found.digest)


def expected_users(names: Sequence[str], campaign: Campaign) -> np.ndarray:
    """Expected user's accuracy of strata, by their names."""
    own, usual = campaign.allocation.expected_users_of, campaign.allocation.expected_users
    return np.array([own.get(name, usual) for name in names])


def _strata(
    table: pd.DataFrame, campaign: Campaign, legend: Sequence[LandClass]
) -> tuple[dict[int, int], pd.DataFrame]:
    """Stratum of each code, and the table of strata in the order of their codes."""
    sums = table.groupby("code")[["pixels", "area_ha"]].sum()
    share = sums.area_ha / sums.area_ha.sum()
    names = code_names(sums.index, legend, campaign.strata == "change").set_index("code")
    if campaign.strata == "none":
        groups = [(ALL, "All of the map", list(sums.index))]
    else:
        rare = [code for code in sums.index if share[code] < campaign.least_share]
        rare = rare if len(rare) > 1 else []  # alone, it is its own stratum
        kept = [code for code in sums.index if code not in rare]
        groups = [(*names.loc[code, ["name", "title"]], [code]) for code in kept]
        groups += [(RARE, "Rare ones, joined", rare)] if rare else []
    stratum_of = {code: i for i, (_, _, codes) in enumerate(groups) for code in codes}
    rows = [
        {
            "stratum": i,
            "name": name,
            "title": title,
            "codes": " ".join(map(str, codes)),
            "pixels": int(sums.pixels[codes].sum()),
            "area_ha": float(sums.area_ha[codes].sum()),
        }
        for i, (name, title, codes) in enumerate(groups)
    ]
    strata = pd.DataFrame(rows)
    return stratum_of, strata.assign(share=strata.area_ha / strata.area_ha.sum())


def _units(strata: pd.DataFrame, campaign: Campaign) -> np.ndarray:
    weights, how = strata.share.to_numpy(), campaign.allocation
    expected = expected_users(strata.name, campaign)
    count = campaign.units
    if (target := campaign.target) is not None:
        shares = expected
        if target.area_of:
            shares = np.where(strata.name == target.area_of, expected, target.omitted)
        count = units_for(weights, shares, how.rule, expected, target.standard_error)
        count = max(count, how.minimum * len(weights))
    return allocated(weights, count, how.rule, expected, min(how.minimum, count))


def _outlines(found: Population, drawn: pd.DataFrame) -> gpd.GeoSeries:
    """Outlines of pixels, lon, lat."""
    shapes = np.empty(len(drawn), object)
    for place, rows in drawn.groupby("part"):
        grid = part_grid(found.parts[place])
        west = grid.west + rows.col.to_numpy() * grid.gsd_m
        north = grid.north - rows.row.to_numpy() * grid.gsd_m
        boxes = shapely.box(west, north - grid.gsd_m, west + grid.gsd_m, north)
        lonlat = gpd.GeoSeries(boxes, crs=grid.crs).to_crs(4326)
        shapes[rows.index.to_numpy()] = lonlat.to_numpy()
    return gpd.GeoSeries(shapes, crs=4326)


def _centres(found: Population, drawn: pd.DataFrame) -> np.ndarray:
    """Centres of pixels (unit, 2), lon, lat."""
    centres = np.empty((len(drawn), 2))
    for place, rows in drawn.groupby("part"):
        grid = part_grid(found.parts[place])
        x = grid.west + (rows.col.to_numpy() + 0.5) * grid.gsd_m
        y = grid.north - (rows.row.to_numpy() + 0.5) * grid.gsd_m
        project = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform
        centres[rows.index.to_numpy()] = np.column_stack(project(x, y))
    return centres

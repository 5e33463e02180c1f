"""A made map of two regions with a campaign on it, and interpreters who know the truth."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio

from landscribe.campaigns import Campaign
from landscribe.cards import LandClass
from landscribe.formats.rasters import NODATA, write_raster
from landscribe.grid import Grid
from landscribe.scores.design import Design, draw_design
from landscribe.scores.interpretation import read_sample, write_sample
from landscribe.scores.population import map_parts, population

LEGEND = [
    LandClass(id=1, name="forest", title="Forest", colour="#2f7d32", labels=["a"]),
    LandClass(id=2, name="farm", title="Farmland", colour="#e8c95c", labels=["b"]),
    LandClass(id=3, name="town", title="Town", colour="#a03030", labels=["c"]),
    LandClass(id=7, name="water", title="Water", colour="#3060a0", labels=["d"]),
]
CARD = {
    "title": "Made map, 2020",
    "regions": ["north", "south"],
    "year": 2020,
    "task": "made",
    "model": "forest",
    "units": 400,
    "allocation": {"minimum": 40},
    "seed": 5,
}
PLACES = {  # in two zones, which overlap at 18 degrees east
    ("north", "33UYU"): Grid(32633, 699_000, 5_800_000, 240, 150, 20),
    ("north", "34UCD"): Grid(32634, 297_000, 5_800_000, 180, 130, 20),
    ("south", "33UYT"): Grid(32633, 690_000, 5_700_000, 130, 170, 20),
}
YEARS = (2018, 2020)


@dataclass
class MadeCampaign:
    """Where the maps are, and what is true."""

    folder: Path
    maps: dict[int, list[Path]]  # year -> class rasters
    shown: dict[tuple, np.ndarray]  # (year, region, block) -> classes (y, x)
    truth: dict[tuple, np.ndarray]

    def design(self, card: Campaign, strip_px: int = 256) -> Design:
        """What the campaign draws."""
        before = self.maps[card.before] if card.before else []
        parts = map_parts(self.maps[card.year], before, card.regions)
        return draw_design(population(parts, strip_px), card, LEGEND, strip_px)

    def sample(self, card: Campaign, path: Path) -> Design:
        """Write its sample."""
        design = self.design(card)
        write_sample(path, "made", design, card, LEGEND)
        return design


def make_campaign(folder: Path) -> MadeCampaign:
    """Maps of two years that are right for 6 pixels in 7, with holes."""
    rng, made = np.random.default_rng(3), MadeCampaign(folder, {}, {}, {})
    ids, shares = [land.id for land in LEGEND], [0.5, 0.35, 0.12, 0.03]
    for (region, block), grid in PLACES.items():
        size = grid.height, grid.width
        for year in YEARS:
            truth = rng.choice(ids, size, p=shares).astype("uint8")
            if year == 2020:  # most of the ground stays as it was
                stays = rng.random(size) < 0.9
                truth = np.where(stays, made.truth[2018, region, block], truth)
            shown = np.where(rng.random(size) < 6 / 7, truth, rng.choice(ids, size, p=shares))
            shown = shown.astype("uint8")
            shown[:9, :40] = NODATA
            path = folder / f"{region}/{year}/made/forest/{block}/classes.tif"
            write_raster(path, shown[None], grid, NODATA, ["class"])
            made.maps.setdefault(year, []).append(path)
            made.shown[year, region, block], made.truth[year, region, block] = shown, truth
    return made


def interpret(made: MadeCampaign, sample: Path, path: Path, years: dict[str, int]) -> None:
    """Fill in the truth, as QGIS would.

    Args:
        years: field -> the year that it is of.
    """
    units = pyogrio.read_dataframe(sample, layer="units")
    design = read_sample(sample).units.set_index("id").loc[units.id]
    names = {land.id: land.name for land in LEGEND}
    for field, year in years.items():
        units[field] = [
            names[int(made.truth[year, row.region, row.block][row.row, row.col])]
            for row in design.itertuples()
        ]
    units["confidence"] = "high"
    edit_units(sample, path, units)


def edit_units(sample: Path, path: Path, units: gpd.GeoDataFrame) -> None:
    """A copy of a sample with other units."""
    path.write_bytes(sample.read_bytes())
    pyogrio.write_dataframe(units, path, layer="units", driver="GPKG")


def pixels(path: Path) -> np.ndarray:
    """Classes (y, x) of a raster."""
    with rasterio.open(path) as raster:
        return raster.read(1)

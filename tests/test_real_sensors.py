"""Real Sentinel-1 and Sentinel-2 of one ground: cubes of both on one grid, and what they tell.

TerraMesh's chips: 224 px of 10 m, co-registered, on a lattice of their own, with land cover.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from landscribe.formats.cubes import cube_grid, read_cubes
from landscribe.grid import Grid
from landscribe.imagery.composite import composite
from landscribe.imagery.context import context_features
from landscribe.imagery.radar import decibels, despeckled
from landscribe.imagery.stack import write_cube
from landscribe.sensors import Sensor
from tests.made_cube import Native

SENSORS = ("sentinel-2-l2a", "sentinel-1-rtc")
CARDS = {name: Sensor.read(Path(f"config/sensors/{name}.yaml")) for name in SENSORS}
BANDS = [name for card in CARDS.values() for name in card.band_names()]
ORDER = {  # of the bands in the chips' files
    "S2L2A": ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12"],
    "S1RTC": ["VV", "VH"],
}
WATER, TREES = 1, 2  # of the chips' land cover


@dataclass
class Chip:
    """Pixels by band as the files have them (power of a radar), land cover, and cubes of both."""

    grid: Grid
    pixels: dict[str, np.ndarray]
    cover: np.ndarray
    cubes: list[Path]


@pytest.fixture(scope="module", params=["282D_485L_3_3", "38D_378R_2_3", "609U_541L_3_0"])
def chip(request, real_data, tmp_path_factory) -> Chip:
    root, folder = real_data / "dev_terramesh_s1s2", tmp_path_factory.mktemp("chip")
    if not (root / f"S1RTC/{request.param}.tif").exists():
        pytest.skip(f"LANDSCRIBE_DATA: no chip {request.param} in dev_terramesh_s1s2")
    pixels = {}
    for kind, names in ORDER.items():
        with rasterio.open(root / kind / f"{request.param}.tif") as raster:
            pixels |= dict(zip(names, raster.read(), strict=True))
            place, epsg = raster.transform, raster.crs.to_epsg()
    pixels |= {name: 10 ** (pixels[name] / 10) for name in ORDER["S1RTC"]}
    with rasterio.open(root / "LULC" / f"{request.param}.tif") as raster:
        cover = raster.read(1)
    grid = Grid(epsg, place.c, place.f, 224, 224, 10.0)
    block = Native("chip", epsg, grid.bounds, grid)
    cubes = []
    for name, card in CARDS.items():
        none = card.clouds.model_copy(update={"method": "none"})  # the chips have no scene classes
        item = item_of(folder, {b.name: pixels[b.name] for b in card.bands}, card, grid)
        cubes.append(folder / name / "cube.zarr")
        card = card.model_copy(update={"clouds": none})
        assert write_cube(cubes[-1], [item], card, block).empty
    return Chip(grid, pixels, cover, cubes)


def item_of(folder: Path, bands: dict[str, np.ndarray], card: Sensor, grid: Grid) -> dict:
    """Normalised item of the bands, each written as a file."""
    assets = {}
    for name, image in bands.items():
        path = folder / f"{name}.tif"
        told = {"height": 224, "width": 224, "count": 1, "dtype": card.dtype}
        told |= {"crs": grid.crs, "transform": grid.transform, "nodata": card.nodata}
        with rasterio.open(path, "w", driver="GTiff", **told) as raster:
            raster.write(image.astype(card.dtype), 1)
        assets[name] = {"href": str(path), "proj:shape": [224, 224]}
        assets[name] |= {"proj:transform": list(grid.transform)[:6], "nodata": card.nodata}
        assets[name] |= {"raster:scale": card.scale, "raster:offset": card.offset}
    ring = [[-180, -85], [180, -85], [180, 85], [-180, 85], [-180, -85]]
    whole = {"type": "Polygon", "coordinates": [ring]}
    told = {"datetime": "2020-06-01T10:00:00Z", "proj:epsg": grid.epsg, "proj:code": grid.crs}
    item = {"type": "Feature", "stac_version": "1.1.0", "id": card.collection, "geometry": whole}
    item |= {"bbox": [-180, -85, 180, 85], "links": [], "collection": card.collection}
    return item | {"properties": told, "assets": assets}


def test_cubes_hold_what_the_chips_hold(chip):
    optical, radar = read_cubes(chip.cubes, BANDS)
    assert cube_grid(optical) == cube_grid(radar) == chip.grid
    for name in optical.band.values:
        np.testing.assert_array_equal(optical.dn.sel(band=name)[0], chip.pixels[name])
    speckle = CARDS["sentinel-1-rtc"].speckle
    for name in radar.band.values:
        wanted = despeckled(chip.pixels[name], speckle.looks, speckle.window_px)
        # At the edge of the files a window of the filter is cut in both.
        np.testing.assert_array_equal(radar.dn.sel(band=name)[0], decibels(wanted))


def test_radar_alone_tells_water_from_trees(chip):
    """On the half of a chip that was not learnt from; the lake and the sea are dark to a radar."""
    image = np.concatenate([composite(cube).values for cube in read_cubes(chip.cubes, BANDS)])
    counts = [int((chip.cover == value).sum()) for value in (WATER, TREES)]
    if min(counts) < 1000:
        pytest.skip("of water and trees this chip has one alone")
    known = np.isin(chip.cover, (WATER, TREES))
    features, names = context_features(image, BANDS, ("radar",))
    assert len(names) == 21 and np.isfinite(features).all()
    west = np.broadcast_to(np.arange(224) < 112, (224, 224))
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    model.fit(features[:, known & west].T, chip.cover[known & west])
    found = model.predict(features[:, known & ~west].T)
    assert balanced_accuracy_score(chip.cover[known & ~west], found) > 0.9

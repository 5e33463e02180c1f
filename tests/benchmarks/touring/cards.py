"""The folder of a run in a made country: its cards, outline and labels."""

from pathlib import Path

import geopandas as gpd
import shapely
import yaml

from tests.benchmarks.touring.labels import write_labels
from tests.benchmarks.touring.land import EQUAL_AREA
from tests.benchmarks.touring.landscape import BANDS, CLASSES, Landscape
from tests.benchmarks.touring.scenes import COLLECTION, FIRST, GSD_M, LAST, QUALITY, YEAR

NAME = "country"  # of region, run and sensor
TASK, MODEL = "landcover", "forest"
MAX_GAP_FRACTION = 0.06
COLOURS = ("#e8c95c", "#8fd16a", "#3c8d40", "#1f5b45", "#c8412f", "#2b6cb8")
_CLOUD_BITS = [1]
_SENSOR = {
    **{"title": "Made optical sensor of 450 m", "collection": COLLECTION, "constellation": "made"},
    **{"instrument": "made", "revisit_days": 20, "swath_km": 600, "gsd_m": GSD_M},
    **{"dtype": "uint16", "nodata": 0, "scale": 0.0001, "offset": 0},
    "clouds": {"method": "bits", "bits_asset": QUALITY, "bits": _CLOUD_BITS},
    "bands": [
        {"name": name, "common_name": common, "wavelength_um": um, "fwhm_um": 0.05, "gsd_m": GSD_M}
        for (name, um), common in zip(BANDS.items(), ("green", "red", "nir", "swir16"), strict=True)
    ],
}
_LABELS = {
    **{"column": "class", "feature": "id", "probability_sample": False},
    **{"licence": "CC0-1.0", "attribution": "made"},
}
_RUN = {
    **{"regions": [NAME], "years": [YEAR], "season": {"first": FIRST, "last": LAST}},
    **{"sensors": [NAME], "task": TASK, "models": [MODEL], "window_px": 128},
    "max_gap_fraction": MAX_GAP_FRACTION,
    "smoothing": {"method": "bayes", "window_px": 5},
}


def write_cards(folder: Path, ground: Landscape, api: str, seed: int) -> int:
    """Write all that a run needs into its folder; gives the number of labelled polygons."""
    folder.mkdir(parents=True)
    outline = {"country": ["made", "other"], "geometry": [ground.land, _elsewhere(ground)]}
    gpd.GeoDataFrame(outline, crs=EQUAL_AREA).to_file(folder / "outline.gpkg")
    legend = [
        {"id": number, "name": name, "title": name.title(), "colour": colour, "labels": [name]}
        for number, (name, colour) in enumerate(zip(CLASSES, COLOURS, strict=True), start=1)
    ]
    task = {
        **{"title": "Land cover", "legend": legend, "labels": {"source": "labels.gpkg", **_LABELS}},
        "split": {"square_m": 20_000, "validation": 0.2, "test": 0.25, "seed": seed},
    }
    region = {"title": "A made country", "outline": "outline.gpkg", "where": {"country": "made"}}
    settings = {"trees": 60, "context": False}
    model = {"title": "Random forest", "kind": "forest", "settings": settings}
    cards = {f"sensors/{NAME}": _SENSOR, f"regions/{NAME}": region, f"tasks/{TASK}": task}
    cards |= {f"models/{MODEL}": model, NAME: _RUN | {"catalogue": api}}
    for name, card in cards.items():
        path = folder / f"config/{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(card))
    return write_labels(folder / "labels.gpkg", ground, seed)


def _elsewhere(ground: Landscape) -> shapely.Polygon:
    """Ground of a neighbour, which the outline's file has too."""
    return shapely.box(*(ground.land.bounds[i] + 2e6 for i in range(4)))

"""Sensor cards fit the items of their providers, in the forms in which these publish them."""

from pathlib import Path

import pytest
from pyproj import CRS

from landscribe.imagery.filters import finds
from landscribe.imagery.items import normalised, wanted_assets
from landscribe.sensors import Sensor

CARDS = {path.stem: Sensor.read(path) for path in sorted(Path("config/sensors").glob("*.yaml"))}
ASKED = [(name, p.name) for name, card in CARDS.items() for p in card.providers]
UTM = {"proj:epsg": 32633}
SINUSOIDAL = CRS.from_proj4("+proj=sinu +R=6371007.181 +units=m +no_defs").to_wkt()
LANDSAT = {"nodata": 0, "data_type": "uint16", "scale": 2.75e-05, "offset": -0.2}
# What providers say about a scene beside its time and place, and about each asset.
FORMS = {
    ("sentinel-2-l2a", "earth-search"): (
        UTM | {"earthsearch:boa_offset_applied": True, "s2:processing_baseline": "05.11"},
        {"raster:bands": [{"scale": 0.0001, "offset": -0.1, "nodata": 0, "data_type": "uint16"}]},
    ),
    ("sentinel-2-l2a", "planetary-computer"): (UTM | {"s2:processing_baseline": "05.11"}, {}),
    ("sentinel-2-l2a", "cdse"): (
        {"proj:code": "EPSG:32633", "processing:version": "05.11"},
        {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0, "data_type": "uint16"},
    ),
    ("sentinel-1-rtc", "planetary-computer"): (
        UTM | {"sar:instrument_mode": "IW", "sar:polarizations": ["VV", "VH"]},
        {},
    ),
    ("landsat-c2-l2", "planetary-computer"): (
        UTM | {"platform": "landsat-9"},
        {"raster:bands": [LANDSAT | {"spatial_resolution": 30}]},
    ),
    ("modis-13q1", "planetary-computer"): (
        {"proj:epsg": None, "proj:wkt2": SINUSOIDAL, "platform": "terra"},
        {"raster:bands": [{"scale": 0.0001, "data_type": "int16"}]},
    ),
}
OFFSETS = {"sentinel-2-l2a": {"earth-search": 0, "planetary-computer": -0.1, "cdse": -0.1}}


def keys_of(card, provider):
    """Asset keys of a provider: those of the card, or the bands' names as CDSE has them."""
    names = {name: provider.assets.get(name, name) for name in wanted_assets(card)}
    if provider.name == "cdse" and card.collection == "sentinel-2-l2a":
        sides = {band.name: band.gsd_m for band in card.bands} | {"SCL": 20}
        names = {name: f"{name}_{sides[name]:g}m" for name in names}
    return names


@pytest.mark.parametrize(("name", "who"), ASKED)
def test_a_card_fits_the_items_of_its_provider(name, who):
    card = CARDS[name]
    provider = next(p for p in card.providers if p.name == who)
    properties, fields = FORMS.get((name, who), (UTM, {}))
    keys = keys_of(card, provider)
    assets = {key: {"href": key} | fields for key in [*reversed(keys.values()), "thumbnail"]}
    item = {"id": "a", "collection": card.collection, "bbox": [12, 52, 13, 53], "assets": assets}
    item["properties"] = {"datetime": None, "start_datetime": "2022-07-01T00:00:00Z"} | properties
    assert provider.filter is None or finds(provider.filter, item)
    told = normalised(item, card, provider)
    assert {n: asset["href"] for n, asset in told["assets"].items()} == keys
    assert list(told["assets"]) == wanted_assets(card)
    offset = OFFSETS.get(name, {}).get(who, card.offset)
    for band in card.bands:
        asset = told["assets"][band.name]
        assert asset["raster:scale"] == pytest.approx(card.scale)
        assert asset["raster:offset"] == pytest.approx(offset)
        assert (asset["nodata"], asset["data_type"]) == (card.nodata, card.dtype)


def test_cards_know_their_providers_apart_from_their_own_words():
    assert set(FORMS) <= set(ASKED)
    assert {name for name, _ in ASKED} == set(CARDS)


@pytest.mark.parametrize("name", [n for n, card in CARDS.items() if card.kind == "optical"])
def test_bands_of_one_common_name_lie_where_stac_says(name):
    """Ranges of the STAC eo extension, version 2.0 [µm]."""
    ranges = {
        "coastal": (0.40, 0.45), "blue": (0.45, 0.53), "green": (0.51, 0.60), "red": (0.62, 0.69),
        "rededge071": (0.69, 0.73), "rededge075": (0.73, 0.76), "rededge078": (0.76, 0.80),
        "nir": (0.76, 1.00), "nir08": (0.80, 0.90), "nir09": (0.90, 1.00), "cirrus": (1.35, 1.40),
        "swir16": (1.55, 1.75), "swir22": (2.08, 2.35),
    }  # fmt: skip
    for band in CARDS[name].bands:
        low, high = ranges[band.common_name]
        assert low <= band.wavelength_um <= high, band
        assert 0 < band.fwhm_um < 0.25

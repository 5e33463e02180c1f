"""The reader gives the pixels of a file on the grid, warped only where that is due."""

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window
from stackstac.raster_spec import RasterSpec

from landscribe.command import InputError
from landscribe.imagery.reader import Reader
from tests.made_cube import BLOCK


@pytest.mark.parametrize("side", [10, 20, 30, 60])
@pytest.mark.parametrize("shift", [(0, 0), (-40, 60), (130, -250)])
def test_a_reader_gives_what_a_warp_gives(tmp_path, side, shift):
    """Pixels that lie on the grid, or fill whole ones, are read without a warp, to the same end."""
    rng, path = np.random.default_rng(side), tmp_path / "x.tif"
    image = rng.integers(1, 9000, (960 // side, 960 // side)).astype("uint16")
    corner = (330000 + shift[0], 5820960 + shift[1])
    shape = {"height": len(image), "width": len(image), "count": 1, "dtype": "uint16"}
    where = {"crs": "EPSG:32633", "transform": rasterio.transform.from_origin(*corner, side, side)}
    with rasterio.open(path, "w", driver="GTiff", nodata=0, **shape, **where) as raster:
        raster.write(image, 1)
    spec = RasterSpec(32633, BLOCK.bounds, (10, 10))
    failures = []
    reader = Reader(
        url=str(path), spec=spec, resampling=Resampling.nearest, dtype="uint16",
        fill_value=np.uint16(0), opened=str, failed=failures.append,
    )  # fmt: skip
    with rasterio.open(path) as raster, WarpedVRT(raster, **spec.vrt_params) as warped:
        wanted = warped.read(1)
    for window in (Window(0, 0, 96, 96), Window(17, 31, 40, 22), Window(95, 0, 1, 96)):
        rows, cols = window.toslices()
        np.testing.assert_array_equal(reader.read(window), wanted[rows, cols])
    assert not failures


def test_a_finer_file_is_averaged(tmp_path):
    image = np.arange(1, 65, dtype="uint16").reshape(8, 8)
    where = {
        "crs": "EPSG:32633",
        "transform": rasterio.transform.from_origin(330000, 5820960, 5, 5),
    }
    shape = {"height": 8, "width": 8, "count": 1, "dtype": "uint16"}
    with rasterio.open(tmp_path / "x.tif", "w", driver="GTiff", nodata=0, **shape, **where) as to:
        to.write(image, 1)
    spec = RasterSpec(32633, (330000, 5820920, 330040, 5820960), (10, 10))
    failures = []
    reader = Reader(
        url=str(tmp_path / "x.tif"), spec=spec, resampling=Resampling.nearest, dtype="uint16",
        fill_value=np.uint16(0), opened=str, failed=failures.append,
    )  # fmt: skip
    wanted = image.reshape(4, 2, 4, 2).mean((1, 3))
    np.testing.assert_allclose(reader.read(Window(0, 0, 4, 4)), wanted, atol=1)
    assert not failures


@pytest.mark.parametrize("bands", [0, 2])
def test_a_file_that_is_no_single_band_is_told(tmp_path, bands):
    path = tmp_path / "x.tif"
    path.write_text("no raster")
    if bands:
        shape = {"height": 8, "width": 8, "count": bands, "dtype": "uint16"}
        with rasterio.open(path, "w", driver="GTiff", crs="EPSG:32633", **shape) as to:
            to.write(np.ones((bands, 8, 8), "uint16"))
    failures = []
    reader = Reader(
        url=str(path), spec=RasterSpec(32633, BLOCK.bounds, (10, 10)), dtype="uint16",
        resampling=Resampling.nearest, fill_value=np.uint16(7), opened=str,
        failed=failures.append,
    )  # fmt: skip
    assert (reader.read(Window(0, 0, 4, 4)) == 7).all()
    assert len(failures) == 1 and failures[0].href == str(path)
    assert ("2 bands" if bands else "not recognized") in failures[0].reason


def test_a_refused_token_ends_the_run_and_is_no_gap():
    def refused(_href):
        raise InputError("no token")

    failures = []
    reader = Reader(
        url="https://example.org/x.tif", spec=RasterSpec(32633, BLOCK.bounds, (10, 10)),
        dtype="uint16", resampling=Resampling.nearest, fill_value=np.uint16(0), opened=refused,
        failed=failures.append,
    )  # fmt: skip
    with pytest.raises(InputError, match="no token"):
        reader.read(Window(0, 0, 4, 4))
    assert not failures

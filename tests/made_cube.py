"""A small scene of a small sensor as GeoTIFFs, and the cube of it, made in code."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio

from landscribe.cards import check
from landscribe.grid import Block, Grid
from landscribe.imagery.stack import write_cube
from landscribe.sensors import Sensor


@dataclass(frozen=True)
class Native(Block):
    """Ground on the grid of files that do not lie on a block's."""

    pixels: Grid | None = None

    def grid(self, gsd_m, origin_m=0):
        """That of the files."""
        return self.pixels


BLOCK = Block("33UUU", 32633, (330000, 5820000, 330960, 5820960))
SENSOR = check(
    Sensor,
    {
        "title": "Made",
        "collection": "made",
        "constellation": "made",
        "instrument": "made",
        "gsd_m": 10,
        "dtype": "uint16",
        "nodata": 0,
        "scale": 0.0001,
        "offset": 0,
        "clouds": {"method": "scl"},
        "bands": [
            {"name": "B02", "wavelength_um": 0.49, "fwhm_um": 0.06, "gsd_m": 10},
            {"name": "B05", "wavelength_um": 0.7, "fwhm_um": 0.02, "gsd_m": 20},
        ],
    },
    "sensor",
)


def scene(folder: Path, day: int, seed: int, scl: int = 4) -> tuple[dict, dict[str, np.ndarray]]:
    """Normalised STAC item of a scene that covers the block, and its pixels by asset."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    pixels = {
        "B02": rng.integers(1, 9000, (96, 96)).astype("uint16"),
        "B05": rng.integers(1, 9000, (48, 48)).astype("uint16"),
        "SCL": np.full((48, 48), scl, "uint8"),
    }
    pixels["SCL"][:4] = 9  # cloud
    pixels["B02"][:, :2] = 0  # nodata
    assets = {}
    for name, image in pixels.items():
        path, gsd_m = folder / f"{day}_{name}.tif", 960 / len(image)
        transform = rasterio.transform.from_origin(330000, 5820960, gsd_m, gsd_m)
        shape = {"height": len(image), "width": len(image), "count": 1, "dtype": image.dtype}
        with rasterio.open(
            path, "w", driver="GTiff", crs="EPSG:32633", transform=transform, **shape
        ) as raster:
            raster.write(image, 1)
        assets[name] = {
            "href": str(path),
            "proj:epsg": 32633,
            "proj:code": "EPSG:32633",
            "proj:shape": list(image.shape),
            "proj:transform": list(transform)[:6],
            "raster:scale": 0.0001,
            "raster:offset": 0.0,
            "nodata": 0,
        }
    ring = [[12.49, 52.5], [12.53, 52.5], [12.53, 52.53], [12.49, 52.53], [12.49, 52.5]]
    item = {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": f"made-{day}",
        "collection": "made",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [12.49, 52.5, 12.53, 52.53],
        "links": [],
        "properties": {
            "datetime": f"2020-06-{day:02d}T10:00:00Z",
            "proj:epsg": 32633,
            "proj:code": "EPSG:32633",
        },
        "assets": assets,
    }
    return item, pixels


def cube(folder: Path, days: tuple[int, ...] = (1, 11, 21)) -> tuple[Path, list[dict]]:
    """Path of a cube of several days, and the pixels of each."""
    made = [scene(folder / "scenes", day, seed=day) for day in days]
    write_cube(folder / "cube.zarr", [item for item, _ in made], SENSOR, BLOCK)
    return folder / "cube.zarr", [pixels for _, pixels in made]

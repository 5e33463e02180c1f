"""Cubes: the scenes of a block on the sensor's native grid, in native numbers or decibels.

A cube grows in pieces, one pass of the satellite over one window: stackstac reads a piece, and it
becomes shards of Zarr v3, one per band. So memory is bounded by the window, whatever the number of
dates, files are few, pieces can be made anywhere in any order, and a killed run goes on.
"""

import hashlib
import json
from concurrent.futures import Executor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import stackstac
from rasterio.enums import Resampling
from tqdm import tqdm

from landscribe.command import InputError, written
from landscribe.formats.cubes import MASK_CLEAR, SHARD_PX, lay_out_cube, open_layers, write_bands
from landscribe.grid import Block, Grid
from landscribe.imagery.gaps import Gap, check_gaps, gap_table
from landscribe.imagery.items import SIGNING, wanted_assets
from landscribe.imagery.jobs import pool_or_thread, wait_for
from landscribe.imagery.masks import pixel_mask, write_cloud_mask
from landscribe.imagery.passes import block_scenes, passes_of
from landscribe.imagery.radar import cube_bands
from landscribe.imagery.reader import Reader, settings
from landscribe.imagery.signing import signed
from landscribe.provenance import code_version
from landscribe.sensors import Sensor


@dataclass(frozen=True)
class Piece:
    """One pass over one window: the unit of work and of resuming."""

    time: int  # place of the pass in the cube
    top: int  # of the window in the block [px]
    left: int
    height: int
    width: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return (
            slice(self.top, self.top + self.height),
            slice(self.left, self.left + self.width),
        )

    def grid(self, whole: Grid, margin_px: int = 0) -> Grid:
        """Grid of the window, with a margin on each side."""
        west = whole.west + (self.left - margin_px) * whole.gsd_m
        north = whole.north - (self.top - margin_px) * whole.gsd_m
        sides = (self.width + 2 * margin_px, self.height + 2 * margin_px)
        return Grid(whole.epsg, west, north, *sides, whole.gsd_m)


def write_cube(
    path: Path,
    scenes: list[dict],
    sensor: Sensor,
    block: Block,
    max_gap_fraction: float = 0.0,
    pool: Executor | None = None,
) -> pd.DataFrame:
    """Build the cube of a block in the folder `path`; its form is that of `formats.read_cube`.

    A journal beside it says which pieces are done, so a run that was killed goes on; pieces with
    gaps are tried again.

    Args:
        scenes: normalised items (`search.normalised`).
        max_gap_fraction: share of reads (0-1) that may fail; more are an `InputError`.
        pool: where pieces are made; such as a cluster's. None: a thread here.

    Returns:
        The gaps, a row each: columns of `gaps.Gap`.
    """
    passes = passes_of(block_scenes(scenes, block), block.epsg)
    grid = block.grid(sensor.gsd_m, sensor.origin_m)
    _check_bands(passes, sensor)
    if not path.exists():
        _lay_out(path, passes, sensor, grid)
    pieces = [
        Piece(time, top, left, min(SHARD_PX, grid.height - top), min(SHARD_PX, grid.width - left))
        for time in range(len(passes))
        for top in range(0, grid.height, SHARD_PX)
        for left in range(0, grid.width, SHARD_PX)
    ]
    with pool_or_thread(pool) as workers:
        gaps = _fill(path, pieces, passes, sensor, grid, workers)
        check_gaps(gaps, len(pieces) * len(wanted_assets(sensor)), max_gap_fraction)
        if sensor.clouds.method == "s2cloudless":
            times = range(len(passes))
            jobs = [workers.submit(write_cloud_mask, path, time, sensor) for time in times]
            wait_for(jobs, "mask clouds", "pass")
        windows = [piece for piece in pieces if piece.time == 0]
        jobs = [workers.submit(_count_window, path, window) for window in windows]
        wait_for(jobs, "count clear looks", "window")
    return gaps


def fingerprint(scenes: list[dict], sensor: Sensor, block: Block) -> str:
    """12 hex digits that change with anything that could change a piece."""
    code = code_version("scripts/stack_scenes.py")
    told = json.dumps([block_scenes(scenes, block), sensor.model_dump(), asdict(block), code])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def write_piece(
    path: Path, scenes: list[dict], sensor: Sensor, grid: Grid, piece: Piece
) -> list[Gap]:
    """Read the scenes of a pass in one window, and write them; gives what could not be read.

    Where scenes of a pass overlap, the first one that observed a pixel counts.
    """
    gaps: list[Gap] = []
    layers: dict[str, np.ndarray] = {}
    for scene in scenes:
        found = _scene_pixels(scene, sensor, piece, grid, gaps)
        for name, image in found.items():
            before = layers.get(name)
            layers[name] = image if before is None else _behind(before, image, sensor)
    bands = [layers[name] for name in sensor.band_names()]
    dn, mask = open_layers(path, "dn", "mask")
    write_bands(dn, piece.time, piece.place, bands)
    classes = layers.get(sensor.clouds.asset or "")
    mask[piece.time, *piece.place] = pixel_mask(bands, classes, sensor, bool(gaps))
    return gaps


def _behind(before: np.ndarray, image: np.ndarray, sensor: Sensor) -> np.ndarray:
    """What was seen before, and an image where nothing was."""
    return np.where(before == sensor.cube_numbers.nodata, image, before)


def _scene_pixels(
    scene: dict, sensor: Sensor, piece: Piece, grid: Grid, gaps: list[Gap]
) -> dict[str, np.ndarray]:
    """Pixels (y, x) of each asset of a scene in a window, in the numbers of the cube."""
    assets, failures = scene["assets"], []
    wanted = wanted_assets(sensor)
    there = [name for name in wanted if name in assets]
    place = piece.grid(grid, sensor.margin_px)
    empty = np.full((place.height, place.width), sensor.nodata, sensor.dtype)
    found = dict.fromkeys(wanted, empty)
    if there:
        opened = partial(signed, how=scene["properties"].get(SIGNING, "none"))
        reader = partial(Reader, opened=opened, failed=failures.append)
        pixels = _stacked(scene, there, place, sensor, reader)
        found |= dict(zip(there, pixels, strict=True))
    for name in set(there) & set(sensor.band_names()):
        found[name] = _harmonised(found[name], assets[name], sensor)
    where = {k: v for k, v in asdict(piece).items() if k != "time"}
    reasons = {failure.href: failure.reason for failure in failures}
    for name in wanted:
        href = assets.get(name, {}).get("href")
        if reason := reasons.get(href) if href else "the scene has no such asset":
            gaps.append(Gap(scene["id"], name, **where, reason=reason))
    return cube_bands(found, sensor) if sensor.kind == "radar" else found


def _stacked(
    scene: dict, assets: list[str], grid: Grid, sensor: Sensor, reader: partial
) -> np.ndarray:
    """Pixels (asset, y, x) of a scene on a grid, in the files' dtype."""
    dtype = np.dtype(sensor.dtype)
    try:
        lazy = stackstac.stack(
            [scene],
            assets=assets,
            epsg=grid.epsg,
            resolution=grid.gsd_m,
            bounds=grid.bounds,
            snap_bounds=False,  # to multiples of the pixel, where not every grid lies
            chunksize=(1, len(assets), grid.height, grid.width),
            dtype=dtype,
            fill_value=dtype.type(sensor.nodata),
            rescale=False,
            # A coarse pixel is a statement about its whole square: repeat it, invent nothing.
            resampling=Resampling.nearest,
            xy_coords=False,
            properties=False,
            band_coords=False,
            reader=reader,
        )
    except ValueError as error:
        raise InputError(
            f"scene {scene['id']} cannot be stacked ({error}); check its item in the catalogue"
        ) from None
    with settings():
        return lazy.data.compute(scheduler="synchronous")[0]


def _harmonised(image: np.ndarray, asset: dict, sensor: Sensor) -> np.ndarray:
    """Native numbers of a scene, shifted to the offset of the sensor card where it has another.

    Such as Sentinel-2's from baseline 04.00 on. A valid pixel stays valid.
    """
    shift = round((asset.get("raster:offset", sensor.offset) - sensor.offset) / sensor.scale)
    if not shift:
        return image
    if image.dtype.kind == "f":
        return np.where(image == sensor.nodata, image, image + image.dtype.type(shift))
    low, high = np.iinfo(image.dtype).min, np.iinfo(image.dtype).max
    low = max(low, sensor.nodata + 1) if sensor.nodata <= 0 else low
    moved = np.clip(image.astype("int64") + shift, low, high).astype(image.dtype)
    return np.where(image == sensor.nodata, image, moved)


def _fill(
    path: Path,
    pieces: list[Piece],
    passes: list[list[dict]],
    sensor: Sensor,
    grid: Grid,
    workers: Executor,
) -> pd.DataFrame:
    """Make the pieces that are not done, and note each; the gaps of all."""
    journal = path.with_name(f"{path.name}.journal")
    done = _done(journal)
    todo = [piece for piece in pieces if piece not in done]
    if kept := len(pieces) - len(todo):
        print(f"kept {kept} of {len(pieces)} pieces from an earlier run", flush=True)
    jobs = {
        workers.submit(write_piece, path, passes[piece.time], sensor, grid, piece): piece
        for piece in todo
    }
    gaps: list[Gap] = []
    bar = {"desc": "stack scenes", "unit": "piece", "mininterval": 1}
    with journal.open("a") as file, tqdm(total=len(pieces), initial=kept, **bar) as progress:
        try:
            for job in as_completed(jobs):
                found = job.result()
                gaps += found
                if not found:
                    file.write(json.dumps(asdict(jobs[job])) + "\n")
                    file.flush()
                progress.update()
        finally:  # one that failed ends all that have not begun
            for job in jobs:
                job.cancel()
    return gap_table(gaps)


def _done(journal: Path) -> set[Piece]:
    """Pieces that a journal names; a line that a kill cut short is none."""
    lines = journal.read_text().split("\n")[:-1] if journal.exists() else []
    return {Piece(**json.loads(line)) for line in lines}


def _lay_out(path: Path, passes: list[list[dict]], sensor: Sensor, grid: Grid) -> None:
    """An empty cube with a time for each pass: that of its first scene."""
    moments = [one[0]["properties"]["datetime"] for one in passes]
    times = pd.to_datetime(moments, utc=True, format="ISO8601").tz_convert(None).values
    numbers = sensor.cube_numbers
    attrs = {
        "long_name": sensor.quantity + ("" if sensor.kind == "radar" else ", as delivered"),
        "units": numbers.unit,
        "scale_factor": numbers.scale,
        "add_offset": numbers.offset,
        "nodata": numbers.nodata,
    }
    bands = {band.name: band.wavelength_um for band in sensor.bands}
    with written(path) as part:
        lay_out_cube(part, grid, times, bands, np.dtype(numbers.dtype), attrs)


def _count_window(path: Path, window: Piece) -> None:
    """Number of clear observations of each pixel of a window, from the masks, at most 254."""
    mask, count = open_layers(path, "mask", "valid_count")
    clear = np.zeros((window.height, window.width), "uint16")
    for time in range(mask.shape[0]):
        clear += mask[time, *window.place] == MASK_CLEAR
    count[window.place] = clear.clip(max=254).astype("uint8")


def _check_bands(passes: list[list[dict]], sensor: Sensor) -> None:
    scenes = [scene for one in passes for scene in one]
    have = {name for scene in scenes for name in scene["assets"]}
    if missing := sorted(set(wanted_assets(sensor)) - have):
        raise InputError(
            f"no scene has {', '.join(missing)}; they have {', '.join(sorted(have))}: check the"
            " `bands` of the sensor card, or name a catalogue with all of them"
        )
    bands = [
        scene["assets"][n] for scene in scenes for n in sensor.band_names() if n in scene["assets"]
    ]
    scales = {asset.get("raster:scale", sensor.scale) for asset in bands}
    if any(not np.isclose(scale, sensor.scale) for scale in scales):
        raise InputError(
            f"scenes with scale {', '.join(f'{s:g}' for s in sorted(scales))}, but the sensor card"
            f" says {sensor.scale:g}; correct the card, or name another catalogue"
        )

"""The world gazetteer: time to build it, size, what is in it, and how quick and right look-ups are.

`python -m tests.benchmarks.gazetteer [--store FOLDER]`, some five minutes of one core. It builds
`config/gazetteers/world.yaml` step by step in programs of their own, in a temporary folder, so the
packages of that card have to be installed (`--store`: a store that is there, to time look-ups
alone). With LANDSCRIBE_DATA it also builds the Netherlands from GeoNames' dump.

Look-ups are on real names, drawn with a seed and each asked once, so that none is answered from
memory; the store's pages are in the system's cache, after a round of other names. A typo is one
letter left out, put in, changed, or two swapped, at a random spot of a main name of five letters or
more. It counts as found if the place is among the 50 largest that the look-up gives. Boxes are
around places, with sides of 0.02 to 5 degrees.
"""

import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import tyro
import yaml

from landscribe.gazetteers import Gazetteer
from landscribe.places.lookup import Places
from tests.benchmarks.measured import Measured, measured
from tests.benchmarks.report import Goal, report, table

WORLD = Path("config/gazetteers/world.yaml")
NETHERLANDS = Path(os.environ.get("LANDSCRIBE_DATA", "../shared/data")) / "text/geonames-slices"
SEED, ASKED, WARM, SHORTEST, MOST = 0, 5_000, 500, 5, 50
LETTERS = "abcdefghijklmnopqrstuvwxyz"
GOALS = {  # of a measure -> id, goal
    "exact p50 [ms]": ("M1.exact_p50_ms", "<= 0.05"),
    "near p50 [ms]": ("M1.fuzzy_p50_ms", "<= 0.2"),
    "near recall": ("M1.fuzzy_recall", ">= .97"),
    "box p50 [ms]": ("M1.box_p50_ms", "<= 0.2"),
    "world [MB]": ("M1.world_mb", "<= 300"),
    "netherlands [MB]": ("M1.country_mb", "<= 200"),
}


def main(store: Path | None = None) -> None:
    """Build, ask, report."""
    with TemporaryDirectory() as folder:
        rows = [] if store else build(WORLD, Path(folder) / "world")
        store = store or Path(folder) / "world/store"
        found = {"world [MB]": size_mb(store)}
        dump = NETHERLANDS / "NL.txt"
        if dump.exists():
            rows += build(netherlands(dump, Path(folder)), Path(folder) / "nl")
            found["netherlands [MB]"] = size_mb(Path(folder) / "nl/store")
        about = json.loads((store / "gazetteer.json").read_text())
        lookups = asked(Places(store))
        print(f"{table(rows)}\n\n{table(lookups)}\n", file=sys.stderr)
        print(f"{about['classes']}\n{about['sources']}\n", file=sys.stderr)
    for row in lookups:
        found |= {f"{row['look-up']} {what}": value for what, value in row.items()}
    goals = [Goal(id_, found.get(name), goal) for name, (id_, goal) in GOALS.items()]
    counts = [{"of": kind, **about[kind]} for kind in ("classes", "sources")]
    report("gazetteer", goals, [*rows, *lookups, *counts])


def build(card: Path, folder: Path) -> list[dict]:
    """Build a gazetteer in a folder by its scripts; a row per step."""
    sources = [source.name for source in Gazetteer.read(card).sources]
    tables = {name: folder / f"{name}.parquet" for name in ("places", "names", "polygons")}
    read = [folder / f"sources/{name}.parquet" for name in sources]
    flags = [flag for name, path in tables.items() for flag in (f"--{name}", path)]
    rows = []
    for name, path in zip(sources, read, strict=True):
        wanted = ["--gazetteer", card, "--source", name, "--places", path]
        rows.append(_row(folder, name, measured("scripts.read_source", *wanted), [path]))
    done = measured("scripts.merge_places", "--gazetteer", card, "--sources", *read, *flags)
    rows.append(_row(folder, "merge", done, tables.values()))
    done = measured("scripts.index_places", *flags, "--store", folder / "store")
    return [*rows, _row(folder, "index", done, [folder / "store"])]


def netherlands(dump: Path, folder: Path) -> Path:
    """Card of a gazetteer of GeoNames' dump of the Netherlands."""
    told = {"name": "geonames", "reader": "geonames", "path": str(dump), "version": "slice"}
    told |= {"licence": "CC-BY-4.0", "attribution": "GeoNames"}
    path = folder / "netherlands.yaml"
    path.write_text(yaml.safe_dump({"title": "The Netherlands", "sources": [told]}))
    return path


def asked(places: Places) -> list[dict]:
    """Times, and what was found, of names, typos and boxes."""
    rng = np.random.default_rng(SEED)
    normals, mains, points = drawn(places.folder, rng)
    typos = [(typo(name, rng), row) for name, row in mains if len(name) >= SHORTEST]
    for name in normals[:WARM]:
        places.exact([name])
        places.near(name)
    exact = timed(lambda name: places.exact([name])[name], normals[WARM:])
    near = timed(lambda told: places.near(told[0], MOST), typos)
    boxes = [_box(point, rng) for point in points]
    box = timed(lambda bounds: places.box(*bounds, most=100), boxes)
    hits = [row in {p.row for p, _ in got} for (_, row), got in zip(typos, near[1], strict=True)]
    return [
        _times("exact", exact, recall=float(np.mean([bool(got) for got in exact[1]]))),
        _times("near", near, recall=float(np.mean(hits))),
        _times("box", box, recall=float(np.mean([bool(got) for got in box[1]]))),
    ]


def drawn(store: Path, rng: np.random.Generator) -> tuple[list[str], list[tuple], list[tuple]]:
    """Some normal names; some main names with their rows; some points."""
    uri = f"{(store / 'places.sqlite').resolve().as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as database:
        normals = database.execute("SELECT DISTINCT normal FROM names ORDER BY 1").fetchall()
        query = """SELECT n.normal, n.row FROM names n JOIN kinds USING (kind)
            WHERE kinds.id = 'main' ORDER BY n.row, n.normal"""
        mains = database.execute(query).fetchall()
        points = database.execute("SELECT lon, lat FROM places ORDER BY row").fetchall()
    return (
        [normals[n][0] for n in rng.permutation(len(normals))[: ASKED + WARM]],
        [mains[n] for n in rng.permutation(len(mains))[:ASKED]],
        [points[n] for n in rng.permutation(len(points))[:ASKED]],
    )


def typo(name: str, rng: np.random.Generator) -> str:
    """A name with one edit that changes it."""
    while True:
        at, letter = int(rng.integers(len(name))), LETTERS[rng.integers(26)]
        told = (
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at:],
            name[:at] + letter + name[at + 1 :],
            name[:at] + name[at : at + 2][::-1] + name[at + 2 :],
        )[rng.integers(4)]
        if told != name and told == " ".join(told.split()):
            return told


def timed(ask: Callable, questions: Iterable) -> tuple[list[float], list]:
    """Milliseconds of each question, and the answers."""
    times, answers = [], []
    for question in questions:
        begin = time.perf_counter_ns()
        answers.append(ask(question))
        times.append((time.perf_counter_ns() - begin) / 1e6)
    return times, answers


def size_mb(path: Path) -> float:
    """Bytes of a file, or of a folder's files [MB]."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def _row(folder: Path, step: str, done: Measured, written: Iterable[Path]) -> dict:
    row = {"gazetteer": folder.name, "step": step, "wall [s]": done.wall_s, "cpu [s]": done.cpu_s}
    return row | {"peak [MB]": done.peak_mb, "size [MB]": sum(size_mb(path) for path in written)}


def _times(what: str, told: tuple[list[float], list], recall: float) -> dict:
    p50, p95 = np.percentile(told[0], [50, 95])
    answers = float(np.mean([len(answer) for answer in told[1]]))
    row = {"look-up": what, "n": len(told[0]), "p50 [ms]": float(p50), "p95 [ms]": float(p95)}
    return row | {"answers": answers, "recall": recall}


def _box(point: tuple[float, float], rng: np.random.Generator) -> tuple[float, ...]:
    half = 0.01 * 250 ** rng.random()
    lon, lat = point
    return lon - half, max(lat - half, -90), lon + half, min(lat + half, 90)


if __name__ == "__main__":
    tyro.cli(main)

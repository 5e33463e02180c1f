"""A real STAC API and file server for the scenes of a made country, brought up and ended here."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stac.load import collections, write_lines
from tests.stac.ports import free_port

_STAC = Path(__file__).parents[2] / "stac"


@dataclass(frozen=True)
class Served:
    """Where the servers answer."""

    folder: Path
    api: str
    files: str
    environment: dict[str, str]  # of programs that speak to the database


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """The servers of tests/stac/up.sh in a folder of their own, without what they held before."""
    for held in ("postgres", "files"):
        shutil.rmtree(folder / held, ignore_errors=True)
    ports = {name: str(free_port()) for name in ("API_PORT", "FILES_PORT", "PG_PORT")}
    try:
        subprocess.run([_STAC / "up.sh", folder], env=os.environ | ports, check=True, stdout=2)
        told = dict(re.findall(r"(\w+)=(\S+)", (folder / "addresses").read_text()))
        api, files = (told[f"LANDSCRIBE_STAC_{name}"] for name in ("API", "FILES"))
        yield Served(folder, api, files, os.environ | told)
    finally:
        subprocess.run([_STAC / "down.sh", folder], check=True, stdout=2)


def load(served: Served, items: list[dict]) -> None:
    """Give the API its items, and the collections that they are of."""
    for kind, told in (("collections", collections(items)), ("items", items)):
        path = served.folder / f"{kind}.ndjson"
        write_lines(path, told)
        command = [served.folder / "venv/bin/pypgstac", "load", kind, path, "--method", "upsert"]
        subprocess.run(command, env=served.environment, check=True, stdout=subprocess.DEVNULL)

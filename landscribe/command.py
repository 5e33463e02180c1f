"""The door of every script: its `main` as a command line, its faults as one clear message."""

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import tyro


class InputError(ValueError):
    """A fault of what came in: says what was found, what was wanted and what to do."""


def some(names: Sequence[str], most: int = 12) -> str:
    """Names for a message: all, or the first of them and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def command(main: Callable[..., None]) -> None:
    """Run `main` with the flags of its signature; end bad input with a message, not a traceback."""
    try:
        tyro.cli(main)
    except InputError as error:
        sys.exit(f"error: {error}")
    except OSError as error:
        if not _no_space(error):
            raise
        named = error.filename and Path(str(error.filename)).parent
        folder = named if named and named.is_dir() else Path.cwd()
        sys.exit(
            f"error: no space left on the disk while writing {error.filename or 'the output'}:"
            f" {_free_mb(folder)} MB are free in {folder}; free some, or run in another folder with"
            " `snakemake --directory`"
        )


@contextmanager
def written(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; what stands there becomes `path` if nothing failed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{uuid4().hex[:8]}.{path.name}")
    try:
        yield part
        if path.is_dir():
            shutil.rmtree(path)
        part.rename(path)
    except OSError as error:
        if _no_space(error):  # libraries seldom say where
            raise OSError(
                error.errno or errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)
            ) from error
        raise
    finally:
        for rest in path.parent.glob(f"{part.name}*"):  # GDAL leaves .aux.xml and .ovr beside it
            shutil.rmtree(rest) if rest.is_dir() else rest.unlink()


@contextmanager
def resumed(path: Path, mark: str) -> Iterator[Path]:
    """As `written`, but what a run that failed or was killed left is there for the next one.

    Args:
        mark: changes with anything that makes it useless; what has another one is thrown away.
    """
    folder = path.parent / f"{path.stem}-{mark}"
    for other in set(path.parent.glob(f"{path.stem}-*")) - {folder}:
        shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    for rest in [p for p in folder.rglob(".*") if _IN_WORK.fullmatch(p.name)]:
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink(missing_ok=True)
    yield folder / path.name
    if path.is_dir():
        shutil.rmtree(path)
    (folder / path.name).rename(path)
    shutil.rmtree(folder)


_IN_WORK = re.compile(r"\.[0-9a-f]{8}\..+")  # what `written` had begun when it was killed


def _no_space(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT) or "o space left" in str(error)


def _free_mb(folder: Path) -> int:
    return shutil.disk_usage(folder).free // 2**20

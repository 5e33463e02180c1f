"""What a corpus is read from: files on disk, and addresses that are fetched first."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from landscribe.command import InputError, written
from landscribe.corpora import Corpus
from landscribe.sources import located

TIMEOUT_S = (10, 60)  # to connect, between two pieces of an answer
TRIES = 3  # of an answer that breaks off
WAIT_S = 0.5  # before the second try to get an answer; twice as long before each further one
_AGENT = {"User-Agent": "landscribe"}
_PIECE = 2**20
_SIGNS = frozenset("*?[")  # of a glob


@dataclass(frozen=True)
class Input:
    """One file or address."""

    name: str  # as the card has it: how documents name where they come from
    path: Path | None  # None: an address

    def mark(self) -> list:
        """What changes when the file does."""
        if self.path is None:
            return [self.name]
        told = self.path.stat()
        return [self.name, told.st_size, told.st_mtime_ns]


class NotFetchedError(ValueError):
    """Why an address could not be fetched, as the reason of a reject."""


def inputs(card: Corpus) -> list[Input]:
    """Files and addresses of a card, in its order; those of a folder or glob sorted, each once.

    `InputError` for a path that leads to no file. Names that begin with a dot are left out.
    """
    found = {one.name: one for path in card.paths for one in _inputs(path)}
    return list(found.values())


def input_files(card: Corpus) -> list[str]:
    """Files and folders that a rule which reads the corpus depends on; nothing that pip brought."""
    paths = [path for path in card.paths if not (_is_address(path) or path.startswith("pip:"))]
    return [name for path in paths for name in (_globbed(path) if _is_glob(path) else [path])]


def fetch(address: str, path: Path) -> None:
    """The answer of an address, written to a file; `NotFetchedError` if there is none."""
    for left in reversed(range(TRIES)):
        try:
            with written(path) as part, _session() as session:
                _fetch(session, address, part)
            return
        except (requests.RequestException, HTTPError) as error:
            if not left:
                raise NotFetchedError(f"no answer: {_cause(error)}; run again later") from None
            time.sleep(WAIT_S)


def _inputs(path: str) -> Iterator[Input]:
    if _is_address(path):
        yield Input(path, None)
        return
    for name in _globbed(path) if _is_glob(path) else [path]:
        yield from _files(name, located(name))


def _files(name: str, path: Path) -> Iterator[Input]:
    if path.is_file():
        yield Input(name, path)
        return
    found = sorted(p.relative_to(path) for p in path.rglob("*") if p.is_file())
    found = [p for p in found if not any(part.startswith(".") for part in p.parts)]
    if not found:
        raise InputError(f"{name}: a folder without files; correct the card's `paths`")
    for file in found:
        yield Input(f"{name.rstrip('/')}/{file.as_posix()}", path / file)


def _globbed(path: str) -> list[str]:
    """Paths that a glob stands for, sorted."""
    parts = path.split("/")
    fixed = next(number for number, part in enumerate(parts) if _SIGNS & set(part))
    above = "/".join(parts[:fixed]) + "/" if fixed else ""
    root = located(above.rstrip("/") or above or ".")
    found = sorted(p.relative_to(root) for p in root.glob("/".join(parts[fixed:])))
    names = [f"{above}{p.as_posix()}" for p in found if not p.name.startswith(".")]
    if not names:
        raise InputError(f"{path}: no file has such a name; correct the card's `paths`")
    return names


def _is_glob(path: str) -> bool:
    return bool(_SIGNS & set(path)) and not _is_address(path)


def _is_address(path: str) -> bool:
    if "://" in path and not path.startswith(("http://", "https://")):
        raise InputError(f"{path}: only addresses of http and https are read; fetch it yourself")
    return "://" in path


def _retries() -> Retry:
    return Retry(
        4,
        backoff_factor=WAIT_S,
        status_forcelist=[429, 500, 502, 503, 504],
        raise_on_status=False,
        retry_after_max=60,  # seconds
    )


def _session() -> requests.Session:
    session = requests.Session()
    session.headers.update(_AGENT)
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=_retries()))
    return session


def _fetch(session: requests.Session, address: str, path: Path) -> None:
    with session.get(address, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code != requests.codes.ok:
            raise NotFetchedError(f"no answer: status {answer.status_code} ({answer.reason})")
        with path.open("wb") as file:
            for piece in answer.iter_content(_PIECE):
                file.write(piece)


def _cause(error: Exception) -> str:
    """In one line, without what libraries wrap around it."""
    told = error
    with suppress(AttributeError, IndexError):
        told = error.args[0].reason
    return f"{type(error).__name__}, {' '.join(str(told).split())[:200]}"

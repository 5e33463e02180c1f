"""Dumps of other projects as lines, however they are packed, and their faults, told or counted."""

import bz2
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tqdm import tqdm

from landscribe.command import InputError, some

MOST_BROKEN = 0.01  # share of records; beyond it the file is not what its reader takes it for
_SOON = 1000  # broken records after which a share is worth looking at, long before the end
_CHUNK = 1 << 20  # bytes
_DAMAGED = (EOFError, OSError, zlib.error, zipfile.BadZipFile)


@dataclass
class Faults:
    """Records of a file that could not be used: how many, and the first of them."""

    path: Path
    read: int = 0  # records so far, broken ones too
    broken: int = 0
    first: str = ""

    def add(self, where: str, reason: object) -> None:
        """Count a broken record; `InputError` once it is clear that there are too many."""
        self.broken += 1
        self.first = self.first or f"{where}: {reason}"
        if self.broken >= _SOON:
            self._check()

    def tell(self) -> None:
        """Print what was left out; `InputError` if it was more than 1 % of the file."""
        self._check()
        if self.broken:
            print(f"{self.path}: {self.broken} of {self.read} records left out; {self.first}")

    def _check(self) -> None:
        if self.broken > MOST_BROKEN * self.read:
            raise InputError(
                f"{self.path}: {self.broken} of the first {self.read} records are broken, more than"
                f" {MOST_BROKEN:.0%}; {self.first}; download it again, or correct the card's reader"
            )


def lines(path: Path, errors: str = "strict") -> Iterator[tuple[int, str]]:
    """Lines of a UTF-8 file, plain or .gz, .bz2 or .zip, without line ends, counted from 1.

    Args:
        errors: as of `bytes.decode`; `strict` ends in `InputError` with the line.
    """
    for number, line in enumerate(_lines(path), 1):
        try:
            yield number, line.decode("utf-8", errors).rstrip("\r")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{path}, line {number}: not UTF-8 (byte {error.start} is"
                f" {line[error.start]:#04x}); download it again, or bring it to UTF-8 with iconv"
            ) from None


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as raw, _unpacked(path, raw) as file:
            bar = tqdm(
                total=path.stat().st_size,
                desc=f"read {path.name}",
                unit="B",
                unit_scale=True,
                mininterval=1,
            )
            with bar:
                rest = b""
                while chunk := file.read(_CHUNK):
                    bar.update(raw.tell() - bar.n)
                    *whole, rest = (rest + chunk).split(b"\n")
                    yield from whole
            if rest:
                yield rest
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the disk's fault, not the file's
        raise InputError(f"{path}: ends early or is damaged ({error}); download it again") from None


def _unpacked(path: Path, raw: BinaryIO) -> BinaryIO:
    if path.suffix == ".gz":
        return gzip.GzipFile(fileobj=raw)
    if path.suffix == ".bz2":
        return bz2.BZ2File(raw)
    if path.suffix == ".zip":
        packed = zipfile.ZipFile(raw)
        return packed.open(_member(path, packed.namelist()))
    return raw


def _member(path: Path, names: list[str]) -> str:
    """The file of a .zip that bears its name; else its only file."""
    named = [name for name in names if Path(name).stem == path.stem] or names
    if len(named) != 1:
        raise InputError(
            f"{path}: holds {some(names) or 'nothing'}, but one file {path.stem}.txt is wanted;"
            " unpack it and name the file in the card"
        )
    return named[0]

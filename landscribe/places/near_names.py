"""Index of the names that are one edit from a given one, however many names there are.

Symmetric delete, the idea of Wolf Garbe's SymSpell (2012): two names that one edit parts have a
form in common, the name itself or the name without one of its letters. The index holds a hash of
each such form of each name; a question looks up the hashes of its own forms, and what is found
there is compared letter by letter.

Files, of little-endian numbers, that are mapped into memory and not read:
    text.utf8   all names, one after the other
    ends.u4     where each of them begins in `text.utf8`, and where the last ends
    starts.u4   where each bucket begins, by the first bits of the hash
    rests.u1    the next 8 bits of each hash, ascending in a bucket
    names.u4    number of the name that has the form
"""

import mmap
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import numpy as np
from numpy.typing import ArrayLike
from rapidfuzz.distance import OSA

FILES = ("text.utf8", "ends.u4", "starts.u4", "rests.u1", "names.u4")
SHORTEST = 4  # letters of a name that is found; shorter ones are near to too many
_BUCKET = 8  # forms, at least; twice as many at most
_CHUNK = 100_000  # names
_PART_BITS = 6  # first ones of the hash: what they are equal in is sorted at a time
_PARTS = 2**_PART_BITS
_LETTER = 0x9E3779B97F4A7C15  # odd numbers without a pattern: the golden ratio,
_STEP = 0xD1342543DE82EF95  # a multiplier of Steele and Vigna 2022, doi:10.1002/spe.3030,
_LAST = 0xBF58476D1CE4E5B9  # and one of splitmix64
_BACK = pow(_STEP, -1, 2**64)
_MASK = 2**64 - 1
_BYTES = [bytes([number]) for number in range(256)]
_FORM = np.dtype([("hash", "<u8"), ("name", "<u4")])


class NearNames:
    """The index, open for reading."""

    def __init__(self, folder: Path) -> None:
        text, ends, starts, rests, names = (_mapped(folder / name) for name in FILES)
        self._text, self._rests = text, rests
        self._ends, self._starts, self._names = (
            memoryview(numbers).cast("I") for numbers in (ends, starts, names)
        )
        self._above = 65 - (len(self._starts) - 1).bit_length()  # bits that name no bucket

    def near(self, name: str) -> list[str]:
        """Names of 4 letters or more that one edit parts from `name`, in alphabetic order.

        An edit inserts, deletes or replaces a letter, or swaps two that stand side by side.
        """
        near = (self._name(number) for number in sorted(self._alike(name)))
        return [other for other in near if OSA.distance(name, other, score_cutoff=1) == 1]

    def _alike(self, name: str) -> set[int]:
        """Numbers of the names that have a form in common with `name`, and few others."""
        starts, rests, found = self._starts, self._rests, set()
        for form in set(_hashes(name)):
            bucket = form >> self._above
            rest = form >> (self._above - 8) & 0xFF
            end = starts[bucket + 1]
            at = rests.find(_BYTES[rest], starts[bucket], end)
            while 0 <= at < end and rests[at] == rest:
                found.add(self._names[at])
                at += 1
        return found

    def _name(self, number: int) -> str:
        return self._text[self._ends[number] : self._ends[number + 1]].decode()


def write_near_names(folder: Path, names: Iterable[str]) -> None:
    """Write the index of distinct names; those shorter than 4 letters are left out."""
    folder.mkdir()
    with TemporaryDirectory(dir=folder) as scratch:
        parts = [Path(scratch) / f"{number}" for number in range(_PARTS)]
        forms = _scatter(folder, parts, (name for name in names if len(name) >= SHORTEST))
        _gather(folder, parts, max(_PART_BITS, (forms // _BUCKET).bit_length() - 1))


def _scatter(folder: Path, parts: list[Path], names: Iterator[str]) -> int:
    """Write the names, and their forms to the part that has their hash; number of forms."""
    number = size = forms = 0
    borders = (np.arange(1, _PARTS) << (64 - _PART_BITS)).astype(np.uint64)
    with ExitStack() as files:
        text, ends = (files.enter_context((folder / name).open("wb")) for name in FILES[:2])
        outs = [files.enter_context(part.open("wb")) for part in parts]
        _write(ends, [0])
        while chunk := list(islice(names, _CHUNK)):
            coded = [name.encode() for name in chunk]
            text.writelines(coded)
            sizes = size + np.cumsum([len(name) for name in coded])
            _write(ends, sizes)
            found = _forms(chunk, number)
            pieces = np.split(found, np.searchsorted(found["hash"], borders))
            for out, piece in zip(outs, pieces, strict=True):
                out.write(piece.tobytes())
            number, size, forms = number + len(chunk), int(sizes[-1]), forms + len(found)
    return forms


def _gather(folder: Path, parts: list[Path], bits: int) -> None:
    """Sort each part and append it to the buckets, one for each value of the hash's first bits."""
    done, buckets = 0, 2 ** (bits - _PART_BITS)  # of a part
    with ExitStack() as files:
        starts, rests, names = (
            files.enter_context((folder / name).open("wb")) for name in FILES[2:]
        )
        for number, part in enumerate(parts):
            forms = np.fromfile(part, _FORM)
            forms = forms[np.lexsort((forms["name"], forms["hash"]))]
            bucket = (forms["hash"] >> np.uint64(64 - bits)).astype(np.int64) - number * buckets
            counts = np.bincount(bucket, minlength=buckets)
            _write(starts, done + np.cumsum(counts) - counts)
            rests.write((forms["hash"] >> np.uint64(56 - bits)).astype(np.uint8).tobytes())
            _write(names, forms["name"])
            done += len(forms)
        _write(starts, [done])


def _forms(names: list[str], first: int) -> np.ndarray:
    """Hash of each name, and of it without one letter, with the name's number, by hash."""
    lengths = np.array([len(name) for name in names])
    numbers = np.arange(len(names))
    ends = np.cumsum(lengths)
    of, spot = np.repeat(numbers, lengths), np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    letters = np.frombuffer("".join(names).encode("utf-32-le"), "<u4").astype(np.uint64)
    terms = _value(letters) * _powers(int(lengths.max()))[spot]
    upto = np.cumsum(terms)  # all of it wraps at 2**64, as it shall
    start = (upto - terms)[ends - lengths]
    whole = upto[ends - 1] - start
    before = upto - terms - start[of]
    without = before + (whole[of] - before - terms) * _BACK
    new = np.r_[True, letters[1:] != letters[:-1]] | (spot == 0)  # of two equal letters the first
    forms = np.empty(len(names) + int(new.sum()), _FORM)
    forms["hash"] = _mixed(np.r_[whole, without[new]])
    forms["name"] = first + np.r_[numbers, of[new]]
    return forms[np.argsort(forms["hash"])]


def _hashes(name: str) -> list[int]:
    """The same hashes of one name, without numpy, which is slower for so few."""
    terms, power = [], 1
    for value in map(_letter, name):
        terms.append(value * power & _MASK)
        power = power * _STEP & _MASK
    whole, before = sum(terms), 0
    hashes = [_mixed(whole)]
    for term in terms:
        hashes.append(_mixed(before + (whole - before - term) * _BACK))
        before += term
    return hashes


@lru_cache(4096)
def _letter(letter: str) -> int:
    return _value(ord(letter))


def _value(letter: int | np.ndarray) -> int | np.ndarray:
    """What a letter counts in a hash, by its code; numpy's uint64 wrap by themselves."""
    spread = (letter + 1) * _LETTER & _MASK
    return spread ^ spread >> 29


def _mixed(form: int | np.ndarray) -> int | np.ndarray:
    """Hash of a sum of letters: every bit of it counts in the first ones."""
    form = form & _MASK
    return (form ^ form >> 32) * _LAST & _MASK


def _powers(most: int) -> np.ndarray:
    return np.cumprod(np.r_[np.uint64(1), np.full(most, _STEP, np.uint64)])


def _write(file: BinaryIO, numbers: ArrayLike) -> None:
    file.write(np.asarray(numbers, "<u4").tobytes())


def _mapped(path: Path) -> mmap.mmap | bytes:
    """Bytes of a file, read where they are asked for; an empty one cannot be mapped."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if file.read(1) else b""

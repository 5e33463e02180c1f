"""Records of a WARC file, one by one, also where some of them are broken."""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from landscribe.text.documents import Reject

MOST_BYTES = 32 * 2**20  # of a record, which is held as a whole
_CHUNK = 2**16
_GZIP = b"\x1f\x8b\x08"  # how a member begins
_WARC = b"WARC/"
_APART = b"\r\n\r\n"
_LENGTH = re.compile(rb"^content-length:\s*(\d+)\s*$", re.I | re.M)


class _BrokenError(ValueError):
    """What is wrong with a record, as the reason of a reject."""


def warc_records(file: BinaryIO) -> Iterator[tuple[str, bytes] | Reject]:
    """Place and bytes, header and all, of each record; a reject in place of a broken one.

    After a broken record reading goes on where the next one begins. A gzip file has to hold each
    record as a member of its own, as the WARC standard asks for (ISO 28500, annex D).
    """
    size = file.seek(0, 2)
    file.seek(0)
    take, mark = (_member, _GZIP) if file.read(2) == _GZIP[:2] else (_block, _APART + _WARC)
    at: int | None = 0
    while at is not None and at < size:
        file.seek(at)
        place = f"byte {at}"
        try:
            record = take(file)
        except _BrokenError as error:
            yield Reject(place, str(error))
            at = _next_record(file, at + 1, mark)
        else:
            at = file.tell()
            if record:
                yield place, record


def _member(file: BinaryIO) -> bytes:
    """The gzip member that begins here, unpacked; the file is at its end then."""
    unpack, data = zlib.decompressobj(31), bytearray()
    while not unpack.eof:
        packed = unpack.unconsumed_tail or file.read(_CHUNK)
        if not packed:
            raise _BrokenError("broken off: the file ends within a record; bring it anew")
        try:
            data += unpack.decompress(packed, MOST_BYTES + 1 - len(data))
        except zlib.error as error:
            raise _BrokenError(f"broken record: {error}") from None
        _check_length(len(data))
    file.seek(-len(unpack.unused_data), 1)
    if not data.startswith(_WARC):
        raise _BrokenError(f"no WARC: a record was wanted, but there is {bytes(data[:40])!r}")
    return bytes(data)


def _block(file: BinaryIO) -> bytes:
    """The record that begins here, in a file that is not packed."""
    data = file.read(_CHUNK)
    header, apart, _ = data.partition(_APART)
    length = _LENGTH.search(header)
    if not data.strip():
        return b""
    if not data.startswith(_WARC) or not apart or not length:
        raise _BrokenError(f"no WARC: a record was wanted, but there is {data[:40]!r}")
    whole = len(header) + len(apart) + int(length[1])
    _check_length(whole)
    data += file.read(max(0, whole - len(data)))
    if len(data) < whole:
        raise _BrokenError("broken off: the file ends within a record; bring it anew")
    file.seek(whole - len(data), 1)
    rest = file.read(_CHUNK)
    blank = len(rest) - len(rest.lstrip(b"\r\n"))
    # What ends as a record has to is right, whatever follows.
    if rest[blank:] and not rest.startswith(_APART) and not rest.startswith(_WARC, blank):
        raise _BrokenError("broken record: its length is wrong")
    file.seek(blank - len(rest), 1)
    return data[:whole]


def _check_length(length: int) -> None:
    if length > MOST_BYTES:
        raise _BrokenError(
            f"too long: a record of more than {MOST_BYTES:,} bytes; if the file is packed as a"
            " whole, pack each record by `warcio recompress`"
        )


def _next_record(file: BinaryIO, at: int, mark: bytes) -> int | None:
    """Where the next record begins, from a byte on; None if there is none."""
    begins = _begins_member if mark == _GZIP else _begins_block
    for found in _found(file, at, mark):
        if (start := begins(file, found)) is not None:
            return start
    return None


def _begins_member(file: BinaryIO, at: int) -> int | None:
    file.seek(at)
    try:
        head = zlib.decompressobj(31).decompress(file.read(_CHUNK), len(_WARC))
    except zlib.error:  # the bytes stand there by chance
        return None
    return at if head == _WARC else None


def _begins_block(_: BinaryIO, at: int) -> int:
    return at + len(_APART)


def _found(file: BinaryIO, at: int, mark: bytes) -> Iterator[int]:
    """Where some bytes stand, from a byte on."""
    held = b""
    while True:
        file.seek(at + len(held))
        more = file.read(_CHUNK)
        if not more:
            return
        held += more
        found = held.find(mark)
        while found >= 0:
            yield at + found
            found = held.find(mark, found + 1)
        keep = len(mark) - 1
        at += max(0, len(held) - keep)
        held = held[-keep:]

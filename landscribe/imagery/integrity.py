"""Whole files: a cut-short image is told before its missing pixels can look like ground."""

import struct
from pathlib import Path

import rasterio
from rasterio.errors import RasterioError

from landscribe.command import InputError
from landscribe.provenance import file_digest

_JP2_SIGNATURE = bytes.fromhex("0000000c6a5020200d0a870a")  # ISO/IEC 15444-1, I.5.1
_END_OF_CODESTREAM = b"\xff\xd9"  # ISO/IEC 15444-1, A.4.4


def check_whole(path: Path) -> None:
    """Raise `InputError` where an image file is cut short or cannot be read.

    GDAL fills what is missing at the end of a JPEG 2000 file with zeros and goes on, so its boxes
    are walked: the codestream has to end, with its end marker, inside the file. Other formats tell
    a missing last block when it is read.
    """
    with path.open("rb") as file:
        start = file.read(len(_JP2_SIGNATURE))
    try:
        whole = _codestream_ends(path) if start == _JP2_SIGNATURE else _last_block_reads(path)
    except (OSError, RasterioError, struct.error) as error:
        raise _broken(path, str(error)) from None
    if not whole:
        raise _broken(path, "it ends before its last pixel")


def check_unchanged(path: Path, checksum: str | None, size: int | None) -> None:
    """Raise `InputError` where a local file is not the one that the scene lock names.

    Args:
        checksum: multihash in hex; only sha2-256 (1220...) is compared.
        size: in bytes.
    """
    if not path.is_file():
        raise InputError(f"{path}: is gone, but the scene lock names it; bring it back or search"
                         " the scenes again")  # fmt: skip
    found = path.stat().st_size
    if size is not None and found != size:
        raise InputError(f"{path}: has {found} bytes, but the scene lock says {size}; bring the"
                         " locked file back or search the scenes again")  # fmt: skip
    if (checksum or "").startswith("1220") and f"1220{file_digest(path)}" != checksum:
        raise InputError(f"{path}: is not the file that the scene lock names (its SHA-256 differs);"
                         " bring the locked file back or search the scenes again")  # fmt: skip


def _codestream_ends(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        at = 0
        while at + 8 <= size:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if length == 1:
                length = struct.unpack(">Q", file.read(8))[0]
            end = size if length == 0 else at + length
            if kind == b"jp2c":
                file.seek(max(end - 2, 0))
                return end <= size and file.read(2) == _END_OF_CODESTREAM
            at = max(end, at + 8)
    return False


def _last_block_reads(path: Path) -> bool:
    with rasterio.open(path) as raster:
        *_, (_, window) = raster.block_windows(raster.count)
        raster.read(raster.count, window=window)
    return True


def _broken(path: Path, why: str) -> InputError:
    size = path.stat().st_size
    return InputError(
        f"{path}: is broken or cut short ({size} bytes; {why}), but a whole image was wanted;"
        " fetch the file again"
    )

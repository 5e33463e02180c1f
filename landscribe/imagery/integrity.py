"""Whole and unchanged files: broken images are told before missing pixels can look like ground."""

import struct
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlparse

import rasterio
from rasterio.errors import RasterioError

from landscribe.command import InputError
from landscribe.formats.json_file import read_json

_JP2_SIGNATURE = bytes.fromhex("0000000c6a5020200d0a870a")  # ISO/IEC 15444-1, I.5.1
_END_OF_CODESTREAM = b"\xff\xd9"  # marker EOC: ISO/IEC 15444-1, A.4.4
_MULTIHASHES = {  # function and length: https://github.com/multiformats/multicodec
    "1114": "sha1",
    "1220": "sha256",
    "1340": "sha512",
    "1620": "sha3_256",
    "d50110": "md5",
}


def check_whole(path: Path) -> None:
    """Raise `InputError` where an image is cut short, or any of its pixels cannot be decoded.

    Reads the whole file, block by block. GDAL is kept to one thread: with more, its JPEG 2000
    driver only prints errors of its decoding threads, and gives zeros, which are nodata, instead.
    """
    try:
        fault = _jp2_fault(path)
        if fault is None:
            _decode(path)
    except (OSError, RasterioError) as error:
        fault = " ".join(str(error.__cause__ or error).split())
    if fault:
        raise InputError(
            f"{path}: {fault} (the file has {path.stat().st_size} bytes), but a whole, readable"
            " image was wanted; fetch the file again, or take its scene out of the archive"
        )


def multihash(path: Path) -> str:
    """SHA-256 of a file as a multihash in hex, the form of STAC's `file:checksum`."""
    with path.open("rb") as file:
        return "1220" + file_digest(file, "sha256").hexdigest()


def check_unchanged(path: Path, checksum: str | None, size: int | None) -> None:
    """Raise `InputError` where a local file is not the one that the scene lock names.

    Args:
        checksum: multihash in hex; None, or one of an unusual function, is not compared.
        size: in bytes; None is not compared.
    """
    cure = "bring the locked file back, or import and search the scenes again"
    if not path.is_file():
        raise InputError(f"{path}: is gone, but the scene lock names it; {cure}")
    found = path.stat().st_size
    if size is not None and found != size:
        raise InputError(f"{path}: has {found} bytes, but the scene lock says {size}; {cure}")
    start = next((s for s in _MULTIHASHES if checksum and checksum.startswith(s)), None)
    if start is None:
        return
    with path.open("rb") as file:
        digest = file_digest(file, _MULTIHASHES[start]).hexdigest()
    if start + digest != checksum:
        raise InputError(
            f"{path}: its content changed ({_MULTIHASHES[start]} {digest[:12]}..., but the scene"
            f" lock says {checksum.removeprefix(start)[:12]}...); {cure}"
        )


def verify_lock(lock: Path, scenes: list[dict]) -> None:
    """Raise `InputError` where scenes (STAC items) or their local files differ from the lock.

    Files behind an address are not fetched; only what the lock says about local ones is compared.
    """
    locked = {(s["collection"], s["id"]): s["assets"] for s in read_json(lock)["scenes"]}
    for scene in scenes:
        assets = locked.get((scene.get("collection"), scene["id"]))
        hrefs = {name: asset["href"] for name, asset in scene["assets"].items()}
        if assets is None or hrefs != {name: asset["href"] for name, asset in assets.items()}:
            raise InputError(
                f"{lock}: scene {scene['id']} is not in the lock with the files that the scene"
                " list names; the two were not written together: run search_scenes again"
            )
        for _, asset in sorted(assets.items()):
            if path := _local(asset["href"]):
                check_unchanged(path, asset["checksum"], asset["size"])


def _jp2_fault(path: Path) -> str | None:
    """What is missing at the end of a JPEG 2000 file, by its boxes; None if nothing is.

    Costs nothing beside decoding, and can say how much is missing. None also for other formats.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(len(_JP2_SIGNATURE)) != _JP2_SIGNATURE:
            return None
        at, last = 0, b""
        while at + 8 <= size:
            end, kind = _box(file, at, size)
            if end > size:
                return f"ends early, {end - size} bytes are missing"
            if kind == b"jp2c":
                file.seek(end - 2)
                last = file.read(2)
            at = end
    return None if at == size and last == _END_OF_CODESTREAM else "ends early"


def _box(file: BinaryIO, at: int, size: int) -> tuple[int, bytes]:
    """End and type of the box that begins at a byte: ISO/IEC 15444-1, I.4."""
    file.seek(at)
    length, kind = struct.unpack(">I4s", file.read(8))
    if length == 1 and at + 16 <= size:
        (length,) = struct.unpack(">Q", file.read(8))
    return size if length == 0 else at + max(length, 8), kind


def _decode(path: Path) -> None:
    with rasterio.Env(GDAL_NUM_THREADS="1"), rasterio.open(path) as raster:
        for band in raster.indexes:
            for _, window in raster.block_windows(band):
                raster.read(band, window=window)


def _local(href: str) -> Path | None:
    if href.startswith("file://"):
        return Path(unquote(urlparse(href).path))
    return None if "://" in href else Path(href)

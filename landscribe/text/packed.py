"""Files that may be packed, read as far as they are whole."""

import bz2
import gzip
import io
import zlib
from typing import BinaryIO

_OTHERS = {
    b"\xfd7zXZ": "xz",
    b"7z\xbc\xaf": "7z",
    b"(\xb5/\xfd": "zstd",
    b"PK\x03\x04": "zip",
}


class Unpacked(io.RawIOBase):
    """Bytes of a file, unpacked if it is gzip or bzip2; they end where the file is damaged.

    `fault` says then what is wrong, as the reason of a reject; it is empty for a whole file. What
    was unpacked before the damage is not lost.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Args: file: at its start, and able to go back there."""
        head = file.read(6)
        file.seek(0)
        packing = next((name for mark, name in _OTHERS.items() if head.startswith(mark)), "")
        self.fault = f"packing: {packing}; unpack it, or pack it as gzip or bzip2" * bool(packing)
        self._bytes = file
        if head.startswith(b"\x1f\x8b"):
            self._bytes = gzip.GzipFile(fileobj=file)
        elif head.startswith(b"BZh"):
            self._bytes = bz2.BZ2File(file)

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, into: memoryview) -> int:
        """Number of bytes that were put in; none at the end."""
        data = b"" if self.fault else self._next(len(into))
        into[: len(data)] = data
        return len(data)

    def _next(self, most: int) -> bytes:
        try:
            # One read of what is packed at most: a fault in a second one would lose the first.
            return self._bytes.read1(most)
        except (EOFError, zlib.error) as error:
            self.fault = _broken(error)
        except OSError as error:
            if error.errno:  # of the disk, not of what is on it
                raise
            self.fault = _broken(error)
        return b""


def _broken(error: Exception) -> str:
    return f"broken off: {' '.join(str(error).split())}; bring the file anew"

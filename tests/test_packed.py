"""Packed files are read to where they are whole, and say where they are not."""

import bz2
import gzip
from io import BufferedReader, BytesIO

import numpy as np
import pytest

from landscribe.text.packed import Unpacked

DATA = np.random.default_rng(0).integers(97, 105, 600_000, np.uint8).tobytes()
BLOCK = 100_000  # bytes that bzip2 packs at once
PACKINGS = {
    "none": bytes,
    "gzip": gzip.compress,
    "bzip2": lambda data: bz2.compress(data, BLOCK // 100_000),
}


def read(data: bytes) -> tuple[bytes, str]:
    unpacked = Unpacked(BytesIO(data))
    return BufferedReader(unpacked).read(), unpacked.fault


@pytest.mark.parametrize("packing", PACKINGS)
def test_whole_files_come_back(packing):
    pack = PACKINGS[packing]
    assert read(pack(DATA)) == (DATA, "")
    assert read(pack(DATA) + pack(DATA[:999])) == (DATA + DATA[:999], "")  # several in one file
    assert read(pack(b"")) == (b"", "")


@pytest.mark.parametrize("packing", ["gzip", "bzip2"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_file_gives_all_before_the_cut(packing, share):
    packed = PACKINGS[packing](DATA)
    got, fault = read(packed[: int(share * len(packed))])
    lost = 1.5 * BLOCK if packing == "bzip2" else 20_000  # a block of bzip2 is all or nothing
    assert DATA.startswith(got) and len(got) > share * len(DATA) - lost
    assert fault.startswith("broken off: ") and fault.endswith("; bring the file anew")


@pytest.mark.parametrize("packing", ["gzip", "bzip2"])
def test_a_damaged_file_gives_all_before_the_damage(packing):
    packed = bytearray(PACKINGS[packing](DATA))
    middle = len(packed) // 2
    packed[middle : middle + 99] = bytes(99)
    got, fault = read(bytes(packed))
    assert got[: len(DATA) // 4] == DATA[: len(DATA) // 4] and fault.startswith("broken off: ")


@pytest.mark.parametrize(
    "head", [b"\xfd7zXZ\x00", b"7z\xbc\xaf'\x1c", b"(\xb5/\xfd", b"PK\x03\x04"]
)
def test_other_packings_are_named(head):
    got, fault = read(head + DATA)
    assert got == b"" and "unpack it, or pack it as gzip or bzip2" in fault

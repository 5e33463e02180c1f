"""Broken, changed and missing files are told; whole ones, of any form, are not."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from landscribe.command import InputError
from landscribe.formats.json_file import write_json
from landscribe.imagery.integrity import check_unchanged, check_whole, multihash, verify_lock

SIGNATURE = struct.pack(">I4s4s", 12, b"jP  ", b"\r\n\x87\n")


@pytest.fixture
def jp2(tmp_path) -> Path:
    """A lossless JPEG 2000 of noise, of three bands and several tiles."""
    path = tmp_path / "x.jp2"
    pixels = np.random.default_rng(0).integers(0, 5000, (3, 128, 192)).astype("uint16")
    where = {"crs": "EPSG:32633", "transform": from_origin(330000, 5822040, 10, 10)}
    size = {"width": 192, "height": 128, "count": 3, "dtype": "uint16"}
    how = {"driver": "JP2OpenJPEG", "QUALITY": 100, "REVERSIBLE": "YES", "BLOCKXSIZE": 64}
    with rasterio.open(path, "w", **where, **size, **how, BLOCKYSIZE=64) as raster:
        raster.write(pixels)
    return path


def boxes(content: bytes) -> list[tuple[bytes, bytes]]:
    """Type and content of each box of a JPEG 2000 file."""
    found, at = [], 0
    while at < len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        assert length >= 8
        found.append((kind, content[at + 8 : at + length]))
        at += length
    return found


def test_every_form_of_box_is_whole_and_no_cut_of_it_is(jp2):
    """ISO/IEC 15444-1, I.4: the last box may have length 0, any may have a length of 8 bytes."""
    found = boxes(jp2.read_bytes())
    (stream,) = [content for kind, content in found if kind == b"jp2c"]
    front = b"".join(struct.pack(">I4s", 8 + len(c), k) + c for k, c in found if k != b"jp2c")
    forms = {
        "plain": struct.pack(">I4s", 8 + len(stream), b"jp2c"),
        "to the end": struct.pack(">I4s", 0, b"jp2c"),
        "long": struct.pack(">I4sQ", 1, b"jp2c", 16 + len(stream)),
    }
    for head in forms.values():
        whole = front + head + stream
        jp2.write_bytes(whole)
        check_whole(jp2)
        for cut in (1, 2, len(stream) // 2, len(stream), len(stream) + len(head) - 3):
            jp2.write_bytes(whole[:-cut])
            with pytest.raises(InputError, match="ends early") as caught:
                check_whole(jp2)
            assert f"has {len(whole) - cut} bytes" in str(caught.value)


def test_it_tells_how_much_is_missing(jp2):
    whole = jp2.read_bytes()
    jp2.write_bytes(whole[:-1234])
    with pytest.raises(InputError, match="ends early, 1234 bytes are missing"):
        check_whole(jp2)


def test_boxes_behind_the_image_are_allowed_and_have_to_be_whole_too(jp2):
    extra = struct.pack(">I4s", 8 + 40, b"xml ") + b"<a>" + b" " * 33 + b"</a>"
    whole = jp2.read_bytes() + extra
    jp2.write_bytes(whole)
    check_whole(jp2)
    jp2.write_bytes(whole[:-5])
    with pytest.raises(InputError, match="5 bytes are missing"):
        check_whole(jp2)


@pytest.mark.parametrize("rest", [b"", b"\x00", b"\x00" * 40, b"\x00\x00\x00\x01jp2c\x00"])
def test_the_signature_alone_is_no_image(tmp_path, rest):
    path = tmp_path / "x.jp2"
    path.write_bytes(SIGNATURE + rest)
    with pytest.raises(InputError, match="x.jp2: .* fetch the file again"):
        check_whole(path)


def test_damage_in_the_last_tile_of_the_last_band_is_found(tmp_path):
    path = tmp_path / "x.tif"
    pixels = np.random.default_rng(0).integers(0, 5000, (3, 128, 128)).astype("uint16")
    size = {"width": 128, "height": 128, "count": 3, "dtype": "uint16", "compress": "deflate"}
    where = {"crs": "EPSG:32633", "transform": from_origin(330000, 5822040, 10, 10)}
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64, "interleave": "band"}
    with rasterio.open(path, "w", driver="GTiff", **where, **size, **tiles) as raster:
        raster.write(pixels)
    check_whole(path)
    with rasterio.open(path) as raster:
        at = int(raster.get_tag_item("BLOCK_OFFSET_1_1", "TIFF", 3))
    content = bytearray(path.read_bytes())
    content[at : at + 200] = bytes(200)
    path.write_bytes(content)
    with rasterio.open(path) as raster:
        np.testing.assert_array_equal(raster.read(1), pixels[0])  # elsewhere it can be read
    with pytest.raises(InputError, match="x.tif"):
        check_whole(path)


def test_a_multihash_is_that_of_the_whole_file(tmp_path):
    for size in (0, 1, 3_000_000):
        (tmp_path / "x").write_bytes(bytes(size))
        assert multihash(tmp_path / "x") == "1220" + hashlib.sha256(bytes(size)).hexdigest()


def test_md5_is_known_and_what_is_not_told_is_not_compared(tmp_path):
    file = tmp_path / "x"
    file.write_text("abc")
    for checksum, size in (
        (None, None),
        (None, 3),
        ("d50110" + hashlib.md5(b"abc").hexdigest(), 3),
    ):
        check_unchanged(file, checksum, size)
    with pytest.raises(InputError, match="content changed .md5 900150983cd2"):
        check_unchanged(file, "d50110" + 32 * "0", None)
    with pytest.raises(InputError, match="has 3 bytes, but the scene lock says 4"):
        check_unchanged(file, None, 4)
    with pytest.raises(InputError, match="is gone"):
        check_unchanged(tmp_path, None, None)  # a folder is no file


@pytest.mark.parametrize("form", ["{}", "file://{}", "https://example.org{}", "s3://bucket{}"])
def test_a_lock_looks_at_local_files_alone(tmp_path, form):
    file = tmp_path / "with space.tif"
    file.write_text("abc")
    href = form.format(str(file).replace(" ", "%20") if "://" in form else file)
    scene = {"id": "a", "collection": "made", "assets": {"B02": {"href": href}}}
    told = {"href": href, "checksum": multihash(file), "size": 3}
    locked = {"id": "a", "collection": "made", "assets": {"B02": told}}
    write_json(tmp_path / "lock.json", {"scenes": [locked]})
    verify_lock(tmp_path / "lock.json", [scene])
    file.write_text("abd")
    if form in ("{}", "file://{}"):
        with pytest.raises(InputError, match="content changed"):
            verify_lock(tmp_path / "lock.json", [scene])
    else:
        verify_lock(tmp_path / "lock.json", [scene])
    with pytest.raises(InputError, match="not in the lock"):
        verify_lock(tmp_path / "lock.json", [scene | {"collection": "other"}])

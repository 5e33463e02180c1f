"""Text of bytes whose encoding nobody told, and text without what does not belong in it."""

import codecs
import re
import unicodedata
from contextlib import suppress
from operator import itemgetter

from charset_normalizer import from_bytes

from landscribe.text.languages import likeliest

MOST_STRAY = 0.1  # share of characters that no text has, from which on it is none
_MARKS = (  # in this order: the one of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEAST_CHANCE = 0.5  # of a language, in a text that is not mostly ASCII
# Those of one byte that are met in practice; the first one wins where all are as likely.
_ONE_BYTE = ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8-r")
_STRAY = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MISREAD = re.compile("[\u00c2-\u00f4][^\x00-\x7f]")  # how UTF-8 begins, byte by byte
_ODD = {
    **{chr(n): "" for n in range(32) if chr(n) not in "\n\t"},
    # Windows quotes and dashes that went through Latin-1 stand among the control characters.
    **{chr(n): bytes([n]).decode("cp1252", "ignore") for n in range(0x80, 0xA0)},
    # Soft hyphen and spaces without width, which stand inside names too, and marks of direction.
    **dict.fromkeys("\x7f\xad\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e", ""),
    **dict.fromkeys("\u2066\u2067\u2068\u2069", ""),
    **dict.fromkeys("\r\f\u2028\u2029", "\n"),
}
_ANY_ODD = re.compile(f"[{re.escape(''.join(_ODD))}]")


def decoded(data: bytes, encoding: str | None = None) -> str:
    """Text of bytes, by byte order mark, as UTF-8, or as what they look like.

    Args:
        encoding: where it is known.

    Raises:
        ValueError: what is wrong, as the reason of a reject.
    """
    mark = next(((m, name) for m, name in _MARKS if data.startswith(m)), (b"", None))
    encoding = mark[1] or encoding
    try:
        return data[len(mark[0]) :].decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding:
            raise ValueError(_undecodable(error)) from None
        if b"\0" in data:
            raise ValueError(f"binary: a zero byte at {data.index(0)}; text was wanted") from None
        if _mostly_utf8(data):
            raise ValueError(_undecodable(error)) from None
    return _guessed(data)


def mended(text: str) -> str:
    """Text with UTF-8 that was read as Latin-1 or Windows-1252 (`ZÃ¼rich`) put right.

    Only if all of the text can be read so; everything else comes back as it is.
    """
    if not _MISREAD.search(text):
        return text
    try:
        return b"".join(map(_byte, text)).decode("utf-8")
    except ValueError:
        return text


def cleaned(text: str) -> str:
    """Text in NFC, without control characters but newlines and tabs, and without blank ends."""
    text = _ANY_ODD.sub(lambda found: _ODD[found[0]], text.replace("\r\n", "\n"))
    if _SURROGATE.search(text):  # halves of pairs, from JSON
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return unicodedata.normalize("NFC", text).strip()


def stray_share(text: str) -> float:
    """Share of characters, 0-1, that stand in no text: control characters, signs for unreadable."""
    return sum(1 for _ in _STRAY.finditer(text)) / max(len(text), 1)


def _guessed(data: bytes) -> str:
    """Of the texts that the bytes may be, the one that reads most like some language.

    By the form of its letters alone, French in Latin-1 is taken for another encoding in one text of
    three; by its language, in one of 180.
    """
    texts = []
    for encoding in _ONE_BYTE:
        with suppress(UnicodeDecodeError):
            texts.append(data.decode(encoding))
    if best := from_bytes(data).best():  # it knows those of several bytes well
        texts.append(str(best))
    chance, text = max(((likeliest(text)[1], text) for text in texts), key=itemgetter(0))
    if chance < _LEAST_CHANCE and sum(byte > 0x7F for byte in data) > len(data) / 2:
        raise ValueError("encoding: none gives words; save it as UTF-8, or name it in the card")
    return text


def _undecodable(error: UnicodeDecodeError) -> str:
    return (
        f"encoding: byte {error.start} is no {error.encoding} ({error.reason}); save it as"
        " UTF-8, or name its `encoding` in the card"
    )


def _mostly_utf8(data: bytes) -> bool:
    """Whether broken UTF-8, not another encoding: most characters beyond ASCII can be read."""
    text = data.decode("utf-8", "replace")
    beyond = sum(1 for _ in re.finditer(r"[^\x00-\x7f]", text))
    return text.count("\ufffd") * 2 < beyond


def _byte(character: str) -> bytes:
    """Of a character, as Windows-1252, or as Latin-1 where that has none."""
    if ord(character) < 0x100:
        return bytes([ord(character)])
    return character.encode("cp1252")

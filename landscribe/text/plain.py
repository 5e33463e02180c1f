"""A text in plain letters, character by character, so that rules need one spelling."""

import unicodedata
from typing import Literal

Language = Literal["en", "fr"]


def plain(text: str) -> str:
    """Small Latin letters without accents, ASCII quotes, dashes and blanks; as long as `text`."""
    return text.translate(_PLAIN)


def _letter(code: int) -> str:
    """Small letter without its accent; the character itself if that is not one character."""
    bare = unicodedata.normalize("NFD", chr(code))[0].lower()
    return bare if len(bare) == 1 else chr(code)


_PLAIN = {
    **{code: _letter(code) for code in range(0x41, 0x250)},
    **{code: "'" for code in (0x60, 0xB4, 0x2018, 0x2019, 0x2BC)},
    **{code: "-" for code in (0xAD, *range(0x2010, 0x2016), 0x2212)},
    **{code: " " for code in (9, 10, 11, 12, 13, 0xA0, *range(0x2000, 0x200C), 0x202F, 0x3000)},
}

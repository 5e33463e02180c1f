"""Bytes become the text that was meant, or are refused; texts lose what does not belong in them."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landscribe.text.encodings import MOST_STRAY, cleaned, decoded, mended, stray_share

TEXTS = {
    "cp1252": "Die Fähre über die Havel fährt täglich außer Montag; die Straße führt nach Süden.",
    "latin-1": "El niño cruzó el río en una pequeña barca; mañana volverá a la montaña.",
    "cp1250": "Zażółć gęślą jaźń. Rzeka Wisła płynie przez Kraków i Warszawę do Gdańska.",
    "cp1251": "Река Волга протекает через Казань и впадает в Каспийское море.",
    "koi8-r": "Река Волга протекает через Казань и впадает в Каспийское море.",
    "cp1253": "Ο ποταμός Αχελώος πηγάζει από την Πίνδο και εκβάλλει στο Ιόνιο πέλαγος.",
    "shift_jis": "隅田川は東京を流れて東京湾に注ぐ。昨日の大雨で水位が上がった。",
    "gb18030": "长江流经武汉和南京，最后在上海附近注入东海。昨天的大雨使水位上升。",
    "utf-8-sig": "Die Fähre über die Havel",
    "utf-16": "Die Fähre über die Havel",
    "utf-32": "Die Fähre über die Havel",
}


@pytest.mark.parametrize("encoding", TEXTS)
def test_the_encoding_of_a_text_is_found(encoding):
    assert decoded(TEXTS[encoding].encode(encoding)) == TEXTS[encoding]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\ufeff")))
def test_all_of_utf8_is_kept(text):
    assert decoded(text.encode()) == text


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"PNG\x00\x01\x02\xff\xfe" * 9, "binary: a zero byte at 3"),
        ("Die Fähre über die Elbe ".encode() * 9 + b"\xff", "encoding: byte 234 is no utf-8"),
        ("Fähre".encode("utf-16")[:-1], "encoding: byte 8 is no utf-16-le (truncated data)"),
        (bytes(range(0x80, 0x100)) * 5, "encoding: none gives words"),
    ],
)
def test_what_is_no_text_is_refused(data, told):
    with pytest.raises(ValueError, match=f"^{re.escape(told)}"):
        decoded(data)


def test_an_encoding_that_is_named_is_held_to():
    data = "Fähre".encode("mac_roman")
    assert decoded(data, "mac_roman") == "Fähre" != decoded(data)
    with pytest.raises(ValueError, match="^encoding: byte 1 is no ascii"):
        decoded(data, "ascii")


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252"])
@pytest.mark.parametrize("text", ["Zürich, Genève", "“Łódź”… – 5 °C", "Київ", "São João 東京 🛶"])
def test_text_that_was_decoded_wrongly_is_mended(text, wrong):
    garbled = "".join(
        # As browsers do: a byte that Windows-1252 lacks is that of Latin-1.
        bytes([byte]).decode(wrong, "replace").replace("\ufffd", chr(byte))
        for byte in text.encode()
    )
    assert garbled != text and mended(garbled) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_only_what_can_be_read_as_utf8_is_mended(text):
    better = mended(text)
    assert better == text or len(better.encode()) < len(text.encode())
    assert mended("CAFÉ «à Paris» 5 °C") == "CAFÉ «à Paris» 5 °C"


@given(st.text())
def test_cleaned_text_is_in_nfc_without_control_characters(text):
    clean = cleaned(text)
    assert clean == unicodedata.normalize("NFC", clean) == clean.strip()
    odd = {c for c in clean if unicodedata.category(c) in ("Cc", "Cs")}
    assert odd <= {"\n", "\t"}
    assert cleaned(clean) == clean
    clean.encode()


def test_lines_and_letters_are_kept():
    assert cleaned("a\r\nb\rc\n\nd\te") == "a\nb\nc\n\nd\te"
    assert (
        cleaned("Mu\u0308nchen, Ber\xadlin, \x93Ulm\x94, it\x92s") == "München, Berlin, “Ulm”, it’s"
    )
    assert cleaned("می‌خواهم") == "می‌خواهم"  # the joiner is part of the word
    assert cleaned(json.loads(r'"\ud83d\udef6 \ud83d"')) == "🛶 \ufffd"


def test_binary_has_more_stray_characters_than_text():
    assert stray_share(bytes(range(256)).decode("latin-1")) > MOST_STRAY
    assert stray_share("Tab\tand\nline, Fähre " * 9 + "\x00") < MOST_STRAY
    assert stray_share("") == 0

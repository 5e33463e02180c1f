"""Records of WARC files come one by one, also after broken ones."""

import gzip
from io import BytesIO

import pytest

from landscribe.text import records
from landscribe.text.documents import Reject
from landscribe.text.records import warc_records
from tests.made_corpora import html, rejects, text, warc

PAGES = [(f"https://a.org/{n}", html(text(n, 9))) for n in range(9)]


def spans(data: bytes) -> list[tuple[int, int]]:
    """Where each record of a file begins and ends."""
    starts = [int(place.split()[1]) for place, _ in warc_records(BytesIO(data))]
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


@pytest.mark.parametrize("packed", [True, False])
def test_all_records_come_in_their_order(packed):
    data = warc(PAGES, packed)
    found = list(warc_records(BytesIO(data)))
    assert len(found) == 1 + len(PAGES)
    assert b"WARC-Type: warcinfo" in found[0][1]
    for (address, page), (_, record) in zip(PAGES, found[1:], strict=True):
        assert address.encode() in record and page in record


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("broken", [0, 4, 9])
def test_reading_goes_on_after_a_broken_record(packed, broken):
    data = warc(PAGES, packed)
    first, last = spans(data)[broken]
    # Of a record that is not packed the header; the digest guards its content.
    at = (first + last) // 2 if packed else first + 2
    bad = data[:at] + bytes(12) + data[at + 12 :]
    found, whole = list(warc_records(BytesIO(bad))), list(warc_records(BytesIO(data)))
    if packed or broken:  # what does not begin as gzip or WARC is told as a whole
        assert found[:broken] + found[broken + 1 :] == whole[:broken] + whole[broken + 1 :]
        assert found[broken].place == f"byte {first}"
    assert len(rejects(found)) == 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_lost_or_doubled_piece_costs_no_more_than_two_records(packed):
    data = warc(PAGES, packed)
    at = (spans(data)[4][0] + spans(data)[4][1]) // 2
    for bad in (data[:at] + data[at + 40 :], data[:at] + data[at - 40 :]):
        found = list(warc_records(BytesIO(bad)))
        assert rejects(found) and len(found) - len(rejects(found)) >= len(PAGES) - 1


@pytest.mark.parametrize("packed", [True, False])
def test_a_cut_file_ends_in_a_reject(packed):
    data = warc(PAGES, packed)
    *whole, last = warc_records(BytesIO(data[: spans(data)[5][1] - 30]))
    assert len(whole) == 5 and not rejects(whole)
    assert last == Reject(
        f"byte {spans(data)[5][0]}",
        "broken off: the file ends within a record; bring it anew",
    )


@pytest.mark.parametrize("packed", [True, False])
def test_a_record_that_is_too_long_is_passed_over(packed, monkeypatch):
    monkeypatch.setattr(records, "MOST_BYTES", 50_000)
    data = warc([*PAGES[:3], ("https://a.org/long", b"long " * 50_000), *PAGES[3:]], packed)
    found = list(warc_records(BytesIO(data)))
    (reject,) = rejects(found)
    assert len(found) == 11 and found[4] == reject and reject.reason.startswith("too long: ")


def test_marks_across_pieces_are_found(monkeypatch):
    monkeypatch.setattr(records, "_CHUNK", 7)
    data = b"ab".join([b"123456", b"", b"xabx", b"a"])
    found = [n for n in range(len(data)) if data.startswith(b"ab", n)]
    assert list(records._found(BytesIO(data), 0, b"ab")) == found


@pytest.mark.parametrize("data", [b"<html>", gzip.compress(b"<html>"), b"\x1f\x8b", b"WARC/1.0"])
def test_what_is_no_warc_is_one_reject(data):
    (found,) = warc_records(BytesIO(data))
    assert found.place == "byte 0"

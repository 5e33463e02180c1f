"""Times and codes of languages are read from what sources write."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from landscribe.text.documents import kind_of, two_letters, utc

NOON = datetime(2024, 5, 3, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-05-03T12:00:00Z", NOON),
        ("2024-05-03T14:00:00+02:00", NOON),
        ("2024-05-03 12:00:00", NOON),
        ("Fri, 03 May 2024 14:00:00 +0200", NOON),
        ("2024-05-03", NOON.replace(hour=0)),
        (date(2024, 5, 3), NOON.replace(hour=0)),
        (NOON.replace(tzinfo=None), NOON),
        (NOON.astimezone(timezone(timedelta(hours=-7))), NOON),
        (NOON.timestamp(), NOON),
        (int(NOON.timestamp() * 1000), NOON),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_are_in_utc(value, time):
    assert utc(value) == time and utc(value).utcoffset() == timedelta()


@pytest.mark.parametrize(
    "value", ["", "yesterday", None, [], {}, float("nan"), 1e300, "0001-01-01T00:00:00+14:00", "5"]
)
def test_what_is_no_time_is_none(value):
    assert utc(value) is None


def test_codes_of_languages():
    codes = ["en", "en-GB", "EN_us", " de "]
    assert [two_letters(code) for code in codes] == ["en", "en", "en", "de"]
    assert not any(map(two_letters, ["", "eng", "german", "x", "1"]))


def test_rejects_are_of_a_kind():
    assert kind_of("too long: 12: more") == "too long" and kind_of("empty") == "empty"

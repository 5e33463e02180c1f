"""Times are told in one way, and stay the same moment."""

import pytest

from landscribe.imagery.items import normalised
from landscribe.imagery.times import parsed_time, told_time
from tests.made_catalogue import SENSOR, made_item


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2020-07-01T10:20:30Z", "2020-07-01T10:20:30Z"),
        ("2020-07-01T10:20:30", "2020-07-01T10:20:30Z"),
        ("2020-07-01T01:20:30+02:00", "2020-06-30T23:20:30Z"),
        ("2020-07-01T23:20:30.500-05:30", "2020-07-02T04:50:30.500000Z"),
        ("2020-07-01", "2020-07-01T00:00:00Z"),
    ],
)
def test_times_are_told_in_utc_and_stay_the_same_moment(text, told):
    assert told_time(parsed_time(text)) == told
    assert parsed_time(told) == parsed_time(text)
    assert normalised(made_item("x", text), SENSOR)["properties"]["datetime"] == told

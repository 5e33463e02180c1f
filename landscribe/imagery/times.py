"""Times of STAC: RFC 3339 texts, and moments in UTC."""

from datetime import UTC, datetime

TIMES = {"datetime", "start_datetime", "end_datetime", "created", "updated"}  # properties


def parsed_time(text: str) -> datetime:
    """Time of RFC 3339 text [UTC]; without a zone it is taken as UTC."""
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def told_time(time: datetime) -> str:
    """RFC 3339 text of a UTC time, without needless zeros."""
    return time.isoformat().replace("+00:00", "Z")

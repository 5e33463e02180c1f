"""What readers give: documents as their file has them, and records that could not be used."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

_SECONDS = 1e11  # from there on, a number of seconds since 1970 must be one of milliseconds


@dataclass(frozen=True)
class Document:
    """One text, not yet cleaned or checked."""

    place: str  # where in the file, such as `line 3`; empty: it is the whole file
    text: str
    title: str = ""
    id: str = ""  # of its own, in the corpus; empty: there is none
    language: str = ""  # ISO 639-1, where its source can be trusted in that; else empty
    source: str = ""  # address of this text; empty: the file and the place
    outlet: str = ""
    time: datetime | None = None  # of publication, UTC


@dataclass(frozen=True)
class Reject:
    """One record, or the rest of a file, that could not be used."""

    place: str  # as in a document
    reason: str  # <kind>: <what was found, what was wanted>


def kind_of(reason: str) -> str:
    """By what rejects are counted: the kind of the reason of one."""
    return reason.partition(":")[0]


def utc(value: object) -> datetime | None:
    """Time in UTC of a datetime, a date, a text or seconds since 1970; None if it is none of them.

    A text may be ISO 8601 or as in mails (RFC 2822); without a zone it is UTC.
    """
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / (1000 if abs(value) > _SECONDS else 1), UTC)
        if isinstance(value, date) and not isinstance(value, datetime):
            value = value.isoformat()
        time = value if isinstance(value, datetime) else _of_text(str(value).strip())
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None


def two_letters(code: str) -> str:
    """ISO 639-1 of a code such as `en`, `en-GB` or `EN`; empty for any other."""
    found = re.match(r"([a-z]{2})(?![a-z])", code.strip().lower())
    return found[1] if found else ""


def _of_text(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)

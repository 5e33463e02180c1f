"""Jobs that failed in a run, each with its reason: what is to be mended, out of a long log."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from landscribe.command import some

_EVENT = re.compile(
    r"^Error in rule (?P<rule>\w+):\n(?P<told>(?:    .*\n)*)|^Finished jobid: (?P<done>\d+)\b", re.M
)
_ID, _LOG = re.compile(r"^    jobid: (\d+)", re.M), re.compile(r"^    log: (\S+)", re.M)
_BAR = re.compile(r"\d+%\|")  # of progress
_REASON_CHARS = 400
_SILENT = "ended without a message: it was killed, maybe for its memory or by its node"


@dataclass(frozen=True)
class Failure:
    """A job that failed for good."""

    rule: str
    log: Path | None  # of the job

    @property
    def reason(self) -> str:
        """Its message, or the last line that it wrote."""
        if self.log is None or not self.log.is_file():
            return _SILENT
        whole = self.log.read_text(errors="replace").strip()
        if message := re.search(r"^error: (.+(?:\n  .+)*)", whole, re.M):
            return message[1]
        last = re.split(r"[\r\n]+", whole)[-1]
        return last if last and not _BAR.search(last) else _SILENT


def failures(logs: Sequence[str]) -> list[Failure]:
    """Jobs that failed by Snakemake's logs, without those that were well at a later attempt."""
    found: dict[str, Failure] = {}
    whole = "".join(Path(log).read_text(errors="replace") for log in logs)
    for event in _EVENT.finditer(whole):
        if event["done"]:
            found.pop(event["done"], None)
            continue
        job, own = _ID.search(event["told"]), _LOG.search(event["told"])
        found[job[1] if job else event["rule"]] = Failure(
            event["rule"], Path(own[1]) if own else None
        )
    return list(found.values())


def told(found: list[Failure]) -> str:
    """Failures for people, a line for all that have one reason; empty without any."""
    if not found:
        return ""
    jobs: dict[tuple[str, str], list[str]] = {}
    for one in found:
        reason = textwrap.shorten(one.reason, _REASON_CHARS, placeholder=" ...")
        jobs.setdefault((one.rule, reason), []).append(one.log.stem if one.log else "?")
    head = f"{len(found)} jobs failed. Mend what they say and give the same command again:"
    lines = [f"  {rule} {some(names)}: {reason}" for (rule, reason), names in jobs.items()]
    return "\n".join([f"{head} it makes what is left.", *lines])

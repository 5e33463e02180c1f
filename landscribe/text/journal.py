"""How far a corpus is read: what a run that goes on has to know, kept beside its shards."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np

from landscribe.command import written
from landscribe.text.documents import Reject, kind_of
from landscribe.text.reading import Position
from landscribe.text.sieve import Counts

_LONGEST_REASON = 500  # characters; libraries quote whole files


class Journal:
    """Position, counts, digests and rejects at the end of the last shard, and what came since.

    A run that is killed leaves more in the logs of rejects and digests than the state says. It is
    cut off when they are opened again, as the next run comes to it once more.
    """

    def __init__(self, folder: Path) -> None:
        """Args: folder: of the run; it may hold the journal of one that was killed."""
        self._state = folder / "state.json"
        self._logs = (folder / "rejects.jsonl", folder / "digests.u64")
        told = self._told()
        self.at: Position = tuple(told.get("at", (0, 0)))
        self.shards: list[int] = told.get("shards", [])  # documents of each
        self.counts = Counts.of(told.get("counts", {}))
        lengths = told.get("logs", (0, 0))
        self._rejects, self._digests = map(_opened, self._logs, lengths)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._rejects.close()
        self._digests.close()

    def digests(self) -> np.ndarray:
        """Digests up to the last shard."""
        return np.fromfile(self._logs[1], np.uint64)

    def reject(self, source: str, reject: Reject) -> None:
        """Note and count what could not be used."""
        self.counts.rejects[kind_of(reject.reason)] += 1
        line = json.dumps([source, reject.reason[:_LONGEST_REASON]])
        self._rejects.write(f"{line}\n".encode())

    def rejects(self) -> Iterator[tuple[str, str]]:
        """Source and reason of all rejects so far, in their order."""
        self._rejects.flush()
        with self._logs[0].open("rb") as file:
            for line in file:
                yield tuple(json.loads(line))

    def commit(self, at: Position, documents: int, digests: list[int]) -> None:
        """Note that a shard is written.

        Args:
            at: position behind its last document.
            documents: how many it has.
            digests: those that are new since the shard before.
        """
        self.at = at
        self.shards.append(documents)
        self._digests.write(np.array(digests, np.uint64).tobytes())
        self._digests.flush()
        self._rejects.flush()
        logs = (self._rejects.tell(), self._digests.tell())
        told = {"at": at, "shards": self.shards, "counts": self.counts.told(), "logs": logs}
        with written(self._state) as part:
            part.write_text(json.dumps(told))

    def _told(self) -> dict:
        """State of the run before; empty without one, or if its logs are not all on the disk."""
        if not self._state.exists():
            return {}
        told = json.loads(self._state.read_text())
        whole = all(
            path.exists() and path.stat().st_size >= length
            for path, length in zip(self._logs, told["logs"], strict=True)
        )
        return told if whole else {}


def _opened(path: Path, length: int) -> BinaryIO:
    """File of which `length` bytes are kept, at its end."""
    path.touch()
    file = path.open("r+b")
    file.truncate(length)
    file.seek(length)
    return file

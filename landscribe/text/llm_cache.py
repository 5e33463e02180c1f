"""Answers of language models that are kept, and what they have cost, in one file for many jobs."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landscribe.command import InputError
from landscribe.text.llm_questions import NONE, Answer
from landscribe.text.llm_settings import LlmSettings

_WAIT_S = 60  # for another job that writes
_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    reason TEXT NOT NULL CHECK (reason IN ('chosen', 'none', 'unread', 'refused')),
    place TEXT,
    confidence REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (
    model TEXT PRIMARY KEY, calls INTEGER NOT NULL, tokens INTEGER NOT NULL
) WITHOUT ROWID;
"""


class LlmCache:
    """An SQLite file with a row per answer, never the text of a reply.

    Jobs of one machine may use it at once (write-ahead log); that log does not work on a network
    disk, so jobs of several machines need a file each.
    """

    def __init__(self, path: Path, settings: LlmSettings) -> None:
        """Open the file, or make it; `InputError` where it is something else."""
        self._path, self._settings = path, settings
        self._model = f"{settings.kind} {settings.model}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._told():
            self._file = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")
            self._file.executescript(_TABLES)
            self._file.execute("INSERT OR IGNORE INTO spent VALUES (?, 0, 0)", [self._model])

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def answer(self, key: str) -> Answer | None:
        """What was answered before; None: nothing."""
        with self._told():
            query = "SELECT reason, place, confidence FROM answers WHERE key = ?"
            row = self._file.execute(query, [key]).fetchone()
        return row and Answer(row[1], row[0] == NONE, row[0], row[2])

    def keep(self, key: str, answer: Answer) -> None:
        """Keep an answer; the first one of several jobs stands."""
        row = [key, answer.reason, answer.place, answer.confidence]
        with self._told():
            self._file.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row
            )

    def reserve(self, tokens: int) -> bool:
        """Count a call of so many tokens, if the limits of the settings allow it; tell if so."""
        most = [self._settings.most_calls, tokens, self._settings.most_tokens]
        with self._told():
            done = self._file.execute(
                "UPDATE spent SET calls = calls + 1, tokens = tokens + ?"
                " WHERE model = ? AND calls < ? AND tokens + ? <= ?",
                [tokens, self._model, *most],
            )
        return done.rowcount == 1

    def correct(self, tokens: int) -> None:
        """Add the tokens that a call took beyond those reserved; negative: it took fewer."""
        with self._told():
            self._file.execute(
                "UPDATE spent SET tokens = tokens + ? WHERE model = ?", [tokens, self._model]
            )

    def spent(self) -> tuple[int, int]:
        """Calls and tokens of the model so far, by all jobs and runs."""
        with self._told():
            query = "SELECT calls, tokens FROM spent WHERE model = ?"
            return self._file.execute(query, [self._model]).fetchone()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise InputError(
                f"{self._path}: cannot be used as the cache of answers ({error}); look whether the"
                " disk is full or the file is locked, or remove it: its answers are asked anew"
            ) from None

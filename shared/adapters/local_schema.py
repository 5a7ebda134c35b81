"""The SQLite file: how it is opened, and how its tables came to be.

Write-ahead log so that readers never wait for a writer; ``synchronous=FULL`` so that a committed row outlives a
power cut; ``BEGIN IMMEDIATE`` so that a writer waits at the start (up to ten seconds) rather than failing in the
middle. On a local disk only: the log does not work on network file systems.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from shared.errors import StorageError

_BUSY_TIMEOUT_S: Final = 10.0
_NEWER_PROGRAM: Final = (
    "The data folder was written by a newer version of this program and is left untouched. "
    "Update the program, or choose another data folder."
)
_NOT_OURS: Final = (
    "The database in the data folder is damaged or is not this program's. It is left untouched; "
    "restore it from a backup, or choose another data folder."
)
_BUSY: Final = "The database is busy with another program. Nothing already stored is lost; try again in a moment."
_FULL: Final = (
    "The disk is full, so the data could not be saved. Nothing already stored is lost; free some space and try again."
)

Migration = Sequence[str]
"""Statements that take the tables from one version to the next, applied in one transaction."""

MIGRATIONS: Final[Sequence[Migration]] = (
    (
        """CREATE TABLE patient (
            user_id TEXT PRIMARY KEY,
            note TEXT NOT NULL,
            created_at REAL NOT NULL
        )""",
        """CREATE TABLE job (
            analysis_id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'deleting')),
            created_at REAL NOT NULL,
            updated_at REAL NOT NULL,
            recorded_at REAL NOT NULL,
            video_key TEXT NOT NULL,
            video_file_name TEXT NOT NULL,
            video_size_bytes INTEGER NOT NULL,
            video_sha256 TEXT NOT NULL,
            parameters TEXT NOT NULL,
            progress_stage TEXT NOT NULL,
            progress_frames_done INTEGER NOT NULL,
            progress_frames_total INTEGER,
            attempt INTEGER NOT NULL,
            lease_owner TEXT,
            lease_until REAL,
            cancel_requested INTEGER NOT NULL,
            error_code TEXT,
            error_message TEXT,
            error_retryable INTEGER,
            summary TEXT,
            analysis_version TEXT,
            source TEXT NOT NULL,
            label TEXT NOT NULL
        )""",
        "CREATE INDEX job_of_patient ON job (user_id, recorded_at DESC)",
        "CREATE INDEX job_to_do ON job (status, created_at)",
        """CREATE TABLE result (
            analysis_id TEXT PRIMARY KEY,
            user_id TEXT NOT NULL,
            trace_sha256 TEXT NOT NULL,
            document_sha256 TEXT NOT NULL,
            manifest_sha256 TEXT NOT NULL
        )""",
        """CREATE TABLE decision (
            decision_id INTEGER PRIMARY KEY AUTOINCREMENT,
            analysis_id TEXT NOT NULL,
            reviewer TEXT NOT NULL,
            action TEXT NOT NULL,
            payload TEXT NOT NULL,
            decided_at REAL NOT NULL
        )""",
        "CREATE INDEX decision_on_analysis ON decision (analysis_id, decided_at)",
        """CREATE TRIGGER decision_is_not_changed BEFORE UPDATE ON decision
           BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END""",
        """CREATE TRIGGER decision_is_not_removed BEFORE DELETE ON decision
           BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END""",
    ),
)


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Turn SQLite's errors into :class:`StorageError` with a sentence for people; integrity errors pass."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        message = {
            sqlite3.SQLITE_BUSY: _BUSY,
            sqlite3.SQLITE_LOCKED: _BUSY,
            sqlite3.SQLITE_FULL: _FULL,
            sqlite3.SQLITE_NOTADB: _NOT_OURS,
            sqlite3.SQLITE_CORRUPT: _NOT_OURS,
        }.get(code)
        raise StorageError(message) from error


class Database:
    """One SQLite file, with a connection for each thread that uses it."""

    def __init__(self, path: Path, *, migrations: Sequence[Migration] = MIGRATIONS) -> None:
        """Open or create the file and bring its tables up to date.

        Args:
            path: the file, in a folder that exists.
            migrations: all steps from an empty file to the newest tables.

        Raises:
            StorageError: cannot be opened, damaged, or written by a newer program (then left untouched).
        """
        self._path = path
        self._of_thread = threading.local()
        with database_errors(), contextlib.closing(self._connect()) as connection:
            _migrate(connection, migrations)

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with."""
        with database_errors():
            yield self._connection()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a write transaction: committed at the end, rolled back by any exception."""
        with database_errors():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._connect()
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        return connection


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Apply the steps that are missing, each in its own transaction.

    The version is looked at before anything is written, so a file of a newer program stays as it is.
    """
    version = _version(connection)
    if version > len(migrations):
        raise StorageError(_NEWER_PROGRAM)
    connection.execute("PRAGMA journal_mode = WAL")
    for number, statements in enumerate(migrations[version:], start=version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
            for statement in statements:
                connection.execute(statement)
            connection.execute("DELETE FROM schema_version")
            connection.execute("INSERT INTO schema_version VALUES (?)", (number,))
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection) -> int:
    """Version of the tables; 0 for an empty file.

    Raises:
        StorageError: a database with tables, but not ours.
    """
    tables = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise StorageError(_NOT_OURS)
    row = connection.execute("SELECT max(version) AS version FROM schema_version").fetchone()
    return int(row["version"] or 0)

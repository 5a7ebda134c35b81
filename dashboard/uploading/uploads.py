"""Films on their way in: written to disk piece by piece, so that memory stays flat and a broken line costs one piece.

An upload's file lives as long as the upload: it is removed when the token that opens it is forgotten or expires.
What a killed server left behind is recognised by its missing lock and swept away at the next start.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from dashboard.tokens import TokenRegistry
from shared.adapters.locked_files import PRIVATE_FOLDER, create_locked, remove_if_abandoned, write_all
from shared.errors import ConflictError, EmptyFileError, StorageError, TooLargeError

FOLDER_NAME: Final = "uploads"
_MIB: Final = 1024 * 1024
_NO_ROOM: Final = "The film could not be written to the disk of the server. Free some space there and try again."

Write = Callable[[bytes], None]
"""Takes the next bytes of a piece."""


class WrongPieceError(ConflictError):
    """A piece out of order; ``expected`` is the one to send next."""

    def __init__(self, expected: int) -> None:
        super().__init__("The upload is at another place. Continue from there.")
        self.expected = expected


@dataclass(frozen=True)
class Arrived:
    """A film that is here whole: where, how long, and the SHA-256 of its bytes."""

    path: Path
    size_bytes: int
    sha256: str


class Upload:
    """One film on its way in. Pieces are numbered from 0 and come in order; a piece counts once it is here whole."""

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int,
        name: str | None = None,
        on_growth: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare an upload; nothing is on disk before its first piece.

        Args:
            folder: where unfinished uploads lie; made if need be.
            max_bytes: cap on the sum of all pieces.
            name: of the file; one that cannot be guessed if not given.
            on_growth: told the size in bytes after each whole piece.
        """
        self.path = folder / (name or f"{secrets.token_hex(16)}.part")
        self.max_bytes = max_bytes
        self._on_growth = on_growth
        # Held for moments only: a route that waited here for another one's piece would stop the whole server.
        self._lock = threading.Lock()
        self._is_writing = False
        self._beginnings = 0
        self._descriptor: int | None = None
        self._removal: weakref.finalize[Any, Upload] | None = None
        self._reset()

    def _reset(self) -> None:
        self.next_piece = 0
        self.size_bytes = 0
        self.is_complete = False
        self._digest = hashlib.sha256()

    @contextlib.contextmanager
    def piece(self, number: int) -> Iterator[Write]:
        """Write piece ``number``; what was written is taken back unless the block ends well.

        Raises:
            WrongPieceError: not the piece that comes next, or another one is being written.
            TooLargeError: over the cap. StorageError: could not be written.
        """
        with self._lock:
            if self._is_writing or self.is_complete or number != self.next_piece:
                raise WrongPieceError(self.next_piece)
            self._is_writing = True
            beginning, size_bytes, digest = self._beginnings, self.size_bytes, self._digest.copy()

        def write(data: bytes) -> None:
            nonlocal size_bytes
            if beginning != self._beginnings:
                raise WrongPieceError(self.next_piece)
            size_bytes += len(data)
            if size_bytes > self.max_bytes:
                raise TooLargeError(too_large_message(self.max_bytes))
            digest.update(data)
            with _disk_errors():
                write_all(self._open(), data)

        kept = False
        try:
            yield write
            with self._lock:
                kept = beginning == self._beginnings
                if kept:
                    self.size_bytes, self._digest, self.next_piece = size_bytes, digest, number + 1
        finally:
            with self._lock:
                self._is_writing = False
                if not kept:
                    self._cut_to(self.size_bytes)
        if not kept:
            raise WrongPieceError(self.next_piece)
        if self._on_growth is not None:
            self._on_growth(self.size_bytes)

    def complete(self, size_bytes: int) -> Arrived:
        """Say that all pieces are sent; the sender's own count of bytes is compared. May be said twice.

        Raises:
            WrongPieceError: bytes are missing. EmptyFileError: there are none.
        """
        if size_bytes == 0:
            raise EmptyFileError
        with self._lock:
            if self._is_writing or size_bytes != self.size_bytes:
                raise WrongPieceError(self.next_piece)
            self.is_complete = True
        return self.arrived()

    def arrived(self) -> Arrived:
        """The whole film. Raises ConflictError where it is not whole yet."""
        if not self.is_complete:
            raise ConflictError("The film has not arrived whole. Continue the upload.")
        return Arrived(self.path, self.size_bytes, self._digest.hexdigest())

    def stream(self) -> BinaryIO:
        """The whole film for reading. Raises ConflictError as above, StorageError where it is gone."""
        with _disk_errors():
            return self.arrived().path.open("rb")

    def restart(self) -> None:
        """Throw away what came so far, and the piece that is just coming; begin with piece 0 again."""
        with self._lock:
            self._beginnings += 1
            self._reset()
            if not self._is_writing:
                self._cut_to(0)

    def remove(self) -> None:
        """Remove the file; the upload is of no more use."""
        if self._removal is not None:
            self._removal()

    def _open(self) -> int:
        if self._descriptor is None:
            self.path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            self._descriptor = create_locked(self.path)
            self._removal = weakref.finalize(self, _remove, self.path, self._descriptor)
        return self._descriptor

    def _cut_to(self, size_bytes: int) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, size_bytes)
            os.lseek(self._descriptor, size_bytes, os.SEEK_SET)


UPLOADS: Final[TokenRegistry[Upload]] = TokenRegistry()
"""Uploads that pages and routes of one server process share."""


def too_large_message(max_bytes: int) -> str:
    """Sentence for a film over the cap.

    >>> too_large_message(2 * 1024 * 1024)
    'The film is larger than 2 MB, the limit here. Trim it or export it at a lower resolution.'
    """
    return (
        f"The film is larger than {max_bytes / _MIB:g} MB, the limit here. Trim it or export it at a lower resolution."
    )


def sweep_abandoned(folder: Path) -> int:
    """Remove files of uploads whose server died; how many. Those of a living server are locked and stay."""
    return sum(remove_if_abandoned(path) for path in folder.glob("*.part"))


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(_NO_ROOM) from error


def _remove(path: Path, descriptor: int) -> None:
    path.unlink(missing_ok=True)
    os.close(descriptor)

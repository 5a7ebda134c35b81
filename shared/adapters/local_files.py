"""Files that are there whole or not at all.

Each is written under a temporary name in its own folder, flushed to the disk, and then renamed. While it is
written its writer holds a lock on it; a temporary file without a lock was left by a writer that died, and may
be swept away at any time without a guess about its age.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.adapters.layout import check_key
from shared.adapters.locked_files import PRIVATE_FILE, PRIVATE_FOLDER, create_locked, remove_if_abandoned, write_all
from shared.errors import NotFoundError, StorageError

_TEMPORARY_PREFIX: Final = ".part-"
_DISK_FULL: Final = (
    "The disk is full, so the data could not be saved. Nothing already stored is lost; free some space and try again."
)
_NOT_WRITABLE: Final = (
    "The data folder cannot be used. Check that it exists and that this program may read and write there."
)
_UNUSABLE: Final = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENOENT}

_CANNOT_SHARE: Final = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOENT}


@dataclass(frozen=True)
class Digest:
    """Size and hash of what was written."""

    size_bytes: int
    sha256: str


@contextlib.contextmanager
def storage_errors() -> Iterator[None]:
    """Turn operating system errors into :class:`StorageError` with a sentence that names no path."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageError(_DISK_FULL) from error
        raise StorageError(_NOT_WRITABLE if error.errno in _UNUSABLE else None) from error


@contextlib.contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock across processes; it ends with the process that holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner may read, and its parents."""
    with storage_errors():
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


class FileArea:
    """The files under one folder, addressed by key (see :mod:`shared.adapters.layout`)."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def path(self, key: str) -> Path:
        """Where a key lies, whether or not there is a file. Raises NotFoundError for an impossible key."""
        return self._root / check_key(key)

    def write(self, key: str, chunks: Iterable[bytes]) -> Digest:
        """Write a file whole or not at all, replacing one that is there.

        Raises:
            StorageError: it could not be written; what was there before is still there.
        """
        with storage_errors(), self._replacing(key) as (descriptor, _):
            return _write_chunks(descriptor, chunks)

    @contextlib.contextmanager
    def being_written(self, key: str) -> Iterator[Path]:
        """A temporary path for a library that writes by name; it becomes the file when the block ends well.

        Raises:
            StorageError: it could not be written.
        """
        with storage_errors(), self._replacing(key) as (_, temporary):
            yield temporary

    @contextlib.contextmanager
    def _replacing(self, key: str) -> Iterator[tuple[int, Path]]:
        """An open temporary file that is flushed and renamed to the key's file when the block ends well."""
        target = self.path(key)
        make_private_folder(target.parent)
        with _temporary_file(target.parent) as (descriptor, temporary):
            yield descriptor, temporary
            os.fsync(descriptor)
            os.replace(temporary, target)  # noqa: PTH105 - the one call that decides stands out as such
            _flush_folder(target.parent)

    def read(self, key: str) -> bytes:
        """The content.

        Raises:
            NotFoundError: no such file. StorageError: it could not be read.
        """
        path = self.path(key)
        with storage_errors():
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                raise NotFoundError() from None

    def share(self, key: str, other: str) -> bool:
        """Let ``other`` be the same file as ``key``, which takes no room: files are replaced or removed, never changed.

        Returns:
            False where the file system cannot do that, or there is no file.

        Raises:
            StorageError: it could not be written.
        """
        target = self.path(other)
        make_private_folder(target.parent)
        with storage_errors():
            try:
                os.link(self.path(key), target)
            except OSError as error:
                if error.errno not in _CANNOT_SHARE:
                    raise
                return False
        return True

    def delete(self, key: str) -> None:
        """Remove a file; no error where there is none."""
        with storage_errors():
            self.path(key).unlink(missing_ok=True)

    def remove_empty_folder(self, prefix: str) -> None:
        """Remove a folder if nothing is left in it."""
        with contextlib.suppress(OSError):
            (self._root / prefix).rmdir()

    def sweep(self) -> int:
        """Remove temporary files that writers left when they died; how many there were."""
        with storage_errors():
            return sum(remove_if_abandoned(path) for path in self._root.glob(f"users/*/eye/*/{_TEMPORARY_PREFIX}*"))


@contextlib.contextmanager
def _temporary_file(folder: Path) -> Iterator[tuple[int, Path]]:
    """An open, locked, empty file in ``folder``, removed at the end unless it was renamed."""
    path = folder / f"{_TEMPORARY_PREFIX}{secrets.token_hex(8)}"
    descriptor = create_locked(path)
    try:
        yield descriptor, path
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _write_chunks(descriptor: int, chunks: Iterable[bytes]) -> Digest:
    sha256 = hashlib.sha256()
    size_bytes = 0
    for chunk in chunks:
        sha256.update(chunk)
        size_bytes += len(chunk)
        write_all(descriptor, chunk)
    return Digest(size_bytes, sha256.hexdigest())


def _flush_folder(folder: Path) -> None:
    """Make a rename in ``folder`` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

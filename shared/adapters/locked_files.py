"""Files whose writer holds a lock for as long as it lives, so that what a dead one left is told without a guess."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Final

PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600


def create_locked(path: Path) -> int:
    """Create a file that only its owner may read, and lock it; a descriptor to write with, which holds the lock.

    Raises:
        FileExistsError: there is one. OSError: it could not be created.
    """
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:  # else it was swept between its creation and its lock
            return descriptor
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte, in as many calls as the system wants."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def remove_if_abandoned(path: Path) -> bool:
    """Remove a file of :func:`create_locked` whose writer is dead; whether it was.

    One that is not there or belongs to another user stays as it is.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True

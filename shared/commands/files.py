"""Files in and out of the command line: what to read, what to call the results, and writing them whole."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from shared.errors import NotFoundError, StorageError, UnreadableVideoError

VIDEO_SUFFIXES: Final = frozenset(
    {".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".webm", ".wmv"}
)
"""What is taken for a video inside a folder. A file named on the command line is tried whatever its suffix."""


def expand(paths: Iterable[Path], suffixes: frozenset[str]) -> list[Path]:
    """Files to work on: folders are replaced by the files with those suffixes in and below them, sorted.

    A file that is named twice is taken once. Files and folders whose name begins with a dot are left out of
    folders.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if _wanted(p, path, suffixes)) if path.is_dir() else [path]
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def output_names(paths: Sequence[Path]) -> list[str]:
    """One name for the results of each file: its stem, or more of its path where two would share a name.

    >>> output_names([Path("a.mp4"), Path("b.mp4"), Path("b.mov")])
    ['a', 'b.mp4', 'b.mov']
    >>> output_names([Path("one/a.mp4"), Path("two/a.mp4")])
    ['one_a.mp4', 'two_a.mp4']
    """
    levels = [0] * len(paths)
    while True:
        names = [_name(path, level, place) for place, (path, level) in enumerate(zip(paths, levels, strict=True))]
        # Some file systems take names that differ only in case for the same.
        shared_by = Counter(name.casefold() for name in names)
        clashing = [shared_by[name.casefold()] > 1 for name in names]
        if not any(clashing):
            return names
        levels = [level + clash for level, clash in zip(levels, clashing, strict=True)]


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Raises:
        NotFoundError: there is no such file.
        UnreadableVideoError: it may not be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise NotFoundError("There is no such file. Check its name.") from None
    except OSError:
        raise UnreadableVideoError("The file could not be opened. Check that it may be read.") from None


def make_folder(path: Path) -> None:
    """Make the folder for the results where it is not there yet.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise StorageError("The folder for the results cannot be made. Choose another with --out.") from None


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once: whoever looks sees the old content or the new, never a part.

    Raises:
        StorageError: it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        partial = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            partial.chmod(0o644)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    except OSError:
        raise StorageError("The result could not be written. Check the folder and the free space.") from None


def _wanted(path: Path, folder: Path, suffixes: frozenset[str]) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return not hidden and path.suffix.casefold() in suffixes and path.is_file()


def _name(path: Path, level: int, place: int) -> str:
    if level == 0:
        return path.stem
    if level == 1:
        return path.name
    parent = path.resolve().parent.name
    return f"{parent}_{path.name}" if level == 2 else f"{parent}_{path.name}_{place + 1}"

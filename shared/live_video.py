"""Frames of a film that is still being recorded: the file grows while it is read.

For the browser's recordings (WebM, or MP4 in fragments), which can be read from front to back without an index.
Pictures and times are those that :func:`shared.video.read_frames` gives for the finished file, bit by bit; a test
compares them.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from pathlib import Path
from typing import Final

import av

from shared.errors import CancelledError, NotAVideoError, UnreadableVideoError
from shared.model import VideoMeta
from shared.video import Frame, stored_picture

_LONGEST_READ_BYTES: Final = 256 * 1024
_SHORT_LOOK: Final = {"probesize": "1000000", "analyzeduration": "500000"}
"""The reader guesses a frame rate from the beginning of the film and would wait five seconds for that."""


class GrowingFile:
    """A file that another thread says is growing; reading waits for bytes that are still to come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._size_bytes = 0
        self._ended = False
        self._cancelled = False
        self._changed = threading.Condition()

    def grow(self, size_bytes: int) -> None:
        """The first ``size_bytes`` are there now and will not change."""
        with self._changed:
            self._size_bytes = max(self._size_bytes, size_bytes)
            self._changed.notify_all()

    def end(self) -> None:
        """No more bytes will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def cancel(self) -> None:
        """Nobody wants the frames any more: reading ends at once."""
        with self._changed:
            self._cancelled = self._ended = True
            self._changed.notify_all()

    @property
    def is_cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled

    def read(self, most_bytes: int) -> bytes:
        """The next bytes, at least one of them; empty at the end of the film."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._size_bytes > self._position)
            there = 0 if self._cancelled else self._size_bytes - self._position
        count = min(most_bytes, there, _LONGEST_READ_BYTES)
        if count <= 0:
            return b""
        with self._path.open("rb") as file:
            file.seek(self._position)
            content = file.read(count)
        self._position += len(content)
        return content


def read_live_frames(file: GrowingFile) -> Generator[Frame, None, None]:
    """Frames as they arrive; see :func:`shared.video.read_frames` for what they are.

    Raises:
        NotAVideoError: no film in it. UnreadableVideoError: it breaks off before its first frame.
        CancelledError: :meth:`GrowingFile.cancel` was called.
    """
    av.logging.set_level(None)
    index, first_s, last_s = -1, None, -1.0
    try:
        with av.open(file, "r", options=_SHORT_LOOK) as container:
            if not container.streams.video:
                raise NotAVideoError
            for picture in container.decode(container.streams.video[0]):
                index += 1
                if picture.time is None:
                    continue
                first_s = picture.time if first_s is None else first_s
                time_s = picture.time - first_s
                if time_s > last_s:
                    last_s = time_s
                    yield Frame(index, time_s, stored_picture(picture))
    except av.error.FFmpegError:
        if index < 0 and not file.is_cancelled:
            raise UnreadableVideoError from None
    if file.is_cancelled:
        raise CancelledError
    if index < 0:
        raise UnreadableVideoError


def unknown_meta() -> VideoMeta:
    """What is known of a film of which nothing has been read yet."""
    return VideoMeta(width_px=0, height_px=0, frame_count=0, duration_s=0.0, fps=0.0)

"""Reading a film that is being stored, piece by piece and up to a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from shared.adapters.settings import MIB
from shared.errors import EmptyFileError, TooLargeError

_CHUNK_BYTES: Final = MIB


def limited_chunks(stream: BinaryIO, max_bytes: int) -> Iterator[bytes]:
    """The bytes of a film in pieces of a mebibyte.

    Raises:
        EmptyFileError: there are none. TooLargeError: there are more than ``max_bytes``.
    """
    size_bytes = 0
    while chunk := stream.read(_CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise TooLargeError(
                f"The video is larger than {max_bytes / MIB:.0f} MiB, the limit here. "
                "Trim it or export it at a lower resolution."
            )
        yield chunk
    if size_bytes == 0:
        raise EmptyFileError()

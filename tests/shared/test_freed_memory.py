"""Freed memory goes back to the operating system."""

import ctypes
import os
from pathlib import Path

import pytest

from shared import freed_memory

_PIECE_BYTES = 1024
_PIECES = 40_000


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_what_was_freed_in_small_pieces_is_given_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    pieces = [ctypes.c_void_p(library.malloc(_PIECE_BYTES)) for _ in range(_PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, _PIECE_BYTES)
    for piece in pieces[:-1]:
        library.free(piece)
    kept = _resident_bytes()
    freed_memory.give_back()
    given_back = kept - _resident_bytes()
    library.free(pieces[-1])
    assert given_back > 0.9 * _PIECES * _PIECE_BYTES


@pytest.mark.parametrize("error", [OSError, TypeError])
def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def unavailable(_: object) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", unavailable)
    freed_memory.give_back()


def test_a_c_library_that_cannot_be_told_to_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    freed_memory.give_back()

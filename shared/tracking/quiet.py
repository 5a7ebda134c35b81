"""MediaPipe without its talk on stderr and without what it imports only to draw and to record sound."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

_UNUSED: Final = ("matplotlib", "matplotlib.pyplot", "sounddevice")
"""Imported by MediaPipe at its own import, needed by none of what is used here: 1.1 s instead of 0.2 s."""
_STDERR: Final = 2
_lock = threading.RLock()


def quiet_mediapipe() -> Any:
    """The ``mediapipe`` module, imported on first use."""
    if "mediapipe" in sys.modules:
        return sys.modules["mediapipe"]
    # Raised on each start of a graph by protobuf below 5, which MediaPipe pins.
    warnings.filterwarnings("ignore", message="SymbolDatabase.GetPrototype", category=UserWarning)
    with _lock, quiet_stderr(), _stand_ins(_UNUSED), warnings.catch_warnings():
        # Its compiled parts are older than Python 3.12; made errors, these warnings would break the import halfway.
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("mediapipe")


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Throw away what is written to file descriptor 2 meanwhile.

    MediaPipe's C++ side logs start-up notes there and offers no switch from Python.
    """
    with _lock:
        sys.stderr.flush()
        kept = os.dup(_STDERR)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, _STDERR)
            yield
        finally:
            os.dup2(kept, _STDERR)
            os.close(kept)
            os.close(nowhere)


@contextmanager
def _stand_ins(names: tuple[str, ...]) -> Iterator[None]:
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)

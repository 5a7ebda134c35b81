"""Waiting for what another process does, without a guess about how long it takes."""

import threading
import time
from collections.abc import Callable


def wait_until(predicate: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Return as soon as ``predicate`` holds; fail the test when it does not in time."""
    deadline_s = time.monotonic() + timeout_s
    pause = threading.Event()
    while not predicate():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not so within {timeout_s:g} s: {predicate}")
        pause.wait(0.02)

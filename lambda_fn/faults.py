"""For tests of crashes, and inert without ``FAULT_POINT``: the worker kills itself where a test says.

``before_manifest`` kills it whenever it gets there; ``before_manifest@1`` at the job's first attempt alone, so that
the next one finishes. ``stand_still`` does not die but stops for ever while tracking, until the function's own time
limit ends it. No deployment sets the variable; the template does not know it.
"""

from __future__ import annotations

import os
import threading
from typing import Final

FAULT_EXIT_STATUS: Final = 70
STAND_STILL: Final = "stand_still"


class Faults:
    """The fault that a test has set, if any."""

    def __init__(self, fault_point: str | None) -> None:
        self._point, _, attempt = (fault_point or "").partition("@")
        self._attempt = int(attempt) if attempt.isdecimal() else None
        self.attempt = 1
        """Of the job under way."""

    def reach(self, point: str) -> None:
        """End this process, without any cleaning up, if a test wants it to end here."""
        if point != self._point or self._attempt not in {None, self.attempt}:
            return
        if point == STAND_STILL:
            threading.Event().wait()
        os._exit(FAULT_EXIT_STATUS)

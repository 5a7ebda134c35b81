"""Giving way to the browser, which on a laptop or a screening station runs on the same machine."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

_LOWEST_PRIORITY: Final = 19
_LINUX_AUTOGROUP: Final = Path("/proc/self/autogroup")


def give_way() -> None:
    """Run this process, and those that it starts, only while nobody else wants the processor.

    To be called by a process that leads a session of its own (``start_new_session=True``). Linux shares the
    processor between sessions first (autogroups, sched(7)): a nice value alone is weighed only against processes of
    the same session, and a browser started from the desktop is in another one. Where there are no autogroups, only
    the nice value is set.
    """
    os.nice(_LOWEST_PRIORITY)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _LINUX_AUTOGROUP.write_text(str(_LOWEST_PRIORITY))

"""How many processors this process may keep busy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_CPU_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


def usable_processors() -> int:
    """Processors that this process may use, by its affinity and, in a container, its quota."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota_us, period_us = _CPU_QUOTA.read_text().split()
        return max(1, min(count, int(quota_us) // int(period_us)))
    except (OSError, ValueError):  # no container, or no quota ("max")
        return count

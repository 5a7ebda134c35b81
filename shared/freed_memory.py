"""Memory that was freed in many pieces, given back to the operating system."""

from __future__ import annotations

import ctypes


def give_back() -> None:
    """Give back what the C library keeps of freed memory; does nothing where it cannot be told to (not glibc).

    Face mesh and decoder allocate in threads of their own. What they free is kept for those threads, which have ended,
    and would be missing to what is worked out next.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library, or Windows
        return
    trim(0)

"""What went wrong, told to a log that must hold no patient datum."""

from __future__ import annotations

import traceback
from pathlib import Path


class DescribedError(Exception):
    """An error of another process of this program, in the words that :func:`describe` found for it there."""


def describe(error: BaseException) -> str:
    """Kind of error and the places in the code it passed, without its text, which may hold a path or a name.

    >>> try:
    ...     Path("P-017.mp4").stat()
    ... except OSError as error:
    ...     "P-017" in describe(error)
    False
    """
    places = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    # The one names a library, which the log's reader needs; the other holds no more than this function returns.
    text = f" ({error})" if isinstance(error, ImportError | DescribedError) else ""
    return f"{type(error).__name__}{text} at {' > '.join(places)}"

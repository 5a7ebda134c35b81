"""The analysis core: a film of a face in, what the eyes did out. Research and screening support, not a diagnosis.

>>> from shared import Parameters
>>> Parameters(task="vertical").vpp_thresh
0.06

The names below are the public ones. They are loaded on first use, so that ``import shared`` costs nothing and
``read_trace`` and ``analyse`` never load the face tracker.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from shared.analysis import analyse
    from shared.model import Result
    from shared.parameters import Parameters
    from shared.pipeline import analyze_video
    from shared.tables import read_trace

__all__ = ["Parameters", "Result", "analyse", "analyze_video", "read_trace"]

_HOMES: Final = {
    "Parameters": "shared.parameters",
    "Result": "shared.model",
    "analyse": "shared.analysis",
    "analyze_video": "shared.pipeline",
    "read_trace": "shared.tables",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

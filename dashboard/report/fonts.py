"""The typeface of the printed page, which the other pages serve too: NanumSquare, Hangul and Latin (OFL, beside it)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from matplotlib import font_manager

FAMILY: Final = "NanumSquare"
REGULAR: Final = Path(__file__).parents[1] / "static" / "fonts" / "NanumSquareR.ttf"
BOLD: Final = Path(__file__).parents[1] / "static" / "fonts" / "NanumSquareB.ttf"


@lru_cache(maxsize=1)
def figure_font() -> font_manager.FontProperties:
    """The regular cut for matplotlib, found by its path so that nothing needs to be installed."""
    return font_manager.FontProperties(fname=str(REGULAR))

"""Colour of writing inside charts, which Streamlit's theme leaves grey."""

from typing import Final

LIGHT_INK: Final = "#26313C"
"""On a light page."""
DARK_INK: Final = "#E4EAF0"
"""On a dark page."""

"""The version of the numbers.

``ANALYSIS_VERSION`` changes whenever the same video with the same parameters may give other numbers;
CHANGELOG.md, heading *Numerics*, says what changed. It stands in every result, so that a history can
mark points that are not comparable.
"""

from typing import Final

ANALYSIS_VERSION: Final = "2026.11.9"
SCHEMA_VERSION: Final = "1"
"""Version of the trace CSV's columns. A CSV without it is read as the original's (``legacy``)."""

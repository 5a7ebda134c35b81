"""The time that a function has left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_LEAST_MARGIN_S: Final = 10.0
_MARGIN_SHARE: Final = 0.05
"""Of the time at the start: after the last frame, the analysis and the storing still take their time."""


class Deadline:
    """When to stop, so that what there is can still be told."""

    def __init__(self, remaining_s: Callable[[], float]) -> None:
        self._remaining_s = remaining_s
        at_start_s = remaining_s()
        self._margin_s = min(max(_LEAST_MARGIN_S, _MARGIN_SHARE * at_start_s), at_start_s / 2)

    @classmethod
    def of(cls, context: Any) -> Deadline:
        """The deadline of a call, from its context."""
        return cls(lambda: context.get_remaining_time_in_millis() / 1000.0)

    def is_near(self) -> bool:
        """Whether it is time to stop."""
        return self._remaining_s() <= self._margin_s

"""What the browser noted while it showed the target and filmed: checked, and put on the film's clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboard.station.film_clock import FilmClock
from shared.errors import InvalidRequestError

_MOST_FRAMES: Final = 100_000
_MOST_STEPS: Final = 1000
_BAD_LOG: Final = "The log of this recording is damaged, so nothing can be said about it. Record once more."


@dataclass(frozen=True)
class ShownStep:
    """From ``page_s`` on the target stood there (degrees at the eye, as in :mod:`shared.targets.log`)."""

    page_s: float
    x_deg: float | None
    y_deg: float | None


@dataclass(frozen=True)
class RecordingLog:
    """All times on the page's clock, s.

    Attributes:
        ordered_s: when recording was ordered to start.
        ended_s: when the last target vanished.
        captured_s: when the camera took the frames that the page saw.
        steps: where the target stood.
        screen_distance_cm: from the eyes to the screen, as told.
    """

    ordered_s: float
    ended_s: float
    captured_s: tuple[float, ...]
    steps: tuple[ShownStep, ...]
    screen_distance_cm: float

    def target_log(self, clock: FilmClock) -> dict[str, Any]:
        """The parameter ``target_log``: the same on the film's time base."""
        return {
            "steps": [
                {"time_s": round(clock.film_time_s(step.page_s), 4), "x_deg": step.x_deg, "y_deg": step.y_deg}
                for step in self.steps
            ],
            "end_s": round(clock.film_time_s(self.ended_s), 4),
            "clock_error_s": round(clock.error_s, 4),
            "screen_distance_cm": self.screen_distance_cm,
        }


def checked_log(value: Any) -> RecordingLog:
    """The browser's JSON, times in ms as it counts them.

    Raises:
        InvalidRequestError: of another form.
    """
    try:
        steps = _list(value["steps"], _MOST_STEPS)
        return RecordingLog(
            ordered_s=_seconds(value["ordered_ms"]),
            ended_s=_seconds(value["ended_ms"]),
            captured_s=tuple(_seconds(moment) for moment in _list(value["captured_ms"], _MOST_FRAMES)),
            steps=tuple(_step(step) for step in steps),
            screen_distance_cm=_number(value["screen_distance_cm"]),
        )
    except (KeyError, TypeError, ValueError):
        raise InvalidRequestError(_BAD_LOG) from None


def _step(value: Mapping[str, Any]) -> ShownStep:
    x_deg, y_deg = (None if value[axis] is None else _number(value[axis]) for axis in ("x_deg", "y_deg"))
    return ShownStep(_seconds(value["at_ms"]), x_deg, y_deg)


def _list(value: Any, most: int) -> Sequence[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _seconds(milliseconds: Any) -> float:
    return _number(milliseconds) / 1000.0

"""From the browser's clock to the film's: when, in the film, the page showed what it showed.

The browser tells for most frames when the camera took them (``captureTime``), on the clock by which the page moved its
target. The film holds the same moments as presentation times, counted from its own first frame. The constant between
the two is found by laying one series over the other: a wrong constant, off by whole frames, leaves larger remainders,
since no camera is perfectly even.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import FloatArray

DISPLAY_ERROR_S: Final = 0.02
"""The page knows when it hands a picture to the screen, not when light leaves it: about one refresh at 60 Hz."""
UNSEEN_ERROR_S: Final = 0.1
"""Where the browser tells no capture times: from the order to record to the first frame, roughly."""
_FIRST_FRAMES: Final = 12
_EARLIEST_S: Final = -0.25
_LATEST_S: Final = 3.0
"""Where the first frame may lie, from the order to record."""
_SAME_FRAME_S: Final = 0.004
"""Frames that the film dates to whole milliseconds, and the browser's own rounding."""
_FEWEST_SEEN: Final = 20
_CLEARLY: Final = 1.5
"""How much larger a neighbouring constant's remainders must be for the choice to be sure."""


@dataclass(frozen=True)
class FilmClock:
    """``film time = page time - start_s``.

    Attributes:
        start_s: page time of the film's first frame, s.
        error_s: how far a target's time in the film may be off.
        remainder_s: typical (median) distance between capture times and the film's; None where there were none.
        seen_share: share of the film's frames whose capture time is known.
    """

    start_s: float
    error_s: float
    remainder_s: float | None = None
    seen_share: float = 0.0

    def film_time_s(self, page_time_s: float) -> float:
        """When in the film something on the page happened."""
        return page_time_s - self.start_s


def film_clock(captured_s: Sequence[float], frame_time_s: FloatArray, ordered_s: float) -> FilmClock:
    """Find the constant between page and film.

    Args:
        captured_s: page times at which frames were taken, in order, s; some frames may be missing.
        frame_time_s: presentation times of the film's frames, from 0.
        ordered_s: page time at which the recording was ordered to start.
    """
    captured = np.asarray(captured_s, dtype=np.float64)
    captured = captured[np.isfinite(captured)]
    if len(captured) < _FEWEST_SEEN or len(frame_time_s) < _FEWEST_SEEN:
        return FilmClock(ordered_s + UNSEEN_ERROR_S / 2, UNSEEN_ERROR_S)
    starts = (captured[:, None] - frame_time_s[None, :_FIRST_FRAMES]).ravel()
    starts = np.unique(np.round(starts[(starts >= ordered_s + _EARLIEST_S) & (starts <= ordered_s + _LATEST_S)], 3))
    if not starts.size:
        return FilmClock(ordered_s + UNSEEN_ERROR_S / 2, UNSEEN_ERROR_S)
    spreads = np.array([_spread_s(captured - start, frame_time_s) for start in starts])
    equal = np.flatnonzero(spreads <= _CLEARLY * spreads.min())
    # Of equally good ones: the recorder takes the first frame that the camera makes after the order.
    first_s = float(captured[min(int(np.searchsorted(captured, ordered_s)), len(captured) - 1)])
    best = int(equal[np.argmin(np.abs(starts[equal] - first_s))])
    distances = _signed_distances_s(captured - starts[best], frame_time_s)
    matched = distances[np.abs(distances) <= _SAME_FRAME_S]
    start_s = float(starts[best] + (np.median(matched) if matched.size else 0.0))
    interval_s = float(np.median(np.diff(frame_time_s)))
    is_sure = bool(np.all(np.abs(starts[equal] - starts[best]) < interval_s / 2))
    return FilmClock(
        start_s=start_s,
        error_s=DISPLAY_ERROR_S if is_sure else DISPLAY_ERROR_S + interval_s,
        remainder_s=float(np.median(np.abs(_signed_distances_s(captured - start_s, frame_time_s)))),
        seen_share=min(1.0, float(matched.size / len(frame_time_s))),
    )


def _signed_distances_s(moments_s: FloatArray, frame_time_s: FloatArray) -> FloatArray:
    """From each moment within the film to the nearest frame's time."""
    inside = moments_s[(moments_s > frame_time_s[0] - 0.01) & (moments_s < frame_time_s[-1] + 0.01)]
    after = np.clip(np.searchsorted(frame_time_s, inside), 1, len(frame_time_s) - 1)
    nearest = np.where(
        inside - frame_time_s[after - 1] < frame_time_s[after] - inside, frame_time_s[after - 1], frame_time_s[after]
    )
    return np.asarray(inside - nearest, dtype=np.float64)


def _spread_s(moments_s: FloatArray, frame_time_s: FloatArray) -> float:
    """Mean remainder about its own median, each at most half a frame, so that lost frames count little."""
    distances = _signed_distances_s(moments_s, frame_time_s)
    if len(distances) < 0.5 * len(frame_time_s):
        return np.inf
    limit_s = float(np.median(np.diff(frame_time_s))) / 2
    return float(np.mean(np.minimum(np.abs(distances - np.median(distances)), limit_s)))

"""How wide the lids stand open against their own rest: the signal in which blinks are looked for.

People differ twofold in how far their eyes open, brows rise, heads turn, and the lids follow the gaze. A fixed
limit on the lid gap therefore counts looking down as a blink and misses blinks of wide eyes. Here every frame is
compared with the same person's opening shortly before *and* shortly after.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import median_filter, uniform_filter1d

from shared.model import Eye, EyeTrace, FloatArray, IntArray, Trace

TIME_TOLERANCE_S: Final = 1e-6
"""Times closer than this are equal: rounding must not decide which frames belong to a window."""

_SMOOTHING_S: Final = 1 / 40
"""Averaging before anything else, s: nothing below 60 frames/s, 3 frames at 120, 7 at 240. A lid needs some 80 ms
to close; the noise of the landmarks changes from frame to frame."""

_SPIKE_S: Final = 0.1
"""Median window, s, for the resting level only: a single frame with widened lids is not a rest."""

_GAP_S: Final = 0.25
"""A longer loss of the face ends a stretch: what the lids did meanwhile is not known."""

_MAD_TO_SD: Final = 1.4826
_SECOND_DIFFERENCE_SD: Final = 6.0**0.5
"""Standard deviation of x[i-1] - 2 x[i] + x[i+1] for white noise of standard deviation 1."""


def usable_opening(eye: EyeTrace, trace: Trace) -> FloatArray:
    """Lid opening of one eye, ``nan`` on frames that are not valid.

    In iris diameters; where a table holds only the original's lid gap over corner distance, that. The unit does
    not matter to what follows.
    """
    opening = eye.lid_opening if np.isfinite(eye.lid_opening).any() else eye.eye_open
    return np.where(trace.valid & np.isfinite(opening), np.maximum(opening, 0.0), np.nan)


def stretches(time_s: FloatArray, present: IntArray) -> list[IntArray]:
    """The frames ``present``, cut where the next is more than 0.25 s away.

    Args:
        time_s: ``(N,)`` presentation times, s.
        present: ``(M,)`` increasing frame positions with a measured lid opening.
    """
    if len(present) == 0:
        return []
    return np.split(present, np.flatnonzero(np.diff(time_s[present]) > _GAP_S) + 1)


def measured_eyes(time_s: FloatArray, eyes: FloatArray) -> tuple[Eye, FloatArray]:
    """Openings ``(E, N)`` of the eyes that a stretch shows on most of its frames, each over its median.

    Single missing samples are interpolated; frame noise is averaged where frames are fast.

    Args:
        time_s: ``(N,)`` presentation times, s.
        eyes: ``(2, N)`` opening of the patient's left and right eye; at least one is finite on every frame.

    Returns:
        Which eyes these are, and their openings.
    """
    share = np.isfinite(eyes).mean(axis=1)
    shown = (share > 0.5) | (share == share.max())
    out = []
    for eye in eyes[shown]:
        have = np.isfinite(eye)
        opening = smooth(time_s, np.interp(time_s, time_s[have], eye[have]))
        out.append(opening / np.maximum(np.median(opening), np.finfo(float).tiny))
    return ("both" if shown.all() else "left" if shown[0] else "right"), np.stack(out)


def odd_window(time_s: FloatArray, duration_s: float, least: int) -> int:
    """Odd number of frames, at least ``least``, that covers about ``duration_s``."""
    interval_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    return max(least, 2 * int(duration_s / interval_s / 2) + 1)


def smooth(time_s: FloatArray, opening: FloatArray) -> FloatArray:
    """``opening`` averaged over 25 ms: unchanged below 60 frames/s."""
    window = odd_window(time_s, _SMOOTHING_S, least=1)
    return uniform_filter1d(opening, window, mode="nearest") if window > 1 else opening


def span_of(time_s: FloatArray, start_s: float, end_s: float) -> tuple[int, int]:
    """First position from ``start_s`` on, and the one after the last up to ``end_s``."""
    first, last = np.searchsorted(time_s, [start_s - TIME_TOLERANCE_S, end_s + TIME_TOLERANCE_S])
    return int(first), int(last)


def rest_opening(time_s: FloatArray, opening: FloatArray, window_s: float) -> FloatArray:
    """Opening that each frame would have without the dips shorter than ``window_s``.

    A grey-scale closing (maximum, then minimum) over time: the lowest of all maxima of windows that hold the
    frame. A dip is filled from the lower of its two sides; a lowering that lasts longer stays as it is.

    Args:
        time_s: ``(N,)`` increasing times of one stretch, s; they need not be even.
        opening: ``(N,)`` finite.
        window_s: width of the window, s.
    """
    count = len(opening)
    calm = median_filter(opening, min(odd_window(time_s, _SPIKE_S, least=3), count), mode="nearest")
    last_whole = np.searchsorted(time_s, time_s[-1] - window_s - TIME_TOLERANCE_S)
    begin = np.minimum(np.arange(count), last_whole)
    end = np.searchsorted(time_s, time_s[begin] + window_s + TIME_TOLERANCE_S, side="right")
    highest = _range_maximum(calm, begin, end)
    first = np.searchsorted(time_s, time_s - window_s - TIME_TOLERANCE_S)
    return -_range_maximum(-highest, first, np.arange(1, count + 1))


def jitter(opening: FloatArray) -> float:
    """Noise of ``opening`` from frame to frame, as a standard deviation.

    From second differences, by the median: neither slow movement nor the few frames of blinks count.
    """
    if len(opening) < 3:
        return 0.0
    return float(_MAD_TO_SD * np.median(np.abs(np.diff(opening, 2))) / _SECOND_DIFFERENCE_SD)


def _range_maximum(values: FloatArray, begin: IntArray, end: IntArray) -> FloatArray:
    """Maximum of ``values[begin[i]:end[i]]`` for every i, none of them empty.

    By a table of maxima over runs of 1, 2, 4 ... values; every range is the union of two such runs. Ranges may be
    of any length, which windows of fixed *time* need when frames are uneven.
    """
    length = end - begin
    level = np.frexp(length)[1] - 1
    table = [values]
    for power in range(int(level.max())):
        run = 1 << power
        table.append(np.maximum(table[-1][: len(values) - 2 * run + 1], table[-1][run:]))
    out = np.empty(len(begin))
    for power, row in enumerate(table):
        here = level == power
        out[here] = np.maximum(row[begin[here]], row[end[here] - (1 << power)])
    return out

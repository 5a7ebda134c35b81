"""Eye velocity from unevenly timed samples: the slope of a least-squares line in a sliding window.

Differences between neighbours multiply the noise by the frame rate, which is why a slow eye looks fast at 240
frames per second. A line fitted over a stretch of *time* (not over a number of samples) keeps the noise the same
at every rate, and uses each sample's own time stamp, so that a variable frame rate needs no resampling.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from shared.model import FloatArray

EDGE_S = 1e-9  # time stamps that differ by less are the same instant


def local_velocity(time_s: FloatArray, position_deg: FloatArray, half_window_s: float) -> FloatArray:
    """Velocity at every sample: slope of the line through the samples within ``half_window_s`` of it.

    Args:
        time_s: ``(N,)`` strictly increasing, s.
        position_deg: ``(N,)`` degrees; ``nan`` where lost. Lost samples take no part in any fit.
        half_window_s: half the width of the window, s.

    Returns:
        ``(N,)`` degrees per second; ``nan`` at lost samples and where fewer than two samples are in the window.

    >>> import numpy as np
    >>> local_velocity(np.arange(5) / 10, np.arange(5) * 3.0, 0.11).round(6)
    array([30., 30., 30., 30., 30.])
    """
    if len(time_s) == 0:
        return np.zeros(0)
    first = np.searchsorted(time_s, time_s - half_window_s - EDGE_S)
    beyond = np.searchsorted(time_s, time_s + half_window_s + EDGE_S)
    known = np.isfinite(position_deg)
    weight = known.astype(np.float64)
    time = np.where(known, time_s - time_s[0], 0.0)
    position = np.where(known, position_deg, 0.0)

    def window_sum(values: FloatArray) -> FloatArray:
        total: FloatArray = np.concatenate([[0.0], np.cumsum(values)])
        return total[beyond] - total[first]

    count, sum_t, sum_x = window_sum(weight), window_sum(time), window_sum(position)
    spread = count * window_sum(time * time) - sum_t**2
    shared = count * window_sum(time * position) - sum_t * sum_x
    enough = known & (count >= 2) & (spread > 0)
    velocity = np.full(len(time_s), np.nan)
    velocity[enough] = shared[enough] / spread[enough]
    return velocity


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Stretches of true values as ``(first, beyond)`` index pairs.

    >>> import numpy as np
    >>> runs(np.array([False, True, True, False, True]))
    [(1, 3), (4, 5)]
    """
    edges = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]

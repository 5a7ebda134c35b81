"""What it costs to call a run of samples a movement between two rests, in squared residuals over noise.

Samples that belong to no rest may lie anywhere. That has a price, or every outlying sample would be called a movement;
and it has one by time, or one long movement would swallow two saccades with the short fixation between them. But a slow
saccade is a long movement, and at such a price it would be cut into pieces. It is told from two saccades by what its
samples do: they lie on one smooth step from where gaze rested to where it rests next. So a long movement costs either
its price or its distance from that step, whichever is less.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from shared.events.saccade_fit import step_profile
from shared.model import FloatArray


@dataclass(frozen=True)
class MovementPrices:
    """Constants, chosen with those of :class:`shared.events.rest_segmentation.RestSegmentation`.

    Attributes:
        sample_price: of a sample that may lie anywhere (a sample at rest costs 2 on average, one for each axis).
        price_per_s: of the time that a movement takes.
        long_price_per_s: besides, of the time by which it is longer than ``slow_from_s``.
        sparse_interval_s: only samples further apart than that have that price: there a short fixation has three
            samples and a movement hides it easily. Closer ones show it, and at such a price what lids do to the
            signal would be cut into saccades.
        smooth_price: of each sample of a smooth step, over its distance from the step, for what is not known of it.
        slow_from_s: from that length on a movement is compared with a smooth step: so long do saccades of healthy
            people last at most (:func:`shared.events.main_sequence.is_slow_by_duration`).
        level_s: time over which gaze is averaged on both sides, s: about the shortest fixation.
        longest_s: longer movements are cut.
    """

    sample_price: float = 4.5
    price_per_s: float = 30.0
    long_price_per_s: float = 60.0
    sparse_interval_s: float = 1 / 55
    smooth_price: float = 0.75
    slow_from_s: float = 0.100
    level_s: float = 0.100
    longest_s: float = 0.30


def movement_costs(gaze: FloatArray, interval_s: float, prices: MovementPrices) -> FloatArray:
    """``(N + 1, M + 1)`` cost of the movement of ``m`` samples that ends at an edge between samples.

    Args:
        gaze: ``(N, 2)`` gaze over the noise of each axis, without losses.
        interval_s: between samples, s. Steps are laid on evenly timed samples; where frames come unevenly the
            price bounds what that costs.
        prices: constants.

    >>> import numpy as np
    >>> slow = np.stack([np.clip(np.arange(-10.0, 14.0), 0.0, 4.0) * 2.0, np.zeros(24)], axis=1)
    >>> cost = movement_costs(slow, 1 / 30, MovementPrices())
    >>> cost[14, [0, 1, 3]].round(1).tolist()  # the ramp has three samples
    [0.0, 5.5, 6.9]
    """
    count = len(gaze)
    longest = max(1, round(prices.longest_s / interval_s))
    length = np.arange(longest + 1.0)
    price = (prices.sample_price + prices.price_per_s * interval_s) * length
    if interval_s > prices.sparse_interval_s:
        price += prices.long_price_per_s * np.maximum(length * interval_s - prices.slow_from_s, 0.0)
    costs = np.tile(price, (count + 1, 1))
    shortest = max(2, round(prices.slow_from_s / interval_s))
    if shortest <= longest:
        smooth = _squared_distance(gaze, shortest, longest, max(1, round(prices.level_s / interval_s)))
        smooth += prices.smooth_price * length[shortest:]
        costs[:, shortest:] = np.minimum(costs[:, shortest:], smooth)
    return costs


def _squared_distance(gaze: FloatArray, shortest: int, longest: int, reach: int) -> FloatArray:
    """``(N + 1, M)`` of the samples before each edge from one smooth step, for steps of ``shortest`` to ``longest``
    samples; it leads from the mean of the ``reach`` samples before them to that of those behind. All lengths at once:
    recordings have many short stretches between blinks."""
    place = gaze[:, 0] + 1j * gaze[:, 1]  # one number for both axes halves the work
    count = len(place)
    total = np.concatenate([[0.0], np.cumsum(place)])
    squares = np.concatenate([[0.0], np.cumsum((gaze * gaze).sum(axis=1))])
    edge = np.arange(count + 1)
    first, beyond = np.maximum(edge - reach, 0), np.minimum(edge + reach, count)
    before = (total - total[first]) / np.maximum(edge - first, 1)
    after = (total[beyond] - total) / np.maximum(beyond - edge, 1)
    samples = np.arange(shortest, longest + 1)
    begin = np.maximum(edge[:, None] - samples, 0)
    steps = _steps(shortest, longest)
    latest = sliding_window_view(np.concatenate([np.zeros(longest), place]), longest)
    start = before[begin]
    moved = after[:, None] - start
    along = latest @ steps.T - start * steps.sum(axis=1)
    passed = total[:, None] - total[begin]
    distance = squares[:, None] - squares[begin]
    distance += (start.conj() * (samples * start - 2.0 * passed)).real
    distance += (moved.conj() * ((steps * steps).sum(axis=1) * moved - 2.0 * along)).real
    distance[edge[:, None] < samples] = np.inf
    return np.asarray(distance)


@lru_cache(maxsize=32)
def _steps(shortest: int, longest: int) -> FloatArray:
    """``(M, longest)`` smooth steps of each length, the last samples of each row; 0 before."""
    samples = np.arange(shortest, longest + 1)[:, None]
    phase = (np.arange(longest) - longest + samples + 0.5) / samples
    return np.where(phase > 0, step_profile(phase), 0.0)

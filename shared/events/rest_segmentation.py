"""Saccades as the breaks between rests: for camera rates and noisy signals, where speed drowns in noise.

At 30 to 60 frames per second a saccade is one to three samples long, so there is no speed profile to put a threshold
on; what can be seen is that gaze rests in one place, then in another. The signal is therefore cut into rests (a level
with a slow slope, so that drift and pursuit are rests too) and the samples between them. The cut with the least cost
of all is found by dynamic programming: squared residuals of the rests in units of the noise, plus a price for each
break and what it costs to call the samples between rests a movement (:mod:`shared.events.movement_cost`). The price
replaces a threshold and follows the noise by itself; neighbouring saccades are weighed together, so that short rests
need no window of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from shared.events.movement_cost import MovementPrices, movement_costs
from shared.model import BoolArray, FloatArray, IntArray

SAMPLES_FOR_STATISTICS, RESTS_FOR_STATISTICS = 5, 6
LEAST_DRIFT_DEG_S, MOST_DRIFT_DEG_S = 2.0, 15.0


@dataclass(frozen=True)
class RestSegmentation:
    """Constants of the method, chosen on the development half of the labelled recordings at 30 and 60 Hz with noise.

    Attributes:
        break_price: cost of a break, in squared residuals over noise. With the price of the fit (``LEAST_GAIN``)
            noise alone makes about one saccade a minute.
        movement: of the samples outside the rests.
        single_price: extra cost of a rest of one sample.
        short_price_per_s: extra cost of each second by which a rest is shorter than ``shortest_rest_s``.
        shortest_rest_s: fixations are hardly ever shorter (Rayner, Psychol Bull 1998;124:372).
        drift_deg_s: standard deviation of the slope of a rest.
        longest_rest_s: longer ones are cut.
        least_step: a break is looked for only where neighbouring means differ by this many standard errors.
    """

    break_price: float = 14.0
    movement: MovementPrices = field(default_factory=MovementPrices)
    single_price: float = 3.0
    short_price_per_s: float = 45.0
    shortest_rest_s: float = 0.100
    drift_deg_s: float = 4.0
    longest_rest_s: float = 2.0
    least_step: float = 3.0


def sample_noise_deg(position_deg: FloatArray, floor_deg: float = 0.1) -> float:
    """Standard deviation of one sample, from second differences, in which slow movement cancels.

    A low quantile is read off rather than the median: at 30 Hz every third difference may straddle a saccade.

    Args:
        position_deg: ``(N,)`` degrees; ``nan`` where lost.
        floor_deg: fixation itself is not stiller than this.
    """
    share = 0.35
    difference = np.abs(np.diff(position_deg, 2))
    difference = difference[np.isfinite(difference)]
    if len(difference) < 5:
        return floor_deg
    deviation = float(np.quantile(difference, share)) / float(ndtri((1 + share) / 2)) / np.sqrt(6.0)
    return float(np.hypot(deviation, floor_deg))


@dataclass(frozen=True, eq=False)
class RestStatistics:
    """What rests have in common.

    Attributes:
        noise_deg: ``(2,)`` standard deviation of one sample about its rest, per axis, degrees.
        drift_deg_s: standard deviation of the slopes, deg/s: small in fixation, large in pursuit.
    """

    noise_deg: FloatArray
    drift_deg_s: float


def rest_statistics(
    time_s: FloatArray, gaze_deg: FloatArray, found: list[tuple[int, int]], floor_deg: float = 0.1
) -> RestStatistics | None:
    """Noise and drift of a recording from its rests; None where they are too few to tell.

    Args:
        time_s: ``(N,)`` s.
        gaze_deg: ``(N, 2)`` degrees.
        found: rests as ``(first, beyond)``.
        floor_deg: fixation itself is not stiller than this.
    """
    spans = np.array([span for span in found if span[1] - span[0] >= SAMPLES_FOR_STATISTICS], dtype=np.int64)
    if len(spans) < RESTS_FOR_STATISTICS:
        return None
    known = np.where(np.isfinite(gaze_deg).all(axis=1)[:, None], gaze_deg, 0.0)
    time = time_s - time_s[0]
    columns = np.concatenate([time[:, None], (time**2)[:, None], known, known * time[:, None], known**2], axis=1)
    total = np.concatenate([np.zeros((1, columns.shape[1])), np.cumsum(columns, axis=0)])
    sums = total[spans[:, 1]] - total[spans[:, 0]]
    count = (spans[:, 1] - spans[:, 0])[:, None].astype(np.float64)
    spread = sums[:, 1:2] - sums[:, :1] ** 2 / count
    slope = (sums[:, 4:6] - sums[:, 2:4] * sums[:, :1] / count) / spread
    residual = np.maximum(sums[:, 6:8] - sums[:, 2:4] ** 2 / count - slope**2 * spread, 0.0)
    variance = residual.sum(axis=0) / (count - 2.0).sum()
    drift = ((slope**2 * spread - variance).sum(axis=0) / spread.sum()).mean()
    drift_deg_s = float(np.clip(np.sqrt(max(float(drift), 0.0)), LEAST_DRIFT_DEG_S, MOST_DRIFT_DEG_S))
    return RestStatistics(np.sqrt(variance + floor_deg**2), drift_deg_s)


def rests(time_s: FloatArray, gaze: FloatArray, noise_deg: float, constants: RestSegmentation) -> list[tuple[int, int]]:
    """The rests of a stretch without losses, in order, as ``(first, beyond)`` sample indices.

    Args:
        time_s: ``(N,)`` s.
        gaze: ``(N, 2)`` gaze over the noise of each axis.
        noise_deg: mean noise of the axes, for the scale of the slope.
        constants: of the method.
    """
    interval_s = float(np.median(np.diff(time_s)))
    edges = np.flatnonzero(_may_break(gaze, constants.least_step))
    sums = _running_sums(time_s, gaze)[:, edges]
    ridge = (noise_deg / constants.drift_deg_s) ** 2
    longest_rest = max(3, int(constants.longest_rest_s / interval_s))
    moves = movement_costs(gaze, interval_s, constants.movement)[edges]
    rest_from = np.searchsorted(edges, edges - longest_rest)
    move_from = np.searchsorted(edges, edges - (moves.shape[1] - 1))

    ended = np.full(len(edges), np.inf)  # least cost with a rest that ends at this edge
    begun = np.full(len(edges), np.inf)  # least cost with a rest that begins at this edge
    begins_at = np.zeros(len(edges), dtype=np.int64)
    came_from = np.zeros(len(edges), dtype=np.int64)
    begun[0] = 0.0
    for here in range(1, len(edges)):
        low = min(rest_from[here], here - 1)
        cost = begun[low:here] + _rest_cost(sums[:, here : here + 1] - sums[:, low:here], ridge)
        missing_s = constants.shortest_rest_s - (edges[here] - edges[low:here]) * interval_s
        cost += constants.short_price_per_s * np.maximum(missing_s, 0.0)
        if edges[here] - edges[here - 1] == 1:
            cost[-1] += constants.single_price
        best = int(cost.argmin())
        ended[here], begins_at[here] = cost[best], low + best
        low = min(move_from[here], here)
        cost = ended[low : here + 1] + moves[here][edges[here] - edges[low : here + 1]]
        best = int(cost.argmin())
        begun[here], came_from[here] = cost[best] + constants.break_price, low + best
    return _trace_back(edges, begins_at, came_from, len(edges) - 1)


def _trace_back(edges: IntArray, begins_at: IntArray, came_from: IntArray, last: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    while last > 0:
        first = int(begins_at[last])
        found.append((int(edges[first]), int(edges[last])))
        last = int(came_from[first]) if first > 0 else 0
    return found[::-1]


def _may_break(gaze: FloatArray, least_step: float) -> BoolArray:
    """``(N + 1,)`` edges between samples at which means over 1, 2 or 4 samples on both sides differ clearly."""
    count = len(gaze)
    total = np.concatenate([np.zeros((1, 2)), np.cumsum(gaze, axis=0)])
    found = np.zeros(count + 1, dtype=np.bool_)
    found[[0, count]] = True
    for reach in (1, 2, 4):
        if count < 2 * reach:
            continue
        middle = total[reach:-reach]
        step = (total[2 * reach :] - 2 * middle + total[: -2 * reach]) / reach
        found[reach : count + 1 - reach] |= (step**2).sum(axis=1) > least_step**2 * 2.0 / reach
    return found


def _running_sums(time_s: FloatArray, gaze: FloatArray) -> FloatArray:
    """``(8, N + 1)`` running sums from which the cost of any rest follows."""
    time = time_s - time_s.mean()
    h, v = gaze[:, 0], gaze[:, 1]
    columns = np.stack([np.ones_like(time), time, time * time, h, v, h * time, v * time, h * h + v * v])
    return np.concatenate([np.zeros((8, 1)), np.cumsum(columns, axis=1)], axis=1)


def _rest_cost(sums: FloatArray, ridge: float) -> FloatArray:
    """Squared residuals of a line with a bounded slope, for K candidate rests given as ``(8, K)`` sums."""
    count, time, time2, h, v, h_time, v_time, squares = sums
    spread = time2 - time * time / count
    h_slope = h_time - h * time / count
    v_slope = v_time - v * time / count
    level = (h * h + v * v) / count
    return np.asarray(squares - level - (h_slope * h_slope + v_slope * v_slope) / (spread + ridge))

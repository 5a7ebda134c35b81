"""How far one gaze signal went: a range between two percentiles, and its uncertainty.

A range between two percentiles ignores the few percent of samples that tracking got wrong, and sees a direction only
if gaze was held there for more than the cut-off share of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.model import BoolArray, FloatArray

MIN_SAMPLES: Final = 20
"""Fewest samples for a range: with fewer than 1 / 0.05 the 5th percentile is just the smallest sample."""


HOLD_TIME_S: Final = 2.0
"""How long gaze is held at a target in the bedside script. Samples within one hold are one observation, so
uncertainty is computed over blocks of this length. Proposal."""


MIN_BLOCKS: Final = 5
"""Fewest blocks for an uncertainty; short recordings get shorter blocks."""


@dataclass(frozen=True)
class GazeRange:
    """Range of one signal.

    Attributes:
        low, high: the two percentiles, in the signal's unit.
        primary: gaze straight ahead: median of the fixation, or of all samples.
        half_width: half of the 95 % interval of ``high - low``; see :func:`range_half_width`.
        sample_count: samples that entered.
    """

    low: float
    high: float
    primary: float
    half_width: float
    sample_count: int

    @property
    def peak_to_peak(self) -> float:
        """``high - low``."""
        return self.high - self.low

    @property
    def below(self) -> float:
        """From ``primary`` to ``low``, not negative: *up* for a vertical signal, *right* for a horizontal one."""
        return max(0.0, self.primary - self.low)

    @property
    def above(self) -> float:
        """From ``primary`` to ``high``, not negative: *down* for a vertical signal, *left* for a horizontal one."""
        return max(0.0, self.high - self.primary)


def gaze_range(
    time_s: FloatArray, signal: FloatArray, entered: BoolArray, percentiles: tuple[float, float], fixation: BoolArray
) -> GazeRange | None:
    """Percentile range of ``signal`` over the frames ``entered``, or None for fewer than ``MIN_SAMPLES``.

    Args:
        time_s, signal, entered: ``(N,)``.
        percentiles: low and high, per cent.
        fixation: ``(N,)`` frames of looking straight ahead, for ``primary``; its median is used when it has
            ``MIN_SAMPLES`` frames, else the median of all.
    """
    values = signal[entered]
    if len(values) < MIN_SAMPLES:
        return None
    ordered = np.sort(values)
    low, high = (quantile(ordered, p / 100) for p in percentiles)
    fixed = signal[entered & fixation]
    primary = float(np.median(fixed)) if len(fixed) >= MIN_SAMPLES else quantile(ordered, 0.5)
    half_width = range_half_width(time_s[entered], values, ordered, percentiles)
    return GazeRange(low, high, primary, half_width, len(values))


def quantile(ordered: FloatArray, share: float) -> float:
    """Quantile of sorted values with linear interpolation, equal to ``numpy.percentile(values, 100 * share)``.

    >>> quantile(np.array([0.0, 1.0, 2.0]), 0.25)
    0.5
    """
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    step = ordered[above] - ordered[below]
    weight = position - below
    # The two branches are numpy's own and keep the last bit equal to numpy.percentile.
    return float(ordered[above] - step * (1 - weight) if weight >= 0.5 else ordered[below] + step * weight)


def range_half_width(
    time_s: FloatArray, values: FloatArray, ordered: FloatArray, percentiles: tuple[float, float]
) -> float:
    """Half of the 95 % interval of a percentile range, in the unit of ``values``.

    Woodruff's order-statistic interval (J Am Stat Assoc 1952;47:635): the share of samples
    beyond a percentile has a 95 % interval, which is read back through the samples. The standard error of the share
    comes from whole blocks of ``HOLD_TIME_S``, because the samples of one fixation repeat each other. Same meaning
    as a block bootstrap, but without random numbers and thousands of times faster.

    Args:
        time_s, values: ``(M,)`` samples in order of time.
        ordered: the same values, sorted.
        percentiles: low and high, per cent.
    """
    count = len(values)
    span_s = float(time_s[-1] - time_s[0])
    block_s = min(HOLD_TIME_S, span_s / MIN_BLOCKS)
    block = np.floor((time_s - time_s[0]) / block_s).astype(np.intp)
    squares = 0.0
    for percent in percentiles:
        share = percent / 100
        beyond = values <= quantile(ordered, share)
        sums = np.bincount(block, weights=beyond - beyond.mean())
        blocks = int(np.count_nonzero(np.bincount(block)))
        error = float(np.sqrt(blocks / max(blocks - 1, 1) * np.sum(sums**2))) / count
        low, high = _share_interval(share, error)
        squares += ((quantile(ordered, high) - quantile(ordered, low)) / 2) ** 2
    return float(np.sqrt(squares))


def _share_interval(share: float, error: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share with this standard error: unlike share +- 1.96 error it holds near 0 and 1."""
    # z^2 / n for the number n of independent samples that would give the same error.
    loss = 1.96**2 * error**2 / (share * (1 - share))
    middle = (share + loss / 2) / (1 + loss)
    half = 1.96 * float(np.sqrt(error**2 + (loss / 1.96) ** 2 / 4)) / (1 + loss)
    return max(0.0, middle - half), min(1.0, middle + half)

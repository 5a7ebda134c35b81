"""Parametric fit of single saccades: when, how long, how far, how fast, and how sure.

Each saccade is a smooth step: gaze rests, moves along one direction with a bell-shaped velocity, rests again. For a
given middle and duration the two resting places follow by linear least squares, so only middle and duration need a
search; it runs on a grid for all saccades at once. The grid also carries the uncertainty: every node is weighed by
its likelihood under the noise of the recording, and the interval of the peak velocity is read off the weights. That
holds at low rates too, where a duration may be bounded on one side only.

Peak velocity = Q * amplitude / duration with Q = 1.65 (peak over mean velocity of normal saccades; about 1.6 for
vertical ones, Ann NY Acad Sci, doi 10.1196/annals.1303.031). It never comes from differences of neighbours, which
lose the peak at 30 Hz and drown it in noise at 240 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import overload

import numpy as np

from shared.events.main_sequence import PEAK_TO_MEAN_VELOCITY
from shared.model import FloatArray, IntArray

MAX_SAMPLES = 64  # per saccade; denser windows are averaged in blocks
SACCADES_AT_ONCE = 16  # bounds the memory of the grid
DURATIONS, MIDDLES = 9, 9  # nodes of the grid, on each level
SHARPEST_GAINS = (100.0, 3000.0, np.inf)
"""On each level of the search, the gain above which the likelihood is flattened. A large saccade in a quiet film has an
optimum much narrower than the first grid: taken as it is, the best node there is best by chance, and the next level
would look around it. Flattened, the neighbourhood of the optimum wins."""
LIKELY_DRIFT_DEG_S = 10.0  # standard deviation of the slow movement that may go on underneath (pursuit, drift)
MIN_DURATION_S, MAX_DURATION_S = 0.010, 0.45
TYPICAL_DURATION_S, TYPICAL_DURATION_PER_DEG_S = 0.016, 0.0024  # of the labelled saccades of healthy people
DURATION_LOG_SD = 0.12
FASTEST_DEG_S, FASTEST_CONSTANT_DEG = 530.0, 8.3  # 1.2 x the mean main sequence of Hopf et al. 2018, PMC6143243
FASTEST_LOG_SD = 0.15  # how softly faster ones are ruled out


@dataclass(frozen=True, eq=False)
class SearchRange:
    """Where to look for M saccades; every array has shape ``(M,)``.

    Attributes:
        first, beyond: samples of the saccade with the rests on both sides, without its neighbours.
        middle_s, shift_s: the middle, and how far it may be off, s.
        shortest_s, longest_s: bounds of the duration, s.
    """

    first: IntArray
    beyond: IntArray
    middle_s: FloatArray
    shift_s: FloatArray
    shortest_s: FloatArray
    longest_s: FloatArray

    def __len__(self) -> int:
        return len(self.first)

    def part(self, chosen: IntArray) -> SearchRange:
        """The ranges of the chosen saccades."""
        return SearchRange(*(getattr(self, column.name)[chosen] for column in fields(self)))


@overload
def usual_duration_s(amplitude_deg: float) -> float: ...


@overload
def usual_duration_s(amplitude_deg: FloatArray) -> FloatArray: ...


def usual_duration_s(amplitude_deg: float | FloatArray) -> float | FloatArray:
    """Duration that human coders give to healthy saccades of a size, s: shorter than from first to last movement.

    >>> round(usual_duration_s(10.0), 3)
    0.04
    """
    return TYPICAL_DURATION_S + TYPICAL_DURATION_PER_DEG_S * amplitude_deg


@dataclass(frozen=True, eq=False)
class SaccadeFits:
    """Fits of M saccades; every array has shape ``(M,)``.

    Attributes:
        middle_s, duration_s: means over the weights, s. Any duration is as good as another here.
        likely_middle_s, likely_duration_s: the same where the durations of healthy people count as more likely:
            better edges where the samples do not tell, but blind to slowing.
        middle_deviation_s: standard deviation of the likely middle, s.
        h_deg, v_deg: displacement, degrees.
        amplitude_deviation_deg: standard deviation of the amplitude by noise, degrees.
        peak_velocity_deg_s: from mean amplitude and duration, with its 95 % interval ``low`` and ``high``.
        misfit: weighted squared residual per degree of freedom, in units of the noise variance.
        gain: how much better than no saccade: drop of the weighted squared residual.
    """

    middle_s: FloatArray
    duration_s: FloatArray
    likely_middle_s: FloatArray
    likely_duration_s: FloatArray
    middle_deviation_s: FloatArray
    h_deg: FloatArray
    v_deg: FloatArray
    amplitude_deviation_deg: FloatArray
    peak_velocity_deg_s: FloatArray
    peak_velocity_low_deg_s: FloatArray
    peak_velocity_high_deg_s: FloatArray
    misfit: FloatArray
    gain: FloatArray


def step_profile(phase: FloatArray) -> FloatArray:
    """Position from 0 to 1 over a saccade, for time from 0 to 1 of its duration; flat outside.

    A mixture of the cubic (peak over mean velocity 1.5) and the minimum-jerk step (1.875), so that the ratio is 1.65.

    >>> import numpy as np
    >>> step_profile(np.array([-1.0, 0.5, 2.0]))
    array([0. , 0.5, 1. ])
    """
    share = (PEAK_TO_MEAN_VELOCITY - 1.5) / (1.875 - 1.5)
    u = np.clip(phase, 0.0, 1.0)
    step = u * (6.0 * share)  # Horner in place: this line is where the time of a fit goes
    step -= 15.0 * share
    step *= u
    step += 10.0 * share - 2.0 * (1.0 - share)
    step *= u
    step += 3.0 * (1.0 - share)
    step *= u
    step *= u
    return np.asarray(step)


def fit_saccades(
    time_s: FloatArray,
    gaze_deg: FloatArray,
    noise_deg: FloatArray,
    search: SearchRange,
    drift_deg_s: float = LIKELY_DRIFT_DEG_S,
) -> SaccadeFits:
    """Fit M saccades at once.

    Args:
        time_s: ``(N,)`` s.
        gaze_deg: ``(N, 2)`` horizontal and vertical gaze, degrees; ``nan`` where lost.
        noise_deg: ``(2,)`` standard deviation of one sample, degrees, per axis.
        search: where to look.
        drift_deg_s: standard deviation of the slow movement that may go on underneath, deg/s.
    """
    chunks = np.array_split(np.arange(len(search)), max(1, -(-len(search) // SACCADES_AT_ONCE)))
    known = np.isfinite(gaze_deg).all(axis=1)
    gaze = np.where(known[:, None], gaze_deg, 0.0)
    columns = np.stack([known * 1.0, known * time_s, gaze[:, 0], gaze[:, 1]])
    sums = np.concatenate([np.zeros((4, 1)), np.cumsum(columns, axis=1)], axis=1)
    parts = [_fit_some(sums, noise_deg, drift_deg_s, search.part(chunk)) for chunk in chunks]
    return SaccadeFits(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(SaccadeFits)))


class _Windows:
    """Padded samples of M saccades, over the noise, with the resting level and any slow slope left out.

    Projections rather than parameters: the level is left out altogether, a slope as far as
    the usual drift makes it likely.
    """

    def __init__(self, sums: FloatArray, noise_deg: FloatArray, drift_deg_s: float, search: SearchRange) -> None:
        length = search.beyond - search.first
        block = np.maximum(1, -(-length // MAX_SAMPLES))
        width = int(np.max(-(-length // block), initial=1))
        start = np.minimum(search.first[:, None] + np.arange(width) * block[:, None], search.beyond[:, None])
        end = np.minimum(start + block[:, None], search.beyond[:, None])
        self.weight, time, h, v = sums[:, end] - sums[:, start]
        count = np.maximum(self.weight, 1.0)
        self.time_s = time / count
        self.noise_deg = noise_deg
        self.samples = self.weight.sum(axis=1)
        self._total = np.maximum(self.samples, 1.0)
        middle_s = (self.weight * self.time_s).sum(axis=1) / self._total
        self._ramp = (self.time_s - middle_s[:, None]) * self.weight
        spread = (self._ramp * (self.time_s - middle_s[:, None])).sum(axis=1)
        self._slope_share = 1.0 / (spread + (float(noise_deg.mean()) / drift_deg_s) ** 2)
        scaled = np.stack([h, v], axis=-1) / count[..., None] / noise_deg
        level = (scaled * self.weight[..., None]).sum(axis=1, keepdims=True) / self._total[:, None, None]
        slope = (scaled * self._ramp[..., None]).sum(axis=1) * self._slope_share[:, None]
        rest = scaled - level
        self._moved = rest * self.weight[..., None] - self._ramp[..., None] * slope[:, None, :]
        self.rest_cost = (scaled * self._moved).sum(axis=(1, 2))

    def displacement(self, middle_s: FloatArray, duration_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Best displacement in units of noise, and the cost that it saves, at nodes of the grid.

        Args:
            middle_s, duration_s: ``(M, K)``.

        Returns:
            ``(M, K, 2)`` displacement over noise, and ``(M, K)`` its information (inverse variance).
        """
        phase = (self.time_s[:, None, :] - middle_s[..., None]) / duration_s[..., None] + 0.5
        step = step_profile(phase)
        sums = step @ np.concatenate([self.weight[..., None], self._ramp[..., None], self._moved], axis=-1)
        squares = (step * step) @ self.weight[..., None]
        information = squares[..., 0] - sums[..., 0] ** 2 / self._total[:, None]
        information -= sums[..., 1] ** 2 * self._slope_share[:, None]
        information = np.maximum(information, 1e-6)
        return sums[..., 2:] / information[..., None], information


def _fit_some(sums: FloatArray, noise_deg: FloatArray, drift_deg_s: float, search: SearchRange) -> SaccadeFits:
    windows = _Windows(sums, noise_deg, drift_deg_s, search)
    log_low, log_high = np.log(search.shortest_s), np.log(search.longest_s)
    middle_low, middle_high = search.middle_s - search.shift_s, search.middle_s + search.shift_s
    for sharpest_gain in SHARPEST_GAINS:  # over the whole range, then closer and closer around what is likely
        middle, log_duration = _grid(middle_low, middle_high, log_low, log_high)
        moved, information = windows.displacement(middle, np.exp(log_duration))
        saved = (moved**2).sum(axis=-1) * information
        weight = _weights(saved * np.minimum(1.0, sharpest_gain / np.maximum(saved.max(axis=1, keepdims=True), 1e-9)))
        middle_low, middle_high = _span(middle, weight, middle_low, middle_high)
        log_low, log_high = _span(log_duration, weight, log_low, log_high)
    displacement = moved * noise_deg
    amplitude = np.hypot(displacement[..., 0], displacement[..., 1])
    duration = np.exp(log_duration)
    velocity = PEAK_TO_MEAN_VELOCITY * amplitude / duration
    weight = _weights(saved - _too_fast(velocity, amplitude))
    typical = np.log(usual_duration_s(amplitude))
    likely = _weights(saved - 4.0 * np.log1p(((log_duration - typical) / DURATION_LOG_SD) ** 2 / 3.0))
    mean_amplitude, mean_duration = (amplitude * weight).sum(axis=1), (duration * weight).sum(axis=1)
    peak = PEAK_TO_MEAN_VELOCITY * mean_amplitude / mean_duration
    log_velocity = np.log(np.maximum(velocity, 1e-6))
    log_mean = (log_velocity * weight).sum(axis=1, keepdims=True)
    log_variance = (weight * (log_velocity - log_mean) ** 2).sum(axis=1)
    # The displacement at each node is uncertain too, on top of what the grid spans.
    deviation = noise_deg.mean() / np.sqrt((information * weight).sum(axis=1))
    misfit = np.maximum(windows.rest_cost - saved.max(axis=1), 0.0) / np.maximum(2 * windows.samples - 8, 1.0)
    # Where the step does not describe the movement, that and not the noise limits what is known.
    variance = (log_variance + (deviation / np.maximum(mean_amplitude, 1e-6)) ** 2) * np.maximum(misfit, 1.0)
    reach = np.exp(1.96 * np.minimum(np.sqrt(variance), 2.0))
    likely_middle = (middle * likely).sum(axis=1)
    return SaccadeFits(
        middle_s=(middle * weight).sum(axis=1),
        duration_s=mean_duration,
        likely_middle_s=likely_middle,
        likely_duration_s=(duration * likely).sum(axis=1),
        middle_deviation_s=np.sqrt((likely * (middle - likely_middle[:, None]) ** 2).sum(axis=1)),
        h_deg=(displacement[..., 0] * weight).sum(axis=1),
        v_deg=(displacement[..., 1] * weight).sum(axis=1),
        amplitude_deviation_deg=deviation,
        peak_velocity_deg_s=peak,
        peak_velocity_low_deg_s=peak / reach,
        peak_velocity_high_deg_s=peak * reach,
        misfit=misfit,
        gain=saved.max(axis=1),
    )


def _grid(
    middle_low: FloatArray, middle_high: FloatArray, log_low: FloatArray, log_high: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Middles and log durations of all nodes, each ``(M, MIDDLES * DURATIONS)``."""
    across, along = np.meshgrid(np.linspace(0, 1, MIDDLES), np.linspace(0, 1, DURATIONS), indexing="ij")
    middle = middle_low[:, None] + (middle_high - middle_low)[:, None] * across.ravel()
    log_duration = log_low[:, None] + (log_high - log_low)[:, None] * along.ravel()
    return middle, log_duration


def _too_fast(velocity_deg_s: FloatArray, amplitude_deg: FloatArray) -> FloatArray:
    """Cost of a peak velocity that no eye reaches. Slower ones cost nothing: slowing must not be argued away."""
    fastest = FASTEST_DEG_S * -np.expm1(-amplitude_deg / FASTEST_CONSTANT_DEG)
    over = np.log(np.maximum(velocity_deg_s, 1e-6) / np.maximum(fastest, 1e-6))
    return np.asarray((np.maximum(over, 0.0) / FASTEST_LOG_SD) ** 2)


def _weights(saved: FloatArray) -> FloatArray:
    """Likelihood of each node, summing to 1 over the nodes."""
    weight = np.exp(0.5 * (saved - saved.max(axis=1, keepdims=True)))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _span(values: FloatArray, weight: FloatArray, low: FloatArray, high: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean plus and minus three standard deviations, no wider than before and no narrower than one node."""
    mean = (values * weight).sum(axis=1)
    deviation = np.sqrt((weight * (values - mean[:, None]) ** 2).sum(axis=1))
    reach = np.maximum(3.0 * deviation, (high - low) / (MIDDLES - 1))
    return np.maximum(mean - reach, low), np.minimum(mean + reach, high)

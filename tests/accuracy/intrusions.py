"""Square-wave jerks and shifts of gaze in several steps, on made signals with white noise.

The definitions are those of :mod:`shared.events.square_waves` (Höglinger et al., Mov Disord 2017; the return interval
wider than the 200 to 300 ms named there) and of ``MULTI_STEP`` in :mod:`shared.events.saccades`: the next saccade
begins within 120 ms in the same direction, within 45 degrees.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from shared.events.saccades import MULTI_STEP, detect_saccades
from shared.events.square_waves import detect_square_wave_jerks
from shared.model import Saccade
from tests.accuracy.table import Cell, Table
from tests.shared.events.gaze_signals import KnownSaccade, frame_times, gaze_of, healthy

DURATION_S = 240.0
RATES_HZ, NOISE_DEG = (30, 60, 120), (0.1, 0.25, 0.5)
JERKS_DEG = (1.0, 2.0, 3.5)


def tables_of_intrusions() -> list[Table]:
    """Both tables."""
    return [_jerks(), _steps()]


def _found(rate_hz: int, noise_deg: float, true: list[KnownSaccade]) -> tuple[Saccade, ...]:
    time_s = frame_times(rate_hz, DURATION_S)
    return detect_saccades(time_s, *gaze_of(time_s, true, noise_deg))


def _jerks() -> Table:
    rows: list[list[Cell]] = []
    for rate_hz in RATES_HZ:
        for noise_deg in NOISE_DEG:
            shares: list[Cell] = []
            for amplitude in JERKS_DEG:
                rng = np.random.default_rng(1)
                starts = np.arange(1.0, DURATION_S - 1.0, 1.5173)
                returns = rng.uniform(0.2, 0.3, len(starts))
                true = [
                    one
                    for start, after in zip(starts, returns, strict=True)
                    for one in (healthy(start, amplitude), healthy(start + after, amplitude, 180.0))
                ]
                jerks = detect_square_wave_jerks(_found(rate_hz, noise_deg, true))
                hit = [any(abs(jerk.start_s - start) < 0.06 for jerk in jerks) for start in starts]
                shares.append(float(np.mean(hit)))
            single = [healthy(start, 2.0, 180.0 * (index % 2)) for index, start in enumerate(starts)]
            false = len(detect_square_wave_jerks(_found(rate_hz, noise_deg, single)))
            rows.append([rate_hz, noise_deg, *shares, 60.0 * false / DURATION_S])
    return Table(
        "Square-wave jerks on made signals: share found",
        ["frames/s", "noise, deg", *(f"{size} deg" for size in JERKS_DEG), "false/min among single saccades"],
        rows,
        "Two opposite horizontal saccades of like size, 0.5 to 5 degrees, whose onsets lie 150 to 450 ms apart; here "
        "200 to 300 ms. In films the eyes' disagreement sets a further limit (metric smallest_saccade_deg).",
    )


def _steps() -> Table:
    rows: list[list[Cell]] = []
    for rate_hz in RATES_HZ:
        for noise_deg in NOISE_DEG:
            starts = np.arange(1.0, DURATION_S - 1.5, 1.5173)
            rng = np.random.default_rng(2)
            stepped: list[KnownSaccade] = []
            for index, start in enumerate(starts):
                direction = 90.0 + 180.0 * (index % 2)
                first = healthy(start, 5.0, direction)
                stepped += [first, healthy(first.end_s + rng.uniform(0.05, 0.10), 4.0, direction)]
            marked = [s for s in _found(rate_hz, noise_deg, stepped) if MULTI_STEP in s.qualifiers]
            pairs = [(one, other) for one, other in pairwise(marked) if other.start_s - one.end_s < 0.2]
            hit = [any(abs(one.start_s - start) < 0.06 for one, _ in pairs) for start in starts]
            single = [healthy(start, 9.0, 90.0 + 180.0 * (index % 2)) for index, start in enumerate(starts)]
            wrong = [s for s in _found(rate_hz, noise_deg, single) if MULTI_STEP in s.qualifiers]
            rows.append([rate_hz, noise_deg, float(np.mean(hit)), len(wrong) / len(starts)])
    return Table(
        "Shifts of gaze in two steps (5 and 4 degrees, 50 to 100 ms apart) on made signals",
        ["frames/s", "noise, deg", "share marked as multi-step", "marks per single 9-degree saccade"],
        rows,
    )

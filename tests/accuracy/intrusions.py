"""Square-wave jerks and shifts of gaze in several steps on made signals, and what errors of a film pass as saccades.

The definitions are those of :mod:`shared.events.square_waves` (Höglinger et al., Mov Disord 2017; the return interval
wider than the 200 to 300 ms named there) and of ``MULTI_STEP`` in :mod:`shared.events.saccades`: the next saccade
begins within 120 ms in the same direction, within 45 degrees.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from shared.events.conjugacy import EyePair, confirmed, disagreement
from shared.events.saccades import MULTI_STEP, detect_saccades
from shared.events.square_waves import detect_square_wave_jerks
from shared.model import FloatArray, Saccade
from tests.accuracy.table import Cell, Table
from tests.shared.events.gaze_signals import (
    KnownSaccade,
    drifting,
    frame_times,
    gaze_of,
    healthy,
    jumping,
    there_and_back,
    white,
)

DURATION_S = 240.0
RATES_HZ, NOISE_DEG = (30, 60, 120), (0.1, 0.25, 0.5)
JERKS_DEG = (1.0, 2.0, 3.5)


def tables_of_intrusions() -> list[Table]:
    """All tables."""
    return [_jerks(), _steps(), _chance()]


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


def _chance() -> Table:
    rows: list[list[Cell]] = []
    kinds: dict[str, Callable[[FloatArray, int], FloatArray]] = {
        "white": lambda time_s, seed: white(len(time_s), 0.5, seed),
        "kept for 0.1 s": lambda time_s, seed: drifting(time_s, 0.5, seed),
        "hops of the fit, 30/min an eye": lambda time_s, seed: jumping(time_s, 0.5, seed),
    }
    for rate_hz in RATES_HZ:
        time_s = frame_times(rate_hz, DURATION_S)
        for kind, errors_of in kinds.items():
            left, right, shared = (errors_of(time_s, seed) for seed in (1, 2, 3))
            alone = _film(time_s, np.zeros_like(left), left, right)
            common = _film(time_s, np.zeros_like(left), left + shared / 2**0.5, right + shared / 2**0.5)
            limit_deg = alone[2]
            true = there_and_back(int(DURATION_S / 0.8) - 2, 1.5 * limit_deg, 90.0, every_s=0.8)
            kept = _film(time_s, np.stack(gaze_of(time_s, true), axis=1), left, right)[1]
            hit = [any(k.start_s < s.end_s + 0.02 and k.end_s > s.start_s - 0.02 for k in kept) for s in true]
            per_min = 60.0 / DURATION_S
            counts = [len(found) * per_min for found in (alone[0], alone[1], common[1])]
            rows.append([rate_hz, kind, *counts, limit_deg, float(np.mean(hit))])
    return Table(
        "Films of eyes that stand still: chance events a minute (errors of 0.5 degrees in each eye)",
        [
            "frames/s",
            "errors",
            "found in the mean",
            "reported",
            "reported, half of the errors shared by the eyes",
            "smallest saccade, deg",
            "share found of saccades 1.5 times that",
        ],
        rows,
        "A saccade of a film is reported when it stands out by 6.4 standard deviations from the same measurement made "
        "on half the difference of the eyes, and when both eyes made it. Errors that both eyes share are not in that "
        "difference: against hops of both eyes at once there is no protection.",
    )


def _film(
    time_s: FloatArray, gaze_deg: FloatArray, left_deg: FloatArray, right_deg: FloatArray
) -> tuple[tuple[Saccade, ...], tuple[Saccade, ...], float]:
    """Saccades found with nothing known of the noise, those reported, and the smallest that can be."""
    pair = EyePair(time_s, gaze_deg + (left_deg + right_deg) / 2, (left_deg - right_deg) / 2)
    errors = disagreement(pair)
    assert errors is not None
    found = detect_saccades(time_s, *pair.mean_deg.T)
    warned = detect_saccades(time_s, *pair.mean_deg.T, least_noise_deg=errors.sample_deg)
    return found, confirmed(warned, pair, errors), errors.smallest_saccade_deg

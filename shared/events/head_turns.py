"""Saccades told from the eyes' answer to a turn of the head.

When the head turns and gaze stays where it is, the eyes turn the other way (vestibulo-ocular reflex). A brisk turn
makes that movement as fast as a slow saccade, but no gaze is shifted: eye in head and head cancel each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from shared.events.conjugacy import REST_S, TIE_S
from shared.model import FloatArray, Saccade

LEAST_TURN_DEG: Final = 2.0
"""Smaller turns are within what the pose of a face mesh trembles and what it follows the eyes. Proposal."""

MOST_TAKEN_BACK: Final = 0.5
"""Share of an eye movement that the head's turn may take back: half-way between a saccade of a still head (0) and the
reflex (1, or somewhat more where it lags). Proposal."""


def gaze_shifts(
    saccades: Iterable[Saccade], time_s: FloatArray, gaze_deg: FloatArray, head_deg: FloatArray
) -> tuple[Saccade, ...]:
    """The saccades but for those that a turn of the head takes back.

    Args:
        saccades: found in ``gaze_deg``.
        time_s: ``(N,)`` s.
        gaze_deg: ``(N, 2)`` eye in head, horizontal and vertical, degrees; ``nan`` where unknown.
        head_deg: ``(N, 2)`` turn of the head, yaw and pitch, degrees: a gaze that stays where it is in space has
            ``gaze_deg + head_deg`` constant. ``nan`` where unknown: then nothing is taken back.
    """
    return tuple(s for s in saccades if not _answers_the_head(s, time_s, gaze_deg, head_deg))


def _answers_the_head(saccade: Saccade, time_s: FloatArray, gaze_deg: FloatArray, head_deg: FloatArray) -> bool:
    # A start or end is known to a frame at best: in the frame beside it eyes or head may be on their way already.
    frame_s = float(np.median(np.diff(time_s)))
    before = _between(time_s, saccade.start_s - frame_s - REST_S, saccade.start_s - frame_s)
    after = _between(time_s, saccade.end_s + frame_s, saccade.end_s + frame_s + REST_S)
    moved = _level(gaze_deg[after]) - _level(gaze_deg[before])
    turned = _level(head_deg[after]) - _level(head_deg[before])
    if not (np.isfinite(moved).all() and np.hypot(*turned) >= LEAST_TURN_DEG):
        return False
    return bool(-(turned @ moved) > MOST_TAKEN_BACK * (moved @ moved))


def _between(time_s: FloatArray, start_s: float, end_s: float) -> slice:
    first, beyond = np.searchsorted(time_s, [start_s - TIE_S, end_s + TIE_S])
    return slice(int(first), int(beyond))


def _level(deg: FloatArray) -> FloatArray:
    known = deg[np.isfinite(deg).all(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(2, np.nan)

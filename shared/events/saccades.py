"""Saccades in a gaze signal of any tracker, 30 to 1000 samples a second, evenly timed or not."""

from __future__ import annotations

from math import atan2, degrees

import numpy as np

from shared.events.speed_threshold import SpeedThreshold, fast_stretches
from shared.events.velocity import runs
from shared.model import BoolArray, FloatArray, Saccade

LOSS_S = 0.020  # shorter gaps are bridged on a straight line
GUARD_S = 0.095  # around a loss lids drag the signal: no saccade is reported that reaches so near


def detect_saccades(time_s: FloatArray, h_deg: FloatArray, v_deg: FloatArray) -> tuple[Saccade, ...]:
    """All saccades, in order of time.

    Args:
        time_s: ``(N,)`` strictly increasing, s.
        h_deg, v_deg: ``(N,)`` gaze, degrees; ``nan`` where lost or masked (blinks).

    Raises:
        ValueError: the arrays differ in length or time does not increase.
    """
    if not len(time_s) == len(h_deg) == len(v_deg):
        raise ValueError("time_s, h_deg and v_deg must have the same length")
    if (np.diff(time_s) <= 0).any():
        raise ValueError("time_s must increase strictly")
    if len(time_s) < 5:
        return ()
    known = np.isfinite(h_deg) & np.isfinite(v_deg)
    bridged = _bridged(time_s, known)
    h_deg, v_deg = _interpolated(time_s, h_deg, known, bridged), _interpolated(time_s, v_deg, known, bridged)
    guard = _near_loss(time_s, ~(known | bridged))
    stretches = fast_stretches(time_s, h_deg, v_deg, guard, SpeedThreshold())
    return tuple(_saccade(time_s, h_deg, v_deg, first, last) for first, last in stretches)


def _saccade(time_s: FloatArray, h_deg: FloatArray, v_deg: FloatArray, first: int, last: int) -> Saccade:
    h, v = h_deg[last] - h_deg[first], v_deg[last] - v_deg[first]
    return Saccade(
        start_s=float(time_s[first]),
        end_s=float(time_s[last]),
        amplitude_deg=float(np.hypot(h, v)),
        direction_deg=degrees(atan2(v, h)) % 360.0,
        duration_s=float(time_s[last] - time_s[first]),
        start_frame=first,
        end_frame=last,
    )


def _bridged(time_s: FloatArray, known: BoolArray) -> BoolArray:
    """Lost samples in gaps shorter than ``LOSS_S`` with known samples on both sides."""
    mask = np.zeros(len(time_s), dtype=np.bool_)
    for first, beyond in runs(~known):
        inside = first > 0 and beyond < len(time_s)
        if inside and time_s[beyond] - time_s[first - 1] < LOSS_S:
            mask[first:beyond] = True
    return mask


def _interpolated(time_s: FloatArray, values: FloatArray, known: BoolArray, bridged: BoolArray) -> FloatArray:
    """The values with bridged gaps filled on straight lines and the other losses as ``nan``."""
    filled = np.where(known, values, np.nan)
    if bridged.any():
        filled[bridged] = np.interp(time_s[bridged], time_s[known], values[known])
    return filled


def _near_loss(time_s: FloatArray, lost: BoolArray) -> BoolArray:
    """Samples that are lost or within ``GUARD_S`` of a loss."""
    mask = lost.copy()
    for first, beyond in runs(lost):
        after_s = time_s[min(beyond, len(time_s) - 1)]
        mask |= (time_s >= time_s[first] - GUARD_S) & (time_s <= after_s + GUARD_S)
    return mask
